//! awsJson: `POST /` with the operation's name in `X-Amz-Target` and JSON both ways.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;

use crate::failure::Failure;
use crate::json;
use crate::protocol::Protocol;

/// What `X-Amz-Target` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The service's target prefix, such as `AWSCognitoIdentityProviderService`.
    pub service: &'a str,
    /// The operation, such as `CreateUserPool`.
    pub operation: &'a str,
}

/// The target of a request; `None` without an `X-Amz-Target` of the form `Service.Operation`.
pub fn target(headers: &HeaderMap) -> Option<Target<'_>> {
    let (service, operation) = headers.get("x-amz-target")?.to_str().ok()?.rsplit_once('.')?;
    (!service.is_empty() && !operation.is_empty()).then_some(Target { service, operation })
}

/// Reads a request's body as the operation's input; an empty body is an empty input.
pub fn decode(body: &[u8]) -> Result<Value, Failure> {
    json::parse_object(body).map(Value::Object)
}

/// The answer of an operation: its output as JSON, or an empty body for an operation without output.
pub fn encode(output: Option<String>, request_id: &str) -> Response<Bytes> {
    Protocol::AwsJson11.response(200, output.unwrap_or_default(), request_id)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_target_header_names_service_and_operation() {
        fn check(value: &[u8], expected: Option<(&str, &str)>) {
            let mut headers = HeaderMap::new();
            headers.insert("x-amz-target", HeaderValue::from_bytes(value).unwrap());
            assert_eq!(target(&headers), expected.map(|(service, operation)| Target { service, operation }));
        }
        let cognito = "AWSCognitoIdentityProviderService";
        check(b"AWSCognitoIdentityProviderService.CreateUserPool", Some((cognito, "CreateUserPool")));
        check(b"Logs_20140328.PutLogEvents", Some(("Logs_20140328", "PutLogEvents")));
        check(b"a.b.C", Some(("a.b", "C")));
        check(b"CreateUserPool", None);
        check(b".CreateUserPool", None);
        check(b"Service.", None);
        check(b"\xff.X", None);
        assert_eq!(target(&HeaderMap::new()), None);
    }

    #[test]
    fn bodies_are_objects_both_ways_and_empty_without_output() {
        assert_eq!(decode(b""), Ok(json!({})));
        assert_eq!(decode(br#"{"PoolName":"a"}"#), Ok(json!({"PoolName": "a"})));
        assert_eq!(decode(b"{]").unwrap_err().code, "SerializationException");
        let response = encode(Some(r#"{"UserPool":{}}"#.to_owned()), "id-1");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        assert_eq!(response.headers()["x-amzn-requestid"], "id-1");
        assert_eq!(response.body(), r#"{"UserPool":{}}"#);
        assert!(encode(None, "id-2").body().is_empty());
    }
}
