//! Requests to the OAuth endpoints, as the audit log is told of them: a few counted references, of which the thread that
//! writes makes a record.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use claviger_oauth::token_request::Form;
use claviger_resources::ClientId;
use http::{Method, Uri};
use serde_json::{Map, Value, json};

use super::HIDDEN;
use super::record::shortened;
use crate::snapshot::Pool;

/// A request for a token, or about one.
pub struct TokenRequest {
    /// The id that the client was told.
    pub request_id: String,
    /// Where it went.
    pub endpoint: Endpoint,
    /// Its method.
    pub method: Method,
    /// Its target, whose query may hold parameters.
    pub uri: Uri,
    /// Its body.
    pub form: Bytes,
    /// The user pool that it came to.
    pub pool: Option<Arc<Pool>>,
    /// The app client that it names, when there is one of this id.
    pub client: Option<ClientId>,
    /// The status that it was answered with.
    pub status: u16,
    /// The code that the client was told, and the reason.
    pub refusal: Option<(String, String)>,
    /// The access token that was issued, without its signature.
    pub issued: Option<String>,
}

/// An OAuth endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/oauth2/token`.
    Token,
    /// `/oauth2/revoke`.
    Revoke,
    /// `/_claviger/revoke`, which AWS has not.
    OwnRevoke,
    /// `/_claviger/introspect`, which AWS has not.
    OwnIntrospect,
}

/// Parameters that are shown.
const SHOWN: [&str; 4] = ["grant_type", "scope", "redirect_uri", "token_type_hint"];
/// Parameters that are hidden; those of other names are left out.
const HIDDEN_PARAMETERS: [&str; 8] = [
    "client_secret",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "aws_client_metadata",
    "client_assertion",
    "assertion",
];
/// Claims of a token that tell which it is and what it allows.
const CLAIMS: [&str; 6] = ["jti", "origin_jti", "sub", "client_id", "scope", "exp"];
/// Characters of an id of no app client that are shown: it may be a secret in the wrong place.
const UNKNOWN_CHARACTERS: usize = 6;

impl Endpoint {
    /// What the records of its requests are called, after the manner of Cognito's `Token_POST`.
    pub(super) fn event_name(self, method: &Method) -> String {
        let name = match self {
            Self::Token => "Token",
            Self::Revoke | Self::OwnRevoke => "Revoke",
            Self::OwnIntrospect => "Introspect",
        };
        // A method is any word: a client names no event.
        let method = if *method == Method::POST { "POST" } else { "OTHER" };
        format!("{name}_{method}")
    }

    /// Whether it is one that AWS has.
    pub(super) fn is_of_aws(self) -> bool {
        matches!(self, Self::Token | Self::Revoke)
    }
}

impl TokenRequest {
    /// The memory it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        self.form.len() + self.issued.as_ref().map_or(0, String::len) + self.uri.query().map_or(0, str::len)
    }

    /// What the record says of the request beyond what every record says.
    pub(super) fn details(&self) -> Value {
        let mut answered = json!({ "status": self.status });
        if let (Some(token), Some(members)) = (&self.issued, answered.as_object_mut()) {
            members.insert("access_token".to_owned(), HIDDEN.into());
            members.insert("token".to_owned(), facts(token));
        }
        let mut details = json!({ "requestParameters": self.parameters(), "responseParameters": answered });
        if let Some(members) = details.as_object_mut() {
            if let Some(domain) = self.pool.as_ref().and_then(|pool| pool.domain.as_deref()) {
                members.insert("userPoolDomain".to_owned(), domain.into());
            }
            if let Some(pool) = &self.pool {
                members.insert("userPoolId".to_owned(), pool.id.as_str().into());
            }
            if let Some(client) = &self.client {
                members.insert("clientId".to_owned(), client.as_str().into());
            }
        }
        details
    }

    /// The parameters; each has a list of values, because CloudTrail shows them so.
    fn parameters(&self) -> Value {
        let Ok(form) = Form::parse(self.uri.query(), &self.form) else { return json!({}) };
        let mut shown = Map::new();
        for name in SHOWN {
            if let Some(value) = form.get(name) {
                shown.insert(name.to_owned(), json!([shortened(&value)]));
            }
        }
        if let Some(id) = form.get("client_id") {
            let known = self.client.as_ref().filter(|client| client.as_str() == id);
            let id = known.map_or_else(|| in_part(&id), ToString::to_string);
            shown.insert("client_id".to_owned(), json!([id]));
        }
        for name in HIDDEN_PARAMETERS {
            if form.get(name).is_some() {
                shown.insert(name.to_owned(), json!([HIDDEN]));
            }
        }
        shown.into()
    }
}

fn in_part(id: &str) -> String {
    let shown: String = id.chars().take(UNKNOWN_CHARACTERS).collect();
    format!("{shown}… ({} characters, unknown)", id.chars().count())
}

/// A token without its signature: nobody who reads that can use it.
pub fn unsigned(token: &str) -> String {
    token.rsplit_once('.').map_or_else(String::new, |(signed, _)| signed.to_owned())
}

/// What tells which token it is that was issued, and what it allows.
pub(super) fn facts(unsigned: &str) -> Value {
    let decode =
        |part: &str| -> Option<Map<String, Value>> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (header, payload) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (mut header, mut payload) = (decode(header).unwrap_or_default(), decode(payload).unwrap_or_default());
    let claims = CLAIMS.into_iter().filter_map(|name| Some((name.to_owned(), payload.remove(name)?)));
    let mut facts: Map<String, Value> = claims.collect();
    facts.extend(header.remove("kid").map(|kid| ("kid".to_owned(), kid)));
    facts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, form: &'static str) -> TokenRequest {
        TokenRequest {
            request_id: "r".to_owned(),
            endpoint: Endpoint::Token,
            method: Method::POST,
            uri: format!("/oauth2/token?{query}").parse().unwrap(),
            form: Bytes::from_static(form.as_bytes()),
            pool: None,
            client: Some(ClientId::parse("abc123abc123abc123abc123ab").unwrap()),
            status: 200,
            refusal: None,
            issued: None,
        }
    }

    #[test]
    fn parameters_are_shown_hidden_or_left_out() {
        let check = |query: &str, form: &'static str, expected: Value| {
            assert_eq!(request(query, form).parameters(), expected, "{query} {form}");
        };
        check(
            "scope=a%2Fb",
            "grant_type=client_credentials&client_id=abc123abc123abc123abc123ab&client_secret=s3cret&x=y&code=c",
            json!({
                "grant_type": ["client_credentials"], "scope": ["a/b"], "client_id": ["abc123abc123abc123abc123ab"],
                "client_secret": [HIDDEN], "code": [HIDDEN],
            }),
        );
        check("", "client_id=a-secret-in-the-wrong-place", json!({"client_id": ["a-secr… (27 characters, unknown)"]}));
        check("", "token=t&refresh_token=r", json!({"token": [HIDDEN], "refresh_token": [HIDDEN]}));
        check("", "", json!({}));
    }

    #[test]
    fn a_token_is_told_by_what_it_says_and_never_shown() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"kid": "k1", "alg": "RS256"}));
        let payload = part(json!({"jti": "j", "scope": "a/b", "iss": "i", "exp": 5, "client_id": "c"}));
        let token = format!("{header}.{payload}.signature");
        let request = TokenRequest { issued: Some(unsigned(&token)), ..request("", "") };
        let details = request.details();
        assert_eq!(
            details["responseParameters"],
            json!({
                "status": 200, "access_token": HIDDEN,
                "token": {"jti": "j", "client_id": "c", "scope": "a/b", "exp": 5, "kid": "k1"},
            })
        );
        assert!(!details.to_string().contains("signature") && !details.to_string().contains(&payload));
        for broken in ["", "a", "a.b", "a.b.c"] {
            assert_eq!(facts(&unsigned(broken)), json!({}), "{broken}");
        }
    }
}
