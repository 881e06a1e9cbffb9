//! restJson, as API Gateway and Lambda speak it: method, path and query name the operation.

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::rest_json::{self, RestOperation};
use claviger_aws_protocol::shape::{Rules, Wording};
use http::{HeaderMap, Method, Response, Uri};

use super::ControlPlane;
use crate::operation::{Caller, Row};
use crate::{apigateway, lambda};

/// A service that speaks restJson.
struct Service {
    /// Its name, for people.
    name: &'static str,
    /// The operations it has here.
    served: &'static [Row],
    /// The operations it has, with what they take.
    known: &'static [RestOperation],
    /// What the paths in messages about an operation's input start with.
    message_root: fn(&RestOperation) -> String,
    /// What its paths are about: a member of reports, and what stands before it.
    subject: (&'static str, &'static str),
}

static API_GATEWAY: Service = Service {
    name: "Amazon API Gateway",
    served: apigateway::operations::OPERATIONS,
    known: apigateway::shapes::OPERATIONS,
    message_root: RestOperation::message_root,
    subject: ("restApi", "/restapis/"),
};

static LAMBDA: Service = Service {
    name: "AWS Lambda",
    served: lambda::operations::OPERATIONS,
    known: lambda::shapes::OPERATIONS,
    message_root: |_| String::new(),
    subject: ("function", "/2015-03-31/functions/"),
};

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
        self.rest_json(&API_GATEWAY, RestRequest { method, uri, headers, body }, caller, request_id).await
    }

    /// Answers a request to Lambda.
    pub async fn lambda(&self, request: RestRequest<'_>, caller: &Caller, request_id: &str) -> Response<Bytes> {
        self.rest_json(&LAMBDA, request, caller, request_id).await
    }

    async fn rest_json(
        &self,
        service: &Service,
        request: RestRequest<'_>,
        caller: &Caller,
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
                    .about("account", Some(caller.account.to_string()))
                    .about("region", Some(caller.region.as_str()))
                    .attach(&mut response);
                response
            }
        }
    }

    async fn try_rest_json(
        &self,
        service: &Service,
        RestRequest { method, uri, headers, body }: RestRequest<'_>,
        caller: &Caller,
        request_id: &str,
    ) -> Result<Response<Bytes>, Failure> {
        let route = rest_json::find(service.known, method, uri)?;
        let operation = route.operation;
        let row = service.served.iter().find(|row| row.name == operation.name);
        let row = row.ok_or_else(|| not_served(service, operation.name))?;
        let input = route.decode(uri, headers, body)?;
        let root = (service.message_root)(operation);
        let rules = Rules { code: "ValidationException", wording: Wording::RestJson, root: &root };
        let input = rules.check(operation.input, input).map_err(|failure| super::by_shape(failure, operation.name))?;
        let output = self.call(row, input, caller, request_id).await?;
        Ok(operation.encode(output, request_id))
    }
}

/// The refusal of an operation that AWS has and this version has not.
fn not_served(service: &Service, name: &str) -> Failure {
    Failure::unknown_operation(format!("{name} is an operation of {} that Claviger does not serve.", service.name))
}
