//! Calls of our own service, whose operations have no client elsewhere.

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::{Map, Value};

use super::WrongUsage;
use super::credentials::signed;
use super::endpoint::Endpoint;

/// Calls an operation; what it answers, empty when it answers nothing.
pub(super) async fn call(endpoint: &Endpoint, operation: &str, input: &Value) -> anyhow::Result<Map<String, Value>> {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .header("x-amz-target", format!("Claviger.{operation}"))
        .body(Bytes::from(input.to_string()))?;
    let answer = endpoint.send(signed(endpoint, request, "claviger", None)?).await?;
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    match (answer.status(), body) {
        (StatusCode::OK, Value::Object(answer)) => Ok(answer),
        (StatusCode::OK, Value::Null) if answer.body().is_empty() => Ok(Map::new()),
        (status, body) => {
            let said = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            let message = said("message").with_context(|| format!("{} answered {status}", endpoint.url()))?;
            match said("__type").as_deref() {
                Some("InvalidParameterException") => Err(WrongUsage(message).into()),
                _ => bail!(message),
            }
        }
    }
}

/// Text fit for a terminal: names are whatever their owners chose.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
