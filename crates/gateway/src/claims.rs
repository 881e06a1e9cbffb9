//! The claims of an accepted token, as API Gateway shows them to templates and backends: every value as text.

use std::sync::OnceLock;

use claviger_resources::Timestamp;
use serde_json::{Map, Value};
use time::macros::format_description;

/// The claims of a verified token, read from its payload only when something asks for one.
#[derive(Debug)]
pub struct Claims<'a> {
    payload: &'a [u8],
    as_text: fn(&str, &Value) -> String,
    parsed: OnceLock<Map<String, Value>>,
}

impl<'a> Claims<'a> {
    /// The claims in the JSON payload of a token whose signature has been verified.
    pub fn from_payload(payload: &'a [u8]) -> Self {
        Self { payload, as_text, parsed: OnceLock::new() }
    }

    /// The same as HTTP APIs show them: numbers in digits, times among them, and lists in brackets.
    pub fn of_http_api(payload: &'a [u8]) -> Self {
        Self { payload, as_text: |_, value| plain_text(value), parsed: OnceLock::new() }
    }

    /// A claim as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.parsed().get(name).map(|value| (self.as_text)(name, value))
    }

    /// All claims as text, in the token's order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, String)> {
        self.parsed().iter().map(|(name, value)| (name.as_str(), (self.as_text)(name, value)))
    }

    fn parsed(&self) -> &Map<String, Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(self.payload).unwrap_or_default())
    }
}

/// `exp` and `iat` become Java date strings in UTC, `auth_time` and other numbers their digits, lists their elements with
/// commas between, as API Gateway passes them on (observed; no page documents it).
fn as_text(name: &str, value: &Value) -> String {
    match (name, value) {
        ("exp" | "iat", Value::Number(seconds)) => {
            seconds.as_i64().map_or_else(|| seconds.to_string(), |seconds| java_date(Timestamp::from_seconds(seconds)))
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(elements)) => {
            elements.iter().map(|element| as_text("", element)).collect::<Vec<_>>().join(",")
        }
        (_, other) => other.to_string(),
    }
}

/// Lists as `[a b]`, objects as `map[name:value]`, everything else as its own text.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(plain_text).collect::<Vec<_>>().join(" "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}:{}", plain_text(value)));
            format!("map[{}]", members.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

/// A time as Java's `Date.toString` writes it: `Thu Jul 02 12:42:47 UTC 2026`.
pub(crate) fn java_date(time: Timestamp) -> String {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year repr:full]"
    );
    time.utc().format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_is_text() {
        let payload = br#"{"sub":"4f2h","token_use":"access","scope":"api/read api/write","auth_time":1782992567,
            "exp":1782996167,"iat":1782992567,"version":2,"groups":["a","b"],"one":["user"],"flag":true,"none":null,
            "map":{"a":1},"float":1.5}"#;
        let claims = Claims::from_payload(payload);
        let check = |name: &str, expected: Option<&str>| assert_eq!(claims.text(name).as_deref(), expected, "{name}");
        check("sub", Some("4f2h"));
        check("scope", Some("api/read api/write"));
        check("exp", Some("Thu Jul 02 12:42:47 UTC 2026"));
        check("iat", Some("Thu Jul 02 11:42:47 UTC 2026"));
        check("auth_time", Some("1782992567"));
        check("version", Some("2"));
        check("groups", Some("a,b"));
        check("one", Some("user"));
        check("flag", Some("true"));
        check("none", Some("null"));
        check("map", Some(r#"{"a":1}"#));
        check("float", Some("1.5"));
        check("missing", None);
        assert_eq!(claims.texts().next(), Some(("sub", "4f2h".to_owned())));
    }

    #[test]
    fn http_apis_write_claims_in_a_way_of_their_own() {
        let payload = br#"{"sub":"4f2h","exp":1675021635,"groups":["a","b"],"one":["user"],"flag":true,
            "map":{"a":1,"b":[2]},"none":[]}"#;
        let claims = Claims::of_http_api(payload);
        let check = |name: &str, expected: &str| assert_eq!(claims.text(name).as_deref(), Some(expected), "{name}");
        check("sub", "4f2h");
        check("exp", "1675021635");
        check("groups", "[a b]");
        check("one", "[user]");
        check("flag", "true");
        check("map", "map[a:1 b:[2]]");
        check("none", "[]");
        assert_eq!(claims.texts().last(), Some(("none", "[]".to_owned())));
    }

    #[test]
    fn a_payload_that_is_no_object_has_no_claims() {
        assert_eq!(Claims::from_payload(b"[1]").text("sub"), None);
        assert_eq!(Claims::from_payload(b"").texts().count(), 0);
        let huge = Claims::from_payload(br#"{"exp":9223372036854775807,"iat":1e300}"#);
        assert!(huge.text("exp").is_some() && huge.text("iat").is_some());
    }
}
