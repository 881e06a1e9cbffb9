//! Compiling an HTTP API. A definition always compiles: what is wrong with a route is told by that route alone, because
//! with automatic deployment there is nobody to refuse it to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use claviger_resources::http_api::{
    AuthorizationType, Authorizer, AuthorizerType, HttpApiDefinition, Integration, IntegrationType, Route, RouteKey,
};
use claviger_resources::{AuthorizerId, HttpApiId, RouteId, Tenant};
use http::{HeaderMap, HeaderName};

use super::cors::Cors;
use super::http_proxy::HttpProxy;
use super::lambda::LambdaProxy;
use super::lambda_authorizer::LambdaAuthorizer;
use super::route_table::RouteTable;
use crate::request::Request;
use crate::route::PathParameters;

/// An HTTP API, ready to serve.
#[derive(Clone, Debug)]
pub struct CompiledHttpApi {
    /// Its id.
    pub id: HttpApiId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Which pages may call it.
    pub cors: Option<Cors>,
    routes: RouteTable<Arc<CompiledRoute>>,
}

/// A route, ready to serve.
#[derive(Clone, Debug)]
pub struct CompiledRoute {
    /// Its id.
    pub id: RouteId,
    /// Its key.
    pub key: Box<str>,
    /// Its path, with the names of its variables; `$default` has none.
    pub path: Option<Box<str>>,
    /// Who may call it.
    pub authorization: Authorization,
    /// What answers it.
    pub integration: CompiledIntegration,
}

/// Who may call a route.
#[derive(Clone, Debug)]
pub enum Authorization {
    /// Anyone.
    Open,
    /// Whoever bears a token that the authorizer accepts.
    Jwt(JwtAuthorization),
    /// Whoever a Lambda authorizer lets in.
    Lambda(Arc<LambdaAuthorizer>),
    /// Whoever signs with AWS credentials that may.
    AwsIam,
    /// Nobody: it asks for what does not exist.
    Unavailable(Cow<'static, str>),
}

/// What a token must be and carry to pass a route.
#[derive(Clone, Debug)]
pub struct JwtAuthorization {
    /// The authorizer.
    pub authorizer: Arc<JwtAuthorizer>,
    /// The scopes of which a token must carry one, if there are any.
    pub scopes: Arc<[Box<str>]>,
}

/// A `JWT` authorizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtAuthorizer {
    /// Its id.
    pub id: AuthorizerId,
    /// Its name.
    pub name: String,
    /// Where the token is.
    pub identity_source: IdentitySource,
    /// The issuer of the tokens that it accepts.
    pub issuer: Arc<str>,
    /// The audiences of which a token must have one.
    pub audiences: Box<[Box<str>]>,
}

/// Where what identifies the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// `$request.header.{name}`.
    Header(HeaderName),
    /// `$request.querystring.{name}`.
    QueryString(Box<str>),
}

/// What answers a route.
#[derive(Clone, Debug)]
pub enum CompiledIntegration {
    /// An HTTP endpoint.
    HttpProxy(Arc<HttpProxy>),
    /// A Lambda function.
    Lambda(Arc<LambdaProxy>),
    /// A backend that no way leads to; holds the reason for operators.
    OutOfReach(Arc<str>),
    /// Nothing that could answer; holds the reason for operators.
    Unavailable(Arc<str>),
}

/// A route that a request is for.
#[derive(Clone, Debug)]
pub struct Found<'t, 'p> {
    /// The route.
    pub route: &'t CompiledRoute,
    /// The variables of the route's path with their percent-encoded text.
    pub parameters: PathParameters<'t, 'p>,
}

/// Compiles a definition.
pub fn compile(definition: &HttpApiDefinition) -> CompiledHttpApi {
    let integrations: HashMap<&str, CompiledIntegration> = definition
        .integrations
        .iter()
        .map(|integration| (integration.integration_id.as_str(), compile_integration(integration)))
        .collect();
    let authorizers: HashMap<&AuthorizerId, Result<CompiledAuthorizer, String>> = definition
        .authorizers
        .iter()
        .map(|authorizer| (&authorizer.authorizer_id, CompiledAuthorizer::compile(authorizer)))
        .collect();
    let routes = definition.routes.iter().map(|route| {
        let compiled = CompiledRoute {
            id: route.route_id.clone(),
            key: route.route_key.to_string().into(),
            path: match &route.route_key {
                RouteKey::Default => None,
                RouteKey::Request { path, .. } => Some(path.clone()),
            },
            authorization: authorization(route, &authorizers),
            integration: integration(route, &integrations),
        };
        (route.route_key.clone(), Arc::new(compiled))
    });
    CompiledHttpApi {
        id: definition.api.api_id.clone(),
        tenant: definition.api.tenant.clone(),
        cors: definition.api.cors_configuration.as_ref().map(Cors::compile),
        routes: RouteTable::new(routes),
    }
}

impl CompiledIntegration {
    /// Whether it needs a request's body as a whole; else that is passed on as it comes.
    pub fn reads_body(&self) -> bool {
        match self {
            Self::HttpProxy(proxy) => proxy.reads_body(),
            Self::Lambda(_) | Self::OutOfReach(_) | Self::Unavailable(_) => true,
        }
    }
}

impl CompiledHttpApi {
    /// The route for a verb and the path after the stage.
    pub fn find<'t, 'p>(&'t self, verb: &str, path: &'p str) -> Option<Found<'t, 'p>> {
        self.routes.find(verb, path).map(|(route, parameters)| Found { route, parameters })
    }
}

impl IdentitySource {
    /// Reads `$request.header.{name}` or `$request.querystring.{name}`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("$request.")?.split_once('.')? {
            ("header", name) => name.parse().ok().map(Self::Header),
            ("querystring", name) if !name.is_empty() => Some(Self::QueryString(name.into())),
            _ => None,
        }
    }

    /// What identifies the caller of a request; `None` when it is missing or empty.
    pub fn value<'a>(&self, headers: &'a HeaderMap, query: Option<&'a str>) -> Option<Cow<'a, str>> {
        let value = match self {
            Self::Header(name) => headers.get(name)?.to_str().ok().map(Cow::Borrowed),
            Self::QueryString(name) => {
                let request = Request { method: "", path: "", query, headers, path_parameters: &[], body: b"" };
                request.query_parameter(name)
            }
        };
        value.filter(|value| !value.is_empty())
    }
}

/// What the authorizers of an API come to.
#[derive(Clone)]
enum CompiledAuthorizer {
    Jwt(Arc<JwtAuthorizer>),
    Lambda(Arc<LambdaAuthorizer>),
}

impl CompiledAuthorizer {
    fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        if authorizer.authorizer_type == AuthorizerType::Request {
            return LambdaAuthorizer::compile(authorizer).map(Arc::new).map(Self::Lambda);
        }
        let configuration = authorizer.jwt_configuration.as_ref();
        let issuer = configuration.and_then(|configuration| configuration.issuer.as_deref());
        let audiences = configuration.and_then(|configuration| configuration.audience.as_deref()).unwrap_or_default();
        let source = authorizer.identity_source.first().map(String::as_str).unwrap_or_default();
        Ok(Self::Jwt(Arc::new(JwtAuthorizer {
            id: authorizer.authorizer_id.clone(),
            name: authorizer.name.clone(),
            identity_source: IdentitySource::parse(source)
                .ok_or_else(|| format!("the authorizer's identity source {source:?} cannot be read"))?,
            issuer: issuer.ok_or("the authorizer has no issuer")?.into(),
            audiences: audiences.iter().map(|audience| audience.as_str().into()).collect(),
        })))
    }
}

fn authorization(
    route: &Route,
    authorizers: &HashMap<&AuthorizerId, Result<CompiledAuthorizer, String>>,
) -> Authorization {
    let unavailable = |reason: &'static str| Authorization::Unavailable(reason.into());
    match route.authorization_type {
        AuthorizationType::None => return Authorization::Open,
        AuthorizationType::AwsIam => return Authorization::AwsIam,
        AuthorizationType::Custom | AuthorizationType::Jwt => {}
    }
    let Some(compiled) = route.authorizer_id.as_ref().and_then(|id| authorizers.get(id)) else {
        return unavailable("the route's authorizer does not exist");
    };
    match (route.authorization_type, compiled) {
        (_, Err(reason)) => Authorization::Unavailable(reason.clone().into()),
        (AuthorizationType::Jwt, Ok(CompiledAuthorizer::Jwt(authorizer))) => Authorization::Jwt(JwtAuthorization {
            authorizer: Arc::clone(authorizer),
            scopes: route.authorization_scopes.iter().flatten().map(|scope| scope.as_str().into()).collect(),
        }),
        (AuthorizationType::Custom, Ok(CompiledAuthorizer::Lambda(authorizer))) => {
            Authorization::Lambda(Arc::clone(authorizer))
        }
        _ => unavailable("the route's authorizer is not of the type that its authorization needs"),
    }
}

fn integration(route: &Route, integrations: &HashMap<&str, CompiledIntegration>) -> CompiledIntegration {
    let found = route.integration().and_then(|id| integrations.get(id));
    found.cloned().unwrap_or_else(|| CompiledIntegration::Unavailable("the route has no integration".into()))
}

fn compile_integration(integration: &Integration) -> CompiledIntegration {
    // AWS's networks are not here, so nothing at the other end of a link answers.
    if integration.connection_type == "VPC_LINK" {
        let link = integration.connection_id.as_deref().unwrap_or_default();
        let reason = format!("the VPC link {link} cannot be reached: there are no VPC links here, use INTERNET");
        return CompiledIntegration::OutOfReach(reason.into());
    }
    if let Some(subtype) = &integration.integration_subtype {
        let reason = format!("the route needs {subtype}, and no actions of other AWS services are provided");
        return CompiledIntegration::Unavailable(reason.into());
    }
    let compiled = match integration.integration_type {
        IntegrationType::AwsProxy => LambdaProxy::compile(integration).map(Arc::new).map(CompiledIntegration::Lambda),
        IntegrationType::HttpProxy => HttpProxy::compile(integration).map(Arc::new).map(CompiledIntegration::HttpProxy),
    };
    compiled.unwrap_or_else(|reason| CompiledIntegration::Unavailable(reason.into()))
}
