//! Compiling: from an API's definition to what the gateway serves. Everything that can be decided once is decided here,
//! and a definition that could not be served is refused before it is deployed.

mod arn;
mod authorization;

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_resources::limits::{STREAM_PAUSE_MILLISECONDS_MAX, STREAM_PAUSE_MILLISECONDS_MAX_EDGE};
use claviger_resources::rest_api::{
    ApiKeySource, Integration, IntegrationType, Method, MethodVerb, Resource, RestApi, RestApiDefinition,
};
use claviger_resources::{ResourceId, RestApiId, Tenant};
use http::HeaderMap;

use authorization::Authorizers;
pub use authorization::{
    Authorization, CompiledAuthorizer, JwtAuthorizer, JwtMethod, TrustedIssuer, UserPoolAuthorizer, UserPools,
};

use crate::content_handling::BinaryMediaTypes;
use crate::gateway_response::GatewayResponses;
use crate::http_integration::{Http, HttpProxy};
use crate::json_schema::Models;
use crate::lambda::{FunctionUri, Lambda, LambdaProxy};
use crate::mock::Mock;
use crate::policy::{InvalidPolicy, Policy};
use crate::refusal::Refusal;
use crate::request_validation::Validation;
use crate::route::{PathParameters, Routes};

/// An API, ready to serve.
#[derive(Clone, Debug)]
pub struct CompiledApi {
    /// Its id.
    pub id: RestApiId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Its resource policy: who may call it at all.
    pub policy: Option<Policy>,
    /// What it says when it refuses or fails.
    pub gateway_responses: GatewayResponses,
    /// Where an API key is read from.
    pub api_key_source: ApiKeySource,
    /// Media types that are treated as binary.
    pub binary_media_types: BinaryMediaTypes,
    /// From which size on responses are compressed, in bytes.
    pub minimum_compression_size: Option<u32>,
    /// Whether the `execute-api` host refuses to serve it.
    pub disable_execute_api_endpoint: bool,
    routes: Routes<CompiledResource>,
}

/// A resource with its methods, ready to serve.
#[derive(Clone, Debug)]
pub struct CompiledResource {
    /// Its id.
    pub id: ResourceId,
    /// Its path, with the names of its variables.
    pub path: Arc<str>,
    methods: BTreeMap<MethodVerb, CompiledMethod>,
}

/// A method, ready to serve.
#[derive(Clone, Debug)]
pub struct CompiledMethod {
    /// Its verb; `ANY` when it answers every verb without a method of its own.
    pub verb: MethodVerb,
    /// Who may call it.
    pub authorization: Authorization,
    /// Whether a request needs an API key.
    pub api_key_required: bool,
    /// What is checked of a request before it goes on.
    pub validation: Option<Validation>,
    /// Whether a request's body must be there as a whole before it goes on; else it is passed on as it comes.
    pub reads_body: bool,
    /// What answers it.
    pub integration: CompiledIntegration,
}

/// What answers a method.
#[derive(Clone, Debug)]
pub enum CompiledIntegration {
    /// The gateway itself.
    Mock(Mock),
    /// An HTTP endpoint, with mapping.
    Http(Http),
    /// An HTTP endpoint, request and response passed through.
    HttpProxy(HttpProxy),
    /// A Lambda function, with mapping.
    Lambda(Lambda),
    /// A Lambda function that sees the whole request.
    LambdaProxy(LambdaProxy),
    /// Something this version does not run; holds the reason for operators.
    Unavailable(Unavailable),
}

/// Something a method asks for that this version does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the method needs {0}, which this version does not provide")]
pub struct Unavailable(pub &'static str);

/// Why a definition cannot be served. The first two are API Gateway's own refusals of a deployment, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// There is nothing to serve.
    #[error("The REST API doesn't contain any methods")]
    NoMethods,
    /// A method has nothing that answers it.
    #[error("No integration defined for method")]
    NoIntegration {
        /// The path of its resource.
        path: String,
        /// Its verb.
        verb: MethodVerb,
    },
    /// Part of a method is wrong.
    #[error("{verb} {path}: {reason}")]
    Method {
        /// The path of its resource.
        path: String,
        /// Its verb.
        verb: MethodVerb,
        /// Which part, what is wrong with it, and where.
        reason: String,
    },
    /// The API's resource policy is wrong.
    #[error("resource policy: {0}")]
    Policy(#[from] InvalidPolicy),
    /// A gateway response is wrong.
    #[error("gateway responses: {0}")]
    GatewayResponse(String),
}

/// A method that a request is for.
#[derive(Clone, Debug)]
pub struct Found<'t, 'p> {
    /// The resource.
    pub resource: &'t CompiledResource,
    /// The method.
    pub method: &'t CompiledMethod,
    /// The variables of the resource's path with their percent-encoded text.
    pub parameters: PathParameters<'t, 'p>,
}

/// No method is there for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No resource has the path.
    #[error("no resource of the deployed API matches the path")]
    Resource,
    /// The resource has no such method.
    #[error("the resource has no method for the verb")]
    Method,
}

impl NotFound {
    /// The refusal the client sees: the same for both, and another when it sent an `Authorization` header.
    pub fn refusal(self, headers: &HeaderMap) -> Refusal {
        Refusal::not_found(headers)
    }
}

/// Compiles a definition.
pub fn compile(definition: &RestApiDefinition) -> Result<CompiledApi, CompileError> {
    let rest_api = &definition.rest_api;
    let surroundings = Surroundings {
        definition,
        authorizers: Authorizers::new(&definition.authorizers),
        models: Models::new(&rest_api.id, &definition.models),
        binary_media_types: BinaryMediaTypes::new(&rest_api.binary_media_types),
    };
    let mut routes = Routes::default();
    for resource in definition.resources.iter().filter(|resource| !resource.methods.is_empty()) {
        routes.insert(&resource.path, compile_resource(resource, &surroundings)?);
    }
    if definition.resources.iter().all(|resource| resource.methods.is_empty()) {
        return Err(CompileError::NoMethods);
    }
    Ok(CompiledApi {
        id: rest_api.id.clone(),
        tenant: rest_api.tenant.clone(),
        policy: rest_api.policy.as_deref().filter(|policy| !policy.is_empty()).map(Policy::parse).transpose()?,
        gateway_responses: GatewayResponses::compile(&definition.gateway_responses)
            .map_err(|error| CompileError::GatewayResponse(error.to_string()))?,
        api_key_source: rest_api.api_key_source,
        binary_media_types: surroundings.binary_media_types,
        minimum_compression_size: rest_api.minimum_compression_size,
        disable_execute_api_endpoint: rest_api.disable_execute_api_endpoint,
        routes,
    })
}

/// What methods refer to.
struct Surroundings<'a> {
    definition: &'a RestApiDefinition,
    authorizers: Authorizers,
    models: Models<'a>,
    binary_media_types: BinaryMediaTypes,
}

fn compile_resource(resource: &Resource, surroundings: &Surroundings<'_>) -> Result<CompiledResource, CompileError> {
    let mut methods = BTreeMap::new();
    for (&verb, method) in &resource.methods {
        let path = || resource.path.clone();
        let Some(integration) = &method.method_integration else {
            return Err(CompileError::NoIntegration { path: path(), verb });
        };
        let compiled = compile_method(verb, method, integration, surroundings)
            .map_err(|reason| CompileError::Method { path: path(), verb, reason })?;
        methods.insert(verb, compiled);
    }
    Ok(CompiledResource { id: resource.id.clone(), path: resource.path.as_str().into(), methods })
}

fn compile_method(
    verb: MethodVerb,
    method: &Method,
    integration: &Integration,
    surroundings: &Surroundings<'_>,
) -> Result<CompiledMethod, String> {
    // A validator that has been removed checks nothing.
    let mut validators = surroundings.definition.request_validators.iter();
    let validator = method.request_validator_id.as_ref().and_then(|id| validators.find(|one| one.id == *id));
    let validation = match validator {
        Some(validator) => Validation::compile(validator, method, &surroundings.models)?,
        None => None,
    };
    let integration = compile_integration(method, integration, surroundings)?;
    Ok(CompiledMethod {
        verb,
        authorization: surroundings.authorizers.compile(method)?,
        api_key_required: method.api_key_required,
        reads_body: validation.as_ref().is_some_and(Validation::checks_bodies) || integration.reads_body(),
        validation,
        integration,
    })
}

fn stream_pause_milliseconds(rest_api: &RestApi) -> u32 {
    let is_edge = rest_api.endpoint_configuration.types.iter().any(|kind| kind == "EDGE");
    if is_edge { STREAM_PAUSE_MILLISECONDS_MAX_EDGE } else { STREAM_PAUSE_MILLISECONDS_MAX }
}

fn compile_integration(
    method: &Method,
    integration: &Integration,
    surroundings: &Surroundings<'_>,
) -> Result<CompiledIntegration, String> {
    let unavailable = |what| Ok(CompiledIntegration::Unavailable(Unavailable(what)));
    let is_function = FunctionUri::compile(integration.uri.as_deref().unwrap_or_default()).is_ok();
    let (api_id, binary_media_types) = (&surroundings.definition.rest_api.id, &surroundings.binary_media_types);
    match integration.kind {
        IntegrationType::Mock => Mock::compile(method, integration, binary_media_types).map(CompiledIntegration::Mock),
        IntegrationType::Http | IntegrationType::HttpProxy
            if integration.connection_type.as_deref() == Some("VPC_LINK") =>
        {
            unavailable("a VPC link")
        }
        IntegrationType::Http => {
            Http::compile(api_id, method, integration, binary_media_types).map(CompiledIntegration::Http)
        }
        IntegrationType::HttpProxy => {
            let pause_milliseconds = stream_pause_milliseconds(&surroundings.definition.rest_api);
            HttpProxy::compile(api_id, integration, pause_milliseconds).map(CompiledIntegration::HttpProxy)
        }
        IntegrationType::Aws if !is_function => unavailable("an AWS integration that does not call a Lambda function"),
        IntegrationType::AwsProxy if !is_function => {
            unavailable("an AWS_PROXY integration that does not call a Lambda function")
        }
        IntegrationType::Aws => {
            Lambda::compile(method, integration, binary_media_types).map(CompiledIntegration::Lambda)
        }
        IntegrationType::AwsProxy => {
            LambdaProxy::compile(integration, binary_media_types).map(CompiledIntegration::LambdaProxy)
        }
    }
}

impl CompiledIntegration {
    /// Whether it needs a request's body as a whole.
    fn reads_body(&self) -> bool {
        match self {
            Self::Http(http) => http.reads_body(),
            Self::HttpProxy(proxy) => proxy.reads_body(),
            Self::Mock(_) | Self::Lambda(_) | Self::LambdaProxy(_) | Self::Unavailable(_) => true,
        }
    }
}

impl CompiledResource {
    /// The verbs of its methods.
    pub fn verbs(&self) -> impl Iterator<Item = &str> {
        self.methods.keys().map(|verb| verb.as_str())
    }
}

impl CompiledApi {
    /// The resource with this path, whatever its methods.
    pub fn resource(&self, path: &str) -> Option<&CompiledResource> {
        self.routes.find(path).map(|(resource, _)| resource)
    }

    /// What the variables of the resource with this path stand for.
    pub(crate) fn parameters<'p>(&self, path: &'p str) -> Option<PathParameters<'_, 'p>> {
        self.routes.find(path).map(|(_, parameters)| parameters)
    }

    /// Every method with its resource, in no order.
    pub fn methods(&self) -> impl Iterator<Item = (&CompiledResource, &CompiledMethod)> {
        self.routes.values().flat_map(|resource| resource.methods.values().map(move |method| (resource, method)))
    }

    /// The method for a verb and the path after the stage. A resource's own verb beats `ANY`; a GET does not imply HEAD,
    /// and a resource whose methods do not fit is not passed over for a less specific one.
    pub fn find<'t, 'p>(&'t self, verb: &str, path: &'p str) -> Result<Found<'t, 'p>, NotFound> {
        let (resource, parameters) = self.routes.find(path).ok_or(NotFound::Resource)?;
        let verb = MethodVerb::parse(verb).filter(|verb| *verb != MethodVerb::Any).ok_or(NotFound::Method)?;
        let method = resource.methods.get(&verb).or_else(|| resource.methods.get(&MethodVerb::Any));
        Ok(Found { resource, method: method.ok_or(NotFound::Method)?, parameters })
    }
}

impl From<&Unavailable> for Refusal {
    fn from(unavailable: &Unavailable) -> Self {
        Self::configuration(unavailable.to_string())
    }
}

#[cfg(test)]
mod tests;
