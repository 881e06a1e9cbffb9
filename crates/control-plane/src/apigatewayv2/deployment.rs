//! Deployments: `CreateDeployment`, `GetDeployment`, `GetDeployments`, `UpdateDeployment`, `DeleteDeployment`, and the
//! automatic ones.

use claviger_resources::DeploymentId;
use claviger_resources::http_api::{Deployment, HttpApi, Stage};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::page::{ListInput, Page};
use super::shown::Shown;
use super::{api, stage};
use crate::operation::{Access, Context, Operation};

/// Freezes an API, and has a stage serve it.
pub struct CreateDeployment;
/// Shows a deployment.
pub struct GetDeployment;
/// Lists the deployments of an API.
pub struct GetDeployments;
/// Changes a deployment's description.
pub struct UpdateDeployment;
/// Deletes a deployment that no stage serves.
pub struct DeleteDeployment;

/// What AWS says of a deployment that nobody asked for.
const AUTOMATIC: &str = "Automatic deployment triggered by changes to the Api configuration";

/// The members of `CreateDeployment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDeploymentInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    description: Option<String>,
    stage_name: Option<String>,
}

/// Which deployment is meant.
#[derive(Debug, Deserialize)]
pub struct DeploymentInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "DeploymentId")]
    deployment_id: String,
}

/// The members of `UpdateDeployment`.
#[derive(Debug, Deserialize)]
pub struct UpdateDeploymentInput {
    #[serde(flatten)]
    deployment: DeploymentInput,
    description: Option<String>,
}

pub(super) fn shown(deployment: &Deployment) -> Shown {
    Shown::part(deployment).without("definition").with("deploymentStatus", "DEPLOYED")
}

impl Operation for CreateDeployment {
    const NAME: &'static str = "CreateDeployment";
    const ACCESS: Access = Access::Write;
    type Input = CreateDeploymentInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let stage = match input.stage_name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Some(stage::find(cx, &api, name).await?),
            None => None,
        };
        if stage.as_ref().is_some_and(|stage| stage.auto_deploy) {
            return Err(Error::bad("Unable to deploy to the stage because Auto Deploy is enabled on it"));
        }
        let description = input.description.clone().filter(|text| !text.is_empty());
        let deployment = create(cx, &api, description, false).await?;
        if deployment.definition.routes.is_empty() {
            return Err(Error::bad("Unable to deploy API because no routes exist in this API"));
        }
        cx.tx.insert(&deployment).await?;
        if let Some(mut stage) = stage {
            stage.deployment_id = Some(deployment.deployment_id.clone());
            stage.last_updated_date = cx.now;
            cx.tx.replace(&stage).await?;
        }
        Ok(shown(&deployment))
    }
}

impl Operation for GetDeployment {
    const NAME: &'static str = "GetDeployment";
    const ACCESS: Access = Access::Read;
    type Input = DeploymentInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(shown(&*find(cx, input).await?))
    }
}

impl Operation for GetDeployments {
    const NAME: &'static str = "GetDeployments";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.api_id.as_str(), shown).await
    }
}

impl Operation for UpdateDeployment {
    const NAME: &'static str = "UpdateDeployment";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDeploymentInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut deployment = find(cx, &input.deployment).await?;
        if let Some(description) = &input.description {
            deployment.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        cx.tx.replace(&deployment).await?;
        Ok(shown(&deployment))
    }
}

impl Operation for DeleteDeployment {
    const NAME: &'static str = "DeleteDeployment";
    const ACCESS: Access = Access::Write;
    type Input = DeploymentInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let deployment = find(cx, input).await?;
        let stages: Vec<Stored<Stage>> = cx.tx.list_all(cx.tenant, deployment.api_id.as_str()).await?;
        if stages.iter().any(|stage| stage.deployment_id.as_ref() == Some(&deployment.deployment_id)) {
            return Err(Error::bad("Active stages pointing to this deployment must be moved or deleted"));
        }
        cx.tx.delete(&deployment.record).await?;
        Ok(())
    }
}

/// Has the stages with automatic deployment serve the API as it is now. Of the automatic deployments only those that a stage
/// serves are kept: nobody asked for the others, and each is as large as the API.
pub(super) async fn deploy_automatically(cx: &mut Context<'_>, api: &HttpApi) -> Result<(), Error> {
    let parent = api.api_id.as_str();
    let mut stages: Vec<Stored<Stage>> = cx.tx.list_all(cx.tenant, parent).await?;
    if !stages.iter().any(|stage| stage.auto_deploy) {
        return Ok(());
    }
    let deployment = create(cx, api, Some(AUTOMATIC.to_owned()), true).await?;
    cx.tx.insert(&deployment).await?;
    let mut left = Vec::new();
    for stage in stages.iter_mut().filter(|stage| stage.auto_deploy) {
        left.extend(stage.deployment_id.replace(deployment.deployment_id.clone()));
        stage.last_updated_date = cx.now;
        cx.tx.replace(stage).await?;
    }
    let is_served = |id: &DeploymentId| stages.iter().any(|stage| stage.deployment_id.as_ref() == Some(id));
    left.sort_unstable();
    left.dedup();
    for id in left.into_iter().filter(|id| !is_served(id)) {
        let before: Option<Stored<Deployment>> = cx.tx.find(cx.tenant, parent, id.as_str()).await?;
        if let Some(before) = before.filter(|before| before.auto_deployed) {
            cx.tx.delete(&before.record).await?;
        }
    }
    Ok(())
}

/// The deployment with this id.
async fn find(cx: &mut Context<'_>, input: &DeploymentInput) -> Result<Stored<Deployment>, Error> {
    let api = api::find(cx, &input.api_id).await?;
    let found = cx.tx.find(cx.tenant, api.api_id.as_str(), &input.deployment_id).await?;
    found.ok_or(Error::NotFound("Deployment"))
}

/// The API as it is now, frozen but not stored yet.
async fn create(
    cx: &mut Context<'_>,
    api: &HttpApi,
    description: Option<String>,
    auto_deployed: bool,
) -> Result<Deployment, Error> {
    Ok(Deployment {
        deployment_id: DeploymentId::generate(cx.random),
        api_id: api.api_id.clone(),
        tenant: cx.tenant.clone(),
        description,
        auto_deployed,
        created_date: cx.now,
        definition: api::definition(cx, api).await?,
    })
}
