//! Verified tokens: what a token says, once its signature and its times have been found right. What a verified token may
//! be used for is another question, which each place that it is shown to asks of it anew ([`VerifiedToken::admit`]).

use claviger_resources::UserPoolId;
use serde_json::Value;

use crate::issuer;
use crate::jose::{KeyPrint, KeySet, Token, UniqueMembers};
use crate::refusal::{Refusal, excerpt};

/// A token of a user pool that was verified. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    pool: UserPoolId,
    key_id: Box<str>,
    key: KeyPrint,
    payload: Box<[u8]>,
    issuer: Box<str>,
    subject: Option<Box<str>>,
    token_use: Option<Box<str>>,
    client: Option<Box<str>>,
    audience: Option<Box<str>>,
    username: Option<Box<str>>,
    id: Option<Box<str>>,
    session: Option<Box<str>>,
    scope: Box<str>,
    issued_at: Option<i64>,
    not_before: Option<i64>,
    expires_at: i64,
}

/// Which of a pool's two kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// An access token.
    Access,
    /// An ID token.
    Id,
}

impl TokenUse {
    /// The value of the claim `token_use`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Id => "id",
        }
    }
}

/// What is demanded of a token.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    /// The pools whose tokens are accepted.
    pub pools: &'a [UserPoolId],
    /// The kind of token.
    pub token_use: TokenUse,
    /// The scopes of which one must be there; none asks for none.
    pub scopes: &'a [Box<str>],
    /// What the `aud` claim must satisfy, if anything.
    pub audience: Option<&'a dyn Fn(&str) -> bool>,
}

/// Verifies a token: its form, that it names a pool that is accepted, its signature by one of that pool's keys, and its
/// times. `keys` gives the keys of a pool, a refusal when there are none.
pub fn verify<K: AsRef<KeySet>>(
    text: &str,
    accepts: impl FnOnce(&UserPoolId) -> bool,
    keys: impl FnOnce(&UserPoolId) -> Result<K, Refusal>,
    now_seconds: i64,
) -> Result<VerifiedToken, Refusal> {
    let token = Token::parse(text)?;
    let claims = claims(&token)?;
    let issuer = claims.get("iss").and_then(Value::as_str).ok_or(Refusal::Claim("iss"))?;
    let pool = issuer::pool(issuer).filter(accepts).ok_or_else(|| Refusal::WrongIssuer(excerpt(issuer)))?;
    let keys = keys(&pool)?;
    let key = keys.as_ref().verified_by(&token)?;
    let expires_at = valid_until(&claims, now_seconds)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(Box::from);
    let token_use: Option<Box<str>> = text("token_use");
    let is_id_token = token_use.as_deref() == Some(TokenUse::Id.as_str());
    Ok(VerifiedToken {
        pool,
        key_id: key.kid().into(),
        key: key.print(),
        issuer: issuer.into(),
        subject: text("sub"),
        client: text(if is_id_token { "aud" } else { "client_id" }),
        username: text(if is_id_token { "cognito:username" } else { "username" }),
        token_use,
        audience: text("aud"),
        id: text("jti"),
        session: text("origin_jti"),
        scope: text("scope").unwrap_or_default(),
        issued_at: claims.get("iat").and_then(Value::as_i64),
        not_before: claims.get("nbf").and_then(Value::as_i64),
        expires_at,
        payload: token.into_payload().into(),
    })
}

impl VerifiedToken {
    /// The pool that issued it.
    pub fn pool(&self) -> &UserPoolId {
        &self.pool
    }

    /// The payload's JSON text.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The issuer as it is named (`iss`).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom it is about (`sub`).
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Which kind of token it is (`token_use`).
    pub fn token_use(&self) -> Option<&str> {
        self.token_use.as_deref()
    }

    /// The app client it was issued to.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// The user's name; a machine's token has none.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Its own id (`jti`).
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The session it belongs to (`origin_jti`); none where a client's tokens cannot be revoked, nor in a machine's.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Its scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// When it was issued, in seconds since the epoch.
    pub fn issued_at(&self) -> Option<i64> {
        self.issued_at
    }

    /// When it expires, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// Whether it is valid at a time, in seconds since the epoch.
    pub fn is_valid_at(&self, now_seconds: i64) -> bool {
        self.expires_at > now_seconds && self.not_before.is_none_or(|not_before| not_before <= now_seconds)
    }

    /// Whether the key that verified it is among these still.
    pub fn is_signed_by(&self, keys: &KeySet) -> bool {
        keys.has(&self.key_id, self.key)
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        let texts =
            [&self.subject, &self.token_use, &self.client, &self.audience, &self.username, &self.id, &self.session];
        let optional: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let fixed = [self.pool.as_str(), &self.key_id, &self.issuer, &self.scope];
        size_of::<Self>() + self.payload.len() + optional + fixed.into_iter().map(str::len).sum::<usize>()
    }

    /// Whether it is what is demanded; a refusal says what is not.
    pub fn admit(&self, demand: Demand<'_>) -> Result<(), Refusal> {
        if !demand.pools.contains(&self.pool) {
            return Err(Refusal::WrongIssuer(excerpt(&self.issuer)));
        }
        let expected = demand.token_use.as_str();
        if self.token_use() != Some(expected) {
            return Err(Refusal::WrongTokenUse { expected });
        }
        if let Some(accepts) = demand.audience
            && !self.audience.as_deref().is_some_and(accepts)
        {
            return Err(Refusal::Audience);
        }
        let any = || self.scope.split(' ').any(|scope| demand.scopes.iter().any(|wanted| **wanted == *scope));
        if demand.scopes.is_empty() || any() { Ok(()) } else { Err(Refusal::MissingScope(excerpt(&self.scope))) }
    }
}

/// The claims of a token, believed or not.
pub(crate) fn claims<'t>(token: &'t Token<'_>) -> Result<UniqueMembers<'t>, Refusal> {
    serde_json::from_slice(token.payload()).map_err(|_| Refusal::Malformed("its payload is not a JSON object"))
}

/// The last second of the year 9999. A time beyond it is a mistake, and has no calendar form to show to a backend.
const TIME_MAX: i64 = 253_402_300_799;

/// When a token expires that is valid now. There is no tolerance for `exp` and `nbf`: an issuer that wants one sets
/// them so. A time of issue in the future is no reason to refuse, though (RFC 7519, section 4.1.6, bounds nothing by it): the
/// clock of the node that issued the token may be ahead of this one's.
pub(crate) fn valid_until(claims: &UniqueMembers<'_>, now: i64) -> Result<i64, Refusal> {
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
