//! What a token that was not accepted says of itself, believed or not: for operators who ask why.

use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::jose::Token;
use claviger_oauth::refusal::Refusal;
use claviger_resources::Timestamp;
use claviger_runtime::refusals::Refused;
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;

/// The claims that tell who issued a token, to whom and for what. None of them is a secret.
const CLAIMS: [(&str, &str); 8] = [
    ("tokenIssuer", "iss"),
    ("tokenUse", "token_use"),
    ("tokenClient", "client_id"),
    ("tokenAudience", "aud"),
    ("tokenScope", "scope"),
    ("tokenIssuedAt", "iat"),
    ("tokenExpiresAt", "exp"),
    ("tokenId", "jti"),
];

/// What decided that a token counts as revoked.
pub(crate) const REVOKED: &str =
    "RevokeTokens, /_claviger/revoke, or the deletion of an app client while revoke_on_delete is on";

/// Adds what the token in a header's value says.
pub(crate) fn about(refused: Refused, header: &str) -> Refused {
    let Ok(token) = Token::parse(strip_bearer(header)) else { return refused };
    let claims = claims(&token);
    let refused = refused.about("tokenKeyId", Some(token.header().kid.as_str()));
    CLAIMS.into_iter().fold(refused, |refused, (name, claim)| refused.about(name, claims.get(claim).map(shown)))
}

/// Both times of a refusal that is about time.
pub(crate) fn times(refusal: &Refusal, header: &str, now: Timestamp) -> Option<String> {
    let (claim, is) = match refusal {
        Refusal::Expired => ("exp", "expired at"),
        Refusal::NotYetValid => ("nbf", "is valid from"),
        _ => return None,
    };
    let token = Token::parse(strip_bearer(header)).ok()?;
    let at = claims(&token).get(claim)?.as_i64()?;
    Some(format!("the token {is} {}; the server's time is {}", utc(Timestamp::from_seconds(at)), utc(now)))
}

fn claims(token: &Token<'_>) -> Map<String, Value> {
    serde_json::from_slice(token.payload()).unwrap_or_default()
}

fn shown(claim: &Value) -> String {
    claim.as_str().map_or_else(|| claim.to_string(), str::to_owned)
}

fn utc(at: Timestamp) -> String {
    at.utc().format(&Rfc3339).unwrap_or_default()
}
