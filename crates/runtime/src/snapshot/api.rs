//! A REST API as the gateway serves it: its stages, each with the compiled deployment behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_gateway::compile::CompiledApi;
use claviger_resources::rest_api::{RestApi, Stage};
use claviger_resources::{DeploymentId, StageName};

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
