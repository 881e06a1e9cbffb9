//! The requests of API keys under usage plans, counted by day: what quotas are held against and `GetUsage` shows.
//!
//! A request writes nothing: counts live in memory, and [`super::Limits::keep_flushing`] stores what changed every few seconds.
//! What a node that is killed had not stored yet, a few seconds' requests, may be made again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_resources::key_usage::KeyUsage;
use claviger_resources::usage_plan::{Grant, UsagePlan, UsagePlanKey};
use claviger_resources::usage_quota::{UsageQuota, day_of};
use claviger_resources::{ApiKeyId, Clock, Tenant, Timestamp, UsagePlanId};
use claviger_store::{Store, StoreError, Transaction, TransactionExt};
use tokio::sync::Mutex;

use super::shards::Shards;
use super::stored::{self, PAGE};
use crate::snapshot::CurrentSnapshot;

/// Days of which counts are kept: as many as `GetUsage` tells of.
pub const DAYS_KEPT: usize = 90;

/// Counts what API keys use of their plans.
pub struct PlanUsage {
    clock: Arc<dyn Clock>,
    keys: Shards<HashMap<PlanKey, Used>>,
    /// Held while counts are stored, so that no older count replaces a newer one.
    flushing: Mutex<()>,
}

type PlanKey = (UsagePlanId, ApiKeyId);

/// The requests of one key under one plan.
struct Used {
    tenant: Tenant,
    days: BTreeMap<Timestamp, u64>,
    /// Whether the counts are not stored yet.
    changed: bool,
}

/// A quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quota of {} requests a {:?} is used up", .0.limit, .0.period)]
pub struct QuotaExceeded(pub UsageQuota);

impl PlanUsage {
    /// Counts that begin at nothing; [`Self::load`] brings back those that were stored.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, keys: Shards::new(), flushing: Mutex::new(()) }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        stored::each(tx, |record: KeyUsage| {
            let KeyUsage { plan, key, tenant, days } = record;
            let place = (plan, key);
            self.keys.part(&place).insert(place, Used { tenant, days, changed: false });
        })
        .await
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
        used.count(day_of(now));
        Ok(())
    }

    /// Takes back the count of a request that was not let through after all.
    pub fn give_back(&self, plan: &UsagePlanId, key: &ApiKeyId) {
        let place = (plan.clone(), key.clone());
        if let Some(used) = self.keys.part(&place).get_mut(&place)
            && let Some(count) = used.days.get_mut(&day_of(self.clock.now()))
        {
            *count = count.saturating_sub(1);
            used.changed = true;
        }
    }

    /// The requests of a key under a plan, by the first moment of their day.
    pub fn days(&self, plan: &UsagePlanId, key: &ApiKeyId) -> BTreeMap<Timestamp, u64> {
        let place = (plan.clone(), key.clone());
        self.keys.part(&place).get(&place).map(|used| used.days.clone()).unwrap_or_default()
    }

    /// Stores what changed since the last time.
    pub async fn flush(&self, store: &dyn Store, current: &CurrentSnapshot) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        self.forget_removed(current);
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

    /// Lets go of keys that are in their plans no more. One that is not served yet has no counts either.
    fn forget_removed(&self, current: &CurrentSnapshot) {
        let snapshot = current.load_full();
        for mut part in self.keys.parts() {
            part.retain(|(plan, key), _| snapshot.usage_plans().has_key(plan, key));
        }
    }

    /// Some of the counts that changed, from now on held for stored.
    fn changed(&self) -> Vec<KeyUsage> {
        let mut changed = Vec::new();
        for mut part in self.keys.parts() {
            let room = PAGE - changed.len();
            changed.extend(part.iter_mut().filter_map(|(place, used)| used.take_changed(place)).take(room));
        }
        changed
    }

    fn mark_changed(&self, usages: &[KeyUsage]) {
        for usage in usages {
            let place = (usage.plan.clone(), usage.key.clone());
            if let Some(used) = self.keys.part(&place).get_mut(&place) {
                used.changed = true;
            }
        }
    }
}

/// The requests that are left of a quota, given the days' counts; below zero when there were more than that.
pub fn remaining(quota: UsageQuota, grant: Option<Grant>, now: Timestamp, days: &BTreeMap<Timestamp, u64>) -> i64 {
    let span = quota.span(now);
    let used = days.range(span.start..span.end).fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let granted = grant.filter(|grant| grant.start == span.start).map_or(0, |grant| grant.requests);
    i64::from(quota.limit).saturating_add(granted).saturating_sub(i64::try_from(used).unwrap_or(i64::MAX))
}

async fn save(store: &dyn Store, usages: &[KeyUsage]) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for usage in usages {
        let (tenant, plan, key) = (&usage.tenant, usage.plan.as_str(), usage.key.as_str());
        // A key that is in the plan no more must not leave a count behind.
        if tx.find::<UsagePlanKey>(tenant, plan, key).await?.is_none() {
            continue;
        }
        match tx.find::<KeyUsage>(tenant, plan, key).await? {
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
    fn nothing(tenant: &Tenant) -> Self {
        Self { tenant: tenant.clone(), days: BTreeMap::new(), changed: false }
    }

    fn count(&mut self, day: Timestamp) {
        let count = self.days.entry(day).or_insert(0);
        *count = count.saturating_add(1);
        while self.days.len() > DAYS_KEPT {
            self.days.pop_first();
        }
        self.changed = true;
    }

    /// The counts as they are to be stored, when they changed; from now on they are held for stored.
    fn take_changed(&mut self, (plan, key): &PlanKey) -> Option<KeyUsage> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let (tenant, days) = (self.tenant.clone(), self.days.clone());
        Some(KeyUsage { plan: plan.clone(), key: key.clone(), tenant, days })
    }
}
