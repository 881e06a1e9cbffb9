//! The Lambda Runtime API: what a function's process asks and tells (AWS Lambda, "Using the Lambda runtime API").
//!
//! Each process has a listener of its own on the loopback interface. A request becomes a [`Call`] to the one task that
//! knows what the process is doing; nothing is decided here.

use std::convert::Infallible;

use bytes::Bytes;
use claviger_resources::limits::EVENT_BYTES_MAX;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Connections that a process may have at a time.
const CONNECTIONS_MAX: usize = 16;
/// Where the paths begin.
const ROOT: &str = "/2018-06-01/runtime/";

/// What a process asks or tells. It is answered when the other end is dropped or sent to.
#[derive(Debug)]
pub(super) enum Call {
    /// It waits for an event.
    Next(oneshot::Sender<Event>),
    /// It has a result for the event with this id.
    Response { id: String, result: Result<Bytes, TooLarge>, taken: oneshot::Sender<bool> },
    /// It failed at the event with this id.
    Error { id: String, error: Bytes, taken: oneshot::Sender<bool> },
    /// It cannot start.
    InitError { error: Bytes, taken: oneshot::Sender<bool> },
}

/// A body beyond what a function may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// An event on its way to a process.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Serves one process until the future is dropped.
pub(super) async fn serve(listener: TcpListener, calls: mpsc::Sender<Call>) {
    // What is in the set ends with it.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let calls = calls.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let calls = calls.clone();
                async move { Ok::<_, Infallible>(answer(request, &calls).await) }
            });
            // A connection that breaks is the process's affair, which is watched by itself.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, calls: &mpsc::Sender<Call>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let (read, post) = (parts.method == Method::GET, parts.method == Method::POST);
    match (path, path.strip_prefix("invocation/").and_then(|rest| rest.rsplit_once('/'))) {
        ("invocation/next", _) if read => next(calls).await,
        ("init/error", _) if post => {
            let Ok(error) = whole(body).await else { return too_large() };
            told(calls, |taken| Call::InitError { error, taken }).await
        }
        (_, Some((id, "response"))) if post => {
            let result = whole(body).await;
            let (id, refused) = (id.to_owned(), result.is_err());
            let answer = told(calls, |taken| Call::Response { id, result, taken }).await;
            if refused && answer.status() == StatusCode::ACCEPTED { too_large() } else { answer }
        }
        (_, Some((id, "error"))) if post => {
            let Ok(error) = whole(body).await else { return too_large() };
            let id = id.to_owned();
            told(calls, |taken| Call::Error { id, error, taken }).await
        }
        _ => refusal(StatusCode::NOT_FOUND, "NotFound", "the Runtime API has no such path"),
    }
}

async fn next(calls: &mpsc::Sender<Call>) -> Response<Full<Bytes>> {
    let (event, asked) = oneshot::channel();
    if calls.send(Call::Next(event)).await.is_err() {
        return stopping();
    }
    let Ok(event) = asked.await else { return stopping() };
    let mut response = Response::new(Full::new(event.body));
    *response.headers_mut() = event.headers;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Passes on what a process tells; it is taken when it belongs to the event at hand.
async fn told(calls: &mpsc::Sender<Call>, call: impl FnOnce(oneshot::Sender<bool>) -> Call) -> Response<Full<Bytes>> {
    let (taken, answered) = oneshot::channel();
    if calls.send(call(taken)).await.is_err() {
        return stopping();
    }
    match answered.await {
        Ok(true) => json_answer(StatusCode::ACCEPTED, &json!({ "status": "OK" })),
        Ok(false) => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Err(_) => stopping(),
    }
}

async fn whole(body: Incoming) -> Result<Bytes, TooLarge> {
    match Limited::new(body, EVENT_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(TooLarge),
        // Nobody is there any more to hear an answer.
        Err(_) => Ok(Bytes::new()),
    }
}

fn too_large() -> Response<Full<Bytes>> {
    let message = format!("Exceeded maximum allowed payload size ({EVENT_BYTES_MAX} bytes).");
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

fn stopping() -> Response<Full<Bytes>> {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "Stopping", "the process is being stopped")
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response<Full<Bytes>> {
    json_answer(status, &json!({ "errorType": error_type, "errorMessage": message }))
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
