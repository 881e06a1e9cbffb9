//! The claims of a machine's access token, in the order Cognito writes them, and the static ones that a client may have
//! beside them.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::refusal::excerpt;

/// Static claims that one client may have.
pub const EXTRA_CLAIMS_MAX: usize = 50;
/// Bytes of a client's static claims, as JSON.
pub const EXTRA_CLAIMS_BYTES_MAX: usize = 4 * 1024;

/// What an access token for a machine says.
#[derive(Clone, Copy, Debug)]
pub struct AccessClaims<'a> {
    /// The client, which is also the subject.
    pub client_id: &'a str,
    /// The scopes.
    pub scopes: &'a [Arc<str>],
    /// The issuer.
    pub issuer: &'a str,
    /// When it is issued, in seconds since the epoch.
    pub issued_at: i64,
    /// How long it lives, in seconds.
    pub lifetime_seconds: u32,
    /// Its id.
    pub id: Uuid,
    /// The client's static claims, if it has any.
    pub extra: Option<&'a ExtraClaims>,
}

/// A client's static claims, ready to be written behind the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraClaims(Box<str>);

/// Why a client cannot have these static claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraClaimsError {
    /// A claim that only the issuer sets.
    #[error("the claim {0:?} is set by the issuer and cannot be given")]
    Protected(Box<str>),
    /// More than a client may have.
    #[error("a client can have up to {EXTRA_CLAIMS_MAX} claims of its own")]
    TooMany,
    /// Larger than they may be.
    #[error("the claims of a client can be up to {EXTRA_CLAIMS_BYTES_MAX} bytes of JSON")]
    TooLarge,
}

impl AccessClaims<'_> {
    /// The payload's JSON. There is no `aud`: Cognito's machine tokens have none, and verifiers that expect none refuse one.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(400);
        json.push_str(r#"{"sub":""#);
        escape(self.client_id, &mut json);
        json.push_str(r#"","token_use":"access","scope":""#);
        for (index, scope) in self.scopes.iter().enumerate() {
            if index > 0 {
                json.push(' ');
            }
            escape(scope, &mut json);
        }
        let expires = self.issued_at.saturating_add(i64::from(self.lifetime_seconds));
        let _ = write!(json, r#"","auth_time":{},"iss":""#, self.issued_at);
        escape(self.issuer, &mut json);
        let _ =
            write!(json, r#"","exp":{expires},"iat":{},"version":2,"jti":"{}","client_id":""#, self.issued_at, self.id);
        escape(self.client_id, &mut json);
        json.push('"');
        if let Some(ExtraClaims(members)) = self.extra {
            json.push(',');
            json.push_str(members);
        }
        json.push('}');
        json
    }

    /// The claims as a map, for those who change them before they are signed.
    pub fn to_map(&self) -> Map<String, Value> {
        // What `to_json` writes is an object.
        serde_json::from_str(&self.to_json()).unwrap_or_default()
    }
}

impl ExtraClaims {
    /// The claims in their written form; `None` when there are none.
    pub fn new(claims: &Map<String, Value>) -> Result<Option<Self>, ExtraClaimsError> {
        check_extra(claims)?;
        let json = written(claims);
        let members = json.strip_prefix('{').and_then(|json| json.strip_suffix('}')).unwrap_or_default();
        Ok((!members.is_empty()).then(|| Self(members.into())))
    }
}

/// Refuses static claims that a client cannot have: those of the issuer, too many, too large.
pub fn check_extra(claims: &Map<String, Value>) -> Result<(), ExtraClaimsError> {
    if let Some(name) = claims.keys().find(|name| *name == "scope" || is_protected(name)) {
        return Err(ExtraClaimsError::Protected(excerpt(name)));
    }
    if claims.len() > EXTRA_CLAIMS_MAX {
        return Err(ExtraClaimsError::TooMany);
    }
    if written(claims).len() > EXTRA_CLAIMS_BYTES_MAX { Err(ExtraClaimsError::TooLarge) } else { Ok(()) }
}

fn written(claims: &Map<String, Value>) -> String {
    // A map of JSON values always has a JSON form.
    serde_json::to_string(claims).unwrap_or_default()
}

/// Whether a claim says something that only the issuer may say (Amazon Cognito, "Pre token generation Lambda trigger"). An
/// audience is among them, as is everything that begins with `cognito:`; what a function may do to those is its own rule.
pub fn is_protected(name: &str) -> bool {
    PROTECTED.contains(&name) || name.starts_with("cognito:")
}

const PROTECTED: [&str; 21] = [
    "sub",
    "iss",
    "exp",
    "iat",
    "auth_time",
    "token_use",
    "client_id",
    "jti",
    "origin_jti",
    "event_id",
    "device_key",
    "version",
    "username",
    "nbf",
    "nonce",
    "azp",
    "acr",
    "amr",
    "at_hash",
    "identities",
    "aud",
];

/// Writes text into a JSON string; slashes are escaped, as in Cognito's own payloads.
fn escape(text: &str, json: &mut String) {
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '/' => json.push_str("\\/"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stand_in_the_order_of_cognito() {
        let scopes = [Arc::from("awesomeapi-resource-server/awesomeapi.read"), Arc::from("https://my-api.org/a\"b")];
        let claims = AccessClaims {
            client_id: "4f2hmhnhvjujjor0kila8e8iu9",
            scopes: &scopes,
            issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_N8F22Uslo",
            issued_at: 1_654_554_027,
            lifetime_seconds: 3600,
            id: Uuid::from_u128(0x1038_f53f_0ce0_4b5f_808b_95e8_80a8_7643),
            extra: None,
        };
        let expected = concat!(
            r#"{"sub":"4f2hmhnhvjujjor0kila8e8iu9","token_use":"access","#,
            r#""scope":"awesomeapi-resource-server\/awesomeapi.read https:\/\/my-api.org\/a\"b","#,
            r#""auth_time":1654554027,"iss":"https:\/\/cognito-idp.us-east-1.amazonaws.com\/us-east-1_N8F22Uslo","#,
            r#""exp":1654557627,"iat":1654554027,"version":2,"jti":"1038f53f-0ce0-4b5f-808b-95e880a87643","#,
            r#""client_id":"4f2hmhnhvjujjor0kila8e8iu9"}"#,
        );
        assert_eq!(claims.to_json(), expected);
        assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());

        let given = json!({"tenant": "north/\"1\"", "plan": {"level": 3, "regions": ["a", null]}, "trial": false});
        let extra = ExtraClaims::new(given.as_object().unwrap()).unwrap();
        let with_extra = AccessClaims { extra: extra.as_ref(), ..claims };
        let written = r#","tenant":"north/\"1\"","plan":{"level":3,"regions":["a",null]},"trial":false}"#;
        assert_eq!(with_extra.to_json(), format!("{}{written}", expected.strip_suffix('}').unwrap()));
        assert_eq!(Value::Object(with_extra.to_map())["plan"], given["plan"]);
        assert_eq!(with_extra.to_map().len(), 13);
    }

    #[test]
    fn of_a_client_are_bounded_and_say_nothing_that_the_issuer_says() {
        let check = |claims: Value, expected: Result<(), ExtraClaimsError>| {
            let claims = claims.as_object().unwrap();
            assert_eq!(check_extra(claims), expected, "{claims:?}");
            assert_eq!(ExtraClaims::new(claims).map(drop), expected, "{claims:?}");
        };
        check(json!({}), Ok(()));
        check(json!({"tenant": "north", "scopes": [], "Sub": 1, "cognito": null, "": ""}), Ok(()));
        for name in PROTECTED.iter().chain(&["scope", "cognito:groups", "cognito:username", "cognito:"]) {
            check(json!({"tenant": "north", *name: "x"}), Err(ExtraClaimsError::Protected((*name).into())));
        }
        let many = |count: usize| (0..count).map(|number| (number.to_string(), json!(0))).collect::<Map<_, _>>();
        check(many(EXTRA_CLAIMS_MAX).into(), Ok(()));
        check(many(EXTRA_CLAIMS_MAX + 1).into(), Err(ExtraClaimsError::TooMany));
        let large = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
        check(large(EXTRA_CLAIMS_BYTES_MAX), Ok(()));
        check(large(EXTRA_CLAIMS_BYTES_MAX + 1), Err(ExtraClaimsError::TooLarge));
        assert_eq!(ExtraClaims::new(&Map::new()), Ok(None));
    }
}
