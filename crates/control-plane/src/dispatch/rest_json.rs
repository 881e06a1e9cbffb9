//! restJson, as API Gateway and Lambda speak it: method, path and query name the operation.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::rest_json::{self, RestOperation};
use claviger_aws_protocol::shape::{Rules, Shape, Wording};
use http::request::Parts;
use http::{HeaderMap, Method, Response, Uri};

use super::within::Callable;
use super::{Asked, ControlPlane};
use crate::access::{VerifiedCaller, demands};
use crate::audited::Trail;
use crate::operation::Row;
use crate::{apigateway, apigatewayv2, lambda};

/// A service that speaks restJson.
pub(super) struct Service {
    /// Its name, for people.
    name: &'static str,
    /// What its actions start with.
    prefix: &'static str,
    /// The operations it has here.
    served: &'static [Row],
    /// The operations it has, with what they take.
    known: &'static [RestOperation],
    /// What they answer, by name.
    outputs: &'static [(&'static str, Option<&'static Shape>)],
    /// What the paths in messages about an operation's input start with.
    message_root: fn(&RestOperation) -> String,
    /// The exception of a value that breaks a constraint.
    constraint: &'static str,
    /// What its paths are about: a member of reports, and what stands before it.
    subject: (&'static str, &'static str),
}

pub(super) static API_GATEWAY: Service = Service {
    name: "Amazon API Gateway",
    prefix: "apigateway",
    served: apigateway::operations::OPERATIONS,
    known: apigateway::shapes::OPERATIONS,
    outputs: apigateway::output_shapes::OUTPUTS,
    message_root: RestOperation::message_root,
    constraint: "ValidationException",
    subject: ("restApi", "/restapis/"),
};

/// The same for HTTP APIs.
pub(super) static API_GATEWAY_V2: Service = Service {
    name: "Amazon API Gateway",
    prefix: "apigateway",
    served: apigatewayv2::operations::OPERATIONS,
    known: apigatewayv2::shapes::OPERATIONS,
    outputs: apigatewayv2::output_shapes::OUTPUTS,
    message_root: RestOperation::message_root,
    constraint: "BadRequestException",
    subject: ("httpApi", "/v2/apis/"),
};

pub(super) static LAMBDA: Service = Service {
    name: "AWS Lambda",
    prefix: "lambda",
    served: lambda::operations::OPERATIONS,
    known: lambda::shapes::OPERATIONS,
    outputs: lambda::output_shapes::OUTPUTS,
    message_root: |_| String::new(),
    constraint: "ValidationException",
    subject: ("function", "/2015-03-31/functions/"),
};

/// An operation, for callers from within.
pub(super) fn callable(service: &Service, operation: &str) -> Option<Callable> {
    let row = service.served.iter().find(|row| row.name == operation)?;
    let known = service.known.iter().find(|known| known.name == operation)?;
    let rules = Rules { code: service.constraint, wording: Wording::RestJson, root: "" };
    Some(Callable { row, input: known.input, rules })
}

/// A request as it came.
#[derive(Clone, Copy)]
pub struct RestRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a Bytes,
}

impl ControlPlane {
    /// Answers a request to API Gateway's control plane, of which paths below `/v2/` are the second version.
    pub async fn api_gateway(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Response<Bytes> {
        self.rest_json(api_gateway(uri), RestRequest { method, uri, headers, body }, caller, request_id).await
    }

    /// Answers a request to Lambda.
    pub async fn lambda(&self, request: RestRequest<'_>, caller: &VerifiedCaller, request_id: &str) -> Response<Bytes> {
        self.rest_json(&LAMBDA, request, caller, request_id).await
    }

    async fn rest_json(
        &self,
        service: &Service,
        request: RestRequest<'_>,
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Response<Bytes> {
        let route = rest_json::find(service.known, request.method, request.uri).ok();
        let operation = route.map(|route| route.operation.name);
        let mut trail = Trail::new(&self.services, service.prefix, operation, caller, request_id);
        let mut response = match self.try_rest_json(service, request, caller, request_id, &mut trail).await {
            Ok(response) => response,
            Err(failure) => {
                trail.refuses(&failure);
                let mut response = Protocol::RestJson.failure(&failure, request_id);
                let (member, before) = service.subject;
                let subject = request.uri.path().strip_prefix(before).and_then(|rest| rest.split('/').next());
                super::refused(failure)
                    .about("operation", operation)
                    .about(member, subject)
                    .about("account", Some(caller.caller().account.to_string()))
                    .about("region", Some(caller.caller().region.as_str()))
                    .attach(&mut response);
                response
            }
        };
        trail.attach(&mut response);
        response
    }

    async fn try_rest_json(
        &self,
        service: &Service,
        RestRequest { method, uri, headers, body }: RestRequest<'_>,
        caller: &VerifiedCaller,
        request_id: &str,
        trail: &mut Trail,
    ) -> Result<Response<Bytes>, Failure> {
        let route = rest_json::find(service.known, method, uri)?;
        let operation = route.operation;
        let row = service.served.iter().find(|row| row.name == operation.name);
        let row = row.ok_or_else(|| not_served(service, operation.name))?;
        trail.is_of(row.name, row.access);
        let input = route.decode(uri, headers, body)?;
        let root = (service.message_root)(operation);
        let rules = Rules { code: service.constraint, wording: Wording::RestJson, root: &root };
        let input = rules.check(operation.input, input).map_err(|failure| super::by_shape(failure, operation.name))?;
        let tenant = caller.caller().tenant();
        let demands = match service.prefix {
            "apigateway" => demands::of_api_gateway(method, uri, row.name, &input, &tenant),
            prefix => demands::of(prefix, row.name, &input, &tenant),
        };
        let (demands, protocol) = (Some(demands), Protocol::RestJson);
        let shapes = (operation.input, super::output(service.outputs, row.name));
        let asked = Asked { row, service: service.prefix, demands, protocol, shapes };
        let output = self.call(asked, input, caller, request_id, trail).await?;
        Ok(operation.encode(output, request_id))
    }
}

/// The version of API Gateway's control plane that a path is of.
fn api_gateway(uri: &Uri) -> &'static Service {
    if uri.path().starts_with("/v2/") { &API_GATEWAY_V2 } else { &API_GATEWAY }
}

/// The operation that a request names.
pub(super) fn operation_named(service: &str, parts: &Parts) -> Option<&'static str> {
    let service = if service == "lambda" { &LAMBDA } else { api_gateway(&parts.uri) };
    rest_json::find(service.known, &parts.method, &parts.uri).ok().map(|route| route.operation.name)
}

/// The refusal of an operation that AWS has and this version has not.
fn not_served(service: &Service, name: &str) -> Failure {
    if apigatewayv2::OF_WEBSOCKET_APIS.iter().any(|noun| name.ends_with(noun)) {
        return Failure::unknown_operation(format!("{name} is for WebSocket APIs, which Claviger does not serve."));
    }
    Failure::unknown_operation(format!("{name} is an operation of {} that Claviger does not serve.", service.name))
}
