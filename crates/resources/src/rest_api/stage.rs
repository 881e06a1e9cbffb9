//! Stages: the names under which deployments are served, with the settings that stay live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CanarySettings;
use crate::{DeploymentId, RestApiId, StageName, Tenant, Timestamp};

/// A stage of a REST API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Its name, the first segment of its invoke URL.
    pub stage_name: StageName,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// The deployment it serves.
    pub deployment_id: DeploymentId,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Stage variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<BTreeMap<String, String>>,
    /// `{path}/{VERB}` or `*/*` to its settings.
    #[serde(default)]
    pub method_settings: BTreeMap<String, MethodSetting>,
    /// The deployment that it tries out on a part of its traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    /// Members that are kept as they were given (caching, tracing, access log), under AWS's names.
    #[serde(default)]
    pub configuration: serde_json::Map<String, serde_json::Value>,
    /// Names what its authorizers' answers are kept under; under another name, nothing is kept yet.
    #[serde(default)]
    pub authorizer_cache: String,
    /// Its tags; `None` until some were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last changed.
    pub last_updated_date: Timestamp,
}

/// The settings of the methods a key of [`Stage::method_settings`] names, with AWS's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the members are API Gateway's own")]
pub struct MethodSetting {
    /// Whether detailed metrics are kept.
    pub metrics_enabled: bool,
    /// `OFF`, `ERROR` or `INFO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    /// Whether bodies are logged.
    pub data_trace_enabled: bool,
    /// Size of the token bucket, in requests.
    pub throttling_burst_limit: i32,
    /// Refill of the token bucket, in requests per second.
    pub throttling_rate_limit: f64,
    /// Whether responses are cached.
    pub caching_enabled: bool,
    /// How long responses are cached, in seconds.
    pub cache_ttl_in_seconds: i32,
    /// Whether cached responses are encrypted.
    pub cache_data_encrypted: bool,
    /// Whether a request that invalidates the cache must be authorized.
    pub require_authorization_for_cache_control: bool,
    /// What an unauthorized invalidation leads to.
    pub unauthorized_cache_control_header_strategy: String,
}

impl Default for MethodSetting {
    fn default() -> Self {
        Self {
            metrics_enabled: false,
            logging_level: None,
            data_trace_enabled: false,
            throttling_burst_limit: 5_000,
            throttling_rate_limit: 10_000.0,
            caching_enabled: false,
            cache_ttl_in_seconds: 300,
            cache_data_encrypted: false,
            require_authorization_for_cache_control: true,
            unauthorized_cache_control_header_strategy: "SUCCEED_WITH_RESPONSE_HEADER".to_owned(),
        }
    }
}
