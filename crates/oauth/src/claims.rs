//! The claims of a machine's access token, in the order Cognito writes them.

use std::fmt::Write as _;
use std::sync::Arc;

use uuid::Uuid;

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
        json.push_str("\"}");
        json
    }
}

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
    }
}
