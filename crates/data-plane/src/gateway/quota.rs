//! Quotas: how many requests a key may make in its plan's day, week or month.

use claviger_gateway::refusal::Refusal;
use claviger_runtime::limits::plan_usage::QuotaExceeded;

use super::Denied;
use super::api_key::Metered;
use crate::DataPlane;

impl DataPlane {
    /// Counts a request against the quota of its plan.
    pub(super) fn spend_quota(&self, metered: &Metered) -> Result<(), Denied> {
        let usage = &self.issuance.limits().plan_usage;
        usage.take(&metered.plan.plan, &metered.key.id, metered.grant).map_err(|QuotaExceeded(quota)| {
            let plan = metered.plan_named();
            let setting = format!("the quota of {plan} is {} requests a {}", quota.limit, quota.period.as_str());
            let granted = metered.grant.map(|grant| {
                let (requests, start) = (grant.requests, grant.start.utc().date());
                format!("; for the period that begins on {start}, {requests} beside it were granted to the key")
            });
            metered.denied(Refusal::QuotaExceeded, setting + &granted.unwrap_or_default())
        })
    }

    /// Takes back the count of a request that was refused after all.
    pub(super) fn give_back_quota(&self, metered: &Metered) {
        self.issuance.limits().plan_usage.give_back(&metered.plan.plan.id, &metered.key.id);
    }
}
