//! The claims of a user's access and ID token, in the order Cognito writes them.
//!
//! They are made as JSON objects before they are signed: a hook may add, change and take away some in between.

use claviger_resources::UserPoolId;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The scope of every access token that a sign-in through the API gives: with it a user manages the own account.
pub const ACCOUNT_SCOPE: &str = "aws.cognito.signin.user.admin";

/// What a user's tokens are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGrant {
    /// The pool.
    pub pool: UserPoolId,
    /// The user's subject.
    pub sub: String,
    /// The username.
    pub username: String,
    /// The groups the user is in, the one with the lowest precedence first.
    pub groups: Vec<String>,
    /// The roles of those groups, in the same order.
    pub roles: Vec<String>,
    /// The role that comes first, where there is one.
    pub preferred_role: Option<String>,
    /// The user's attributes that the client may read.
    pub attributes: Vec<(String, String)>,
    /// The app client.
    pub client_id: String,
    /// The scopes of the access token, separated by spaces.
    pub scope: String,
    /// When the user signed in, in seconds since the epoch.
    pub signed_in_at: i64,
    /// The id of the session; `None` when its tokens cannot be revoked.
    pub session: Option<String>,
    /// The id of the sign-in (`event_id`).
    pub event: String,
    /// How long the access token lives, in seconds.
    pub access_token_seconds: u32,
    /// How long the ID token lives, in seconds.
    pub id_token_seconds: u32,
}

/// What is the same for both tokens, and new each time they are issued.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// When they are issued, in seconds since the epoch.
    pub issued_at: i64,
    /// The id of the access token.
    pub access_token_id: Uuid,
    /// The id of the ID token.
    pub id_token_id: Uuid,
}

/// The claims of both tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserClaims {
    /// Those of the access token.
    pub access: Map<String, Value>,
    /// Those of the ID token.
    pub id: Map<String, Value>,
}

impl UserGrant {
    /// The claims of both tokens.
    pub fn claims(&self, occasion: Occasion<'_>) -> UserClaims {
        UserClaims { access: self.access(occasion), id: self.id(occasion) }
    }

    fn access(&self, occasion: Occasion<'_>) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        put("sub", json!(self.sub));
        if !self.groups.is_empty() {
            put("cognito:groups", json!(self.groups));
        }
        put("iss", json!(occasion.issuer));
        put("client_id", json!(self.client_id));
        if let Some(session) = &self.session {
            put("origin_jti", json!(session));
        }
        put("event_id", json!(self.event));
        put("token_use", json!("access"));
        put("scope", json!(self.scope));
        put("auth_time", json!(self.signed_in_at));
        put("exp", json!(occasion.issued_at.saturating_add(i64::from(self.access_token_seconds))));
        put("iat", json!(occasion.issued_at));
        put("jti", json!(occasion.access_token_id.to_string()));
        put("username", json!(self.username));
        claims
    }

    fn id(&self, occasion: Occasion<'_>) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        let (verified, others): (Vec<_>, Vec<_>) = self
            .attributes
            .iter()
            .partition(|(name, _)| ["email_verified", "phone_number_verified"].contains(&&**name));
        put("sub", json!(self.sub));
        if !self.groups.is_empty() {
            put("cognito:groups", json!(self.groups));
        }
        for (name, value) in verified {
            put(name, json!(value == "true"));
        }
        if let Some(role) = &self.preferred_role {
            put("cognito:preferred_role", json!(role));
        }
        put("iss", json!(occasion.issuer));
        put("cognito:username", json!(self.username));
        if let Some(session) = &self.session {
            put("origin_jti", json!(session));
        }
        if !self.roles.is_empty() {
            put("cognito:roles", json!(self.roles));
        }
        put("aud", json!(self.client_id));
        put("event_id", json!(self.event));
        put("token_use", json!("id"));
        put("auth_time", json!(self.signed_in_at));
        put("exp", json!(occasion.issued_at.saturating_add(i64::from(self.id_token_seconds))));
        put("iat", json!(occasion.issued_at));
        put("jti", json!(occasion.id_token_id.to_string()));
        for (name, value) in others {
            // OpenID Connect Core 1.0, section 5.1.1: an address is an object.
            put(name, if name == "address" { json!({"formatted": value}) } else { json!(value) });
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> UserGrant {
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        UserGrant {
            pool: UserPoolId::parse("us-east-1_pool").unwrap(),
            sub: "sub".to_owned(),
            username: "ada".to_owned(),
            groups: vec!["crew".to_owned()],
            roles: vec!["arn:role".to_owned()],
            preferred_role: Some("arn:role".to_owned()),
            attributes: vec![
                attribute("address", "1 High Street"),
                attribute("custom:level", "7"),
                attribute("email", "ada@example.com"),
                attribute("email_verified", "true"),
            ],
            client_id: "client".to_owned(),
            scope: ACCOUNT_SCOPE.to_owned(),
            signed_in_at: 900,
            session: Some("session".to_owned()),
            event: "event".to_owned(),
            access_token_seconds: 3600,
            id_token_seconds: 300,
        }
    }

    fn claims(grant: &UserGrant) -> (String, String) {
        let occasion = Occasion {
            issuer: "https://issuer",
            issued_at: 1000,
            access_token_id: Uuid::from_u128(1),
            id_token_id: Uuid::from_u128(2),
        };
        let UserClaims { access, id } = grant.claims(occasion);
        (Value::Object(access).to_string(), Value::Object(id).to_string())
    }

    #[test]
    fn stand_in_the_order_of_cognito() {
        let access = concat!(
            r#"{"sub":"sub","cognito:groups":["crew"],"iss":"https://issuer","client_id":"client","#,
            r#""origin_jti":"session","event_id":"event","token_use":"access","scope":"aws.cognito.signin.user.admin","#,
            r#""auth_time":900,"exp":4600,"iat":1000,"jti":"00000000-0000-0000-0000-000000000001","username":"ada"}"#,
        );
        let id = concat!(
            r#"{"sub":"sub","cognito:groups":["crew"],"email_verified":true,"cognito:preferred_role":"arn:role","#,
            r#""iss":"https://issuer","cognito:username":"ada","origin_jti":"session","cognito:roles":["arn:role"],"#,
            r#""aud":"client","event_id":"event","token_use":"id","auth_time":900,"exp":1300,"iat":1000,"#,
            r#""jti":"00000000-0000-0000-0000-000000000002","address":{"formatted":"1 High Street"},"#,
            r#""custom:level":"7","email":"ada@example.com"}"#,
        );
        assert_eq!(claims(&grant()), (access.to_owned(), id.to_owned()));
    }

    #[test]
    fn what_a_user_does_not_have_is_left_out() {
        let bare = UserGrant {
            groups: Vec::new(),
            roles: Vec::new(),
            preferred_role: None,
            attributes: Vec::new(),
            session: None,
            ..grant()
        };
        let (access, id) = claims(&bare);
        for claim in ["cognito:groups", "cognito:roles", "cognito:preferred_role", "origin_jti", "email", "address"] {
            assert!(!access.contains(claim) && !id.contains(claim), "{claim}");
        }
    }
}
