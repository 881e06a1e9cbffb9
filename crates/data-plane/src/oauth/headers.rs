//! The headers of Cognito's OAuth pages, which every answer of theirs carries.

use claviger_oauth::token_error::TokenError;
use claviger_runtime::refusals::Refused;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::body::Body;

/// The header that shows the id of a request, which every answer has.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-cognito-request-id");

/// What each answer carries beside its content type and id; recorded from Cognito. Its XSRF cookie is left out: nothing ever
/// asks for it back, it would cost every token another random id, and clients that keep cookies would send it with each
/// request from then on.
const FIXED: [(HeaderName, &str); 9] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
    (header::CACHE_CONTROL, "no-cache, no-store, max-age=0, must-revalidate"),
    (header::PRAGMA, "no-cache"),
    (header::EXPIRES, "0"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000 ; includeSubDomains"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::SERVER, "Server"),
];

/// An answer with JSON in it.
pub(super) fn json_answer(status: StatusCode, json: String) -> Response<Body> {
    let mut response = empty(status);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    *response.body_mut() = json.into();
    response
}

/// An answer without content. Its id comes last, in [`crate::DataPlane::oauth`].
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(FIXED.len() + 3);
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A refusal of the token rules.
pub(super) fn refused(error: &TokenError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = match error.code() {
        Some(_) => json_answer(status, error.body()),
        None => empty(status),
    };
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An error (RFC 6749, section 5.2).
pub(super) fn error_answer(status: StatusCode, code: &str, description: Option<&str>) -> Response<Body> {
    let mut error = serde_json::json!({ "error": code });
    if let (Some(description), Some(members)) = (description, error.as_object_mut()) {
        members.insert("error_description".to_owned(), description.into());
    }
    json_answer(status, error.to_string())
}

/// A refusal with the reason that its id leads to.
pub(super) fn explained(mut response: Response<Body>, refused: Refused) -> Response<Body> {
    refused.attach(&mut response);
    response
}

/// How long browsers may keep what a preflight allows, in seconds: two hours, the most that any of them does.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// What a browser asks before it sends a request with an `Authorization` header (W3C Fetch, "CORS-preflight request").
pub(super) fn preflight(methods: &'static str) -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    response
}
