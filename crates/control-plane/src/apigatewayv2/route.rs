//! Routes: `CreateRoute`, `GetRoute`, `GetRoutes`, `UpdateRoute`, `DeleteRoute`.

use claviger_resources::http_api::{
    AuthorizationType, Authorizer, AuthorizerType, HttpApi, Integration, Route, RouteKey,
};
use claviger_resources::limits::SCOPES_PER_ROUTE;
use claviger_resources::quotas::Quota;
use claviger_resources::{AuthorizerId, RouteId};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::Deserialize;
use serde_json::Value;

use super::errors::Error;
use super::page::{ListInput, Page};
use super::shown::Shown;
use super::{api, deployment};
use crate::operation::{Access, Context, Operation};

/// Adds a route to an API.
pub struct CreateRoute;
/// Shows a route.
pub struct GetRoute;
/// Lists the routes of an API.
pub struct GetRoutes;
/// Changes a route.
pub struct UpdateRoute;
/// Deletes a route.
pub struct DeleteRoute;

/// The members of `CreateRoute`.
#[derive(Debug, Deserialize)]
pub struct CreateRouteInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// The members of `UpdateRoute`.
#[derive(Debug, Deserialize)]
pub struct UpdateRouteInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "RouteId")]
    route_id: String,
    #[serde(flatten)]
    members: MembersInput,
}

/// What both may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MembersInput {
    route_key: Option<String>,
    target: Option<String>,
    authorization_type: Option<AuthorizationType>,
    authorizer_id: Option<String>,
    authorization_scopes: Option<Vec<String>>,
    operation_name: Option<String>,
    api_key_required: Option<bool>,
    model_selection_expression: Option<String>,
    route_response_selection_expression: Option<String>,
    request_models: Option<Value>,
    request_parameters: Option<Value>,
}

/// Which route is meant.
#[derive(Debug, Deserialize)]
pub struct RouteInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(rename = "RouteId")]
    route_id: String,
}

/// A route as callers see it.
pub(super) fn shown(route: &Route) -> Shown {
    Shown::part(route).with("apiKeyRequired", false)
}

impl Operation for CreateRoute {
    const NAME: &'static str = "CreateRoute";
    const ACCESS: Access = Access::Write;
    type Input = CreateRouteInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let quota = cx.services.settings.quotas.count_of(Quota::RoutesOfHttpApi);
        if cx.tx.count_of::<Route>(cx.tenant, api.api_id.as_str()).await? >= quota as u64 {
            return Err(Error::LimitExceeded { what: "Routes", scope: "API", maximum: quota });
        }
        let mut route = Route {
            route_id: RouteId::generate(cx.random),
            api_id: api.api_id.clone(),
            tenant: cx.tenant.clone(),
            route_key: RouteKey::Default,
            target: None,
            authorization_type: AuthorizationType::None,
            authorizer_id: None,
            authorization_scopes: None,
            operation_name: None,
            api_gateway_managed: false,
        };
        input.members.apply(&mut route)?;
        check(cx, &api, &route).await?;
        cx.tx.insert(&route).await.map_err(|error| taken(error, &route))?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(shown(&route))
    }
}

impl Operation for GetRoute {
    const NAME: &'static str = "GetRoute";
    const ACCESS: Access = Access::Read;
    type Input = RouteInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        Ok(shown(&*find(cx, &api, &input.route_id).await?))
    }
}

impl Operation for GetRoutes {
    const NAME: &'static str = "GetRoutes";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.api_id.as_str(), shown).await
    }
}

impl Operation for UpdateRoute {
    const NAME: &'static str = "UpdateRoute";
    const ACCESS: Access = Access::Write;
    type Input = UpdateRouteInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = api::find(cx, &input.api_id).await?;
        let mut route = find(cx, &api, &input.route_id).await?;
        input.members.apply(&mut route)?;
        check(cx, &api, &route).await?;
        cx.tx.replace(&route).await.map_err(|error| taken(error, &route))?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(shown(&route))
    }
}

impl Operation for DeleteRoute {
    const NAME: &'static str = "DeleteRoute";
    const ACCESS: Access = Access::Write;
    type Input = RouteInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = api::find(cx, &input.api_id).await?;
        let route = find(cx, &api, &input.route_id).await?;
        cx.tx.delete(&route.record).await?;
        deployment::deploy_automatically(cx, &api).await
    }
}

impl MembersInput {
    fn apply(&self, route: &mut Route) -> Result<(), Error> {
        if self.api_key_required == Some(true) {
            return Err(Error::bad("API keys are not supported for HTTP APIs"));
        }
        let of_websocket = [
            ("modelSelectionExpression", self.model_selection_expression.is_some()),
            ("routeResponseSelectionExpression", self.route_response_selection_expression.is_some()),
            ("requestModels", self.request_models.is_some()),
            ("requestParameters", self.request_parameters.is_some()),
        ];
        if let Some((name, _)) = of_websocket.into_iter().find(|(_, given)| *given) {
            return Err(Error::bad(format!("{name} is not supported for HTTP APIs")));
        }
        if let Some(key) = &self.route_key {
            route.route_key = RouteKey::parse(key).map_err(|error| Error::bad(error.to_string()))?;
        }
        if let Some(target) = &self.target {
            route.target = Some(target.clone()).filter(|target| !target.is_empty());
        }
        if let Some(kind) = self.authorization_type {
            route.authorization_type = kind;
            if matches!(kind, AuthorizationType::None | AuthorizationType::AwsIam) {
                (route.authorizer_id, route.authorization_scopes) = (None, None);
            }
        }
        if let Some(id) = &self.authorizer_id {
            route.authorizer_id = match id.as_str() {
                "" => None,
                id => Some(AuthorizerId::parse(id).map_err(|_| wrong_authorizer(route.authorization_type))?),
            };
        }
        if let Some(scopes) = &self.authorization_scopes {
            if scopes.len() > SCOPES_PER_ROUTE {
                let (what, scope) = ("authorization scopes", "Route");
                return Err(Error::LimitExceeded { what, scope, maximum: SCOPES_PER_ROUTE });
            }
            route.authorization_scopes = Some(scopes.clone()).filter(|scopes| !scopes.is_empty());
        }
        if let Some(name) = &self.operation_name {
            route.operation_name = Some(name.clone()).filter(|name| !name.is_empty());
        }
        Ok(())
    }
}

/// The route with this id.
async fn find(cx: &mut Context<'_>, api: &HttpApi, id: &str) -> Result<Stored<Route>, Error> {
    cx.tx.find(cx.tenant, api.api_id.as_str(), id).await?.ok_or(Error::NotFound("Route"))
}

/// Refuses a route whose integration or authorizer does not exist or does not fit.
async fn check(cx: &mut Context<'_>, api: &HttpApi, route: &Route) -> Result<(), Error> {
    let parent = api.api_id.as_str();
    if let Some(target) = &route.target {
        let id = route.integration().ok_or_else(|| Error::bad(format!("Invalid target specified: {target}")))?;
        let found: Option<Stored<Integration>> = cx.tx.find(cx.tenant, parent, id).await?;
        found.ok_or_else(|| Error::bad(format!("Invalid integration identifier specified: {id}")))?;
    }
    let wanted = match route.authorization_type {
        AuthorizationType::None | AuthorizationType::AwsIam => return Ok(()),
        AuthorizationType::Jwt => AuthorizerType::Jwt,
        AuthorizationType::Custom => AuthorizerType::Request,
    };
    let wrong = || wrong_authorizer(route.authorization_type);
    let id = route.authorizer_id.as_ref().ok_or_else(wrong)?;
    let found: Option<Stored<Authorizer>> = cx.tx.find(cx.tenant, parent, id.as_str()).await?;
    if found.is_some_and(|authorizer| authorizer.authorizer_type == wanted) { Ok(()) } else { Err(wrong()) }
}

fn wrong_authorizer(kind: AuthorizationType) -> Error {
    Error::bad(match kind {
        AuthorizationType::Custom => {
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid REQUEST authorizer."
        }
        _ => "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.",
    })
}

fn taken(error: StoreError, route: &Route) -> Error {
    match error {
        StoreError::NameTaken { .. } => {
            Error::Conflict(format!("Route with key {} already exists for this API", route.route_key))
        }
        other => other.into(),
    }
}
