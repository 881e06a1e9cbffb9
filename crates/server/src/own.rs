//! Our own paths, `/_claviger/…`: health, the local certificate authority, for operators the messages to users and why requests
//! were refused, and in `dev` the clock and the reset.

use std::time::Duration;

use claviger_aws_protocol::failure::Failure;
use claviger_control_plane::access::OperatorRight;
use claviger_control_plane::audited::by;
use claviger_control_plane::cloudformation::{
    ANSWER_BYTES_MAX, ANSWER_PATH, AnswerError, SIGNAL_BYTES_MAX, SIGNAL_PATH, SignalError, take_signal,
};
use claviger_data_plane::body::{self, Body, ReadError};
use claviger_runtime::audit::Call;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::json;

use crate::application::{Application, json_answer, not_found, refusal};
use crate::connection::Connection;
use crate::control::{failed, uuid_text};

/// Bytes of the largest request to one of these paths.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_DURATION_MAX: Duration = Duration::from_secs(10);

/// How the clock is moved.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum MoveClock {
    /// Forward by so many seconds, or back by a negative number.
    AdvanceSeconds(i64),
    /// So many seconds ahead of the system's clock, 0 for its own time.
    OffsetSeconds(i64),
}

impl Application {
    /// Answers `/_claviger/…`.
    pub(crate) async fn own(
        &self,
        path: &str,
        parts: &Parts,
        body: Incoming,
        connection: &Connection,
    ) -> Response<Body> {
        let (method, query) = (&parts.method, parts.uri.query().unwrap_or_default());
        let read = method == Method::GET || method == Method::HEAD;
        let post = method == Method::POST;
        match path {
            "/_claviger/health" if read => json_answer(StatusCode::OK, &json!({ "status": "ok" })),
            "/_claviger/ready" if read => self.ready(),
            "/_claviger/ca.pem" if read => match self.authority() {
                Some(authority) => {
                    let certificate = authority.certificate_pem().to_owned();
                    body::answer(StatusCode::OK, "application/x-pem-file", certificate)
                }
                None => not_found(),
            },
            "/_claviger/clock" if read && self.is_dev() => self.clock(),
            "/_claviger/clock" if post && self.is_dev() => self.move_clock(body).await,
            "/_claviger/reset" if post && self.is_dev() => self.reset().await,
            "/_claviger/messages" if read => match self.operator(OperatorRight::ReadMessages, parts, connection) {
                Ok(()) => self.messages(query).await,
                Err(refused) => refused,
            },
            "/_claviger/messages" => refusal(StatusCode::METHOD_NOT_ALLOWED, "use GET"),
            _ if read && path.starts_with("/_claviger/explain/") => {
                match self.operator(OperatorRight::Explain, parts, connection) {
                    Ok(()) => self.explain(path),
                    Err(refused) => refused,
                }
            }
            _ if method == Method::PUT && path.starts_with(ANSWER_PATH) => self.take_answer(path, body).await,
            _ if method == Method::PUT && path.starts_with(SIGNAL_PATH) => self.take_signal(path, body).await,
            "/_claviger/clock" | "/_claviger/reset" if self.is_dev() => {
                refusal(StatusCode::METHOD_NOT_ALLOWED, "use POST")
            }
            _ => not_found(),
        }
    }

    /// Refuses whoever is no operator with this right; in `dev` everybody is.
    #[expect(clippy::result_large_err, reason = "a refusal is the answer")]
    fn operator(&self, right: OperatorRight, parts: &Parts, connection: &Connection) -> Result<(), Response<Body>> {
        let request_id = uuid_text();
        let calling = self.calling("claviger", None, parts, connection);
        let (call, checked) = match calling.and_then(|calling| calling.prove(b"")) {
            Ok(caller) => {
                let call = by(Call::new("claviger", right.name(), &request_id), &caller);
                (call, caller.check_operator(right))
            }
            Err(failure) => (Call::new("claviger", right.name(), &request_id), Err(failure)),
        };
        let is_recorded = checked.as_ref().err().is_none_or(Failure::is_recorded);
        let refusal = checked.as_ref().err().map(|failure| (failure.code.to_string(), failure.message.clone()));
        let mut answer = Response::new(Body::default());
        if is_recorded {
            let path = json!({ "path": parts.uri.path() });
            Call { is_read: true, request: Some(path), refusal, ..call }.attach(&mut answer);
        }
        self.record(&mut answer, parts, connection);
        checked.map_err(|failure| failed("claviger", failure, &request_id).map(Body::from))
    }

    fn ready(&self) -> Response<Body> {
        if self.is_stopping() {
            return json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "stopping" }));
        }
        if self.node().is_cut_off() {
            return json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "cut off" }));
        }
        let snapshot = self.node().current().load_full();
        let (user_pools, app_clients, rest_apis) = snapshot.counts();
        let counts = json!({ "userPools": user_pools, "appClients": app_clients, "restApis": rest_apis });
        json_answer(StatusCode::OK, &json!({ "status": "ready", "revision": snapshot.revision().0, "serving": counts }))
    }

    fn clock(&self) -> Response<Body> {
        let node = self.node();
        let offset = node.clock().offset_milliseconds() / 1000;
        json_answer(StatusCode::OK, &json!({ "now": node.now().seconds(), "offsetSeconds": offset }))
    }

    async fn move_clock(&self, body: Incoming) -> Response<Body> {
        let bytes = match body::read(body, BODY_BYTES_MAX, BODY_DURATION_MAX).await {
            Ok(bytes) => bytes,
            Err(error) => return unreadable(&error),
        };
        let clock = self.node().clock();
        let milliseconds = match serde_json::from_slice(&bytes) {
            Ok(MoveClock::AdvanceSeconds(seconds)) => {
                clock.offset_milliseconds().saturating_add(seconds.saturating_mul(1000))
            }
            Ok(MoveClock::OffsetSeconds(seconds)) => seconds.saturating_mul(1000),
            Err(error) => {
                let message = format!(r#"expected {{"advanceSeconds": N}} or {{"offsetSeconds": N}}: {error}"#);
                return refusal(StatusCode::BAD_REQUEST, &message);
            }
        };
        clock.set_offset_milliseconds(milliseconds);
        self.clock()
    }

    /// Takes what a function behind a custom resource answers CloudFormation.
    async fn take_answer(&self, path: &str, body: Incoming) -> Response<Body> {
        let document = match body::read(body, ANSWER_BYTES_MAX, BODY_DURATION_MAX).await {
            Ok(document) => document,
            Err(error) => return unreadable(&error),
        };
        let word = path.trim_start_matches(ANSWER_PATH).to_owned();
        let taken = self
            .node()
            .call(move |control_plane| async move { control_plane.services().stacks.answers().take(&word, &document) });
        match taken.await {
            Some(Ok(())) => Response::new(Body::default()),
            Some(Err(error @ AnswerError::NotWaitedFor)) => refusal(StatusCode::FORBIDDEN, &error.to_string()),
            Some(Err(error @ AnswerError::Invalid(_))) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
            None => refusal(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"),
        }
    }

    /// Takes what is told to a wait condition.
    async fn take_signal(&self, path: &str, body: Incoming) -> Response<Body> {
        let document = match body::read(body, SIGNAL_BYTES_MAX, BODY_DURATION_MAX).await {
            Ok(document) => document,
            Err(error) => return unreadable(&error),
        };
        let path = path.to_owned();
        let taken = self
            .node()
            .call(move |control_plane| async move { take_signal(control_plane.services(), &path, &document).await });
        match taken.await {
            Some(Ok(())) => Response::new(Body::default()),
            Some(Err(error @ SignalError::NoHandle)) => refusal(StatusCode::FORBIDDEN, &error.to_string()),
            Some(Err(error @ (SignalError::Invalid(_) | SignalError::TooMany))) => {
                refusal(StatusCode::BAD_REQUEST, &error.to_string())
            }
            Some(Err(error @ SignalError::Failed(_))) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a signal was not kept");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the log says why")
            }
            None => refusal(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"),
        }
    }

    async fn reset(&self) -> Response<Body> {
        match self.node().reset().await {
            Some(Ok(())) => {
                self.refusals().clear();
                json_answer(StatusCode::OK, &json!({ "status": "reset" }))
            }
            None => refusal(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"),
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "reset failed");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the log says why")
            }
        }
    }
}

/// The refusal of a body that did not come whole.
pub(crate) fn unreadable(error: &ReadError) -> Response<Body> {
    let status = match error {
        ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        ReadError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        ReadError::Broken(_) => StatusCode::BAD_REQUEST,
    };
    refusal(status, &error.to_string())
}
