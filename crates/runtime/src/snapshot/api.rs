//! A REST API as the gateway serves it: its stages, each with the compiled deployment behind it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_gateway::compile::CompiledApi;
use claviger_gateway::throttle::limits_of_stage;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::{MethodVerb, RestApi, Stage};
use claviger_resources::{DeploymentId, ResourceId, StageName};

use super::access_log::StageLog;

/// A REST API and its stages.
#[derive(Clone)]
pub struct Api {
    /// The API's own settings, as they are now; what needs a deployment is in the stages.
    pub settings: Arc<RestApi>,
    pub(super) stages: BTreeMap<StageName, Arc<ServedStage>>,
}

/// A stage with what it serves.
pub struct ServedStage {
    /// The stage's live settings.
    pub stage: Stage,
    /// The deployment, compiled; shared between stages that serve the same one. `None` when it cannot be compiled, which
    /// the log then tells: such a stage answers every request with a configuration error.
    pub compiled: Option<Arc<CompiledApi>>,
    /// How its requests are logged, if they are.
    pub access_log: Option<StageLog>,
    /// How fast the stage lets each method be called, where it says so.
    limits: HashMap<(ResourceId, MethodVerb), RateLimit>,
}

impl ServedStage {
    pub(super) fn new(stage: Stage, compiled: Option<Arc<CompiledApi>>) -> Self {
        let limits = compiled.as_ref().map(|compiled| limits_of_stage(&stage.method_settings, compiled));
        let access_log = StageLog::of(stage.configuration.get("accessLogSettings"));
        Self { stage, compiled, access_log, limits: limits.unwrap_or_default() }
    }

    /// How fast the stage lets a method be called; `None` when it sets no limit.
    pub fn limit(&self, resource: &ResourceId, verb: MethodVerb) -> Option<RateLimit> {
        if self.limits.is_empty() {
            return None;
        }
        self.limits.get(&(resource.clone(), verb)).copied()
    }
}

impl Api {
    /// The stage with this name.
    pub fn stage(&self, name: &str) -> Option<&Arc<ServedStage>> {
        self.stages.get(name)
    }

    /// The names of its stages.
    pub fn stage_names(&self) -> impl Iterator<Item = &str> {
        self.stages.keys().map(StageName::as_str)
    }

    /// The compiled form of a deployment that some stage serves already.
    pub(super) fn compiled(&self, deployment: &DeploymentId) -> Option<Arc<CompiledApi>> {
        self.stages.values().find(|served| served.stage.deployment_id == *deployment)?.compiled.clone()
    }
}
