//! restJson, as API Gateway speaks it in both versions: method, path and query name the operation.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::rest_json::{self, RestOperation};
use claviger_aws_protocol::shape::{Rules, Wording};
use http::{HeaderMap, Method, Response, Uri};

use super::ControlPlane;
use crate::operation::{Caller, Row};
use crate::{apigateway, apigatewayv2};

/// One version of API Gateway's control plane.
struct Version {
    /// What AWS has.
    shapes: &'static [RestOperation],
    /// What is served.
    operations: &'static [Row],
    /// The exception of a value that breaks a constraint.
    constraint: &'static str,
    /// Where the id of an API stands in paths.
    apis: &'static str,
    /// What refusals call an API when they are explained.
    fact: &'static str,
}

/// REST APIs and all that belongs to them.
static REST_APIS: Version = Version {
    shapes: apigateway::shapes::OPERATIONS,
    operations: apigateway::operations::OPERATIONS,
    constraint: "ValidationException",
    apis: "/restapis/",
    fact: "restApi",
};
/// HTTP APIs, whose paths start with `/v2/`.
static HTTP_APIS: Version = Version {
    shapes: apigatewayv2::shapes::OPERATIONS,
    operations: apigatewayv2::operations::OPERATIONS,
    constraint: "BadRequestException",
    apis: "/v2/apis/",
    fact: "httpApi",
};

impl Version {
    fn of(uri: &Uri) -> &'static Self {
        if uri.path().starts_with("/v2/") { &HTTP_APIS } else { &REST_APIS }
    }
}

impl ControlPlane {
    /// Answers a request to API Gateway's control plane.
    pub async fn api_gateway(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        caller: &Caller,
        request_id: &str,
    ) -> Response<Bytes> {
        match self.try_api_gateway(method, uri, headers, body, caller, request_id).await {
            Ok(response) => response,
            Err(failure) => {
                let mut response = Protocol::RestJson.failure(&failure, request_id);
                let version = Version::of(uri);
                let route = rest_json::find(version.shapes, method, uri).ok();
                let api = uri.path().strip_prefix(version.apis).and_then(|rest| rest.split('/').next());
                super::refused(failure)
                    .about("operation", route.map(|route| route.operation.name))
                    .about(version.fact, api)
                    .about("account", Some(caller.account.to_string()))
                    .about("region", Some(caller.region.as_str()))
                    .attach(&mut response);
                response
            }
        }
    }

    async fn try_api_gateway(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &Bytes,
        caller: &Caller,
        request_id: &str,
    ) -> Result<Response<Bytes>, Failure> {
        let version = Version::of(uri);
        let route = rest_json::find(version.shapes, method, uri)?;
        let operation = route.operation;
        let row = version.operations.iter().find(|row| row.name == operation.name);
        let row = row.ok_or_else(|| not_served(operation.name))?;
        let input = route.decode(uri, headers, body)?;
        let root = operation.message_root();
        let rules = Rules { code: version.constraint, wording: Wording::RestJson, root: &root };
        let input = rules.check(operation.input, input).map_err(|failure| super::by_shape(failure, operation.name))?;
        let output = self.call(row, input, caller, request_id).await?;
        Ok(operation.encode(output, request_id))
    }
}

/// The refusal of an operation that AWS has and this version has not.
fn not_served(name: &str) -> Failure {
    if apigatewayv2::OF_WEBSOCKET_APIS.iter().any(|noun| name.ends_with(noun)) {
        return Failure::unknown_operation(format!("{name} is for WebSocket APIs, which Claviger does not serve."));
    }
    Failure::unknown_operation(format!("{name} is an operation of Amazon API Gateway that Claviger does not serve."))
}
