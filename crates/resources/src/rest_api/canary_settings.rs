//! Canary settings: a stage that tries another deployment out on a part of its traffic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::DeploymentId;

/// The canary of a stage, in the stored and the wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanarySettings {
    /// How many of a hundred requests it gets, fractions too.
    pub percent_traffic: f64,
    /// The deployment that is tried out.
    pub deployment_id: DeploymentId,
    /// Stage variables of its own, and others' values that it has in their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_variable_overrides: Option<BTreeMap<String, String>>,
    /// Whether it shares the stage's cache.
    #[serde(default)]
    pub use_stage_cache: bool,
}

impl CanarySettings {
    /// A canary of a deployment that gets no traffic yet.
    pub fn new(deployment_id: DeploymentId) -> Self {
        Self { percent_traffic: 0.0, deployment_id, stage_variable_overrides: None, use_stage_cache: false }
    }
}
