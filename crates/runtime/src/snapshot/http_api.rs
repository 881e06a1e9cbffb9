//! An HTTP API as the gateway serves it: its stages, each with the compiled deployment behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_gateway::http_api::CompiledHttpApi;
use claviger_resources::http_api::{HttpApi as Settings, Stage};
use claviger_resources::{DeploymentId, HttpStageName};

use super::access_log::StageLog;

/// An HTTP API and its stages.
#[derive(Clone)]
pub struct HttpApi {
    /// The API's own settings, as they are now; what needs a deployment is in the stages.
    pub settings: Arc<Settings>,
    pub(super) stages: BTreeMap<HttpStageName, Arc<ServedHttpStage>>,
}

/// A stage with what it serves.
pub struct ServedHttpStage {
    /// The stage's live settings.
    pub stage: Stage,
    /// The deployment, compiled; shared between stages that serve the same one. `None` while there is none.
    pub compiled: Option<Arc<CompiledHttpApi>>,
    /// How its requests are logged, if they are.
    pub access_log: Option<StageLog>,
}

impl ServedHttpStage {
    pub(super) fn new(stage: Stage, compiled: Option<Arc<CompiledHttpApi>>) -> Self {
        let access_log = StageLog::of(stage.access_log_settings.as_ref());
        Self { stage, compiled, access_log }
    }
}

impl HttpApi {
    /// The stage with this name.
    pub fn stage(&self, name: &str) -> Option<&Arc<ServedHttpStage>> {
        self.stages.get(name)
    }

    /// The names of its stages.
    pub fn stage_names(&self) -> impl Iterator<Item = &str> {
        self.stages.keys().map(HttpStageName::as_str)
    }

    /// The compiled form of a deployment that some stage serves already.
    pub(super) fn compiled(&self, deployment: &DeploymentId) -> Option<Arc<CompiledHttpApi>> {
        self.stages.values().find(|served| served.stage.deployment_id.as_ref() == Some(deployment))?.compiled.clone()
    }
}
