//! The limits of single app clients, counted: how fast they ask, and how much of their budgets is used.
//!
//! A token writes nothing: counts live in memory, and [`super::Limits::keep_flushing`] stores what changed every few seconds. What
//! a node that is killed had not stored yet, a few seconds' tokens, is given again.

use std::collections::HashMap;
use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::app_client::AppClient;
use claviger_resources::client_limits::{Span, TokenBudget};
use claviger_resources::rate::{RateLimit, TokenBucket};
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::{ClientId, Clock, Monotonic, Tenant, UserPoolId};
use claviger_store::{Store, StoreError, Transaction, TransactionExt};
use tokio::sync::Mutex;

use super::shards::Shards;
use super::stored::{self, PAGE};
use crate::snapshot::CurrentSnapshot;

/// Counts what limited app clients use.
pub struct Usage {
    clock: Arc<dyn Clock>,
    monotonic: Arc<dyn Monotonic>,
    clients: Shards<HashMap<ClientId, Used>>,
    /// Held while counts are stored, so that no older count replaces a newer one.
    flushing: Mutex<()>,
}

/// What one app client has used.
struct Used {
    pool: UserPoolId,
    tenant: Tenant,
    bucket: Option<TokenBucket>,
    /// The day or month that is counted; `None` before the first token under a budget.
    span: Option<Span>,
    tokens: u64,
    /// Whether the count is not stored yet.
    changed: bool,
}

impl Usage {
    /// Counts that begin at nothing; [`Self::load`] brings back those that were stored.
    pub fn new(clock: Arc<dyn Clock>, monotonic: Arc<dyn Monotonic>) -> Self {
        Self { clock, monotonic, clients: Shards::new(), flushing: Mutex::new(()) }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        stored::each(tx, |record: TokenUsage| {
            self.clients.part(&record.client).insert(record.client.clone(), Used::of_record(record));
        })
        .await
    }

    /// Counts a token that an app client is about to get, when its limits allow one. What is refused is not counted.
    pub fn take(&self, client: &Client, tenant: &Tenant) -> Result<(), TokenError> {
        let Some(limits) = &client.limits else { return Ok(()) };
        let mut part = self.clients.part(&client.id);
        let used = part.entry(client.id.clone()).or_insert_with(|| Used::nothing(&client.pool, tenant));
        if let Some(budget) = limits.budget {
            used.check_budget(budget, &*self.clock)?;
        }
        if let Some(rate) = limits.rate {
            used.take_from_bucket(rate, self.monotonic.nanoseconds())?;
        }
        if limits.budget.is_some() {
            used.tokens = used.tokens.saturating_add(1);
            used.changed = true;
        }
        Ok(())
    }

    /// Takes back the count of a token that could not be made after all.
    pub fn give_back(&self, client: &Client) {
        if client.limits.as_ref().is_none_or(|limits| limits.budget.is_none()) {
            return;
        }
        if let Some(used) = self.clients.part(&client.id).get_mut(&client.id) {
            used.tokens = used.tokens.saturating_sub(1);
            used.changed = true;
        }
    }

    /// How many tokens an app client has had in the current day or month of a budget.
    pub fn tokens(&self, client: &ClientId, budget: TokenBudget) -> u64 {
        let span = budget.period.at(self.clock.now());
        let part = self.clients.part(client);
        part.get(client).filter(|used| used.span == Some(span)).map_or(0, |used| used.tokens)
    }

    /// Stores what changed since the last time.
    pub async fn flush(&self, store: &dyn Store, current: &CurrentSnapshot) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        self.forget_deleted(current);
        loop {
            let changed = self.changed();
            if changed.is_empty() {
                return Ok(());
            }
            if let Err(error) = save(store, &changed).await {
                self.mark_changed(&changed);
                return Err(error);
            }
        }
    }

    /// Lets go of app clients that are no more. One that is not served yet has no counts either.
    fn forget_deleted(&self, current: &CurrentSnapshot) {
        let snapshot = current.load_full();
        for mut part in self.clients.parts() {
            part.retain(|id, _| snapshot.client(id.as_str()).is_some());
        }
    }

    /// Some of the counts that changed, from now on held for stored.
    fn changed(&self) -> Vec<TokenUsage> {
        let mut changed = Vec::new();
        for mut part in self.clients.parts() {
            let room = PAGE - changed.len();
            changed.extend(part.iter_mut().filter_map(|(id, used)| used.take_changed(id)).take(room));
        }
        changed
    }

    fn mark_changed(&self, usages: &[TokenUsage]) {
        for usage in usages {
            if let Some(used) = self.clients.part(&usage.client).get_mut(&usage.client) {
                used.changed = true;
            }
        }
    }
}

async fn save(store: &dyn Store, usages: &[TokenUsage]) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for usage in usages {
        let (tenant, pool, client) = (&usage.tenant, usage.pool.as_str(), usage.client.as_str());
        // A client that is gone must not leave a count behind.
        if tx.find::<AppClient>(tenant, pool, client).await?.is_none() {
            continue;
        }
        match tx.find::<TokenUsage>(tenant, pool, client).await? {
            Some(mut stored) => {
                stored.record.clone_from(usage);
                tx.replace(&stored).await?;
            }
            None => tx.insert(usage).await?,
        }
    }
    tx.commit().await.map(drop)
}

impl Used {
    fn nothing(pool: &UserPoolId, tenant: &Tenant) -> Self {
        Self { pool: pool.clone(), tenant: tenant.clone(), bucket: None, span: None, tokens: 0, changed: false }
    }

    fn of_record(usage: TokenUsage) -> Self {
        let TokenUsage { client: _, pool, tenant, span, tokens } = usage;
        Self { pool, tenant, bucket: None, span: Some(span), tokens, changed: false }
    }

    /// The count as it is to be stored, when it changed; from now on it is held for stored.
    fn take_changed(&mut self, client: &ClientId) -> Option<TokenUsage> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let (pool, tenant) = (self.pool.clone(), self.tenant.clone());
        self.span.map(|span| TokenUsage { client: client.clone(), pool, tenant, span, tokens: self.tokens })
    }

    /// Refuses when the budget is used up; a new day or month begins at nothing.
    fn check_budget(&mut self, budget: TokenBudget, clock: &dyn Clock) -> Result<(), TokenError> {
        let now = clock.now();
        let span = budget.period.at(now);
        if self.span != Some(span) {
            self.span = Some(span);
            self.tokens = 0;
        }
        if self.tokens < budget.tokens {
            return Ok(());
        }
        Err(TokenError::OverLimit { limit: Limit::ClientBudget(budget), retry_after_seconds: span.seconds_left(now) })
    }

    fn take_from_bucket(&mut self, rate: RateLimit, now_nanoseconds: u64) -> Result<(), TokenError> {
        let bucket = self.bucket.unwrap_or_else(|| TokenBucket::full(rate, now_nanoseconds));
        let taken = bucket.take(rate, now_nanoseconds);
        self.bucket = Some(taken.unwrap_or_else(|bucket| bucket));
        taken.map(drop).map_err(|bucket| TokenError::OverLimit {
            limit: Limit::ClientRate,
            retry_after_seconds: bucket.wait_seconds(rate),
        })
    }
}
