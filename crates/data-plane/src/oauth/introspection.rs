//! `POST /_claviger/introspect` (RFC 7662): tells services that verify no tokens themselves whether one is good, and what it
//! says. The asker is an app client with a secret, and hears of the tokens of its own user pool.

use claviger_oauth::verified_token::VerifiedToken;
use claviger_runtime::audit::Endpoint;
use claviger_runtime::refusals::Surface;
use http::request::Parts;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::headers::json_answer;
use super::recorded::Seen;
use crate::body::Body;
use crate::{Arrival, DataPlane};

impl DataPlane {
    /// Answers the introspection endpoint.
    pub async fn introspect(&self, arrival: Arrival<'_>, parts: &Parts, body: Incoming) -> Response<Body> {
        let mut seen = self.watch();
        let response = self.introspected(parts, body, &mut seen).await;
        self.identified(response, Some(Endpoint::OwnIntrospect), parts, arrival, seen)
    }

    async fn introspected(&self, parts: &Parts, body: Incoming, seen: &mut Seen) -> Response<Body> {
        let snapshot = self.current.load_full();
        let asked = match self.asked(Surface::Introspection, &snapshot, None, parts, body, seen).await {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        let has_secret = snapshot.client(&asked.client_id).is_some_and(|client| !client.secrets.is_empty());
        if !has_secret {
            let reason = "an app client without a secret proves nothing, and is told nothing".to_owned();
            return asked.refuse(StatusCode::UNAUTHORIZED, "invalid_client", reason, None);
        }
        let now = self.clock.now().seconds();
        let token = self.tokens.verify(&snapshot, &asked.token, |pool| *pool == asked.pool.id, now);
        // Why a token is not good is none of the asker's business (RFC 7662, section 2.2).
        let answer = token.map_or_else(|_| json!({ "active": false }), |token| described(&token));
        json_answer(StatusCode::OK, answer.to_string())
    }
}

/// A good token in the members of RFC 7662, with all that it says beside.
fn described(token: &VerifiedToken) -> Value {
    let mut members = Map::from_iter([("active".to_owned(), json!(true))]);
    let claims: Map<String, Value> = serde_json::from_slice(token.payload()).unwrap_or_default();
    members.extend(claims.into_iter().filter(|(name, _)| name != "active"));
    if let Some(client) = token.client() {
        members.insert("client_id".to_owned(), json!(client));
    }
    if let Some(username) = token.username() {
        members.insert("username".to_owned(), json!(username));
    }
    members.insert("token_type".to_owned(), json!("Bearer"));
    members.into()
}
