//! Judging a token at the gate: what a `COGNITO_USER_POOLS` authorizer accepts (API Gateway, "Control access to REST APIs
//! using Amazon Cognito user pools as an authorizer").

use claviger_resources::UserPoolId;
use serde_json::Value;

use crate::issuer;
use crate::jose::{KeySet, Token, UniqueMembers};
use crate::refusal::{Refusal, excerpt};

/// A token that was accepted. Only [`authorize`] makes one.
#[derive(Clone, Debug)]
pub struct AcceptedToken {
    payload: Vec<u8>,
    expires_at: i64,
}

impl AcceptedToken {
    /// The payload's JSON text.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// When it expires, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// What a method demands of a token.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    /// The pools whose tokens are accepted.
    pub pools: &'a [UserPoolId],
    /// The scopes of which one must be there. With none declared the token must be an ID token, else an access token.
    pub scopes: &'a [Box<str>],
    /// What the `aud` claim must satisfy, if anything.
    pub audience: Option<&'a dyn Fn(&str) -> bool>,
}

/// Judges the value of the identity header, a token with or without `Bearer` before it. `keys` gives the keys of a pool,
/// `None` when there is no such pool.
pub fn authorize<K: AsRef<KeySet>>(
    header: &str,
    demand: Demand<'_>,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<AcceptedToken, Refusal> {
    let text = strip_bearer(header);
    if text.is_empty() {
        return Err(Refusal::Missing);
    }
    let token = Token::parse(text)?;
    let claims = claims(&token)?;
    let issuer = claims.get("iss").and_then(Value::as_str).ok_or(Refusal::Claim("iss"))?;
    let accepted = issuer::pool(issuer).filter(|pool| demand.pools.contains(pool));
    let pool = accepted.ok_or_else(|| Refusal::WrongIssuer(excerpt(issuer)))?;
    keys(&pool)?.as_ref().verify(&token)?;
    let expires_at = judge(&claims, demand, now_seconds)?;
    Ok(AcceptedToken { payload: token.into_payload(), expires_at })
}

/// Whether a token was signed by the pool it names and is valid now: no more than that it is one of ours. Tells when it
/// expires, in seconds since the epoch.
pub fn verify<K: AsRef<KeySet>>(
    text: &str,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<i64, Refusal> {
    let token = Token::parse(text)?;
    let claims = claims(&token)?;
    verify_claims(&token, &claims, keys, now_seconds).map(|(_, expires_at)| expires_at)
}

/// What a user's access token says, once it is verified. Only [`user_token`] makes one.
#[derive(Clone, Debug)]
pub struct UserToken {
    /// The pool that issued it.
    pub pool: UserPoolId,
    /// The subject of the user.
    pub sub: String,
    /// The app client.
    pub client: String,
    /// The session (`origin_jti`); `None` when the client's tokens cannot be revoked.
    pub session: Option<String>,
    /// Its scopes, separated by spaces.
    pub scope: String,
    /// When it was issued, in seconds since the epoch.
    pub issued_at: i64,
}

impl UserToken {
    /// Whether it carries this scope.
    pub fn has_scope(&self, wanted: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == wanted)
    }
}

/// Reads an access token as proof of who a user is: one of a pool of ours, valid now. A machine's proves no user, and counts
/// as one without the scopes of users.
pub fn user_token<K: AsRef<KeySet>>(
    text: &str,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<UserToken, Refusal> {
    let token = Token::parse(text)?;
    let claims = claims(&token)?;
    let (pool, _) = verify_claims(&token, &claims, keys, now_seconds)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("token_use").as_deref() != Some("access") {
        return Err(Refusal::WrongTokenUse { expected: "access" });
    }
    let scope = text("scope").unwrap_or_default();
    if text("username").is_none() {
        return Err(Refusal::MissingScope(excerpt(&scope)));
    }
    Ok(UserToken {
        pool,
        sub: text("sub").ok_or(Refusal::Claim("sub"))?,
        client: text("client_id").ok_or(Refusal::Claim("client_id"))?,
        session: text("origin_jti"),
        scope,
        issued_at: claims.get("iat").and_then(Value::as_i64).ok_or(Refusal::Claim("iat"))?,
    })
}

/// Checks signature and times of a token with the keys of the pool it names; tells which that is, and when it expires.
fn verify_claims<K: AsRef<KeySet>>(
    token: &Token<'_>,
    claims: &UniqueMembers<'_>,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<(UserPoolId, i64), Refusal> {
    let issuer = claims.get("iss").and_then(Value::as_str).ok_or(Refusal::Claim("iss"))?;
    let pool = issuer::pool(issuer).ok_or_else(|| Refusal::WrongIssuer(excerpt(issuer)))?;
    keys(&pool)?.as_ref().verify(token)?;
    let expires_at = valid_until(claims, now_seconds)?;
    Ok((pool, expires_at))
}

fn claims<'t>(token: &'t Token<'_>) -> Result<UniqueMembers<'t>, Refusal> {
    serde_json::from_slice(token.payload()).map_err(|_| Refusal::Malformed("its payload is not a JSON object"))
}

/// The last second of the year 9999. A time beyond it is a mistake, and has no calendar form to show to a backend.
const TIME_MAX: i64 = 253_402_300_799;

/// When a token expires that is valid now. There is no tolerance for `exp` and `nbf`: an issuer that wants one sets
/// them so. A time of issue in the future is no reason to refuse, though (RFC 7519, section 4.1.6, bounds nothing by it): the
/// clock of the node that issued the token may be ahead of this one's.
fn valid_until(claims: &UniqueMembers<'_>, now: i64) -> Result<i64, Refusal> {
    let seconds = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_i64().filter(|seconds| (0..=TIME_MAX).contains(seconds));
            seconds.map(Some).ok_or(Refusal::Claim(name))
        }
    };
    let expires_at = seconds("exp")?.ok_or(Refusal::Claim("exp"))?;
    if seconds("iat")?.is_some_and(|issued_at| issued_at > expires_at) {
        return Err(Refusal::Claim("iat"));
    }
    if expires_at <= now {
        return Err(Refusal::Expired);
    }
    if seconds("nbf")?.is_some_and(|not_before| not_before > now) {
        return Err(Refusal::NotYetValid);
    }
    Ok(expires_at)
}

/// The claims of a token whose signature is right.
fn judge(claims: &UniqueMembers<'_>, demand: Demand<'_>, now: i64) -> Result<i64, Refusal> {
    let expires_at = valid_until(claims, now)?;
    let expected = if demand.scopes.is_empty() { "id" } else { "access" };
    if claims.get("token_use").and_then(Value::as_str) != Some(expected) {
        return Err(Refusal::WrongTokenUse { expected });
    }
    if let Some(accepts) = demand.audience
        && !claims.get("aud").and_then(Value::as_str).is_some_and(accepts)
    {
        return Err(Refusal::Audience);
    }
    let carried = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let any = || carried.split(' ').any(|scope| demand.scopes.iter().any(|wanted| **wanted == *scope));
    if demand.scopes.is_empty() || any() { Ok(expires_at) } else { Err(Refusal::MissingScope(excerpt(carried))) }
}

/// The token without the scheme that clients may put before it; the scheme's case does not count (RFC 9110, section 11.1).
pub fn strip_bearer(header: &str) -> &str {
    match header.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token,
        _ => header,
    }
}
