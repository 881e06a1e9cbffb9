//! Key usage: how many requests an API key has made under a usage plan, as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Tenant, Timestamp, UsagePlanId};

/// The requests of an API key under a usage plan, by day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUsage {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The account and region of both.
    pub tenant: Tenant,
    /// The requests of each day, by its first moment in UTC; days without any are left out.
    pub days: BTreeMap<Timestamp, u64>,
}
