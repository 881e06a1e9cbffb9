//! Stages: `CreateStage`, `GetStage`, `GetStages`, `UpdateStage`, `DeleteStage`, `DeleteRouteSettings`,
//! `DeleteAccessLogSettings`.

use std::collections::BTreeMap;

use claviger_resources::http_api::{Deployment, HttpApi, REMOVED, Route, RouteKey, RouteSettings, Stage};
use claviger_resources::limits::STAGES_PER_API;
use claviger_resources::{DeploymentId, HttpStageName};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::Deserialize;
use serde_json::Value;

use super::errors::Error;
use super::page::{ListInput, Page};
use super::shown::Shown;
use super::{api, authorizer_cache, deployment};
use crate::access_log_settings;
use crate::domain_name::domains_of;
use crate::operation::{Access, Context, Operation};

/// Adds a stage.
pub struct CreateStage;
/// Shows a stage.
pub struct GetStage;
/// Lists the stages of an API.
pub struct GetStages;
/// Changes a stage's live settings, or which deployment it serves.
pub struct UpdateStage;
/// Deletes a stage.
pub struct DeleteStage;
/// Takes away a route's own settings.
pub struct DeleteRouteSettings;
/// Takes away a stage's access log settings.
pub struct DeleteAccessLogSettings;

/// The members of `CreateStage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateStageInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    stage_name: String,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    members: MembersInput,
}

/// The members of `UpdateStage`.
#[derive(Debug, Deserialize)]
pub struct UpdateStageInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "StageName")]
    stage_name: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// What both may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MembersInput {
    auto_deploy: Option<bool>,
    deployment_id: Option<String>,
    description: Option<String>,
    stage_variables: Option<BTreeMap<String, String>>,
    default_route_settings: Option<RouteSettings>,
    route_settings: Option<BTreeMap<String, RouteSettings>>,
    access_log_settings: Option<Value>,
    client_certificate_id: Option<String>,
}

/// Which stage is meant.
#[derive(Debug, Deserialize)]
pub struct StageInput {
    #[serde(rename = "ApiId")]
    pub(super) api_id: String,
    #[serde(rename = "StageName")]
    pub(super) stage_name: String,
}

/// The members of `DeleteRouteSettings`.
#[derive(Debug, Deserialize)]
pub struct DeleteRouteSettingsInput {
    #[serde(flatten)]
    stage: StageInput,
    #[serde(rename = "RouteKey")]
    route_key: String,
}

/// A stage as callers see it: settings that say nothing say at least that there are no metrics for each route.
pub(super) fn shown(stage: &Stage) -> Shown {
    let mut defaults = stage.default_route_settings.clone();
    defaults.detailed_metrics_enabled.get_or_insert(false);
    Shown::part(stage)
        .without("authorizerCache")
        .with("defaultRouteSettings", serde_json::to_value(defaults).unwrap_or_default())
}

impl Operation for CreateStage {
    const NAME: &'static str = "CreateStage";
    const ACCESS: Access = Access::Write;
    type Input = CreateStageInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let name = HttpStageName::parse(&input.stage_name).map_err(|_| {
            Error::bad("Stage name only allows a-zA-Z0-9_- and the special name $default, up to 128 characters")
        })?;
        if cx.tx.count_of::<Stage>(cx.tenant, api.api_id.as_str()).await? >= STAGES_PER_API as u64 {
            return Err(Error::LimitExceeded { what: "Stages", scope: "API", maximum: STAGES_PER_API });
        }
        let mut stage = new(cx, &api, name);
        stage.tags = input.tags.clone().unwrap_or_default();
        apply(cx, &api, &mut stage, &input.members).await?;
        cx.tx.insert(&stage).await.map_err(|error| match error {
            StoreError::AlreadyExists => Error::Conflict("Stage already exists".to_owned()),
            other => other.into(),
        })?;
        // What is deployed automatically is deployed from the start.
        deployment::deploy_automatically(cx, &api).await?;
        Ok(shown(&*find(cx, &api, &input.stage_name).await?))
    }
}

impl Operation for GetStage {
    const NAME: &'static str = "GetStage";
    const ACCESS: Access = Access::Read;
    type Input = StageInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        Ok(shown(&*find(cx, &api, &input.stage_name).await?))
    }
}

impl Operation for GetStages {
    const NAME: &'static str = "GetStages";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.api_id.as_str(), shown).await
    }
}

impl Operation for UpdateStage {
    const NAME: &'static str = "UpdateStage";
    const ACCESS: Access = Access::Write;
    type Input = UpdateStageInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut stage = find(cx, &api, &input.stage_name).await?;
        let was_automatic = stage.auto_deploy;
        apply(cx, &api, &mut stage, &input.members).await?;
        stage.last_updated_date = cx.now;
        cx.tx.replace(&stage).await?;
        if stage.auto_deploy && !was_automatic {
            deployment::deploy_automatically(cx, &api).await?;
        }
        Ok(shown(&*find(cx, &api, &input.stage_name).await?))
    }
}

impl Operation for DeleteStage {
    const NAME: &'static str = "DeleteStage";
    const ACCESS: Access = Access::Write;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let stage = find(cx, &api, &input.stage_name).await?;
        if !domains_of(cx, api.api_id.as_str(), Some(stage.stage_name.as_str())).await?.is_empty() {
            return Err(Error::bad(format!(
                "Deleting stage {} failed. Please remove all API mappings for the stage from your custom domain names.",
                stage.stage_name
            )));
        }
        cx.tx.delete(&stage.record).await?;
        Ok(())
    }
}

impl Operation for DeleteRouteSettings {
    const NAME: &'static str = "DeleteRouteSettings";
    const ACCESS: Access = Access::Write;
    type Input = DeleteRouteSettingsInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.stage.api_id).await?;
        let mut stage = find(cx, &api, &input.stage.stage_name).await?;
        if stage.route_settings.remove(&input.route_key).is_none() {
            return Err(Error::NotFound("RouteSettings"));
        }
        stage.last_updated_date = cx.now;
        cx.tx.replace(&stage).await?;
        Ok(())
    }
}

impl Operation for DeleteAccessLogSettings {
    const NAME: &'static str = "DeleteAccessLogSettings";
    const ACCESS: Access = Access::Write;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut stage = find(cx, &api, &input.stage_name).await?;
        stage.access_log_settings = None;
        stage.last_updated_date = cx.now;
        cx.tx.replace(&stage).await?;
        Ok(())
    }
}

/// A new stage, which is not stored yet.
pub(super) fn new(cx: &mut Context<'_>, api: &HttpApi, name: HttpStageName) -> Stage {
    Stage {
        stage_name: name,
        api_id: api.api_id.clone(),
        tenant: cx.tenant.clone(),
        auto_deploy: false,
        deployment_id: None,
        description: None,
        stage_variables: BTreeMap::new(),
        default_route_settings: RouteSettings::default(),
        route_settings: BTreeMap::new(),
        access_log_settings: None,
        client_certificate_id: None,
        last_deployment_status_message: None,
        tags: BTreeMap::new(),
        api_gateway_managed: false,
        authorizer_cache: authorizer_cache::new_name(cx),
        created_date: cx.now,
        last_updated_date: cx.now,
    }
}

/// The stage with this name.
pub(super) async fn find(cx: &mut Context<'_>, api: &HttpApi, name: &str) -> Result<Stored<Stage>, Error> {
    cx.tx.find(cx.tenant, api.api_id.as_str(), name).await?.ok_or(Error::NotFound("Stage"))
}

async fn apply(cx: &mut Context<'_>, api: &HttpApi, stage: &mut Stage, members: &MembersInput) -> Result<(), Error> {
    if let Some(automatic) = members.auto_deploy {
        stage.auto_deploy = automatic;
    }
    if let Some(id) = &members.deployment_id {
        if stage.auto_deploy {
            return Err(Error::bad("Deployment ID cannot be set because Auto Deploy is enabled on the stage"));
        }
        let missing = || Error::bad("Deployment id does not exist");
        let id = DeploymentId::parse(id).map_err(|_| missing())?;
        let found: Option<Stored<Deployment>> = cx.tx.find(cx.tenant, api.api_id.as_str(), id.as_str()).await?;
        stage.deployment_id = Some(found.ok_or_else(missing)?.record.deployment_id);
    }
    if let Some(description) = &members.description {
        stage.description = Some(description.clone()).filter(|text| !text.is_empty());
    }
    for (name, value) in members.stage_variables.iter().flatten() {
        if value == REMOVED {
            stage.stage_variables.remove(name);
        } else {
            check_variable(name, value)?;
            stage.stage_variables.insert(name.clone(), value.clone());
        }
    }
    if let Some(settings) = &members.default_route_settings {
        check_settings(settings)?;
        stage.default_route_settings = settings.clone();
    }
    if let Some(given) = &members.route_settings {
        let routes: Vec<Stored<Route>> = cx.tx.list_all(cx.tenant, api.api_id.as_str()).await?;
        for (key, settings) in given {
            let exists = RouteKey::parse(key).is_ok_and(|key| routes.iter().any(|route| route.route_key == key));
            if !exists {
                return Err(Error::bad(format!("Unable to find Route by key {key} within the provided RouteSettings")));
            }
            check_settings(settings)?;
            stage.route_settings.insert(key.clone(), settings.clone());
        }
    }
    if let Some(settings) = &members.access_log_settings {
        for member in ["destinationArn", "format"] {
            if let Some(value) = settings.get(member).and_then(Value::as_str) {
                access_log_settings::check(member, value).map_err(Error::bad)?;
            }
        }
        stage.access_log_settings = Some(settings.clone());
    }
    if let Some(id) = &members.client_certificate_id {
        stage.client_certificate_id = Some(id.clone()).filter(|id| !id.is_empty());
    }
    Ok(())
}

/// Stage variables may have no more than these characters, because addresses are made of them (API Gateway, "Use stage
/// variables for HTTP APIs").
fn check_variable(name: &str, value: &str) -> Result<(), Error> {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_value =
        value.len() <= 2048 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte));
    if is_name && is_value {
        return Ok(());
    }
    Err(Error::bad(format!(
        "Stage variable {name} is invalid: names match [A-Za-z0-9_]+, values [A-Za-z0-9-._~:/?#&=,]+"
    )))
}

fn check_settings(settings: &RouteSettings) -> Result<(), Error> {
    if settings.data_trace_enabled == Some(true)
        || settings.logging_level.as_deref().is_some_and(|level| level != "OFF")
    {
        return Err(Error::bad("Execution logs are not supported on protocolType HTTP"));
    }
    let too_low = settings.throttling_burst_limit.is_some_and(|burst| burst < 0)
        || settings.throttling_rate_limit.is_some_and(|rate| rate < 0.0);
    if too_low {
        return Err(Error::bad("Throttling limits must not be negative"));
    }
    Ok(())
}
