//! The limits of single app clients, counted: how fast they ask, and how much of their budgets is used.
//!
//! A token writes nothing: counts live in memory, and [`super::Limits::keep_flushing`] stores what changed every few seconds. What
//! a node that is killed had not stored yet, a few seconds' tokens, is given again.

use std::collections::HashSet;
use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::app_client::AppClient;
use claviger_resources::client_limits::{Span, TokenBudget};
use claviger_resources::rate::RateLimit;
use claviger_resources::token_usage::TokenUsage;
use claviger_resources::{ClientId, Clock, Monotonic, Tenant, UserPoolId};
use claviger_store::{Key, Store, StoreError, Transaction};

use super::shares::{Beat, Others, SharedBucket, Shares, Told, name_of};
use super::stored::{Count, Counts};
use crate::snapshot::CurrentSnapshot;

/// What the rates of app clients are called among nodes.
const KIND: &str = "client";

/// Counts what limited app clients use.
pub struct Usage {
    clock: Arc<dyn Clock>,
    monotonic: Arc<dyn Monotonic>,
    shares: Arc<Shares>,
    clients: Counts<Used>,
}

/// What one app client has used.
struct Used {
    pool: UserPoolId,
    tenant: Tenant,
    bucket: Option<SharedBucket>,
    /// The day or month that is counted; `None` before the first token under a budget.
    span: Option<Span>,
    tokens: u64,
    /// How many of them are not stored yet; tokens that were given back count against those that were taken.
    added: i64,
    /// How many of them are being stored.
    taken: i64,
}

impl Usage {
    /// Counts that begin at nothing; [`Self::load`] brings back those that were stored.
    pub fn new(clock: Arc<dyn Clock>, monotonic: Arc<dyn Monotonic>, shares: Arc<Shares>) -> Self {
        Self { clock, monotonic, shares, clients: Counts::new() }
    }

    /// Measures how often each client asked.
    pub(super) fn measure(&self, told: &mut Told, beat: Beat) {
        self.each_bucket(|client, bucket| told.measure(|| name_of(KIND, client), bucket, beat));
    }

    /// Gives the rate of each client its share.
    pub(super) fn share(&self, others: &Others) {
        self.each_bucket(|client, bucket| others.share(|| name_of(KIND, client), bucket));
    }

    fn each_bucket(&self, mut work: impl FnMut(&ClientId, &mut SharedBucket)) {
        for mut part in self.clients.parts() {
            for (client, used) in &mut *part {
                if let Some(bucket) = &mut used.bucket {
                    work(client, bucket);
                }
            }
        }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.clients.load(tx).await
    }

    /// Reads those of these stored counts again that are of this kind.
    pub(super) async fn reload(&self, tx: &mut dyn Transaction, keys: &HashSet<Key>) -> Result<(), StoreError> {
        self.clients.reload(tx, keys).await
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
            used.take_from_bucket(rate, &self.shares, self.monotonic.nanoseconds())?;
        }
        if limits.budget.is_some() {
            used.count(1);
        }
        Ok(())
    }

    /// Takes back the count of a token that could not be made after all.
    pub fn give_back(&self, client: &Client) {
        if client.limits.as_ref().is_none_or(|limits| limits.budget.is_none()) {
            return;
        }
        if let Some(used) = self.clients.part(&client.id).get_mut(&client.id) {
            used.count(-1);
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
    type Added = (Span, i64);
    type Owner = AppClient;

    fn of_record(usage: &TokenUsage) -> (ClientId, Self) {
        let mut used = Self::nothing(&usage.pool, &usage.tenant);
        (used.span, used.tokens) = (Some(usage.span), usage.tokens);
        (usage.client.clone(), used)
    }

    fn take_added(&mut self, client: &ClientId) -> Option<(TokenUsage, Self::Added)> {
        let added = std::mem::take(&mut self.added);
        let span = self.span.filter(|_| added != 0)?;
        self.taken = added;
        let (client, pool, tenant) = (client.clone(), self.pool.clone(), self.tenant.clone());
        Some((TokenUsage { client, pool, tenant, span, tokens: 0 }, (span, added)))
    }

    fn add(to: &mut TokenUsage, (span, added): &Self::Added) {
        if to.span == *span {
            to.tokens = to.tokens.saturating_add_signed(*added);
        } else if to.span.period != span.period || to.span.start < span.start {
            (to.span, to.tokens) = (*span, 0_u64.saturating_add_signed(*added));
        }
        // Else another node counts the next day or month already.
    }

    fn take_back(&mut self) {
        self.added = self.added.saturating_add(std::mem::take(&mut self.taken));
    }

    fn hear(&mut self, usage: TokenUsage, is_stored: bool) {
        if is_stored {
            self.taken = 0;
        }
        if *self.span.get_or_insert(usage.span) == usage.span {
            self.tokens = usage.tokens.saturating_add_signed(self.taken.saturating_add(self.added));
        }
    }
}

impl Used {
    fn nothing(pool: &UserPoolId, tenant: &Tenant) -> Self {
        Self { pool: pool.clone(), tenant: tenant.clone(), bucket: None, span: None, tokens: 0, added: 0, taken: 0 }
    }

    fn count(&mut self, tokens: i64) {
        self.tokens = self.tokens.saturating_add_signed(tokens);
        self.added = self.added.saturating_add(tokens);
    }

    /// Refuses when the budget is used up; a new day or month begins at nothing.
    fn check_budget(&mut self, budget: TokenBudget, clock: &dyn Clock) -> Result<(), TokenError> {
        let now = clock.now();
        let span = budget.period.at(now);
        if self.span != Some(span) {
            self.span = Some(span);
            (self.tokens, self.added, self.taken) = (0, 0, 0);
        }
        if self.tokens < budget.tokens {
            return Ok(());
        }
        Err(TokenError::OverLimit { limit: Limit::ClientBudget(budget), retry_after_seconds: span.seconds_left(now) })
    }

    fn take_from_bucket(&mut self, rate: RateLimit, shares: &Shares, now_nanoseconds: u64) -> Result<(), TokenError> {
        let bucket = self.bucket.get_or_insert_with(|| SharedBucket::full(rate, shares.equal(), now_nanoseconds));
        let taken = bucket.take(rate, now_nanoseconds);
        taken.map_err(|retry_after_seconds| TokenError::OverLimit { limit: Limit::ClientRate, retry_after_seconds })
    }
}
