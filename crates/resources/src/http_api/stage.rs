//! Stages: the names under which deployments are served, with the settings that stay live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, HttpApiId, HttpStageName, Tenant, Timestamp};

/// A stage of an HTTP API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Its name: the first segment of its invoke URL, or `$default` for the stage that needs none.
    pub stage_name: HttpStageName,
    /// The API it belongs to.
    pub api_id: HttpApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Whether each change of the API is deployed to it at once.
    #[serde(default)]
    pub auto_deploy: bool,
    /// The deployment it serves; none until there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Stage variables.
    #[serde(default)]
    pub stage_variables: BTreeMap<String, String>,
    /// The settings of routes that have none of their own.
    #[serde(default)]
    pub default_route_settings: RouteSettings,
    /// Route key to the settings of that route.
    #[serde(default)]
    pub route_settings: BTreeMap<String, RouteSettings>,
    /// Where and how requests are logged, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<serde_json::Value>,
    /// The client certificate's id; not used by HTTP APIs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    /// How the last automatic deployment went, when it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_deployment_status_message: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Whether quick creation made it.
    #[serde(default)]
    pub api_gateway_managed: bool,
    /// The name under which answers of its Lambda authorizers are kept; a new one forgets them. Only the gateway knows it.
    #[serde(default)]
    pub authorizer_cache: String,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last changed.
    pub last_updated_date: Timestamp,
}

/// The settings of a route on a stage, in the stored and the wire form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteSettings {
    /// Whether bodies are logged; for WebSocket APIs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_trace_enabled: Option<bool>,
    /// Whether metrics are kept for each route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detailed_metrics_enabled: Option<bool>,
    /// `OFF`, `ERROR` or `INFO`; for WebSocket APIs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    /// Size of the token bucket, in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<i32>,
    /// Refill of the token bucket, in requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
}
