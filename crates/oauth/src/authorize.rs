//! Judging a token: what is verified once, and what is demanded of it wherever it is shown (API Gateway, "Control access
//! to REST APIs using Amazon Cognito user pools as an authorizer").

use claviger_resources::UserPoolId;

use crate::jose::KeySet;
use crate::refusal::{Refusal, excerpt};
use crate::verified_token::{Demand, VerifiedToken, verify};

/// Judges the value of the identity header, a token with or without `Bearer` before it. `keys` gives the keys of a pool,
/// `None` when there is no such pool.
pub fn authorize<K: AsRef<KeySet>>(
    header: &str,
    demand: Demand<'_>,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<VerifiedToken, Refusal> {
    let text = strip_bearer(header);
    if text.is_empty() {
        return Err(Refusal::Missing);
    }
    let token = verify(text, |pool| demand.pools.contains(pool), keys, now_seconds)?;
    token.admit(demand)?;
    Ok(token)
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
    let token = verify(text, |_| true, keys, now_seconds)?;
    if token.token_use() != Some("access") {
        return Err(Refusal::WrongTokenUse { expected: "access" });
    }
    if token.username().is_none() {
        return Err(Refusal::MissingScope(excerpt(token.scope())));
    }
    Ok(UserToken {
        pool: token.pool().clone(),
        sub: token.subject().ok_or(Refusal::Claim("sub"))?.to_owned(),
        client: token.client().ok_or(Refusal::Claim("client_id"))?.to_owned(),
        session: token.session().map(str::to_owned),
        scope: token.scope().to_owned(),
        issued_at: token.issued_at().ok_or(Refusal::Claim("iat"))?,
    })
}

/// The token without the scheme that clients may put before it; the scheme's case does not count (RFC 9110, section 11.1).
pub fn strip_bearer(header: &str) -> &str {
    match header.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token,
        _ => header,
    }
}
