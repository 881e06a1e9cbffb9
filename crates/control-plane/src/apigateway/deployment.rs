//! Deployments: `CreateDeployment`, `GetDeployment`, `GetDeployments`, `UpdateDeployment`, `DeleteDeployment`.

use std::collections::BTreeMap;

use claviger_gateway::compile;
use claviger_resources::rest_api::{Deployment, Resource, RestApi, Stage};
use claviger_resources::{DeploymentId, StageName};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::authorizer::ListInput;
use super::canary::CanaryInput;
use super::errors::Error;
use super::page::Page;
use super::patch::{PatchOperation, apply_all};
use super::{rest_api, stage};
use crate::operation::{Access, Context, Operation};

/// Freezes an API as it is now, and makes a stage serve it when one is named.
pub struct CreateDeployment;
/// Shows a deployment.
pub struct GetDeployment;
/// Lists the deployments of an API.
pub struct GetDeployments;
/// Changes the description of a deployment.
pub struct UpdateDeployment;
/// Deletes a deployment that no stage serves.
pub struct DeleteDeployment;

/// The members of `CreateDeployment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDeploymentInput {
    rest_api_id: String,
    stage_name: Option<String>,
    stage_description: Option<String>,
    description: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    canary_settings: Option<CanaryInput>,
    tracing_enabled: Option<bool>,
    cache_cluster_enabled: Option<bool>,
    cache_cluster_size: Option<String>,
}

/// Which deployment is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentInput {
    rest_api_id: String,
    deployment_id: String,
    #[serde(default)]
    embed: Vec<String>,
}

/// The members of `UpdateDeployment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDeploymentInput {
    rest_api_id: String,
    deployment_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A deployment as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentOutput {
    id: DeploymentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_summary: Option<BTreeMap<String, BTreeMap<String, MethodSummary>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MethodSummary {
    authorization_type: claviger_resources::rest_api::AuthorizationType,
    api_key_required: bool,
}

impl DeploymentOutput {
    fn new(deployment: &Deployment, summary: bool) -> Self {
        Self {
            id: deployment.id.clone(),
            description: deployment.description.clone(),
            created_date: deployment.created_date.seconds(),
            api_summary: summary.then(|| summarise(&deployment.definition.resources)),
        }
    }
}

fn summarise(resources: &[Resource]) -> BTreeMap<String, BTreeMap<String, MethodSummary>> {
    let with_methods = resources.iter().filter(|resource| !resource.methods.is_empty());
    with_methods
        .map(|resource| {
            let methods = resource.methods.values().map(|method| {
                let summary = MethodSummary {
                    authorization_type: method.authorization_type,
                    api_key_required: method.api_key_required,
                };
                (method.http_method.to_string(), summary)
            });
            (resource.path.clone(), methods.collect())
        })
        .collect()
}

impl Operation for CreateDeployment {
    const NAME: &'static str = "CreateDeployment";
    const ACCESS: Access = Access::Write;
    type Input = CreateDeploymentInput;
    type Output = DeploymentOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let deployment = create(cx, &api, input.description.clone()).await?;
        let stage_name = input.stage_name.as_deref().filter(|name| !name.is_empty());
        if let Some(canary) = &input.canary_settings {
            // The stage goes on serving what it serves; only a part of its traffic tries the new deployment.
            let mut stage = match stage_name {
                Some(name) => stage::find(cx, &api, name).await?,
                None => return Err(Error::bad("A stage name is required for a canary deployment")),
            };
            stage.canary_settings = Some(canary.settings(&deployment.id)?);
            stage.last_updated_date = cx.now;
            cx.tx.replace(&stage).await?;
        } else if let Some(name) = stage_name {
            let name = StageName::parse(name).map_err(|_| stage::invalid_name())?;
            let mut extra = serde_json::Map::new();
            let mut keep = |member: &str, value: Option<serde_json::Value>| {
                value.map(|value| extra.insert(member.to_owned(), value));
            };
            keep("tracingEnabled", input.tracing_enabled.map(Into::into));
            keep("cacheClusterEnabled", input.cache_cluster_enabled.map(Into::into));
            keep("cacheClusterSize", input.cache_cluster_size.clone().map(Into::into));
            let settings = stage::NewStage {
                name,
                description: input.stage_description.clone(),
                variables: input.variables.clone(),
                canary: None,
                configuration: extra,
                tags: None,
            };
            stage::point(cx, &api, settings, &deployment.id).await?;
        }
        Ok(DeploymentOutput::new(&deployment, false))
    }
}

impl Operation for GetDeployment {
    const NAME: &'static str = "GetDeployment";
    const ACCESS: Access = Access::Read;
    type Input = DeploymentInput;
    type Output = DeploymentOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let deployment = find(cx, &api, &input.deployment_id).await?;
        Ok(DeploymentOutput::new(&deployment, input.embed.iter().any(|what| what == "apisummary")))
    }
}

impl Operation for GetDeployments {
    const NAME: &'static str = "GetDeployments";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<DeploymentOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let show = |deployment: &Deployment| DeploymentOutput::new(deployment, false);
        input.page.read(cx.tx, cx.tenant, api.id.as_str(), show).await
    }
}

impl Operation for UpdateDeployment {
    const NAME: &'static str = "UpdateDeployment";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDeploymentInput;
    type Output = DeploymentOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut deployment = find(cx, &api, &input.deployment_id).await?;
        apply_all(&input.patch_operations, |patch| match patch.path().as_slice() {
            ["description"] => {
                patch.only_replace()?;
                // Only `replace` is taken here, so an empty text takes the description away.
                deployment.description = patch.text()?.filter(|text| !text.is_empty());
                Ok(())
            }
            _ => Err(patch.invalid_replace(&["/description"])),
        })?;
        cx.tx.replace(&deployment).await?;
        Ok(DeploymentOutput::new(&deployment, false))
    }
}

impl Operation for DeleteDeployment {
    const NAME: &'static str = "DeleteDeployment";
    const ACCESS: Access = Access::Write;
    type Input = DeploymentInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let deployment = find(cx, &api, &input.deployment_id).await?;
        let stages: Vec<Stored<Stage>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
        let serves = |stage: &Stored<Stage>| {
            let canary = stage.canary_settings.as_ref().map(|canary| &canary.deployment_id);
            [Some(&stage.deployment_id), canary].contains(&Some(&deployment.id))
        };
        if stages.iter().any(serves) {
            return Err(Error::bad("Active stages pointing to this deployment must be moved or deleted"));
        }
        cx.tx.delete(&deployment.record).await?;
        Ok(())
    }
}

/// The deployment with this id.
pub(super) async fn find(cx: &mut Context<'_>, api: &RestApi, id: &str) -> Result<Stored<Deployment>, Error> {
    cx.tx.find(cx.tenant, api.id.as_str(), id).await?.ok_or_else(|| Error::invalid_identifier("Deployment"))
}

async fn create(cx: &mut Context<'_>, api: &RestApi, description: Option<String>) -> Result<Deployment, Error> {
    let definition = rest_api::definition(cx, api).await?;
    // An API that could not be served is not frozen.
    compile(&definition).map_err(|error| Error::bad(error.to_string()))?;
    let deployment = Deployment {
        id: DeploymentId::generate(cx.random),
        rest_api_id: api.id.clone(),
        tenant: cx.tenant.clone(),
        description,
        created_date: cx.now,
        definition,
    };
    cx.tx.insert(&deployment).await?;
    Ok(deployment)
}
