//! The requests of API keys under usage plans, counted by day: what quotas are held against and `GetUsage` shows.
//!
//! A request writes nothing: counts live in memory, and [`super::Limits::keep_flushing`] stores what changed every few seconds.
//! What a node that is killed had not stored yet, a few seconds' requests, may be made again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use claviger_resources::key_usage::KeyUsage;
use claviger_resources::usage_plan::{Grant, UsagePlan, UsagePlanKey};
use claviger_resources::usage_quota::{UsageQuota, day_of};
use claviger_resources::{ApiKeyId, Clock, Tenant, Timestamp, UsagePlanId};
use claviger_store::{Key, Store, StoreError, Transaction};

use super::stored::{Count, Counts};
use crate::snapshot::CurrentSnapshot;

/// Days of which counts are kept: as many as `GetUsage` tells of.
pub const DAYS_KEPT: usize = 90;

/// Counts what API keys use of their plans.
pub struct PlanUsage {
    clock: Arc<dyn Clock>,
    keys: Counts<Used>,
}

type PlanKey = (UsagePlanId, ApiKeyId);

/// The requests of one key under one plan.
struct Used {
    tenant: Tenant,
    days: Days,
    /// How many of them are not stored yet; requests that were given back count against those that were made.
    added: BTreeMap<Timestamp, i64>,
    /// How many of them are being stored.
    taken: BTreeMap<Timestamp, i64>,
}

/// Requests by day.
type Days = BTreeMap<Timestamp, u64>;

/// A quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quota of {} requests a {:?} is used up", .0.limit, .0.period)]
pub struct QuotaExceeded(pub UsageQuota);

impl PlanUsage {
    /// Counts that begin at nothing; [`Self::load`] brings back those that were stored.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, keys: Counts::new() }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.keys.load(tx).await
    }

    /// Reads those of these stored counts again that are of this kind.
    pub(super) async fn reload(&self, tx: &mut dyn Transaction, keys: &HashSet<Key>) -> Result<(), StoreError> {
        self.keys.reload(tx, keys).await
    }

    /// Counts a request that is about to be let through, when the plan's quota and what was granted beside it allow one.
    pub fn take(&self, plan: &UsagePlan, key: &ApiKeyId, grant: Option<Grant>) -> Result<(), QuotaExceeded> {
        let now = self.clock.now();
        let place = (plan.id.clone(), key.clone());
        let mut part = self.keys.part(&place);
        let used = part.entry(place).or_insert_with(|| Used::nothing(&plan.tenant));
        if let Some(quota) = plan.quota
            && remaining(quota, grant, now, &used.days) <= 0
        {
            return Err(QuotaExceeded(quota));
        }
        used.count(day_of(now), 1);
        Ok(())
    }

    /// Takes back the count of a request that was not let through after all.
    pub fn give_back(&self, plan: &UsagePlanId, key: &ApiKeyId) {
        let place = (plan.clone(), key.clone());
        if let Some(used) = self.keys.part(&place).get_mut(&place) {
            used.count(day_of(self.clock.now()), -1);
        }
    }

    /// The requests of a key under a plan, by the first moment of their day.
    pub fn days(&self, plan: &UsagePlanId, key: &ApiKeyId) -> BTreeMap<Timestamp, u64> {
        let place = (plan.clone(), key.clone());
        self.keys.part(&place).get(&place).map(|used| used.days.clone()).unwrap_or_default()
    }

    /// Stores what changed since the last time.
    pub async fn flush(&self, store: &dyn Store, current: &CurrentSnapshot) -> Result<(), StoreError> {
        let snapshot = current.load_full();
        self.keys.flush(store, |(plan, key)| snapshot.usage_plans().has_key(plan, key)).await
    }
}

/// The requests that are left of a quota, given the days' counts; below zero when there were more than that.
pub fn remaining(quota: UsageQuota, grant: Option<Grant>, now: Timestamp, days: &BTreeMap<Timestamp, u64>) -> i64 {
    let span = quota.span(now);
    let used = days.range(span.start..span.end).fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let granted = grant.filter(|grant| grant.start == span.start).map_or(0, |grant| grant.requests);
    i64::from(quota.limit).saturating_add(granted).saturating_sub(i64::try_from(used).unwrap_or(i64::MAX))
}

impl Count for Used {
    type Key = PlanKey;
    type Record = KeyUsage;
    type Added = BTreeMap<Timestamp, i64>;
    type Owner = UsagePlanKey;

    fn of_record(usage: &KeyUsage) -> (PlanKey, Self) {
        let used = Self { days: usage.days.clone(), ..Self::nothing(&usage.tenant) };
        ((usage.plan.clone(), usage.key.clone()), used)
    }

    fn take_added(&mut self, (plan, key): &PlanKey) -> Option<(KeyUsage, Self::Added)> {
        let added = std::mem::take(&mut self.added);
        if added.values().all(|count| *count == 0) {
            return None;
        }
        self.taken.clone_from(&added);
        let (plan, key, tenant) = (plan.clone(), key.clone(), self.tenant.clone());
        Some((KeyUsage { plan, key, tenant, days: Days::new() }, added))
    }

    fn add(to: &mut KeyUsage, added: &Self::Added) {
        for (day, count) in added {
            add_to(&mut to.days, *day, *count);
        }
    }

    fn take_back(&mut self) {
        for (day, count) in std::mem::take(&mut self.taken) {
            *self.added.entry(day).or_insert(0) += count;
        }
    }

    fn hear(&mut self, usage: KeyUsage, is_stored: bool) {
        if is_stored {
            self.taken.clear();
        }
        self.days = usage.days;
        for (day, count) in self.taken.iter().chain(&self.added) {
            add_to(&mut self.days, *day, *count);
        }
    }
}

/// Counts requests of a day, and forgets the oldest days.
fn add_to(days: &mut Days, day: Timestamp, requests: i64) {
    let count = days.entry(day).or_insert(0);
    *count = count.saturating_add_signed(requests);
    while days.len() > DAYS_KEPT {
        days.pop_first();
    }
}

impl Used {
    fn nothing(tenant: &Tenant) -> Self {
        Self { tenant: tenant.clone(), days: Days::new(), added: BTreeMap::new(), taken: BTreeMap::new() }
    }

    fn count(&mut self, day: Timestamp, requests: i64) {
        add_to(&mut self.days, day, requests);
        *self.added.entry(day).or_insert(0) += requests;
    }
}
