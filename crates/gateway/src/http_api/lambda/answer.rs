//! What functions answer to an HTTP API, in both payload formats (API Gateway, "Create AWS Lambda proxy integrations for
//! HTTP APIs", Lambda function response formats). What the page leaves open was observed: unknown members are passed over, an
//! answer that names no type is plain text, and what is no answer in format 2.0 is the body of a success, JSON or not.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::PayloadFormat;
use crate::content_handling::decode;
use crate::header_rules::function_name_unchanged;
use crate::http_api::answer::Answer;
use crate::lambda::answer::{body, header, headers, malformed, member, members, status};
use crate::refusal::Refusal;
use crate::response::JSON;

/// The type of an answer that names none.
const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");

/// The response to the client.
pub(super) fn read(text: &[u8], format: PayloadFormat) -> Result<Answer, Refusal> {
    match format {
        PayloadFormat::V1 => {
            let members = members(text)?;
            whole(&members, headers(&members, function_name_unchanged)?)
        }
        PayloadFormat::V2 => match serde_json::from_slice(text) {
            Ok(Value::Object(members)) if members.contains_key("statusCode") => with_cookies(members),
            _ => Ok(Answer {
                status: StatusCode::OK,
                headers: HeaderMap::from_iter([(CONTENT_TYPE, JSON)]),
                body: Bytes::copy_from_slice(text),
            }),
        },
    }
}

/// Format 2.0 has cookies in place of headers with lists of values.
fn with_cookies(mut members: Map<String, Value>) -> Result<Answer, Refusal> {
    members.shift_remove("multiValueHeaders");
    let mut headers = headers(&members, function_name_unchanged)?;
    let cookies = match member(&members, "cookies") {
        None => &[],
        Some(Value::Array(cookies)) => cookies.as_slice(),
        Some(_) => return Err(malformed("cookies is not a list")),
    };
    for cookie in cookies {
        let (name, value) = header(SET_COOKIE.as_str(), cookie)?;
        headers.append(name, value);
    }
    whole(&members, headers)
}

fn whole(members: &Map<String, Value>, mut headers: HeaderMap) -> Result<Answer, Refusal> {
    let status = status(members.get("statusCode").ok_or_else(|| malformed("it has no statusCode"))?)?;
    headers.entry(CONTENT_TYPE).or_insert(PLAIN_TEXT);
    let (body, is_encoded) = body(members)?;
    let body = if is_encoded { decode(body.as_bytes())? } else { Bytes::copy_from_slice(body.as_bytes()) };
    Ok(Answer { status, headers, body })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(text: &str, format: PayloadFormat) -> String {
        match read(text.as_bytes(), format) {
            Err(refusal) => refusal.to_string().rsplit(": ").next().unwrap().to_owned(),
            Ok(answer) => {
                let headers: Vec<_> =
                    answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
                let body = String::from_utf8(answer.body.to_vec()).unwrap();
                format!("{} [{}] {body}", answer.status.as_u16(), headers.join(", "))
            }
        }
    }

    #[test]
    fn format_2_takes_for_a_body_what_names_no_status() {
        for text in [r#""Hello""#, r#"{ "message": "Hello" }"#, "[1, 2]", "null", r#"{"body":"x"}"#, "{", "no JSON", ""]
        {
            let expected = format!("200 [content-type: application/json] {text}");
            assert_eq!(said(text, PayloadFormat::V2), expected);
        }
    }

    #[test]
    fn format_2_has_status_headers_cookies_and_body() {
        let check = |answer: Value, expected: &str| {
            assert_eq!(said(&answer.to_string(), PayloadFormat::V2), expected, "{answer}");
        };
        check(json!({ "statusCode": 201 }), "201 [content-type: text/plain;charset=UTF-8] ");
        check(json!({ "statusCode": "404", "body": "no" }), "404 [content-type: text/plain;charset=UTF-8] no");
        check(
            json!({ "statusCode": 200, "headers": { "Content-Type": "text/css", "X-B": true }, "other": 1 }),
            "200 [content-type: text/css, x-b: true] ",
        );
        check(
            json!({ "statusCode": 200, "headers": { "content-type": "a/b", "set-cookie": "x=y" }, "cookies": ["a=b", "c=d"] }),
            "200 [content-type: a/b, set-cookie: x=y, set-cookie: a=b, set-cookie: c=d] ",
        );
        check(
            json!({ "statusCode": 200, "headers": { "content-type": "a/b", "WWW-Authenticate": "Basic", "Server": "s",
                "Transfer-Encoding": "chunked", "Keep-Alive": "1" }, "multiValueHeaders": { "x": ["y"] } }),
            "200 [content-type: a/b, www-authenticate: Basic, server: s] ",
        );
        check(
            json!({ "statusCode": 200, "headers": { "content-type": "a/b" }, "body": "aGk=", "isBase64Encoded": true }),
            "200 [content-type: a/b] hi",
        );
    }

    #[test]
    fn format_1_is_that_of_rest_apis_with_a_status() {
        let check = |answer: Value, expected: &str| {
            assert_eq!(said(&answer.to_string(), PayloadFormat::V1), expected, "{answer}");
        };
        check(
            json!({ "statusCode": 200, "headers": { "x-a": "0", "content-type": "a/b" },
                "multiValueHeaders": { "x-a": ["2", "3"] }, "body": "x", "cookies": ["a=b"] }),
            "200 [x-a: 2, x-a: 3, x-a: 0, content-type: a/b] x",
        );
        check(
            json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true }),
            "200 [content-type: text/plain;charset=UTF-8] hi",
        );
        check(json!({ "body": "x" }), "it has no statusCode");
        check(json!("Hello"), "it is not an object");
        check(json!(null), "it is not an object");
        assert_eq!(said("{", PayloadFormat::V1), "it is not JSON");
    }

    #[test]
    fn what_cannot_be_sent_is_malformed() {
        let check = |text: &str, expected: &str| assert_eq!(said(text, PayloadFormat::V2), expected, "{text}");
        for status in ["null", "\"x\"", "99", "100", "600", "200.5"] {
            check(&format!(r#"{{"statusCode":{status}}}"#), "statusCode is no status of an answer");
        }
        check(r#"{"statusCode":200,"headers":[]}"#, "headers is not an object");
        check(r#"{"statusCode":200,"headers":{"a b":"c"}}"#, "\"a b\" is no header name");
        check(r#"{"statusCode":200,"headers":{"a":{}}}"#, "the header \"a\" has a value that is not a text");
        check(r#"{"statusCode":200,"headers":{"a":"b\nc"}}"#, "the header \"a\" has a value that no header may have");
        check(r#"{"statusCode":200,"cookies":{}}"#, "cookies is not a list");
        check(r#"{"statusCode":200,"cookies":[1]}"#, "the header \"set-cookie\" has a value that is not a text");
        check(r#"{"statusCode":200,"body":{}}"#, "body is not a text");
        check(r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#, "Unable to base64 decode the body.");
        check(r#"{"statusCode":200,"isBase64Encoded":"yes"}"#, "isBase64Encoded is neither true nor false");
    }
}
