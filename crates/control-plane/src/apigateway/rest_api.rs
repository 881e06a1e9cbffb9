//! REST APIs: `CreateRestApi`, `GetRestApi`, `GetRestApis`, `UpdateRestApi`, `DeleteRestApi`, `ImportRestApi`, `PutRestApi`.

use std::collections::BTreeMap;

use claviger_resources::limits::{RESOURCE_POLICY_CHARACTERS_MAX, REST_APIS_PER_REGION};
use claviger_resources::rest_api::{
    ApiKeySource, Authorizer, Deployment, DocumentationPart, DocumentationVersion, EndpointConfiguration,
    GatewayResponse, Model, RequestValidator, Resource, RestApi, RestApiDefinition, Stage,
};
use claviger_resources::role_mapping::RoleMapping;
use claviger_resources::{ResourceId, RestApiId};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{Patch, PatchOperation, apply_all};
use super::{model, resource, usage_plan};
use crate::domain_name::domains_of;
use crate::operation::{Access, Context, Operation};

/// Adds a REST API with its root resource and the models `Empty` and `Error`, or with what another one has.
pub struct CreateRestApi;
/// Shows a REST API.
pub struct GetRestApi;
/// Lists the REST APIs.
pub struct GetRestApis;
/// Changes a REST API's own settings.
pub struct UpdateRestApi;
/// Deletes a REST API with all that belongs to it.
pub struct DeleteRestApi;

/// The tags by which a caller may pin a new API's id; the first is our own, the second is what emulators' users write.
pub(crate) const ID_TAGS: [&str; 2] = ["claviger:id", "_custom_id_"];

/// The members of `CreateRestApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRestApiInput {
    name: String,
    description: Option<String>,
    version: Option<String>,
    clone_from: Option<String>,
    #[serde(default)]
    binary_media_types: Vec<String>,
    minimum_compression_size: Option<i64>,
    api_key_source: Option<ApiKeySource>,
    endpoint_configuration: Option<EndpointConfigurationInput>,
    policy: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    disable_execute_api_endpoint: bool,
    security_policy: Option<String>,
    endpoint_access_mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndpointConfigurationInput {
    #[serde(default)]
    types: Vec<String>,
    ip_address_type: Option<String>,
    #[serde(default)]
    vpc_endpoint_ids: Vec<String>,
}

/// The one member of operations on an API as a whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestApiInput {
    rest_api_id: String,
}

/// The members of `UpdateRestApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRestApiInput {
    rest_api_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A REST API as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestApiOutput {
    id: RestApiId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    binary_media_types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_compression_size: Option<u32>,
    api_key_source: ApiKeySource,
    endpoint_configuration: EndpointConfiguration,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
    disable_execute_api_endpoint: bool,
    root_resource_id: ResourceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_access_mode: Option<String>,
}

impl RestApiOutput {
    pub(super) fn new(api: &RestApi, warnings: Vec<String>) -> Self {
        Self {
            id: api.id.clone(),
            name: api.name.clone(),
            description: api.description.clone(),
            created_date: api.created_date.seconds(),
            version: api.version.clone(),
            warnings,
            binary_media_types: api.binary_media_types.clone(),
            minimum_compression_size: api.minimum_compression_size,
            api_key_source: api.api_key_source,
            endpoint_configuration: api.endpoint_configuration.clone(),
            policy: api.policy.clone(),
            tags: api.tags.clone(),
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            root_resource_id: api.root_resource_id.clone(),
            security_policy: api.security_policy.clone(),
            endpoint_access_mode: api.endpoint_access_mode.clone(),
        }
    }
}

impl Operation for CreateRestApi {
    const NAME: &'static str = "CreateRestApi";
    const ACCESS: Access = Access::Write;
    type Input = CreateRestApiInput;
    type Output = RestApiOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = create(cx, input).await?;
        Ok(RestApiOutput::new(&api, Vec::new()))
    }
}

impl Operation for GetRestApi {
    const NAME: &'static str = "GetRestApi";
    const ACCESS: Access = Access::Read;
    type Input = RestApiInput;
    type Output = RestApiOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(RestApiOutput::new(&*find(cx, &input.rest_api_id).await?, Vec::new()))
    }
}

impl Operation for GetRestApis {
    const NAME: &'static str = "GetRestApis";
    const ACCESS: Access = Access::Read;
    type Input = PageInput;
    type Output = Page<RestApiOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        input.read(cx.tx, cx.tenant, "", |api: &RestApi| RestApiOutput::new(api, Vec::new())).await
    }
}

impl Operation for UpdateRestApi {
    const NAME: &'static str = "UpdateRestApi";
    const ACCESS: Access = Access::Write;
    type Input = UpdateRestApiInput;
    type Output = RestApiOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut api = find(cx, &input.rest_api_id).await?;
        apply_all(&input.patch_operations, |patch| patch_rest_api(&mut api, patch))?;
        // Once an API has been touched, AWS shows its tags even when there are none.
        api.tags.get_or_insert_default();
        cx.tx.replace(&api).await?;
        Ok(RestApiOutput::new(&api, Vec::new()))
    }
}

impl Operation for DeleteRestApi {
    const NAME: &'static str = "DeleteRestApi";
    const ACCESS: Access = Access::Write;
    type Input = RestApiInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = find(cx, &input.rest_api_id).await?;
        let domains = domains_of(cx, api.id.as_str(), None).await?;
        if !domains.is_empty() {
            return Err(Error::bad(format!(
                "Deleting RestApi {} failed. Please remove all base path mappings related to the RestApi in your domains: {}",
                api.id,
                domains.join(", ")
            )));
        }
        delete(cx, &api).await
    }
}

async fn create(cx: &mut Context<'_>, input: &CreateRestApiInput) -> Result<RestApi, Error> {
    if input.name.is_empty() {
        return Err(Error::bad("Invalid API name specified"));
    }
    if input.description.as_deref() == Some("") {
        return Err(Error::bad("Description cannot be an empty string"));
    }
    let api = RestApi {
        id: new_id(cx, input.tags.as_ref())?,
        tenant: cx.tenant.clone(),
        name: input.name.clone(),
        description: input.description.clone(),
        version: input.version.clone(),
        created_date: cx.now,
        root_resource_id: ResourceId::generate_root(cx.random),
        api_key_source: input.api_key_source.unwrap_or_default(),
        binary_media_types: input.binary_media_types.clone(),
        minimum_compression_size: input.minimum_compression_size.map(compression_size).transpose()?,
        disable_execute_api_endpoint: input.disable_execute_api_endpoint,
        security_policy: input.security_policy.clone(),
        endpoint_access_mode: input.endpoint_access_mode.clone(),
        endpoint_configuration: endpoint_configuration(input.endpoint_configuration.as_ref())?,
        policy: input.policy.clone().map(policy).transpose()?,
        tags: input.tags.clone().filter(|tags| !tags.is_empty()),
    };
    insert(cx, &api).await?;
    if let Some(original) = &input.clone_from {
        let original = find(cx, original).await?;
        let copy = definition(cx, &original).await?.copied_to(api, cx.random);
        insert_definition(cx, &copy).await?;
        return Ok(copy.rest_api);
    }
    cx.tx.insert(&resource::root(&api)).await?;
    for model in model::defaults(&api, cx.random) {
        cx.tx.insert(&model).await?;
    }
    Ok(api)
}

/// Adds the API's own record; fails when the account has as many as it may or the pinned id is taken.
pub(super) async fn insert(cx: &mut Context<'_>, api: &RestApi) -> Result<(), Error> {
    if cx.tx.count_of::<RestApi>(cx.tenant, "").await? >= REST_APIS_PER_REGION as u64 {
        return Err(Error::LimitExceeded { what: "APIs", scope: "account", maximum: REST_APIS_PER_REGION });
    }
    match cx.tx.insert(api).await {
        Err(StoreError::NameTaken { .. } | StoreError::AlreadyExists) => Err(Error::api_id_taken(&api.id)),
        other => Ok(other?),
    }
}

/// The id of a new API: the one a tag pins, else a new one.
pub(super) fn new_id(cx: &mut Context<'_>, tags: Option<&BTreeMap<String, String>>) -> Result<RestApiId, Error> {
    match tags.and_then(|tags| ID_TAGS.iter().find_map(|tag| tags.get(*tag))) {
        Some(pinned) => RestApiId::parse(pinned).map_err(|error| Error::bad(error.to_string())),
        None => Ok(RestApiId::generate(cx.random)),
    }
}

/// The API with this id.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<RestApi>, Error> {
    cx.tx
        .find(cx.tenant, "", id)
        .await?
        .ok_or_else(|| Error::RestApiNotFound { account: cx.tenant.account, id: id.to_owned() })
}

/// Whether an API of this id exists in the account and region.
pub(super) async fn exists(cx: &mut Context<'_>, id: &str) -> Result<bool, Error> {
    let named: Option<Stored<RestApi>> = cx.tx.find_named(&Name::new(Namespace::ApiId, id)).await?;
    Ok(named.is_some_and(|api| api.tenant == *cx.tenant))
}

/// Everything that belongs to an API: what a deployment freezes.
pub(super) async fn definition(cx: &mut Context<'_>, api: &RestApi) -> Result<RestApiDefinition, Error> {
    let (tenant, parent) = (cx.tenant, api.id.as_str());
    let mut resources: Vec<Resource> = records(cx.tx.list_all(tenant, parent).await?);
    resources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(RestApiDefinition {
        rest_api: api.clone(),
        resources,
        authorizers: records(cx.tx.list_all::<Authorizer>(tenant, parent).await?),
        models: records(cx.tx.list_all::<Model>(tenant, parent).await?),
        request_validators: records(cx.tx.list_all::<RequestValidator>(tenant, parent).await?),
        gateway_responses: records(cx.tx.list_all::<GatewayResponse>(tenant, parent).await?),
    })
}

fn records<R>(stored: Vec<Stored<R>>) -> Vec<R> {
    stored.into_iter().map(|stored| stored.record).collect()
}

async fn delete(cx: &mut Context<'_>, api: &RestApi) -> Result<(), Error> {
    let (tenant, parent) = (cx.tenant, api.id.as_str());
    usage_plan::forget_stages(cx, api, None).await?;
    cx.tx.delete_all::<Stage>(tenant, parent).await?;
    cx.tx.delete_all::<Deployment>(tenant, parent).await?;
    cx.tx.delete_all::<RoleMapping>(tenant, parent).await?;
    cx.tx.delete_all::<DocumentationPart>(tenant, parent).await?;
    cx.tx.delete_all::<DocumentationVersion>(tenant, parent).await?;
    delete_definition(cx, api).await?;
    cx.tx.delete(api).await?;
    Ok(())
}

/// Deletes what a deployment would freeze, except the API itself.
pub(super) async fn delete_definition(cx: &mut Context<'_>, api: &RestApi) -> Result<(), Error> {
    let (tenant, parent) = (cx.tenant, api.id.as_str());
    cx.tx.delete_all::<Resource>(tenant, parent).await?;
    cx.tx.delete_all::<Authorizer>(tenant, parent).await?;
    cx.tx.delete_all::<Model>(tenant, parent).await?;
    cx.tx.delete_all::<RequestValidator>(tenant, parent).await?;
    cx.tx.delete_all::<GatewayResponse>(tenant, parent).await?;
    Ok(())
}

/// Adds what a deployment would freeze, except the API itself.
pub(super) async fn insert_definition(cx: &mut Context<'_>, definition: &RestApiDefinition) -> Result<(), Error> {
    for resource in &definition.resources {
        cx.tx.insert(resource).await?;
    }
    for authorizer in &definition.authorizers {
        cx.tx.insert(authorizer).await?;
    }
    for model in &definition.models {
        cx.tx.insert(model).await?;
    }
    for validator in &definition.request_validators {
        cx.tx.insert(validator).await?;
    }
    for response in &definition.gateway_responses {
        cx.tx.insert(response).await?;
    }
    Ok(())
}

fn compression_size(size: i64) -> Result<u32, Error> {
    u32::try_from(size)
        .ok()
        .filter(|size| *size <= 10 * 1024 * 1024)
        .ok_or_else(|| Error::bad("Invalid minimum compression size, must be between 0 and 10485760"))
}

fn policy(policy: String) -> Result<String, Error> {
    if policy.chars().count() > RESOURCE_POLICY_CHARACTERS_MAX {
        return Err(Error::bad(format!("The policy must be at most {RESOURCE_POLICY_CHARACTERS_MAX} characters")));
    }
    Ok(policy)
}

fn endpoint_configuration(input: Option<&EndpointConfigurationInput>) -> Result<EndpointConfiguration, Error> {
    let types = input.map(|input| input.types.clone()).unwrap_or_default();
    let kind = match types.as_slice() {
        [] => "EDGE".to_owned(),
        [one] => one.clone(),
        _ => return Err(Error::bad("Cannot create an api with multiple Endpoint Types.")),
    };
    let private = kind == "PRIVATE";
    let given = input.and_then(|input| input.ip_address_type.clone());
    if private && given.as_deref() == Some("ipv4") {
        return Err(Error::bad("Only dualstack ipAddressType is supported for Private APIs."));
    }
    let ip_address_type = given.unwrap_or_else(|| if private { "dualstack" } else { "ipv4" }.to_owned());
    let vpc_endpoint_ids = input.map(|input| input.vpc_endpoint_ids.clone()).unwrap_or_default();
    Ok(EndpointConfiguration { types: vec![kind], ip_address_type, vpc_endpoint_ids })
}

fn patch_rest_api(api: &mut RestApi, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["name"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut api.name);
        }
        ["description"] => api.description = patch.text()?,
        ["version"] => api.version = patch.text()?,
        ["policy"] => {
            api.policy = patch.text()?.filter(|policy| !policy.is_empty()).map(policy).transpose()?;
        }
        ["apiKeySource"] => {
            api.api_key_source = match patch.value()? {
                "HEADER" => ApiKeySource::Header,
                "AUTHORIZER" => ApiKeySource::Authorizer,
                _ => return Err(Error::bad("Invalid api key source. Valid options are HEADER, AUTHORIZER")),
            };
        }
        ["minimumCompressionSize"] => {
            let given = patch.text()?.filter(|size| !size.is_empty());
            api.minimum_compression_size =
                given.map(|size| compression_size(size.parse().unwrap_or(-1))).transpose()?;
        }
        ["securityPolicy"] => {
            patch.only_replace()?;
            let name = Some(patch.value()?).filter(|name| RestApi::is_security_policy(name));
            let name = name.ok_or_else(|| Error::bad("Invalid security policy specified"))?;
            api.security_policy = Some(name.to_owned());
        }
        ["endpointAccessMode"] => {
            patch.only_replace()?;
            let mode = Some(patch.value()?).filter(|mode| RestApi::is_endpoint_access_mode(mode));
            let mode =
                mode.ok_or_else(|| Error::bad("Invalid endpoint access mode. Valid options are BASIC, STRICT"))?;
            api.endpoint_access_mode = Some(mode.to_owned());
        }
        ["disableExecuteApiEndpoint"] => api.disable_execute_api_endpoint = patch.boolean()?,
        ["binaryMediaTypes", media_type] => patch.list(&mut api.binary_media_types, Some(media_type))?,
        ["binaryMediaTypes"] => patch.list(&mut api.binary_media_types, None)?,
        ["endpointConfiguration", "types", _old] => {
            patch.only_replace()?;
            let value = patch.value()?;
            if !["EDGE", "REGIONAL", "PRIVATE"].contains(&value) {
                return Err(Error::bad("Invalid endpoint type. Valid options are EDGE, REGIONAL, PRIVATE"));
            }
            api.endpoint_configuration.types = vec![value.to_owned()];
        }
        ["endpointConfiguration", "ipAddressType"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut api.endpoint_configuration.ip_address_type);
        }
        ["endpointConfiguration", "vpcEndpointIds"] => {
            patch.list(&mut api.endpoint_configuration.vpc_endpoint_ids, None)?;
        }
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}
