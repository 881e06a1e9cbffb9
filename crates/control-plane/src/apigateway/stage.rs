//! Stages: `CreateStage`, `GetStage`, `GetStages`, `UpdateStage`, `DeleteStage`.

use std::collections::BTreeMap;

use claviger_resources::limits::STAGES_PER_API;
use claviger_resources::rest_api::{CanarySettings, MethodSetting, RestApi, Stage};
use claviger_resources::{DeploymentId, StageName};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::canary::CanaryInput;
use super::errors::Error;
use super::patch::{Patch, PatchOperation, apply_all};
use super::{authorizer_cache, canary, client_certificate, deployment, documentation_version, rest_api, usage_plan};
use crate::access_log_settings;
use crate::domain_name::domains_of;
use crate::operation::{Access, Context, Operation};

/// Adds a stage that serves a deployment.
pub struct CreateStage;
/// Shows a stage.
pub struct GetStage;
/// Lists the stages of an API.
pub struct GetStages;
/// Changes a stage's live settings, or which deployment it serves.
pub struct UpdateStage;
/// Deletes a stage.
pub struct DeleteStage;

/// The members of `CreateStage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateStageInput {
    rest_api_id: String,
    stage_name: String,
    deployment_id: String,
    description: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    tags: Option<BTreeMap<String, String>>,
    canary_settings: Option<CanaryInput>,
    cache_cluster_enabled: Option<bool>,
    cache_cluster_size: Option<String>,
    documentation_version: Option<String>,
    tracing_enabled: Option<bool>,
}

/// Which stage is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageInput {
    pub(super) rest_api_id: String,
    pub(super) stage_name: String,
}

/// The members of `GetStages`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetStagesInput {
    rest_api_id: String,
    deployment_id: Option<String>,
}

/// The members of `UpdateStage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStageInput {
    rest_api_id: String,
    stage_name: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A stage as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageOutput {
    deployment_id: DeploymentId,
    stage_name: StageName,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    cache_cluster_enabled: Value,
    cache_cluster_status: &'static str,
    method_settings: BTreeMap<String, MethodSetting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<BTreeMap<String, String>>,
    tracing_enabled: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    canary_settings: Option<CanarySettings>,
    /// The members that decide nothing yet, as they were given.
    #[serde(flatten)]
    configuration: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
    created_date: i64,
    last_updated_date: i64,
}

/// The stages of an API; the wire's member is `item` here, though it is a list.
#[derive(Debug, Serialize)]
pub struct GetStagesOutput {
    item: Vec<StageOutput>,
}

impl StageOutput {
    fn new(stage: &Stage) -> Self {
        let mut configuration = stage.configuration.clone();
        let mut flag = |member: &str| configuration.remove(member).unwrap_or(Value::Bool(false));
        Self {
            deployment_id: stage.deployment_id.clone(),
            stage_name: stage.stage_name.clone(),
            description: stage.description.clone(),
            cache_cluster_enabled: flag("cacheClusterEnabled"),
            cache_cluster_status: "NOT_AVAILABLE",
            method_settings: stage.method_settings.clone(),
            variables: stage.variables.clone(),
            tracing_enabled: flag("tracingEnabled"),
            canary_settings: stage.canary_settings.clone(),
            configuration,
            tags: stage.tags.clone(),
            created_date: stage.created_date.seconds(),
            last_updated_date: stage.last_updated_date.seconds(),
        }
    }
}

impl Operation for CreateStage {
    const NAME: &'static str = "CreateStage";
    const ACCESS: Access = Access::Write;
    type Input = CreateStageInput;
    type Output = StageOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let name = StageName::parse(&input.stage_name).map_err(|_| invalid_name())?;
        if find_optional(cx, &api, name.as_str()).await?.is_some() {
            return Err(Error::stage_exists(&name));
        }
        let deployment = cx.tx.find(cx.tenant, api.id.as_str(), &input.deployment_id).await?;
        let deployment: Stored<claviger_resources::rest_api::Deployment> =
            deployment.ok_or_else(|| Error::bad("Deployment id does not exist"))?;
        let canary = input.canary_settings.as_ref().map(|given| given.settings(&deployment.id)).transpose()?;
        if let Some(canary) = &canary {
            demand_deployment(cx, &api, &canary.deployment_id).await?;
        }
        documentation_version::check(cx, &api, input.documentation_version.as_deref()).await?;
        let mut configuration = Map::new();
        let mut keep = |member: &str, value: Option<Value>| {
            value.map(|value| configuration.insert(member.to_owned(), value));
        };
        keep("cacheClusterEnabled", input.cache_cluster_enabled.map(Into::into));
        keep("cacheClusterSize", input.cache_cluster_size.clone().map(Into::into));
        keep("documentationVersion", input.documentation_version.clone().map(Into::into));
        keep("tracingEnabled", input.tracing_enabled.map(Into::into));
        let settings = NewStage {
            name,
            description: input.description.clone(),
            variables: input.variables.clone(),
            canary,
            configuration,
            tags: input.tags.clone().filter(|tags| !tags.is_empty()),
        };
        Ok(StageOutput::new(&point(cx, &api, settings, &deployment.id).await?))
    }
}

impl Operation for GetStage {
    const NAME: &'static str = "GetStage";
    const ACCESS: Access = Access::Read;
    type Input = StageInput;
    type Output = StageOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        Ok(StageOutput::new(&*find(cx, &api, &input.stage_name).await?))
    }
}

impl Operation for GetStages {
    const NAME: &'static str = "GetStages";
    const ACCESS: Access = Access::Read;
    type Input = GetStagesInput;
    type Output = GetStagesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let stages: Vec<Stored<Stage>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
        let wanted = stages.iter().filter(|stage| {
            input.deployment_id.as_ref().is_none_or(|deployment| stage.deployment_id.as_str() == deployment)
        });
        Ok(GetStagesOutput { item: wanted.map(|stage| StageOutput::new(stage)).collect() })
    }
}

impl Operation for UpdateStage {
    const NAME: &'static str = "UpdateStage";
    const ACCESS: Access = Access::Write;
    type Input = UpdateStageInput;
    type Output = StageOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut stage = find(cx, &api, &input.stage_name).await?;
        apply_all(&input.patch_operations, |patch| patch_stage(&mut stage, patch))?;
        demand_deployment(cx, &api, &stage.deployment_id).await?;
        if let Some(canary) = &stage.canary_settings {
            demand_deployment(cx, &api, &canary.deployment_id).await?;
        }
        documentation_version::check(cx, &api, documentation_version::of_stage(&stage)).await?;
        client_certificate::check(cx, &stage).await?;
        stage.last_updated_date = cx.now;
        cx.tx.replace(&stage).await?;
        Ok(StageOutput::new(&stage))
    }
}

impl Operation for DeleteStage {
    const NAME: &'static str = "DeleteStage";
    const ACCESS: Access = Access::Write;
    type Input = StageInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let stage = find(cx, &api, &input.stage_name).await?;
        let domains = domains_of(cx, api.id.as_str(), Some(stage.stage_name.as_str())).await?;
        if !domains.is_empty() {
            return Err(Error::bad(format!(
                "Deleting stage {} failed. Please remove all base path mappings related to the stage in your domains: {}",
                stage.stage_name,
                domains.join(", ")
            )));
        }
        usage_plan::forget_stages(cx, &api, Some(&stage.stage_name)).await?;
        cx.tx.delete(&stage.record).await?;
        Ok(())
    }
}

async fn demand_deployment(cx: &mut Context<'_>, api: &RestApi, id: &DeploymentId) -> Result<(), Error> {
    match deployment::find(cx, api, id.as_str()).await {
        Err(Error::NotFound(_)) => Err(Error::bad("Deployment id does not exist")),
        found => found.map(drop),
    }
}

/// The settings a stage is made with.
pub(super) struct NewStage {
    pub(super) name: StageName,
    pub(super) description: Option<String>,
    pub(super) variables: Option<BTreeMap<String, String>>,
    pub(super) canary: Option<CanarySettings>,
    pub(super) configuration: Map<String, Value>,
    pub(super) tags: Option<BTreeMap<String, String>>,
}

/// Makes a stage serve a deployment: the existing one of that name, or a new one.
pub(super) async fn point(
    cx: &mut Context<'_>,
    api: &RestApi,
    settings: NewStage,
    deployment: &DeploymentId,
) -> Result<Stage, Error> {
    if let Some(mut stage) = find_optional(cx, api, settings.name.as_str()).await? {
        stage.deployment_id = deployment.clone();
        stage.last_updated_date = cx.now;
        if settings.description.is_some() {
            stage.description = settings.description;
        }
        if settings.variables.is_some() {
            stage.variables = settings.variables;
        }
        if settings.canary.is_some() {
            stage.canary_settings = settings.canary;
        }
        stage.configuration.extend(settings.configuration);
        cx.tx.replace(&stage).await?;
        return Ok(stage.record);
    }
    if cx.tx.count_of::<Stage>(cx.tenant, api.id.as_str()).await? >= STAGES_PER_API as u64 {
        return Err(Error::LimitExceeded { what: "stages", scope: "API", maximum: STAGES_PER_API });
    }
    let stage = Stage {
        stage_name: settings.name,
        rest_api_id: api.id.clone(),
        tenant: cx.tenant.clone(),
        deployment_id: deployment.clone(),
        description: settings.description,
        variables: settings.variables,
        method_settings: BTreeMap::new(),
        canary_settings: settings.canary,
        configuration: settings.configuration,
        authorizer_cache: authorizer_cache::new_name(cx),
        tags: settings.tags,
        created_date: cx.now,
        last_updated_date: cx.now,
    };
    match cx.tx.insert(&stage).await {
        Err(StoreError::AlreadyExists) => Err(Error::stage_exists(&stage.stage_name)),
        other => {
            other?;
            Ok(stage)
        }
    }
}

/// The stage with this name.
pub(super) async fn find(cx: &mut Context<'_>, api: &RestApi, name: &str) -> Result<Stored<Stage>, Error> {
    find_optional(cx, api, name).await?.ok_or_else(Error::stage_not_found)
}

async fn find_optional(cx: &mut Context<'_>, api: &RestApi, name: &str) -> Result<Option<Stored<Stage>>, Error> {
    Ok(cx.tx.find(cx.tenant, api.id.as_str(), name).await?)
}

/// The refusal of a name no stage can have.
pub(super) fn invalid_name() -> Error {
    Error::bad("Stage name only allows a-zA-Z0-9_-")
}

fn patch_stage(stage: &mut Stage, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        _ if patch.op() == "copy" => canary::copy(stage, patch)?,
        ["canarySettings", ..] => canary::patch(stage, patch)?,
        ["deploymentId"] => {
            patch.only_replace()?;
            stage.deployment_id =
                DeploymentId::parse(patch.value()?).map_err(|_| Error::bad("Deployment id does not exist"))?;
        }
        ["description"] => stage.description = patch.text()?,
        ["variables", name] => {
            patch.entry(&mut stage.variables, name, |value| Ok(value.to_owned()))?;
        }
        ["tracingEnabled" | "cacheClusterEnabled"] => {
            let value = patch.boolean()?;
            let member = patch.path().concat();
            stage.configuration.insert(member, Value::Bool(value));
        }
        [member @ ("cacheClusterSize" | "clientCertificateId" | "documentationVersion")] => {
            // Terraform takes one away by putting nothing in its place.
            match patch.text()?.filter(|value| !value.is_empty()) {
                Some(value) => stage.configuration.insert((*member).to_owned(), Value::String(value)),
                None => stage.configuration.remove(*member),
            };
        }
        ["accessLogSettings"] if patch.op() == "remove" => {
            stage.configuration.remove("accessLogSettings");
        }
        ["accessLogSettings", member @ ("destinationArn" | "format")] => {
            let value = patch.value().ok().filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| Error::bad("Access Log value must not be empty"))?;
            access_log_settings::check(member, value).map_err(Error::bad)?;
            let settings = stage.configuration.entry("accessLogSettings").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(settings) = settings {
                settings.insert((*member).to_owned(), Value::String(value.to_owned()));
            }
        }
        [
            ..,
            "enabled"
            | "dataTrace"
            | "loglevel"
            | "burstLimit"
            | "rateLimit"
            | "ttlInSeconds"
            | "dataEncrypted"
            | "requireAuthorizationForCacheControl"
            | "unauthorizedCacheControlHeaderStrategy",
        ] => {
            patch_method_setting(stage, patch)?;
        }
        [route @ .., verb] if patch.op() == "remove" && !route.is_empty() => remove_method_setting(stage, route, verb)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

/// `/{path}/{VERB}/{group}/{member}`: the path's slashes are escaped, so it is one segment; the key joins it and the verb.
fn patch_method_setting(stage: &mut Stage, patch: Patch<'_>) -> Result<(), Error> {
    let segments = patch.path();
    let [route, verb, group, member] = segments.as_slice() else { return Err(patch.invalid_path()) };
    patch_setting(stage, &setting_key(route, verb), group, member, patch)
}

/// The key under which a method's settings stand: `*/*`, or the path without its leading slash, its slashes escaped.
fn setting_key(path: &str, verb: &str) -> String {
    let path = if path == "/" { "~1".to_owned() } else { path.trim_start_matches('/').replace('/', "~1") };
    format!("{path}/{verb}")
}

fn patch_setting(stage: &mut Stage, key: &str, group: &str, member: &str, patch: Patch<'_>) -> Result<(), Error> {
    let mut setting = stage.method_settings.get(key).cloned().unwrap_or_default();
    match (group, member) {
        ("metrics", "enabled") => setting.metrics_enabled = patch.boolean()?,
        ("logging", "dataTrace") => setting.data_trace_enabled = patch.boolean()?,
        ("logging", "loglevel") => setting.logging_level = Some(patch.value()?.to_owned()),
        ("throttling", "burstLimit") => setting.throttling_burst_limit = patch.number()?,
        ("throttling", "rateLimit") => setting.throttling_rate_limit = patch.finite()?,
        ("caching", "enabled") => setting.caching_enabled = patch.boolean()?,
        ("caching", "ttlInSeconds") => setting.cache_ttl_in_seconds = patch.number()?,
        ("caching", "dataEncrypted") => setting.cache_data_encrypted = patch.boolean()?,
        ("caching", "requireAuthorizationForCacheControl") => {
            setting.require_authorization_for_cache_control = patch.boolean()?;
        }
        ("caching", "unauthorizedCacheControlHeaderStrategy") => {
            patch.value()?.clone_into(&mut setting.unauthorized_cache_control_header_strategy);
        }
        _ => return Err(patch.invalid_path()),
    }
    stage.method_settings.insert(key.to_owned(), setting);
    Ok(())
}

fn remove_method_setting(stage: &mut Stage, path: &[&str], verb: &str) -> Result<(), Error> {
    let path = path.join("/");
    let key = setting_key(&path, verb);
    match stage.method_settings.remove(&key) {
        Some(_) => Ok(()),
        // The space at the end is AWS's.
        None => Err(Error::bad(format!(
            "Cannot remove method setting {path}/{verb} because there is no method setting for this method "
        ))),
    }
}
