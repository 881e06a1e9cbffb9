//! How each AWS protocol writes a failure.
//!
//! Deploy tools parse these strictly: a JSON error on a query call hides the message behind an XML parse error, so even a
//! service that is not served has to refuse in its own protocol.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The protocols AWS services speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `X-Amz-Target` names the operation, JSON both ways, `application/x-amz-json-1.0` (SQS).
    AwsJson10,
    /// The same as `application/x-amz-json-1.1` (Cognito, SSM, Logs, KMS).
    AwsJson11,
    /// Method and path name the operation, JSON both ways (API Gateway, Lambda).
    RestJson,
    /// A form with `Action` in, XML out (STS, CloudFormation, IAM).
    AwsQuery {
        /// The XML namespace of the service's answers.
        namespace: &'static str,
    },
    /// Method and path name the operation, XML both ways, in S3's own envelope.
    S3,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-amzn-errormessage");
const S3_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

impl Protocol {
    /// The content type of the protocol's answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::AwsJson10 => "application/x-amz-json-1.0",
            Self::AwsJson11 => "application/x-amz-json-1.1",
            Self::RestJson => "application/json",
            Self::AwsQuery { .. } => "text/xml",
            Self::S3 => "application/xml",
        }
    }

    /// The header that carries the request id.
    pub fn request_id_header(self) -> HeaderName {
        if self == Self::S3 { S3_REQUEST_ID } else { REQUEST_ID }
    }

    /// An answer with this status and body, and the headers every answer of the protocol has.
    pub fn response(self, status: u16, body: impl Into<Bytes>, request_id: &str) -> Response<Bytes> {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        headers.insert(self.request_id_header(), header_text(request_id));
        response
    }

    /// The failure as this protocol writes it.
    pub fn failure(self, failure: &Failure, request_id: &str) -> Response<Bytes> {
        let body = match self {
            Self::AwsJson10 | Self::AwsJson11 => json_body(failure, Some(&failure.code)),
            Self::RestJson => json_body(failure, None),
            Self::AwsQuery { namespace } => query_body(failure, namespace, request_id),
            Self::S3 => s3_body(failure, request_id),
        };
        let mut response = self.response(failure.status, body, request_id);
        let headers = response.headers_mut();
        match self {
            Self::AwsJson10 | Self::AwsJson11 => {
                headers.insert(ERROR_TYPE, header_text(&failure.code));
                headers.insert(ERROR_MESSAGE, header_text(&failure.message));
            }
            Self::RestJson => {
                headers.insert(ERROR_TYPE, header_text(&failure.code));
                if let Some((_, seconds)) = failure.members.iter().find(|(name, _)| *name == RETRY_AFTER_MEMBER) {
                    headers.insert(RETRY_AFTER, header_text(seconds));
                }
            }
            Self::AwsQuery { .. } | Self::S3 => {}
        }
        response
    }
}

/// The one member of exceptions that restJson services send as a header (API Gateway's `TooManyRequestsException`).
const RETRY_AFTER_MEMBER: &str = "retryAfterSeconds";

fn json_body(failure: &Failure, kind: Option<&str>) -> String {
    let mut body = Map::new();
    if let Some(kind) = kind {
        body.insert("__type".to_owned(), Value::from(kind));
    }
    // Some exceptions of some services call it `Message`, which is then among the members.
    if !failure.members.iter().any(|(name, _)| *name == "Message") {
        body.insert("message".to_owned(), Value::from(failure.message.as_str()));
    }
    for (name, value) in &failure.members {
        if *name != RETRY_AFTER_MEMBER {
            body.insert((*name).to_owned(), Value::from(value.as_str()));
        }
    }
    Value::Object(body).to_string()
}

fn query_body(failure: &Failure, namespace: &str, request_id: &str) -> String {
    let fault = if failure.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        xml_text(namespace),
        xml_text(&failure.code),
        xml_text(&failure.message),
        xml_text(request_id),
    )
}

fn s3_body(failure: &Failure, request_id: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message><RequestId>{}</RequestId>\
         </Error>",
        xml_text(&failure.code),
        xml_text(&failure.message),
        xml_text(request_id),
    )
}

/// The text with XML's markup escaped and the characters XML 1.0 cannot hold left out.
pub fn xml_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A parser makes a line feed of a carriage return that stands there as it is (XML 1.0, section 2.11).
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// The longest header value made of a message, in bytes: proxies refuse heads of more than a few KiB.
const HEADER_TEXT_BYTES_MAX: usize = 1024;

/// The text as a header can carry it: one line, printable ASCII, bounded.
fn header_text(text: &str) -> HeaderValue {
    let safe: String = text
        .chars()
        .take(HEADER_TEXT_BYTES_MAX)
        .map(|character| match character {
            ' '..='~' => character,
            character if character.is_control() => ' ',
            _ => '?',
        })
        .collect();
    HeaderValue::from_str(safe.trim()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: Protocol, failure: &Failure, headers: &[(&str, &str)], body: &str) {
        let response = protocol.failure(failure, "req-1");
        assert_eq!(response.status().as_u16(), failure.status);
        for (name, value) in headers {
            assert_eq!(response.headers().get(*name).map(HeaderValue::as_bytes), Some(value.as_bytes()), "{name}");
        }
        assert_eq!(response.headers().len(), headers.len(), "{:?}", response.headers());
        assert_eq!(std::str::from_utf8(response.body()).unwrap(), body);
    }

    #[test]
    fn every_protocol_writes_a_failure_its_own_way() {
        let missing = Failure::new("NotFoundException", 404, "No \"<x>\" & y");
        check(
            Protocol::AwsJson11,
            &missing,
            &[
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amzn-requestid", "req-1"),
                ("x-amzn-errortype", "NotFoundException"),
                ("x-amzn-errormessage", "No \"<x>\" & y"),
            ],
            r#"{"__type":"NotFoundException","message":"No \"<x>\" & y"}"#,
        );
        check(
            Protocol::RestJson,
            &missing,
            &[
                ("content-type", "application/json"),
                ("x-amzn-requestid", "req-1"),
                ("x-amzn-errortype", "NotFoundException"),
            ],
            r#"{"message":"No \"<x>\" & y"}"#,
        );
        check(
            Protocol::AwsQuery { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
            &missing,
            &[("content-type", "text/xml"), ("x-amzn-requestid", "req-1")],
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>NotFoundException</Code><Message>No &quot;&lt;x&gt;&quot; &amp; y</Message></Error>\
             <RequestId>req-1</RequestId></ErrorResponse>",
        );
        check(
            Protocol::S3,
            &Failure::new("NotImplemented", 501, "later"),
            &[("content-type", "application/xml"), ("x-amz-request-id", "req-1")],
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NotImplemented</Code><Message>later</Message>\
             <RequestId>req-1</RequestId></Error>",
        );
    }

    #[test]
    fn members_travel_beside_the_message_and_retry_after_as_a_header() {
        let failure = Failure::new("NotFoundException", 404, "Invalid API").with_member("resourceType", "Api");
        let response = Protocol::RestJson.failure(&failure, "r");
        assert_eq!(response.body(), r#"{"message":"Invalid API","resourceType":"Api"}"#);
        let failure = Failure::new("TooManyRequestsException", 429, "Slow down").with_member("retryAfterSeconds", "3");
        let response = Protocol::RestJson.failure(&failure, "r");
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.body(), r#"{"message":"Slow down"}"#);
    }

    #[test]
    fn no_protocol_writes_what_is_for_operators() {
        let failure = Failure::new("A", 400, "m").for_operators(Some("why".to_owned()), Some("what".to_owned()));
        for protocol in [Protocol::AwsJson10, Protocol::RestJson, Protocol::AwsQuery { namespace: "n" }, Protocol::S3] {
            let open = protocol.failure(&Failure::new("A", 400, "m"), "id");
            let response = protocol.failure(&failure, "id");
            assert_eq!((response.headers(), response.body()), (open.headers(), open.body()));
        }
    }

    #[test]
    fn no_message_can_break_a_header_or_an_xml_document() {
        let long = "x".repeat(100_000);
        for message in ["a\r\nset-cookie: b", "é\u{0}\u{7f}", "\u{ffff}", "", &long] {
            let failure = Failure::new("Bad\r\nCode", 400, message);
            let response = Protocol::AwsJson11.failure(&failure, "id\n");
            for value in response.headers().values() {
                assert!(value.len() <= HEADER_TEXT_BYTES_MAX && value.to_str().is_ok());
            }
            assert!(!xml_text(message).contains(['\u{0}', '\u{7f}', '\u{ffff}']));
        }
        assert_eq!(header_text("a\r\nb: é"), "a  b: ?");
    }
}
