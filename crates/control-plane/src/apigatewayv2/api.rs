//! HTTP APIs: `CreateApi`, `GetApi`, `GetApis`, `UpdateApi`, `DeleteApi`, `DeleteCorsConfiguration`.

use std::collections::BTreeMap;

use claviger_resources::http_api::{
    AuthorizationType, Authorizer, Cors, Deployment, HttpApi, HttpApiDefinition, Integration, Route, RouteKey, Stage,
};
use claviger_resources::limits::HTTP_APIS_PER_REGION;
use claviger_resources::role_mapping::RoleMapping;
use claviger_resources::{HttpApiId, HttpStageName, Random, RouteId, Tenant, Timestamp};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::Deserialize;

use super::errors::Error;
use super::page::{Page, PageInput};
use super::shown::Shown;
use super::{deployment, integration, stage};
use crate::apigateway::rest_api::ID_TAGS;
use crate::domain_name::domains_of;
use crate::operation::{Access, Context, Operation};

/// Adds an HTTP API; with a target also a route, an integration and a stage, so that it serves at once.
pub struct CreateApi;
/// Shows an HTTP API.
pub struct GetApi;
/// Lists the HTTP APIs.
pub struct GetApis;
/// Changes an HTTP API's own settings.
pub struct UpdateApi;
/// Deletes an HTTP API with all that belongs to it.
pub struct DeleteApi;
/// Takes an HTTP API's CORS configuration away.
pub struct DeleteCorsConfiguration;

/// The one expression by which HTTP APIs select a route, in both ways of writing it.
const ROUTE_SELECTION: [&str; 2] = ["$request.method $request.path", "${request.method} ${request.path}"];
const API_KEY_SELECTION: &str = "$request.header.x-api-key";

/// The members of `CreateApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiInput {
    protocol_type: String,
    tags: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    settings: SettingsInput,
}

/// The members of `UpdateApi`.
#[derive(Debug, Deserialize)]
pub struct UpdateApiInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(flatten)]
    settings: SettingsInput,
}

/// What both may say.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsInput {
    name: Option<String>,
    description: Option<String>,
    version: Option<String>,
    cors_configuration: Option<Cors>,
    disable_execute_api_endpoint: Option<bool>,
    ip_address_type: Option<String>,
    route_selection_expression: Option<String>,
    api_key_selection_expression: Option<String>,
    route_key: Option<String>,
    target: Option<String>,
    credentials_arn: Option<String>,
}

/// The one member of operations on an API as a whole.
#[derive(Debug, Deserialize)]
pub struct ApiInput {
    #[serde(rename = "ApiId")]
    api_id: String,
}

/// An API as callers see it.
pub(super) fn shown(api: &HttpApi) -> Shown {
    Shown::of(api)
        .with("protocolType", "HTTP")
        .with("apiEndpoint", api.endpoint())
        .with("routeSelectionExpression", ROUTE_SELECTION[0])
        .with("apiKeySelectionExpression", API_KEY_SELECTION)
}

impl Operation for CreateApi {
    const NAME: &'static str = "CreateApi";
    const ACCESS: Access = Access::Write;
    type Input = CreateApiInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.protocol_type != "HTTP" {
            return Err(Error::Unsupported("WebSocket APIs are not served: protocolType must be HTTP"));
        }
        let tags = input.tags.clone().unwrap_or_default();
        let mut api = new(cx, tags)?;
        input.settings.apply(&mut api)?;
        insert(cx, &api).await?;
        match (&input.settings.target, &input.settings.route_key) {
            (Some(target), key) => quick_create(cx, &api, target, key.as_deref(), &input.settings).await?,
            (None, None) => {}
            (None, Some(_)) => return Err(Error::bad("A route key can only be given together with a target")),
        }
        Ok(shown(&api))
    }
}

impl Operation for GetApi {
    const NAME: &'static str = "GetApi";
    const ACCESS: Access = Access::Read;
    type Input = ApiInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(shown(&*find(cx, &input.api_id).await?))
    }
}

impl Operation for GetApis {
    const NAME: &'static str = "GetApis";
    const ACCESS: Access = Access::Read;
    type Input = PageInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        input.read(cx.tx, cx.tenant, "", shown).await
    }
}

impl Operation for UpdateApi {
    const NAME: &'static str = "UpdateApi";
    const ACCESS: Access = Access::Write;
    type Input = UpdateApiInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut api = find(cx, &input.api_id).await?;
        input.settings.apply(&mut api)?;
        cx.tx.replace(&api).await?;
        if input.settings.target.is_some() || input.settings.route_key.is_some() {
            change_managed(cx, &api, &input.settings).await?;
        }
        deployment::deploy_automatically(cx, &api).await?;
        Ok(shown(&api))
    }
}

impl Operation for DeleteApi {
    const NAME: &'static str = "DeleteApi";
    const ACCESS: Access = Access::Write;
    type Input = ApiInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = find(cx, &input.api_id).await?;
        if !domains_of(cx, api.api_id.as_str(), None).await?.is_empty() {
            return Err(Error::bad(format!(
                "Deleting API {} failed. Please remove all API mappings for the API from your custom domain names.",
                api.api_id
            )));
        }
        let (tenant, parent) = (cx.tenant, api.api_id.as_str());
        cx.tx.delete_all::<Stage>(tenant, parent).await?;
        cx.tx.delete_all::<Deployment>(tenant, parent).await?;
        cx.tx.delete_all::<RoleMapping>(tenant, parent).await?;
        delete_definition(cx, &api).await?;
        cx.tx.delete(&api.record).await?;
        Ok(())
    }
}

impl Operation for DeleteCorsConfiguration {
    const NAME: &'static str = "DeleteCorsConfiguration";
    const ACCESS: Access = Access::Write;
    type Input = ApiInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut api = find(cx, &input.api_id).await?;
        api.cors_configuration = None;
        cx.tx.replace(&api).await?;
        deployment::deploy_automatically(cx, &api).await
    }
}

impl SettingsInput {
    fn apply(&self, api: &mut HttpApi) -> Result<(), Error> {
        if let Some(name) = &self.name {
            if name.is_empty() || name.chars().count() > 128 {
                return Err(Error::bad("Invalid API name specified. It must have between 1 and 128 characters"));
            }
            api.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            api.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(version) = &self.version {
            api.version = Some(version.clone()).filter(|text| !text.is_empty());
        }
        if let Some(cors) = &self.cors_configuration {
            check_cors(cors)?;
            api.cors_configuration = Some(cors.clone());
        }
        if let Some(disable) = self.disable_execute_api_endpoint {
            api.disable_execute_api_endpoint = disable;
        }
        if let Some(kind) = &self.ip_address_type {
            api.ip_address_type.clone_from(kind);
        }
        let wrong_selection =
            self.route_selection_expression.as_deref().is_some_and(|text| !ROUTE_SELECTION.contains(&text));
        if wrong_selection {
            return Err(Error::bad(format!(
                "Invalid route selection expression specified. HTTP APIs have {}",
                ROUTE_SELECTION[0]
            )));
        }
        if self.api_key_selection_expression.as_deref().is_some_and(|text| text != API_KEY_SELECTION) {
            return Err(Error::bad("API keys are not supported for HTTP APIs"));
        }
        Ok(())
    }
}

/// Refuses what could let every page send credentials.
pub(super) fn check_cors(cors: &Cors) -> Result<(), Error> {
    let any = cors.allow_origins.iter().flatten().any(|origin| origin == "*");
    if any && cors.allow_credentials == Some(true) {
        return Err(Error::bad("allowCredentials cannot be true while allowOrigins contains *"));
    }
    let is_origin = |origin: &String| *origin == "*" || origin.contains("://");
    match cors.allow_origins.iter().flatten().find(|origin| !is_origin(origin)) {
        Some(origin) => Err(Error::bad(format!("Invalid format for origin {origin}"))),
        None => Ok(()),
    }
}

/// A new API, which is not stored yet and has no name; a tag may pin its id.
pub(super) fn new(cx: &mut Context<'_>, tags: BTreeMap<String, String>) -> Result<HttpApi, Error> {
    let mut api = unstored(cx.tenant.clone(), cx.now, cx.random);
    if let Some(pinned) = ID_TAGS.iter().find_map(|tag| tags.get(*tag)) {
        api.api_id = HttpApiId::parse(pinned).map_err(|error| Error::bad(error.to_string()))?;
    }
    Ok(HttpApi { tags, ..api })
}

/// An API with nothing but an id.
pub(super) fn unstored(tenant: Tenant, now: Timestamp, random: &mut dyn Random) -> HttpApi {
    HttpApi {
        api_id: HttpApiId::generate(random),
        tenant,
        name: String::new(),
        description: None,
        version: None,
        created_date: now,
        cors_configuration: None,
        disable_execute_api_endpoint: false,
        ip_address_type: "ipv4".to_owned(),
        import_info: Vec::new(),
        warnings: Vec::new(),
        tags: BTreeMap::new(),
    }
}

/// Adds the API's own record; fails when the account has as many as it may or the pinned id is taken.
pub(super) async fn insert(cx: &mut Context<'_>, api: &HttpApi) -> Result<(), Error> {
    if cx.tx.count_of::<HttpApi>(cx.tenant, "").await? >= HTTP_APIS_PER_REGION as u64 {
        return Err(Error::LimitExceeded { what: "APIs", scope: "account", maximum: HTTP_APIS_PER_REGION });
    }
    match cx.tx.insert(api).await {
        Err(StoreError::NameTaken { .. } | StoreError::AlreadyExists) => Err(Error::api_id_taken(&api.api_id)),
        other => Ok(other?),
    }
}

/// The API with this id.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<HttpApi>, Error> {
    let found = cx.tx.find(cx.tenant, "", id).await?;
    found.ok_or_else(|| Error::ApiNotFound { account: cx.tenant.account, id: id.to_owned() })
}

/// Everything that belongs to an API: what a deployment freezes.
pub(super) async fn definition(cx: &mut Context<'_>, api: &HttpApi) -> Result<HttpApiDefinition, Error> {
    let (tenant, parent) = (cx.tenant, api.api_id.as_str());
    Ok(HttpApiDefinition {
        api: api.clone(),
        routes: records(cx.tx.list_all::<Route>(tenant, parent).await?),
        integrations: records(cx.tx.list_all::<Integration>(tenant, parent).await?),
        authorizers: records(cx.tx.list_all::<Authorizer>(tenant, parent).await?),
    })
}

/// Deletes what a deployment would freeze, except the API itself.
pub(super) async fn delete_definition(cx: &mut Context<'_>, api: &HttpApi) -> Result<(), Error> {
    let (tenant, parent) = (cx.tenant, api.api_id.as_str());
    cx.tx.delete_all::<Route>(tenant, parent).await?;
    cx.tx.delete_all::<Integration>(tenant, parent).await?;
    cx.tx.delete_all::<Authorizer>(tenant, parent).await?;
    Ok(())
}

fn records<R>(stored: Vec<Stored<R>>) -> Vec<R> {
    stored.into_iter().map(|stored| stored.record).collect()
}

/// Adds the route, integration and stage of quick creation.
async fn quick_create(
    cx: &mut Context<'_>,
    api: &HttpApi,
    target: &str,
    key: Option<&str>,
    settings: &SettingsInput,
) -> Result<(), Error> {
    let route_key = RouteKey::parse(key.unwrap_or("$default")).map_err(|error| Error::bad(error.to_string()))?;
    let mut made = integration::managed(cx, api, target)?;
    made.credentials_arn.clone_from(&settings.credentials_arn);
    cx.tx.insert(&made).await?;
    let route = Route {
        route_id: RouteId::generate(cx.random),
        api_id: api.api_id.clone(),
        tenant: cx.tenant.clone(),
        route_key,
        target: Some(format!("integrations/{}", made.integration_id)),
        authorization_type: AuthorizationType::None,
        authorizer_id: None,
        authorization_scopes: None,
        operation_name: None,
        api_gateway_managed: true,
    };
    cx.tx.insert(&route).await?;
    let name = HttpStageName::parse("$default").map_err(|error| Error::bad(error.to_string()))?;
    let stage = Stage { auto_deploy: true, api_gateway_managed: true, ..stage::new(cx, api, name) };
    cx.tx.insert(&stage).await?;
    deployment::deploy_automatically(cx, api).await
}

/// Changes the integration and route of quick creation.
async fn change_managed(cx: &mut Context<'_>, api: &HttpApi, settings: &SettingsInput) -> Result<(), Error> {
    let none = || Error::bad("target and routeKey can only be changed for an API that was made by quick creation");
    let (tenant, parent) = (cx.tenant, api.api_id.as_str());
    if let Some(target) = &settings.target {
        let all: Vec<Stored<Integration>> = cx.tx.list_all(tenant, parent).await?;
        let mut managed = all.into_iter().find(|one| one.api_gateway_managed).ok_or_else(none)?;
        let changed = integration::managed(cx, api, target)?;
        let integration_id = managed.integration_id.clone();
        let credentials_arn = settings.credentials_arn.clone().or_else(|| managed.credentials_arn.clone());
        managed.record = Integration { integration_id, credentials_arn, ..changed };
        cx.tx.replace(&managed).await?;
    }
    if let Some(key) = &settings.route_key {
        let all: Vec<Stored<Route>> = cx.tx.list_all(tenant, parent).await?;
        let mut managed = all.into_iter().find(|one| one.api_gateway_managed).ok_or_else(none)?;
        managed.route_key = RouteKey::parse(key).map_err(|error| Error::bad(error.to_string()))?;
        cx.tx.replace(&managed).await?;
    }
    Ok(())
}
