//! Token requests: the form, credentials in it and in the `Authorization` header.

use claviger_oauth::token_request::{Credentials, Form, TokenRequest};

use crate::input::parts;

/// The `Authorization` header, the query, the body; the first two may be empty.
pub(super) fn run(data: &[u8]) {
    let [authorization, query, body] = parts(data);
    let (Ok(authorization), Ok(query)) = (std::str::from_utf8(authorization), std::str::from_utf8(query)) else {
        return;
    };
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let kind = Some("application/x-www-form-urlencoded");
    let request = TokenRequest::parse(kind, given(authorization), given(query), body);
    if let Ok(form) = Form::parse(given(query), body)
        && let Err(error) = Credentials::of(given(authorization), &form)
    {
        // What is wrong with the grant may be found first.
        assert!(request.is_err(), "without credentials there is no request: {error:?}");
    }
    if let Err(error) = request {
        let body: serde_json::Value = serde_json::from_str(&error.body()).unwrap_or_default();
        assert!(body.get("error").is_some_and(serde_json::Value::is_string), "every error has a name");
    }
}
