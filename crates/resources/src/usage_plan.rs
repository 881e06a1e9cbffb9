//! Usage plans: how fast and how often the holders of API keys may call which stages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rate::RateLimit;
use crate::usage_quota::UsageQuota;
use crate::{ApiKeyId, RestApiId, StageName, Tenant, Timestamp, UsagePlanId};

/// A usage plan, as it is stored. Its limits are those of each of its keys for itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlan {
    /// Its id, unique over all accounts and regions.
    pub id: UsagePlanId,
    /// The account and region it belongs to.
    pub tenant: Tenant,
    /// Its name; names need not be unique.
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The stages it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_stages: Vec<ApiStage>,
    /// How fast a key may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<RateLimit>,
    /// How often a key may call in a day, week or month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<UsageQuota>,
    /// The product it belongs to, in the words of AWS Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// Its tags; `None` until some were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// A stage that a usage plan is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiStage {
    /// The API.
    pub api_id: RestApiId,
    /// The stage.
    pub stage: StageName,
    /// `{path}/{VERB}` to how fast a key may call that method.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub throttle: BTreeMap<String, RateLimit>,
}

/// An API key's place in a usage plan, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanKey {
    /// The plan.
    pub plan: UsagePlanId,
    /// The key.
    pub key: ApiKeyId,
    /// The account and region of both.
    pub tenant: Tenant,
    /// Its place among all keys that were put into plans: a later one has a greater number.
    pub number: u64,
    /// What was granted to the key beside the plan's quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
}

/// Requests granted to a key beside its plan's quota, for one day, week or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// When the day, week or month begins.
    pub start: Timestamp,
    /// So many more requests than the quota, or fewer.
    pub requests: i64,
}

impl UsagePlan {
    /// Whether it is for this stage.
    pub fn covers(&self, api: &str, stage: &str) -> bool {
        self.api_stages.iter().any(|one| one.is(api, stage))
    }
}

impl ApiStage {
    /// Whether it is this stage.
    pub fn is(&self, api: &str, stage: &str) -> bool {
        self.api_id.as_str() == api && self.stage.as_str() == stage
    }
}
