//! A REST API as the gateway serves it: its stages, each with the compiled deployment behind it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_gateway::compile::CompiledApi;
use claviger_gateway::throttle::limits_of_stage;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::{CanarySettings, MethodVerb, RestApi, Stage};
use claviger_resources::{ClientCertificateId, DeploymentId, ResourceId, StageName};

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
    /// The part of the traffic that another deployment answers, and that one as a stage of its own.
    pub canary: Option<Canary>,
    /// Whether this is a canary; none where the stage has none.
    pub is_canary: Option<bool>,
    /// The certificate that it shows to backends.
    pub client_certificate: Option<ClientCertificateId>,
    /// How its requests are logged, if they are.
    pub access_log: Option<StageLog>,
    /// How fast the stage lets each method be called, where it says so.
    limits: HashMap<(ResourceId, MethodVerb), RateLimit>,
}

/// The canary of a stage.
pub struct Canary {
    percent_traffic: f64,
    served: Arc<ServedStage>,
}

impl ServedStage {
    pub(super) fn new(stage: Stage, compiled: Option<Arc<CompiledApi>>) -> Self {
        let limits = compiled.as_ref().map(|compiled| limits_of_stage(&stage.method_settings, compiled));
        let access_log = StageLog::of(stage.configuration.get("accessLogSettings"));
        let certificate = stage.configuration.get("clientCertificateId").and_then(serde_json::Value::as_str);
        let client_certificate = certificate.and_then(|id| ClientCertificateId::parse(id).ok());
        let limits = limits.unwrap_or_default();
        Self { stage, compiled, canary: None, is_canary: None, client_certificate, access_log, limits }
    }

    /// The same stage with a canary: what that serves, as the stage's settings and its own say.
    pub(super) fn with_canary(self, settings: &CanarySettings, compiled: Option<Arc<CompiledApi>>) -> Self {
        let mut stage = Stage { deployment_id: settings.deployment_id.clone(), ..self.stage.clone() };
        if let Some(overrides) = &settings.stage_variable_overrides {
            stage.variables.get_or_insert_default().extend(overrides.clone());
        }
        let served = Arc::new(Self { is_canary: Some(true), ..Self::new(stage, compiled) });
        let canary = Canary { percent_traffic: settings.percent_traffic, served };
        Self { canary: Some(canary), is_canary: Some(false), ..self }
    }

    /// The stage or its canary, as a number drawn for the request decides.
    pub fn drawn(self: &Arc<Self>, draw: impl FnOnce() -> u32) -> &Arc<Self> {
        match &self.canary {
            Some(canary) if gets(canary.percent_traffic, draw()) => &canary.served,
            _ => self,
        }
    }

    /// How fast the stage lets a method be called; `None` when it sets no limit.
    pub fn limit(&self, resource: &ResourceId, verb: MethodVerb) -> Option<RateLimit> {
        if self.limits.is_empty() {
            return None;
        }
        self.limits.get(&(resource.clone(), verb)).copied()
    }
}

/// Whether a number, as likely as any other, falls into a part of so many in a hundred.
fn gets(percent_traffic: f64, number: u32) -> bool {
    f64::from(number) < percent_traffic / 100.0 * (f64::from(u32::MAX) + 1.0)
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
        let canaries = self.stages.values().filter_map(|served| Some(&served.canary.as_ref()?.served));
        let mut all = self.stages.values().chain(canaries);
        all.find(|served| served.stage.deployment_id == *deployment)?.compiled.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_gets_its_part_of_all_numbers() {
        let check = |percent: f64, number: u32, expected: bool| {
            assert_eq!(gets(percent, number), expected, "{percent} {number}");
        };
        check(0.0, 0, false);
        check(0.0, u32::MAX, false);
        check(100.0, 0, true);
        check(100.0, u32::MAX, true);
        check(50.0, u32::MAX / 2, true);
        check(50.0, u32::MAX / 2 + 1, false);
        check(0.1, 4_294_967, true);
        check(0.1, 4_294_968, false);
    }
}
