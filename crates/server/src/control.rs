//! Calls of the control plane: from the route and the signature to the service that answers.

use std::time::Duration;

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::sigv4;
use claviger_control_plane::dispatch::{RestRequest, refused};
use claviger_control_plane::operation::Caller;
use claviger_data_plane::body::{self, Body, ReadError};
use claviger_resources::limits::IMPORT_BYTES_MAX;
use claviger_resources::{AccountId, Region};
use claviger_runtime::ids::random_uuid;
use claviger_runtime::refusals::{Refused, Surface};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Uri, header};
use hyper::body::Incoming;

use crate::application::{Application, explained, not_found, refusal};
use crate::cors;
use crate::own::unreadable;
use crate::routing::{FORM_BYTES_MAX, form_service};

/// Bytes of the largest call: an OpenAPI document to import, and a little.
const CALL_BYTES_MAX: usize = IMPORT_BYTES_MAX + 64 * 1024;
/// Bytes of the largest call of Lambda, as its refusals name it: the largest zip in base64, and a little.
const LAMBDA_CALL_BYTES_MAX: usize = 70_167_211;
/// How long a call's body may take to arrive.
const CALL_DURATION_MAX: Duration = Duration::from_mins(1);

impl Application {
    /// Answers a call to the AWS service that is signed with this name.
    pub(crate) async fn service(
        &self,
        name: &str,
        region: Option<&str>,
        parts: &Parts,
        body: Incoming,
    ) -> Response<Body> {
        let mut response = self.served(name, region, parts, body).await;
        if name == "cognito-idp" {
            cors::expose(&mut response);
        }
        response
    }

    async fn served(&self, name: &str, region: Option<&str>, parts: &Parts, body: Incoming) -> Response<Body> {
        let request_id = uuid_text();
        let caller = match self.caller(region, parts) {
            Ok(caller) => caller,
            Err(failure) => return failed(name, failure, &request_id).map(Body::from),
        };
        let bytes_max = if name == "lambda" { LAMBDA_CALL_BYTES_MAX } else { CALL_BYTES_MAX };
        let body = match body::read(body, bytes_max, CALL_DURATION_MAX).await {
            Ok(body) => body,
            Err(error) => return failed(name, unread(&error), &request_id).map(Body::from),
        };
        let parts = parts.clone();
        let answer = match name {
            "cognito-idp" | "claviger" if !is_json_rpc(&parts) => Some(not_an_operation(&request_id)),
            "cognito-idp" | "claviger" => self.aws_json(parts, body, caller, request_id).await,
            "apigateway" if !parts.uri.path().starts_with("/v2/") => {
                self.api_gateway(parts, body, caller, request_id).await
            }
            "lambda" => self.lambda(parts, body, caller, request_id).await,
            _ => Some(not_served(name, &parts.uri, &request_id)),
        };
        answer.map_or_else(
            || {
                let message = "the server is stopping; try again";
                let refused = Refused::new(Surface::ControlPlane, message);
                explained(refusal(StatusCode::SERVICE_UNAVAILABLE, message), refused)
            },
            |answer| answer.map(Body::from),
        )
    }

    /// Answers a form, which tells its service only when it is read.
    pub(crate) async fn form(&self, parts: &Parts, body: Incoming) -> Response<Body> {
        let form = match body::read(body, FORM_BYTES_MAX, CALL_DURATION_MAX).await {
            Ok(form) => form,
            Err(error) => {
                let refused = Refused::new(Surface::ControlPlane, error.to_string());
                return explained(unreadable(&error), refused);
            }
        };
        match form_service(&form) {
            Some(name) => not_served(name, &parts.uri, &uuid_text()).map(Body::from),
            None => not_found(),
        }
    }

    async fn aws_json(&self, parts: Parts, body: Bytes, caller: Caller, id: String) -> Option<Response<Bytes>> {
        self.node().call(|plane| async move { plane.aws_json(&parts.headers, &body, &caller, &id).await }).await
    }

    async fn api_gateway(&self, parts: Parts, body: Bytes, caller: Caller, id: String) -> Option<Response<Bytes>> {
        self.node()
            .call(|plane| async move {
                plane.api_gateway(&parts.method, &parts.uri, &parts.headers, &body, &caller, &id).await
            })
            .await
    }

    async fn lambda(&self, parts: Parts, body: Bytes, caller: Caller, id: String) -> Option<Response<Bytes>> {
        self.node()
            .call(|plane| async move {
                let request =
                    RestRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
                plane.lambda(request, &caller, &id).await
            })
            .await
    }

    /// Who calls: a 12-digit access key id is its account; the region is the signature's, else the host's.
    fn caller(&self, region: Option<&str>, parts: &Parts) -> Result<Caller, Failure> {
        let credential = sigv4::credential_scope(&parts.headers, &parts.uri);
        let named = credential.and_then(|credential| AccountId::parse(&credential.access_key_id).ok());
        let account = named.unwrap_or(self.account());
        let region = match region {
            None => Region::us_east_1(),
            Some(text) => Region::parse(text)
                .map_err(|error| Failure::new("InvalidSignatureException", 400, error.to_string()))?,
        };
        Ok(Caller { account, region })
    }
}

/// What a client of AWS is told of a call whose body did not come whole (AWS, "Common error types").
fn unread(error: &ReadError) -> Failure {
    let (code, status) = match error {
        ReadError::TooLarge { .. } => ("RequestEntityTooLargeException", 413),
        ReadError::TooSlow => ("RequestTimeoutException", 408),
        ReadError::Broken(_) => ("SerializationException", 400),
    };
    let limit = match error {
        ReadError::TooLarge { bytes_max } => Some(format!("the largest body of a call is {bytes_max} bytes")),
        ReadError::TooSlow => Some(format!("a call's body may take {} s to arrive", CALL_DURATION_MAX.as_secs())),
        ReadError::Broken(_) => None,
    };
    Failure::new(code, status, error.to_string()).for_operators(None, limit)
}

/// Whether a request has the one form that calls of awsJson have.
fn is_json_rpc(parts: &Parts) -> bool {
    parts.method == Method::POST && parts.uri.path() == "/"
}

/// What Cognito's API answers to everything that is no call of an operation, with a shape of its own.
fn not_an_operation(request_id: &str) -> Response<Bytes> {
    let body = r#"{"code":"BadRequest","message":"The server did not understand the operation that was requested.","type":"client"}"#;
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    Refused::new(Surface::ControlPlane, "calls of cognito-idp are POST / with X-Amz-Target")
        .with_code("BadRequest")
        .attach(&mut response);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// A failure in the words of the service's protocol.
fn failed(name: &str, failure: Failure, request_id: &str) -> Response<Bytes> {
    let mut response = protocol_of(name).failure(&failure, request_id);
    refused(failure).about("service", Some(name)).attach(&mut response);
    response
}

fn uuid_text() -> String {
    random_uuid().to_string()
}

/// The protocol a service's clients read refusals in.
fn protocol_of(name: &str) -> Protocol {
    match name {
        "sts" => Protocol::AwsQuery { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
        "cloudformation" => Protocol::AwsQuery { namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/" },
        "iam" => Protocol::AwsQuery { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
        "s3" => Protocol::S3,
        "apigateway" | "lambda" => Protocol::RestJson,
        _ => Protocol::AwsJson11,
    }
}

fn not_served(name: &str, uri: &Uri, request_id: &str) -> Response<Bytes> {
    let what =
        if name == "apigateway" { format!("{} of API Gateway (version 2)", uri.path()) } else { name.to_owned() };
    let failure = Failure::unknown_operation(format!("Claviger does not serve {what}."));
    failed(name, failure, request_id)
}
