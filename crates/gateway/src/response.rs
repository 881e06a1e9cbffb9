//! What the gateway answers with, and the headers every answer carries in the order API Gateway writes them.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// The header that shows `$context.requestId`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The header that names the exception behind a gateway response.
pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The header that shows `$context.extendedRequestId`.
pub const EXTENDED_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-apigw-id");
/// The header that traces a request through services.
pub const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The content type of every answer that names no other.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer before the headers that every answer carries are added.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its own headers, `Content-Type` among them.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The exception it stands for, when the gateway itself refuses or fails.
    pub error_type: Option<&'static str>,
}

/// What goes into the headers that every answer carries.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The value of `Date`.
    pub date: HeaderValue,
    /// The value of `x-amzn-RequestId`.
    pub request_id: HeaderValue,
    /// The value of `x-amz-apigw-id`.
    pub extended_request_id: HeaderValue,
    /// The value of `X-Amzn-Trace-Id`; absent for `MOCK` and for every answer of the gateway's own.
    pub trace_id: Option<HeaderValue>,
    /// The value of `Connection`; absent on HTTP/2.
    pub connection: Option<HeaderValue>,
}

impl Reply {
    /// An answer with a body and its content type.
    pub fn new(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONTENT_TYPE, content_type);
        Self { status, headers, body, error_type: None }
    }

    /// The whole response.
    pub fn into_response(self, envelope: Envelope) -> Response<Bytes> {
        let length = self.body.len() as u64;
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = envelope.enclose(&self.headers, Some(length), self.error_type);
        response
    }
}

impl Envelope {
    /// The headers of a whole response, in API Gateway's order: Date, Content-Type, Content-Length, Connection,
    /// x-amzn-RequestId, x-amzn-ErrorType, x-amz-apigw-id, X-Amzn-Trace-Id, then the response's own. A body that is
    /// streamed may have no length yet.
    pub fn enclose(self, own: &HeaderMap, body_bytes: Option<u64>, error_type: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(own.len() + 8);
        headers.insert(DATE, self.date);
        headers.insert(CONTENT_TYPE, own.get(CONTENT_TYPE).cloned().unwrap_or(JSON));
        if let Some(bytes) = body_bytes {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
        }
        if let Some(connection) = self.connection {
            headers.insert(CONNECTION, connection);
        }
        headers.insert(REQUEST_ID, self.request_id);
        if let Some(error_type) = error_type {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
        }
        headers.insert(EXTENDED_REQUEST_ID, self.extended_request_id);
        if let Some(trace_id) = self.trace_id {
            headers.insert(TRACE_ID, trace_id);
        }
        for (name, value) in own {
            if !ENVELOPE.contains(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        headers
    }
}

/// The headers that are the gateway's to write, whatever a mapping says.
const ENVELOPE: [HeaderName; 8] = [
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    DATE,
    ERROR_TYPE,
    EXTENDED_REQUEST_ID,
    REQUEST_ID,
    http::header::TRANSFER_ENCODING,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_in_the_order_of_api_gateway() {
        let mut reply = Reply::new(StatusCode::UNAUTHORIZED, JSON, Bytes::from_static(b"{}"));
        reply.error_type = Some("UnauthorizedException");
        reply.headers.append("x-own", HeaderValue::from_static("1"));
        reply.headers.append("x-own", HeaderValue::from_static("2"));
        let response = reply.into_response(Envelope {
            date: HeaderValue::from_static("Mon, 06 Jun 2022 21:16:15 GMT"),
            request_id: HeaderValue::from_static("0e5fb841"),
            extended_request_id: HeaderValue::from_static("TUY44EBvoAMFbUw="),
            trace_id: Some(HeaderValue::from_static("Root=1")),
            connection: Some(HeaderValue::from_static("keep-alive")),
        });
        let names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
        let expected = [
            "date",
            "content-type",
            "content-length",
            "connection",
            "x-amzn-requestid",
            "x-amzn-errortype",
            "x-amz-apigw-id",
            "x-amzn-trace-id",
            "x-own",
        ];
        assert_eq!(names, expected);
        assert_eq!(response.headers().get_all("x-own").iter().count(), 2);
        assert_eq!(response.headers().get(CONTENT_LENGTH).unwrap(), "2");
    }
}
