//! What lets the SDKs of web pages call Cognito's API (W3C Fetch, "CORS protocol"). Which calls they may make is decided in
//! [`crate::routing`]; here are only the headers that browsers look for.

use claviger_data_plane::body::Body;
use http::{HeaderValue, Response, header};

/// What AWS's SDKs send from a page, signed or not.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Amz-Sdk-Invocation-Id, Amz-Sdk-Request, Authorization, Cache-Control, Content-Type, X-Amz-Content-Sha256, X-Amz-Date, \
     X-Amz-Security-Token, X-Amz-Target, X-Amz-User-Agent",
);
/// What they read of an answer, beside what browsers always show.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date");
/// How long a browser may keep the permission: two days, of which browsers take what they allow.
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("172800");

/// The answer to what a browser asks before a page calls Cognito's API.
pub(crate) fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    expose(&mut response);
    response
}

/// Lets pages of every origin read an answer. One that would hold something for its operator alone is never made for a page.
pub(crate) fn expose(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
}
