//! Canaries of stages: how they are given, changed and promoted (API Gateway, "Set up an API Gateway canary release
//! deployment").

use std::collections::BTreeMap;

use claviger_resources::DeploymentId;
use claviger_resources::rest_api::{CanarySettings, Stage};
use serde::Deserialize;

use super::errors::Error;
use super::patch::Patch;

/// `canarySettings` of `CreateStage` and `CreateDeployment`; the latter names no deployment, because it makes one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CanaryInput {
    percent_traffic: Option<f64>,
    deployment_id: Option<String>,
    stage_variable_overrides: Option<BTreeMap<String, String>>,
    use_stage_cache: Option<bool>,
}

impl CanaryInput {
    /// The canary; its deployment is this one unless it names another.
    pub(super) fn settings(&self, deployment: &DeploymentId) -> Result<CanarySettings, Error> {
        let deployment = match &self.deployment_id {
            Some(id) => parse_deployment(id)?,
            None => deployment.clone(),
        };
        Ok(CanarySettings {
            percent_traffic: percentage(self.percent_traffic.unwrap_or_default())?,
            stage_variable_overrides: self.stage_variable_overrides.clone().filter(|overrides| !overrides.is_empty()),
            use_stage_cache: self.use_stage_cache.unwrap_or_default(),
            ..CanarySettings::new(deployment)
        })
    }
}

/// Changes a stage's canary, which is made when it is not there yet: of the deployment that the stage serves.
pub(super) fn patch(stage: &mut Stage, patch: Patch<'_>) -> Result<(), Error> {
    let segments = patch.path();
    if segments.as_slice() == ["canarySettings"] && patch.op() == "remove" {
        stage.canary_settings = None;
        return Ok(());
    }
    let mut canary = stage.canary_settings.clone().unwrap_or_else(|| CanarySettings::new(stage.deployment_id.clone()));
    match segments.as_slice() {
        ["canarySettings", "percentTraffic"] => canary.percent_traffic = percentage(patch.finite()?)?,
        ["canarySettings", "deploymentId"] => {
            patch.only_replace()?;
            canary.deployment_id = parse_deployment(patch.value()?)?;
        }
        ["canarySettings", "useStageCache"] => canary.use_stage_cache = patch.boolean()?,
        ["canarySettings", "stageVariableOverrides"] if patch.op() == "remove" => {
            canary.stage_variable_overrides = None;
        }
        ["canarySettings", "stageVariableOverrides", name] => {
            patch.entry(&mut canary.stage_variable_overrides, name, |value| Ok(value.to_owned()))?;
        }
        _ => return Err(patch.invalid_path()),
    }
    stage.canary_settings = Some(canary);
    Ok(())
}

/// Promotes a canary: the stage gets its deployment, or its variables beside those that it has.
pub(super) fn copy(stage: &mut Stage, patch: Patch<'_>) -> Result<(), Error> {
    let none = || Error::bad("Invalid patch path specified for op 'copy': the stage has no canary settings");
    match (patch.from()?, patch.path().as_slice()) {
        ("/canarySettings/deploymentId", ["deploymentId"]) => {
            stage.deployment_id = stage.canary_settings.as_ref().ok_or_else(none)?.deployment_id.clone();
        }
        ("/canarySettings/stageVariableOverrides", ["variables"]) => {
            let canary = stage.canary_settings.as_ref().ok_or_else(none)?;
            if let Some(overrides) = &canary.stage_variable_overrides {
                stage.variables.get_or_insert_default().extend(overrides.clone());
            }
        }
        _ => return Err(patch.unsupported_op()),
    }
    Ok(())
}

fn percentage(percent: f64) -> Result<f64, Error> {
    if (0.0..=100.0).contains(&percent) {
        Ok(percent)
    } else {
        Err(Error::bad("Invalid canary percent traffic specified. Must be between 0.0 and 100.0"))
    }
}

fn parse_deployment(id: &str) -> Result<DeploymentId, Error> {
    DeploymentId::parse(id).map_err(|_| Error::bad("Deployment id does not exist"))
}
