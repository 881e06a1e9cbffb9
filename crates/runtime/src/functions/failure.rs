//! How a function fails: by its own account, or by its runtime's.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// Bytes of a function's own error message that are told in other errors.
const MESSAGE_BYTES_MAX: usize = 1024;

/// An error that a function answered with, or that its runtime told for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it says (`errorMessage`); empty when it says nothing.
    pub message: String,
    /// What kind of error it is (`errorType`); empty when it does not say.
    pub error_type: String,
    /// The whole error as JSON, as a caller of `Invoke` gets it.
    pub json: Bytes,
}

/// How the Lambda runtimes tell an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    error_message: Option<Value>,
    error_type: Option<Value>,
}

impl Failure {
    /// A failure that the function itself does not tell.
    pub(crate) fn new(error_type: &str, message: String) -> Self {
        let json = json!({ "errorType": error_type, "errorMessage": message }).to_string();
        Self { message, error_type: error_type.to_owned(), json: json.into() }
    }

    /// The failure in a result that is said to be one.
    pub(crate) fn of(json: Bytes) -> Self {
        Self::told(&json).unwrap_or(Self { message: String::new(), error_type: String::new(), json })
    }

    /// The failure in a result, when it has the form of one.
    pub(crate) fn told(json: &Bytes) -> Option<Self> {
        let told: Told = serde_json::from_slice(json).ok()?;
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (message, error_type) = (text(told.error_message), text(told.error_type));
        let is_one = !message.is_empty() || !error_type.is_empty();
        is_one.then(|| Self { message, error_type, json: json.clone() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [&*self.message, &*self.error_type, "Unhandled"];
        let text = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        f.write_str(text.get(..text.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_by_its_message_else_its_type() {
        let check = |body: &str, expected: Option<&str>| {
            let failure = Failure::told(&Bytes::copy_from_slice(body.as_bytes())).map(|failure| failure.to_string());
            assert_eq!(failure.as_deref(), expected, "{body}");
        };
        check(r#"{"errorMessage":"no tenant","errorType":"Error","trace":[]}"#, Some("no tenant"));
        check(r#"{"errorType":"Runtime.ExitError"}"#, Some("Runtime.ExitError"));
        check(r#"{"errorType":null,"errorMessage":"timed out"}"#, Some("timed out"));
        check(r#"{"errorMessage":"","errorType":"Error"}"#, Some("Error"));
        check(r#"{"version":"3","response":{}}"#, None);
        check(r#"{"errorMessage":{}}"#, None);
        check("[]", None);
        let long = format!(r#"{{"errorMessage":"{}"}}"#, "\u{e9}".repeat(1_000));
        check(&long, Some(&"\u{e9}".repeat(512)));
    }

    #[test]
    fn a_result_that_is_said_to_be_a_failure_is_one_whatever_it_holds() {
        let failure = Failure::of(Bytes::from_static(b"[]"));
        assert_eq!((failure.to_string(), &*failure.json), ("Unhandled".to_owned(), &b"[]"[..]));
        let failure = Failure::of(Failure::new("Sandbox.Timedout", "too late".to_owned()).json);
        assert_eq!((&*failure.message, &*failure.error_type), ("too late", "Sandbox.Timedout"));
    }
}
