//! What an HTTP API answers with, and the headers of every answer.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// The header that shows `$context.requestId`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// An answer before the headers that every answer carries are added.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its own headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What goes into the headers that every answer carries.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The value of `Date`.
    pub date: HeaderValue,
    /// The value of `apigw-requestid`.
    pub request_id: HeaderValue,
    /// The value of `Connection`; absent on HTTP/2.
    pub connection: Option<HeaderValue>,
}

impl Envelope {
    /// The headers of a whole response: Date, Content-Type where there is one, Content-Length, Connection, the response's
    /// own, apigw-requestid. A body that is streamed may have no length yet.
    pub fn enclose(self, own: &HeaderMap, body_bytes: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(own.len() + 5);
        headers.insert(DATE, self.date);
        if let Some(content_type) = own.get(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        if let Some(bytes) = body_bytes {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
        }
        if let Some(connection) = self.connection {
            headers.insert(CONNECTION, connection);
        }
        for (name, value) in own {
            if ![CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, REQUEST_ID, TRANSFER_ENCODING].contains(name) {
                headers.append(name.clone(), value.clone());
            }
        }
        headers.insert(REQUEST_ID, self.request_id);
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_carries_the_headers_of_http_apis_and_no_content_type_of_its_own() {
        let envelope = || Envelope {
            date: HeaderValue::from_static("Mon, 06 Jun 2022 21:16:15 GMT"),
            request_id: HeaderValue::from_static("RL2XYiwjPHcEMEQ="),
            connection: Some(HeaderValue::from_static("keep-alive")),
        };
        let names = |headers: &HeaderMap| headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        let own = HeaderMap::from_iter([
            ("www-authenticate".parse().unwrap(), HeaderValue::from_static("Bearer")),
            (REQUEST_ID, HeaderValue::from_static("mine")),
            (DATE, HeaderValue::from_static("mine")),
        ]);
        let headers = envelope().enclose(&own, Some(26));
        assert_eq!(names(&headers), ["date", "content-length", "connection", "www-authenticate", "apigw-requestid"]);
        assert_eq!(headers.get(REQUEST_ID).unwrap(), "RL2XYiwjPHcEMEQ=");
        let own = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        assert_eq!(names(&envelope().enclose(&own, None)), ["date", "content-type", "connection", "apigw-requestid"]);
    }
}
