//! The answer of a function behind `AWS_PROXY` (API Gateway, "Lambda proxy integrations in API Gateway", output format). What
//! the page leaves open was observed. How its members are read is the same for HTTP APIs.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::content_handling::{BinaryMediaTypes, decode};
use crate::header_rules::function_name;
use crate::refusal::Refusal;
use crate::response::{JSON, Reply};

/// The members that an answer may have. None must be there.
const MEMBERS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

/// The response to the client. A body in base64 is decoded for a client that accepts what the API calls binary.
pub(super) fn reply(
    answer: &[u8],
    accept: Option<&str>,
    binary_media_types: &BinaryMediaTypes,
) -> Result<Reply, Refusal> {
    let answer = members(answer)?;
    if let Some(other) = answer.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(malformed(format!("it has a member {other:?}")));
    }
    let status = member(&answer, "statusCode").map_or(Ok(StatusCode::OK), status)?;
    let mut headers = headers(&answer, function_name)?;
    headers.entry(CONTENT_TYPE).or_insert(JSON);
    let (body, is_encoded) = body(&answer)?;
    let body = if is_encoded && binary_media_types.contains(accept.unwrap_or_default()) {
        decode(body.as_bytes())?
    } else {
        Bytes::copy_from_slice(body.as_bytes())
    };
    Ok(Reply { status, headers, body, error_type: None })
}

/// The members of an answer, which must be an object.
pub(crate) fn members(answer: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(answer).map_err(|_| malformed("it is not JSON"))? {
        Value::Object(members) => Ok(members),
        _ => Err(malformed("it is not an object")),
    }
}

/// A member that is there and not `null`.
pub(crate) fn member<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    answer.get(name).filter(|value| !value.is_null())
}

/// The headers of an answer, those with lists of values first. `name` tells under which name the client gets one; `None` for
/// those that are the gateway's own.
pub(crate) fn headers(
    answer: &Map<String, Value>,
    name: fn(HeaderName) -> Option<HeaderName>,
) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for (key, values) in object(answer, "multiValueHeaders")?.into_iter().flatten() {
        let list = values.as_array().ok_or_else(|| malformed("multiValueHeaders holds something else than lists"))?;
        for value in list {
            let (key, value) = header(key, value)?;
            if let Some(key) = name(key) {
                headers.append(key, value);
            }
        }
    }
    let listed = headers.clone();
    for (key, value) in object(answer, "headers")?.into_iter().flatten() {
        let (key, value) = header(key, value)?;
        if let Some(key) = name(key)
            && !listed.get_all(&key).iter().any(|other| *other == value)
        {
            headers.append(key, value);
        }
    }
    Ok(headers)
}

/// The body of an answer, and whether it is in base64.
pub(crate) fn body(answer: &Map<String, Value>) -> Result<(&str, bool), Refusal> {
    let body = match member(answer, "body") {
        None => "",
        Some(Value::String(body)) => body,
        Some(_) => return Err(malformed("body is not a text")),
    };
    match member(answer, "isBase64Encoded") {
        None => Ok((body, false)),
        Some(Value::Bool(is_encoded)) => Ok((body, *is_encoded)),
        Some(_) => Err(malformed("isBase64Encoded is neither true nor false")),
    }
}

fn object<'a>(answer: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    let object = |value: &'a Value| value.as_object().ok_or_else(|| malformed(format!("{name} is not an object")));
    member(answer, name).map(object).transpose()
}

/// A number, or one written as a text. Informational statuses end no exchange, so none of them is an answer.
pub(crate) fn status(value: &Value) -> Result<StatusCode, Refusal> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| (200..=599).contains(number))
        .and_then(|number| StatusCode::from_u16(u16::try_from(number).ok()?).ok())
        .ok_or_else(|| malformed("statusCode is no status of an answer"))
}

/// The name and the value of a header.
pub(crate) fn header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), Refusal> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => return Err(malformed(format!("the header {name:?} has a value that is not a text"))),
    };
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed(format!("{name:?} is no header name")))?;
    let value = HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| malformed(format!("the header {name:?} has a value that no header may have")))?;
    Ok((parsed, value))
}

pub(crate) fn malformed(what: impl Into<String>) -> Refusal {
    Refusal::MalformedAnswer(what.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(answer: &str, accept: Option<&str>, binary: &[&str]) -> String {
        let binary: Vec<String> = binary.iter().map(|kind| (*kind).to_owned()).collect();
        match reply(answer.as_bytes(), accept, &BinaryMediaTypes::new(&binary)) {
            Err(refusal) => format!("{} {refusal}", refusal.status()),
            Ok(reply) => {
                let headers: Vec<_> =
                    reply.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
                format!("{} [{}] {}", reply.status.as_u16(), headers.join(", "), String::from_utf8_lossy(&reply.body))
            }
        }
    }

    #[test]
    fn an_answer_is_status_headers_and_body() {
        let check =
            |answer: Value, expected: &str| assert_eq!(shown(&answer.to_string(), None, &[]), expected, "{answer}");
        check(json!({}), "200 [content-type: application/json] ");
        check(json!({ "statusCode": null, "headers": null, "body": null }), "200 [content-type: application/json] ");
        check(json!({ "statusCode": 201, "body": "{}" }), "201 [content-type: application/json] {}");
        check(json!({ "statusCode": "404" }), "404 [content-type: application/json] ");
        check(
            json!({ "headers": { "Content-Type": "text/plain", "x-on": true } }),
            "200 [content-type: text/plain, x-on: true] ",
        );
        check(
            json!({ "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"], "x-on": [false] } }),
            "200 [set-cookie: a=1, set-cookie: b=2, x-on: false, content-type: application/json] ",
        );
        check(
            json!({ "headers": { "x-a": "solo", "X-B": "same" }, "multiValueHeaders": { "X-A": ["multi"], "x-b": ["same"] } }),
            "200 [x-a: multi, x-a: solo, x-b: same, content-type: application/json] ",
        );
        check(
            json!({ "headers": { "Date": "d", "Server": "s", "Connection": "close", "Content-Length": "9",
                "WWW-Authenticate": "Basic", "Transfer-Encoding": "chunked" } }),
            "200 [x-amzn-remapped-date: d, x-amzn-remapped-server: s, x-amzn-remapped-connection: close, \
             x-amzn-remapped-content-length: 9, x-amzn-remapped-www-authenticate: Basic, content-type: application/json] ",
        );
    }

    #[test]
    fn a_body_in_base64_is_decoded_for_who_accepts_it() {
        let answer = r#"{"isBase64Encoded":true,"body":"aGk=","headers":{"content-type":"image/png"}}"#;
        let check = |accept: Option<&str>, binary: &[&str], expected: &str| {
            assert_eq!(shown(answer, accept, binary), expected, "{accept:?} {binary:?}");
        };
        let (encoded, decoded) = ("200 [content-type: image/png] aGk=", "200 [content-type: image/png] hi");
        check(Some("image/png"), &[], encoded);
        check(Some("image/png"), &["image/png"], decoded);
        check(Some("text/html"), &["image/png"], encoded);
        check(None, &["image/png"], encoded);
        check(None, &["*/*"], decoded);
        check(Some("*/*"), &["*/*"], decoded);
        let wrong = r#"{"isBase64Encoded":true,"body":"%"}"#;
        assert_eq!(
            shown(wrong, None, &["*/*"]),
            "500 Execution failed due to configuration error: Unable to base64 decode the body."
        );
    }

    #[test]
    fn anything_else_is_malformed() {
        let check = |answer: &str, expected: &str| {
            let prefix = "502 Execution failed due to configuration error: Malformed Lambda proxy response: ";
            assert_eq!(shown(answer, None, &[]), format!("{prefix}{expected}"), "{answer}");
        };
        check("", "it is not JSON");
        check("hello", "it is not JSON");
        check("null", "it is not an object");
        check("\"hello\"", "it is not an object");
        check("[]", "it is not an object");
        check(r#"{"message":"hello"}"#, "it has a member \"message\"");
        check(r#"{"statusCode":200,"cookies":[]}"#, "it has a member \"cookies\"");
        for status in ["\"ok\"", "[]", "true", "200.5", "-1", "0", "100", "600"] {
            check(&format!("{{\"statusCode\":{status}}}"), "statusCode is no status of an answer");
        }
        check(r#"{"headers":[]}"#, "headers is not an object");
        check(r#"{"headers":{"x":1}}"#, "the header \"x\" has a value that is not a text");
        check(r#"{"headers":{"x":null}}"#, "the header \"x\" has a value that is not a text");
        check(r#"{"headers":{"x":["a"]}}"#, "the header \"x\" has a value that is not a text");
        check(r#"{"headers":{"x y":"a"}}"#, "\"x y\" is no header name");
        check(r#"{"headers":{"x":"a\r\nb: c"}}"#, "the header \"x\" has a value that no header may have");
        check(r#"{"multiValueHeaders":"a"}"#, "multiValueHeaders is not an object");
        check(r#"{"multiValueHeaders":{"x":"a"}}"#, "multiValueHeaders holds something else than lists");
        check(r#"{"multiValueHeaders":{"x":[1]}}"#, "the header \"x\" has a value that is not a text");
        check(r#"{"body":{}}"#, "body is not a text");
        check(r#"{"isBase64Encoded":"yes"}"#, "isBase64Encoded is neither true nor false");
    }
}
