//! The limits of single app clients, counted: how fast they ask, and how much of their budgets is used.
//!
//! A token writes nothing: counts live in memory, and [`super::Limits::keep_flushing`] stores what changed every few seconds. What
//! a node that is killed had not stored yet, a few seconds' tokens, is given again.

use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::app_client::AppClient;
use claviger_resources::client_limits::{Span, TokenBudget};
use claviger_resources::rate::{RateLimit, TokenBucket};
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::{ClientId, Clock, Monotonic, Tenant, UserPoolId};
use claviger_store::{Store, StoreError, Transaction};

use super::stored::{Count, Counts};
use crate::snapshot::CurrentSnapshot;

/// Counts what limited app clients use.
pub struct Usage {
    clock: Arc<dyn Clock>,
    monotonic: Arc<dyn Monotonic>,
    clients: Counts<Used>,
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
        Self { clock, monotonic, clients: Counts::new() }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.clients.load(tx).await
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
        let snapshot = current.load_full();
        self.clients.flush(store, |id| snapshot.client(id.as_str()).is_some()).await
    }
}

impl Count for Used {
    type Key = ClientId;
    type Record = TokenUsage;
    type Owner = AppClient;

    fn of_record(usage: TokenUsage) -> (ClientId, Self) {
        let TokenUsage { client, pool, tenant, span, tokens } = usage;
        (client, Self { pool, tenant, bucket: None, span: Some(span), tokens, changed: false })
    }

    fn to_record(&self, client: &ClientId) -> Option<TokenUsage> {
        let (pool, tenant) = (self.pool.clone(), self.tenant.clone());
        self.span.map(|span| TokenUsage { client: client.clone(), pool, tenant, span, tokens: self.tokens })
    }

    fn changed(&mut self) -> &mut bool {
        &mut self.changed
    }
}

impl Used {
    fn nothing(pool: &UserPoolId, tenant: &Tenant) -> Self {
        Self { pool: pool.clone(), tenant: tenant.clone(), bucket: None, span: None, tokens: 0, changed: false }
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
