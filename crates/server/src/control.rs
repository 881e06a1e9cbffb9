//! Calls of the control plane: from the route and the signature to the service that answers.

use std::time::Duration;

use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::sigv4::{self, SignatureError};
use claviger_control_plane::access::{self, BodyProof, Claim, Proven, Reached, VerifiedCaller};
use claviger_control_plane::audited::by;
use claviger_control_plane::dispatch::{RestRequest, needs_no_signature, operation_named, refused, service_of_target};
use claviger_control_plane::operation::Caller;
use claviger_data_plane::body::{self, Body, ReadError};
use claviger_resources::limits::IMPORT_BYTES_MAX;
use claviger_resources::{AccountId, Region, Tenant};
use claviger_runtime::access_keys::Principal;
use claviger_runtime::audit::{Call, Source};
use claviger_runtime::ids::random_uuid;
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::temporary_credentials::{self, Lineage};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use hyper::body::Incoming;

use crate::application::{Application, explained, not_found, refusal};
use crate::connection::Connection;
use crate::cors;
use crate::own::unreadable;
use crate::routing::{FORM_BYTES_MAX, form_service};

/// Bytes of the largest call: an OpenAPI document to import, and a little.
const CALL_BYTES_MAX: usize = IMPORT_BYTES_MAX + 64 * 1024;
/// Bytes of the largest call of Lambda, as its refusals name it: the largest zip in base64, and a little.
const LAMBDA_CALL_BYTES_MAX: usize = 70_167_211;
/// What an operation is called that nobody knows.
const UNKNOWN: &str = "Unknown";
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
        connection: &Connection,
    ) -> Response<Body> {
        let mut response = self.served(name, region, parts, body, connection).await;
        self.record(&mut response, parts, connection);
        if name == "cognito-idp" {
            cors::expose(&mut response);
        }
        response
    }

    async fn served(
        &self,
        name: &str,
        region: Option<&str>,
        parts: &Parts,
        body: Incoming,
        connection: &Connection,
    ) -> Response<Body> {
        let request_id = uuid_text();
        let stranger = Stranger { name, region, parts, body: None };
        let calling = match self.calling(name, region, parts, connection) {
            Ok(calling) => calling,
            Err(failure) => return stranger.refused(failure, &request_id),
        };
        let bytes_max = match name {
            "lambda" => LAMBDA_CALL_BYTES_MAX,
            _ if is_query(name) => FORM_BYTES_MAX,
            _ => CALL_BYTES_MAX,
        };
        let body = match body::read(body, bytes_max, CALL_DURATION_MAX).await {
            Ok(body) => body,
            Err(error) => return stranger.refused(unread(&error), &request_id),
        };
        match calling.prove(&body) {
            Ok(caller) => self.answered(name, parts.clone(), body, caller, request_id).await,
            Err(failure) => Stranger { body: Some(&body), ..stranger }.refused(failure, &request_id),
        }
    }

    /// Has the call that an answer tells of recorded.
    pub(crate) fn record(&self, response: &mut Response<Body>, parts: &Parts, connection: &Connection) {
        let Some(mut call) = Call::detach(response) else { return };
        let audit = self.node().audit();
        if audit.records_calls() {
            let credential = sigv4::credential_scope(&parts.headers, &parts.uri);
            call.access_key_id = credential.map(|credential| credential.access_key_id);
            audit.call(call, source(parts, connection));
        }
    }

    /// Answers a call that has been read.
    async fn answered(
        &self,
        name: &str,
        parts: Parts,
        body: Bytes,
        caller: VerifiedCaller,
        request_id: String,
    ) -> Response<Body> {
        let lost = self.node().audit().records_calls().then(|| {
            let operation = operation_named(name, &parts, Some(&body)).unwrap_or_else(|| UNKNOWN.to_owned());
            by(Call::new(name.to_owned(), operation, &request_id), &caller)
        });
        let answer = match name {
            "cognito-idp" | "claviger" if !is_json_rpc(&parts) => Some(not_an_operation(&request_id)),
            "cognito-idp" | "claviger" | "ecr" | "logs" | "secretsmanager" | "ssm" => {
                self.aws_json(parts, body, caller, request_id).await
            }
            "apigateway" => self.api_gateway(parts, body, caller, request_id).await,
            "lambda" => self.lambda(parts, body, caller, request_id).await,
            _ if is_query(name) => self.aws_query(name, parts, body, caller, request_id).await,
            _ => Some(not_served(name, &request_id)),
        };
        answer.map_or_else(
            || {
                let message = "the server is stopping; try again";
                let refused = Refused::new(Surface::ControlPlane, message);
                let mut response = explained(refusal(StatusCode::SERVICE_UNAVAILABLE, message), refused);
                if let Some(call) = lost {
                    let refusal = Some(("ServiceUnavailable".to_owned(), message.to_owned()));
                    Call { refusal, ..call }.attach(&mut response);
                }
                response
            },
            |answer| answer.map(Body::from),
        )
    }

    /// Answers a form, which tells its service only when it is read.
    pub(crate) async fn form(&self, parts: &Parts, body: Incoming, connection: &Connection) -> Response<Body> {
        let form = match body::read(body, FORM_BYTES_MAX, CALL_DURATION_MAX).await {
            Ok(form) => form,
            Err(error) => {
                let refused = Refused::new(Surface::ControlPlane, error.to_string());
                return explained(unreadable(&error), refused);
            }
        };
        let Some(name) = form_service(&form) else { return not_found() };
        let request_id = uuid_text();
        let proved = self.calling(name, None, parts, connection).and_then(|calling| calling.prove(&form));
        let mut response = match proved {
            Ok(caller) => self.answered(name, parts.clone(), form, caller, request_id).await,
            Err(failure) => Stranger { name, region: None, parts, body: Some(&form) }.refused(failure, &request_id),
        };
        self.record(&mut response, parts, connection);
        response
    }

    async fn aws_query(
        &self,
        name: &str,
        parts: Parts,
        body: Bytes,
        caller: VerifiedCaller,
        id: String,
    ) -> Option<Response<Bytes>> {
        let name = name.to_owned();
        self.node()
            .call(|plane| async move {
                // The older way to call, and that of presigned URLs.
                let query = parts.uri.query().unwrap_or_default().as_bytes();
                let form = if parts.method == Method::GET { query } else { &body };
                let answer = plane.aws_query(&name, form, &caller, &id).await;
                answer.unwrap_or_else(|| not_served(&name, &id))
            })
            .await
    }

    async fn aws_json(&self, parts: Parts, body: Bytes, caller: VerifiedCaller, id: String) -> Option<Response<Bytes>> {
        self.node().call(|plane| async move { plane.aws_json(&parts.headers, &body, &caller, &id).await }).await
    }

    async fn api_gateway(
        &self,
        parts: Parts,
        body: Bytes,
        caller: VerifiedCaller,
        id: String,
    ) -> Option<Response<Bytes>> {
        self.node()
            .call(|plane| async move {
                plane.api_gateway(&parts.method, &parts.uri, &parts.headers, &body, &caller, &id).await
            })
            .await
    }

    async fn lambda(&self, parts: Parts, body: Bytes, caller: VerifiedCaller, id: String) -> Option<Response<Bytes>> {
        self.node()
            .call(|plane| async move {
                let request =
                    RestRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &body };
                plane.lambda(request, &caller, &id).await
            })
            .await
    }

    /// Who calls, as far as that is known before the body is read. `claviger dev` takes everybody's word.
    pub(crate) fn calling<'a>(
        &'a self,
        name: &'a str,
        region: Option<&'a str>,
        parts: &'a Parts,
        connection: &Connection,
    ) -> Result<Calling<'a>, Failure> {
        if self.is_dev() {
            return Ok(Calling::Known(VerifiedCaller::trusted_by_dev(self.believed(name, region, parts)?)));
        }
        let protocol = protocol_of(name);
        let is_json = protocol == Protocol::AwsJson11;
        if is_json && needs_no_signature(&parts.headers) {
            let tenant = Tenant { account: self.account(), region: region_of(region)? };
            return Ok(Calling::Known(VerifiedCaller::nobody(tenant)));
        }
        // What is called is told by the target: a signature for another service does not open it.
        let service = Some(&parts.headers).filter(|_| is_json).and_then(service_of_target).unwrap_or(name);
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let (ip, secure) = (connection.peer.ip(), connection.tls);
        let source = access::Source { ip, secure, user_agent: user_agent.map(str::to_owned) };
        self.node().verifier().read(Reached { parts, service, region, protocol, source }).map(Calling::Claimed)
    }

    /// Whoever somebody says to be: a 12-digit access key id is its account, and temporary credentials tell who bears them;
    /// the region is the signature's, else the host's.
    fn believed(&self, name: &str, region: Option<&str>, parts: &Parts) -> Result<Caller, Failure> {
        let access_key = sigv4::credential_scope(&parts.headers, &parts.uri).map(|credential| credential.access_key_id);
        let token = sigv4::session_token(&parts.headers, &parts.uri);
        let session = token.and_then(|token| temporary_credentials::read(self.node().vault(), &token));
        let session = session.filter(|session| access_key.as_ref() == Some(&session.access_key_id));
        if session.as_ref().is_some_and(|session| session.expires <= self.node().now()) {
            return Err(SignatureError::SessionExpired.failure(protocol_of(name)));
        }
        let named = access_key.and_then(|id| AccountId::parse(&id).ok());
        let is_session = session.is_some();
        let principal = session.map(|session| session.principal);
        let principal = principal.unwrap_or_else(|| Principal::root(named.unwrap_or(self.account())));
        let region = region_of(region)?;
        Ok(Caller { account: principal.account, region, principal, is_session, lineage: Lineage::default() })
    }
}

/// A call of somebody who has proved nothing.
#[derive(Clone, Copy)]
pub(crate) struct Stranger<'a> {
    /// The signing name of the service.
    pub(crate) name: &'a str,
    /// The region that the call names.
    pub(crate) region: Option<&'a str>,
    pub(crate) parts: &'a Parts,
    /// Its body, when that was read.
    pub(crate) body: Option<&'a [u8]>,
}

impl Stranger<'_> {
    /// A refusal, and what the audit log is told of the call.
    pub(crate) fn refused(self, failure: Failure, request_id: &str) -> Response<Body> {
        let Self { name, region, parts, body } = self;
        let call = failure.is_recorded().then(|| {
            let operation = operation_named(name, parts, body).unwrap_or_else(|| UNKNOWN.to_owned());
            let refusal = Some((failure.code.clone().into_owned(), failure.message.clone()));
            let region = region.map(str::to_owned);
            Call { refusal, region, ..Call::new(name.to_owned(), operation, request_id) }
        });
        let mut response = failed(name, failure, request_id).map(Body::from);
        if let Some(call) = call {
            call.attach(&mut response);
        }
        response
    }
}

/// Where a call came from, for the audit log.
pub(crate) fn source(parts: &Parts, connection: &Connection) -> Source {
    let host = parts.uri.host().or_else(|| parts.headers.get(header::HOST)?.to_str().ok());
    Source {
        ip: connection.peer.ip(),
        user_agent: parts.headers.get(header::USER_AGENT).cloned(),
        encryption: connection.encryption,
        host: host.unwrap_or_default().to_owned(),
    }
}

/// Who calls, as far as that is known before a call's body is read.
pub(crate) enum Calling<'a> {
    /// All of it.
    Known(VerifiedCaller),
    /// What a signature claims, which covers the body.
    Claimed(Claim<'a>),
}

impl Calling<'_> {
    /// Who calls, with a body that was read.
    pub(crate) fn prove(self, body: &[u8]) -> Result<VerifiedCaller, Failure> {
        match self {
            Self::Known(caller) => Ok(caller),
            Self::Claimed(claim) => claim.prove(body),
        }
    }

    /// Who calls, and what the body is held to that is still to come.
    pub(crate) fn prove_head(self) -> Result<(VerifiedCaller, BodyProof), Failure> {
        match self {
            Self::Known(caller) => Ok((caller, BodyProof::Nothing)),
            Self::Claimed(claim) => claim.prove_head().map(|Proven { caller, body }| (caller, body)),
        }
    }
}

/// The region of a signature or of a host.
fn region_of(text: Option<&str>) -> Result<Region, Failure> {
    let invalid =
        |error: claviger_resources::InvalidId| Failure::new("InvalidSignatureException", 400, error.to_string());
    text.map_or(Ok(Region::us_east_1()), |text| Region::parse(text).map_err(invalid))
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
pub(crate) fn failed(name: &str, failure: Failure, request_id: &str) -> Response<Bytes> {
    let mut response = protocol_of(name).failure(&failure, request_id);
    refused(failure).about("service", Some(name)).attach(&mut response);
    response
}

pub(crate) fn uuid_text() -> String {
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

/// Whether a service's calls are forms.
fn is_query(name: &str) -> bool {
    matches!(protocol_of(name), Protocol::AwsQuery { .. })
}

fn not_served(name: &str, request_id: &str) -> Response<Bytes> {
    let failure = Failure::unknown_operation(format!("Claviger does not serve {name}."));
    failed(name, failure, request_id)
}
