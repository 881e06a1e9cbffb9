//! restJson, as API Gateway and Lambda speak it: method, path and query name the operation.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::rest_json::{self, RestOperation};
use claviger_aws_protocol::shape::{Rules, Wording};
use http::{HeaderMap, Method, Response, Uri};

use super::within::Callable;
use super::{Asked, ControlPlane};
use crate::access::{VerifiedCaller, demands};
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
    message_root: RestOperation::message_root,
    constraint: "BadRequestException",
    subject: ("httpApi", "/v2/apis/"),
};

pub(super) static LAMBDA: Service = Service {
    name: "AWS Lambda",
    prefix: "lambda",
    served: lambda::operations::OPERATIONS,
    known: lambda::shapes::OPERATIONS,
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
        let service = if uri.path().starts_with("/v2/") { &API_GATEWAY_V2 } else { &API_GATEWAY };
        self.rest_json(service, RestRequest { method, uri, headers, body }, caller, request_id).await
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
        match self.try_rest_json(service, request, caller, request_id).await {
            Ok(response) => response,
            Err(failure) => {
                let mut response = Protocol::RestJson.failure(&failure, request_id);
                let RestRequest { method, uri, .. } = request;
                let route = rest_json::find(service.known, method, uri).ok();
                let (member, before) = service.subject;
                let subject = uri.path().strip_prefix(before).and_then(|rest| rest.split('/').next());
                super::refused(failure)
                    .about("operation", route.map(|route| route.operation.name))
                    .about(member, subject)
                    .about("account", Some(caller.caller().account.to_string()))
                    .about("region", Some(caller.caller().region.as_str()))
                    .attach(&mut response);
                response
            }
        }
    }

    async fn try_rest_json(
        &self,
        service: &Service,
        RestRequest { method, uri, headers, body }: RestRequest<'_>,
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Result<Response<Bytes>, Failure> {
        let route = rest_json::find(service.known, method, uri)?;
        let operation = route.operation;
        let row = service.served.iter().find(|row| row.name == operation.name);
        let row = row.ok_or_else(|| not_served(service, operation.name))?;
        let input = route.decode(uri, headers, body)?;
        let root = (service.message_root)(operation);
        let rules = Rules { code: service.constraint, wording: Wording::RestJson, root: &root };
        let input = rules.check(operation.input, input).map_err(|failure| super::by_shape(failure, operation.name))?;
        let tenant = caller.caller().tenant();
        let demands = match service.prefix {
            "apigateway" => demands::of_api_gateway(method, uri, row.name, &input, &tenant),
            prefix => demands::of(prefix, row.name, &input, &tenant),
        };
        let asked = Asked { row, service: service.prefix, demands: Some(demands), protocol: Protocol::RestJson };
        let output = self.call(asked, input, caller, request_id).await?;
        Ok(operation.encode(output, request_id))
    }
}

/// The refusal of an operation that AWS has and this version has not.
fn not_served(service: &Service, name: &str) -> Failure {
    if apigatewayv2::OF_WEBSOCKET_APIS.iter().any(|noun| name.ends_with(noun)) {
        return Failure::unknown_operation(format!("{name} is for WebSocket APIs, which Claviger does not serve."));
    }
    Failure::unknown_operation(format!("{name} is an operation of {} that Claviger does not serve.", service.name))
}
