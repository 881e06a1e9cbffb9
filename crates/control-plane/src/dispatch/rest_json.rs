//! restJson, as API Gateway speaks it: method, path and query name the operation.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::rest_json;
use claviger_aws_protocol::shape::{Rules, Wording};
use http::{HeaderMap, Method, Response, Uri};

use super::ControlPlane;
use crate::apigateway;
use crate::operation::Caller;

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
                let route = rest_json::find(apigateway::shapes::OPERATIONS, method, uri).ok();
                let api = uri.path().strip_prefix("/restapis/").and_then(|rest| rest.split('/').next());
                super::refused(failure)
                    .about("operation", route.map(|route| route.operation.name))
                    .about("restApi", api)
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
        let route = rest_json::find(apigateway::shapes::OPERATIONS, method, uri)?;
        let operation = route.operation;
        let row = apigateway::operations::OPERATIONS.iter().find(|row| row.name == operation.name);
        let row = row.ok_or_else(|| not_served(operation.name))?;
        let input = route.decode(uri, headers, body)?;
        let root = operation.message_root();
        let rules = Rules { code: "ValidationException", wording: Wording::RestJson, root: &root };
        let input = rules.check(operation.input, input).map_err(|failure| super::by_shape(failure, operation.name))?;
        let output = self.call(row, input, caller, request_id).await?;
        Ok(operation.encode(output, request_id))
    }
}

/// The refusal of an operation that AWS has and this version has not.
fn not_served(name: &str) -> Failure {
    Failure::unknown_operation(format!("{name} is an operation of Amazon API Gateway that Claviger does not serve."))
}
