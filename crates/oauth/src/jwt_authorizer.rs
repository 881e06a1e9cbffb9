//! Judging a token at an API's gate: the rules of a `JWT` authorizer (API Gateway, "Control access to HTTP APIs with JWT
//! authorizers in API Gateway", "Control access to REST APIs using JWT authorizers").
//!
//! Reading a token and judging it are two steps, because the keys of an issuer may have to be fetched between them.

use std::sync::Arc;

use claviger_resources::rest_api::JwtAdditionalClaim;
use serde_json::Value;

use crate::authorize::strip_bearer;
use crate::issuer;
use crate::jose::{Token, UniqueMembers};
use crate::refusal::{Refusal, excerpt};
use crate::verified_token::VerifiedToken;

/// What an authorizer, and a route or method, demand of a token.
#[derive(Clone, Copy, Debug)]
pub struct JwtDemand<'a> {
    /// How it may be signed.
    pub algorithms: Algorithms<'a>,
    /// The audiences of which the token must have one.
    pub audiences: &'a [Box<str>],
    /// The scopes of which the token must carry one, if there are any.
    pub scopes: &'a [Box<str>],
    /// What else it must carry.
    pub claims: &'a [JwtAdditionalClaim],
}

/// The algorithms a token may be signed with.
#[derive(Clone, Copy, Debug)]
pub enum Algorithms<'a> {
    /// Those of RSA, as HTTP APIs have it.
    Rsa,
    /// These, as REST APIs have it.
    Named(&'a [Box<str>]),
}

impl Algorithms<'_> {
    fn check(self, algorithm: &str) -> Result<(), Refusal> {
        let allowed = match self {
            Self::Rsa => ["RS256", "RS384", "RS512"].contains(&algorithm),
            Self::Named(names) => names.iter().any(|name| **name == *algorithm),
        };
        if allowed { Ok(()) } else { Err(Refusal::AlgorithmNotAllowed(excerpt(algorithm))) }
    }
}

/// Why a token is not accepted: the exact reason, for operators. Clients hear [`JwtRefusal::description`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtRefusal {
    /// There is none.
    #[error("no token was presented")]
    Missing,
    /// It cannot be read, or its signature is not its issuer's.
    #[error(transparent)]
    Token(#[from] Refusal),
    /// It was issued by someone else.
    #[error("the token's issuer {0:?} is not the authorizer's")]
    Issuer(Box<str>),
    /// The issuer's discovery document cannot be had.
    #[error("the issuer's discovery document cannot be had: {0}")]
    Discovery(String),
    /// The issuer's keys cannot be had.
    #[error("the issuer's keys cannot be had: {0}")]
    Keys(String),
    /// It is for someone else.
    #[error("the token's {claim} {carried:?} is none of the authorizer's audiences")]
    Audience {
        /// The claim that was looked at.
        claim: &'static str,
        /// What it says.
        carried: Box<str>,
    },
    /// It does not carry what else the authorizer demands.
    #[error("the token's {name} is {carried}, which the authorizer does not accept")]
    Claim {
        /// The claim.
        name: Box<str>,
        /// What it says.
        carried: Box<str>,
    },
    /// It was issued in the future.
    #[error("the token is from the future: its iat is later than now")]
    FromTheFuture,
    /// It carries none of the scopes that are required.
    #[error("the token carries none of the required scopes, but {0:?}")]
    MissingScope(Box<str>),
}

impl JwtRefusal {
    /// What clients hear of it in `www-authenticate`, where they hear anything but that a token or a scope is missing.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Missing => "token not provided",
            Self::Token(refusal) => describe(refusal),
            Self::Issuer(_) => "issuer does not match",
            Self::Discovery(_) => "OIDC discovery endpoint communication error",
            Self::Keys(_) => "JWKS communication error",
            Self::Audience { .. } => "the token does not have a valid audience",
            Self::Claim { .. } => "the token does not carry a required claim",
            Self::FromTheFuture => "the token was issued in the future",
            Self::MissingScope(_) => "the token does not have any of the required scopes",
        }
    }
}

fn describe(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Missing => "token not provided",
        Refusal::Malformed("it does not have three segments") => "token contains an invalid number of segments",
        Refusal::Malformed(_) | Refusal::Claim(_) => "the token is malformed",
        Refusal::UnknownKey(_) => "unable to find a signing key that matches the key id of the token",
        Refusal::AlgorithmNotAllowed(_) => "signing method is invalid",
        Refusal::BadSignature => "signature is invalid",
        Refusal::Expired => "the token has expired",
        Refusal::NotYetValid => "the token is not valid yet",
        Refusal::Revoked(_) => "the token was revoked",
        Refusal::NoPool | Refusal::NoKeys => "JWKS communication error",
        Refusal::WrongIssuer(_) => "issuer does not match",
        Refusal::WrongTokenUse { .. } | Refusal::MissingScope(_) | Refusal::Audience => "the token is not accepted",
    }
}

/// A token that names the right issuer; nothing else of it has been believed.
#[derive(Debug)]
pub struct PresentedToken<'a> {
    token: Token<'a>,
    text: &'a str,
}

/// Whether a token's issuer is the one that an authorizer names. Two names of one pool are the same where `is_local` says that
/// the pool is ours.
pub fn is_issuer(named: &str, configured: &str, is_local: bool) -> bool {
    let same_pool = || issuer::pool(named).is_some_and(|pool| issuer::pool(configured) == Some(pool));
    named == configured || (is_local && same_pool())
}

/// A token that a JWT authorizer accepted. Only [`PresentedToken`] makes one.
#[derive(Clone, Debug)]
pub struct AcceptedJwt {
    payload: Payload,
    scope: String,
    expires_at: i64,
}

#[derive(Clone, Debug)]
enum Payload {
    Own(Vec<u8>),
    Verified(Arc<VerifiedToken>),
}

impl AcceptedJwt {
    /// The payload's JSON text.
    pub fn payload(&self) -> &[u8] {
        match &self.payload {
            Payload::Own(payload) => payload,
            Payload::Verified(token) => token.payload(),
        }
    }

    /// Its scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// When it expires, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

impl<'a> PresentedToken<'a> {
    /// Reads a token, with or without `Bearer` before it, and finds its issuer among those that are trusted. The issuer is
    /// looked at first: a token of another's is never a reason to ask for keys.
    pub fn read<I>(presented: &'a str, trusted: impl FnOnce(&str) -> Option<I>) -> Result<(Self, I), JwtRefusal> {
        let text = strip_bearer(presented);
        if text.is_empty() {
            return Err(JwtRefusal::Missing);
        }
        let token = Token::parse(text)?;
        let issuer = {
            let claims = claims(&token)?;
            let named = claims.get("iss").and_then(Value::as_str).ok_or(Refusal::Claim("iss"))?;
            trusted(named).ok_or_else(|| JwtRefusal::Issuer(excerpt(named)))?
        };
        Ok((Self { token, text }, issuer))
    }

    /// The token's text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The id of the key that it names.
    pub fn key_id(&self) -> &str {
        &self.token.header().kid
    }

    /// Judges the token: its signature with the issuer's keys, its audience, its times, its scopes.
    pub fn accept(
        self,
        verify: impl FnOnce(&Token<'_>) -> Result<(), Refusal>,
        demand: JwtDemand<'_>,
        now_seconds: i64,
    ) -> Result<AcceptedJwt, JwtRefusal> {
        verify(&self.token)?;
        demand.algorithms.check(&self.token.header().alg)?;
        let (expires_at, scope) = judge(&claims(&self.token)?, demand, now_seconds)?;
        Ok(AcceptedJwt { payload: Payload::Own(self.token.into_payload()), scope, expires_at })
    }

    /// Judges the token of a pool of ours, which was verified: the rest of what is demanded.
    pub fn admit(
        self,
        verified: Arc<VerifiedToken>,
        demand: JwtDemand<'_>,
        now_seconds: i64,
    ) -> Result<AcceptedJwt, JwtRefusal> {
        demand.algorithms.check(&self.token.header().alg)?;
        let (expires_at, scope) = judge(&claims(&self.token)?, demand, now_seconds)?;
        Ok(AcceptedJwt { payload: Payload::Verified(verified), scope, expires_at })
    }
}

fn claims<'t>(token: &'t Token<'_>) -> Result<UniqueMembers<'t>, Refusal> {
    serde_json::from_slice(token.payload()).map_err(|_| Refusal::Malformed("its payload is not a JSON object"))
}

/// When the token expires, and its scopes.
fn judge(claims: &UniqueMembers<'_>, demand: JwtDemand<'_>, now: i64) -> Result<(i64, String), JwtRefusal> {
    // `client_id` stands in only for an `aud` that is not there.
    let (claim, audiences) = match claims.get("aud") {
        Some(audience) => ("aud", texts(audience)),
        None => ("client_id", claims.get("client_id").map(texts).unwrap_or_default()),
    };
    if !audiences.iter().any(|audience| demand.audiences.iter().any(|wanted| **wanted == **audience)) {
        return Err(JwtRefusal::Audience { claim, carried: excerpt(&audiences.join(" ")) });
    }
    let expires_at = seconds(claims, "exp")?.ok_or(Refusal::Claim("exp"))?;
    if expires_at <= now {
        return Err(Refusal::Expired.into());
    }
    if seconds(claims, "nbf")?.is_some_and(|not_before| not_before > now) {
        return Err(Refusal::NotYetValid.into());
    }
    if seconds(claims, "iat")?.is_some_and(|issued_at| issued_at > now) {
        return Err(JwtRefusal::FromTheFuture);
    }
    for claim in demand.claims {
        let carried = claims.get(&claim.claim_name);
        if !claim.admits(carried) {
            let carried = carried.map_or_else(|| "missing".to_owned(), Value::to_string);
            return Err(JwtRefusal::Claim { name: excerpt(&claim.claim_name), carried: excerpt(&carried) });
        }
    }
    let carried: Vec<&str> = ["scope", "scp"].into_iter().filter_map(|name| claims.get(name)).flat_map(texts).collect();
    let carried = carried.join(" ");
    let has_one = || carried.split(' ').any(|scope| demand.scopes.iter().any(|wanted| **wanted == *scope));
    if demand.scopes.is_empty() || has_one() {
        Ok((expires_at, carried))
    } else {
        Err(JwtRefusal::MissingScope(excerpt(&carried)))
    }
}

/// A claim that is one text or a list of them.
fn texts(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(text) => vec![text],
        Value::Array(elements) => elements.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A time, which other issuers may write with a fraction; `None` when it is not there.
fn seconds(claims: &UniqueMembers<'_>, name: &'static str) -> Result<Option<i64>, Refusal> {
    /// The last second of the year 9999.
    const MAX: i64 = 253_402_300_799;
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "what is too large fails the check that follows")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    seconds.filter(|seconds| (0..=MAX).contains(seconds)).map(Some).ok_or(Refusal::Claim(name))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://issuer.example/tenant";
    const NOW: i64 = 1_782_992_567;

    fn token(claims: &Value) -> String {
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", encode(json!({"alg": "RS256", "kid": "a"}).to_string()), encode(claims.to_string()))
    }

    fn with(members: &Value) -> Value {
        let mut claims =
            json!({"iss": ISSUER, "aud": "api", "exp": NOW + 1, "iat": NOW, "scope": "a b", "tier": "gold"});
        for (name, value) in members.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    /// A tier that must be gold, and a plan that may be missing but not be other than basic.
    fn demanded_claims() -> [JwtAdditionalClaim; 2] {
        [
            json!({"claimName": "tier", "format": "SINGLE_STRING", "required": true, "expectedValues": ["gold"]}),
            json!({"claimName": "plan", "format": "SINGLE_STRING", "expectedValues": ["basic"]}),
        ]
        .map(|claim| serde_json::from_value(claim).unwrap())
    }

    fn judged(claims: &Value, scopes: &[&str]) -> Result<i64, String> {
        let scopes: Vec<Box<str>> = scopes.iter().map(|scope| (*scope).into()).collect();
        let audiences = ["api".into(), "client".into()];
        let claims_demanded = demanded_claims();
        let demand =
            JwtDemand { algorithms: Algorithms::Rsa, audiences: &audiences, scopes: &scopes, claims: &claims_demanded };
        let token = token(claims);
        let accepted = PresentedToken::read(&token, |named| (named == ISSUER).then_some(()))
            .and_then(|(presented, ())| presented.accept(|_| Ok(()), demand, NOW));
        accepted.map(|token| token.expires_at()).map_err(|refusal| refusal.description().to_owned())
    }

    #[test]
    fn claims_are_judged_as_documented() {
        let check = |members: Value, scopes: &[&str], expected: Result<(), &str>| {
            let claims = with(&members);
            assert_eq!(judged(&claims, scopes).map(drop), expected.map_err(str::to_owned), "{claims} {scopes:?}");
        };
        check(json!({}), &[], Ok(()));
        let issuer = Err("issuer does not match");
        check(json!({"iss": "https://issuer.example/tenant/"}), &[], issuer);
        check(json!({"iss": "https://other.example"}), &[], issuer);
        check(json!({"iss": null}), &[], Err("the token is malformed"));
        let audience = Err("the token does not have a valid audience");
        check(json!({"aud": "other"}), &[], audience);
        check(json!({"aud": ["other", "client"]}), &[], Ok(()));
        check(json!({"aud": []}), &[], audience);
        check(json!({"aud": "other", "client_id": "client"}), &[], audience);
        check(json!({"aud": null, "client_id": "client"}), &[], Ok(()));
        check(json!({"aud": null, "client_id": "other"}), &[], audience);
        check(json!({"aud": null}), &[], audience);
        check(json!({"exp": NOW}), &[], Err("the token has expired"));
        check(json!({"exp": null}), &[], Err("the token is malformed"));
        check(json!({"exp": "tomorrow"}), &[], Err("the token is malformed"));
        check(json!({"exp": 1_782_992_568.5}), &[], Ok(()));
        check(json!({"nbf": NOW}), &[], Ok(()));
        check(json!({"nbf": NOW + 1}), &[], Err("the token is not valid yet"));
        check(json!({"iat": NOW + 1}), &[], Err("the token was issued in the future"));
        check(json!({"iat": null}), &[], Ok(()));
        let claim = Err("the token does not carry a required claim");
        check(json!({"tier": null}), &[], claim);
        check(json!({"tier": "Gold"}), &[], claim);
        check(json!({"tier": ["gold"]}), &[], claim);
        check(json!({"plan": "basic"}), &[], Ok(()));
        check(json!({"plan": "other"}), &[], claim);
        let scope = Err("the token does not have any of the required scopes");
        check(json!({}), &["b", "c"], Ok(()));
        check(json!({}), &["c"], scope);
        check(json!({"scope": null}), &["a"], scope);
        check(json!({"scope": null, "scp": "x a"}), &["a"], Ok(()));
        check(json!({"scope": null, "scp": ["x", "a"]}), &["a"], Ok(()));
        check(json!({"scope": "x", "scp": "a"}), &["a"], Ok(()));
        check(json!({"scope": "aa"}), &["a"], scope);
    }

    #[test]
    fn every_name_of_a_pool_of_ours_is_the_same_issuer() {
        let aws = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
        let check = |named: &str, configured: &str, is_local: bool, expected: bool| {
            assert_eq!(is_issuer(named, configured, is_local), expected, "{named} {configured}");
        };
        check(aws, aws, false, true);
        check("http://localhost:4566/us-east-1_abc", aws, true, true);
        check(aws, "http://localhost:4566/us-east-1_abc", true, true);
        check("http://localhost:4566/us-east-1_abc", aws, false, false);
        check("http://localhost:4566/us-east-1_abd", aws, true, false);
    }

    #[test]
    fn what_is_no_token_is_told_so() {
        let check = |presented: &str, expected: &str| {
            let refusal = PresentedToken::read(presented, |_| Some(())).unwrap_err();
            assert_eq!(refusal.description(), expected, "{presented}");
        };
        check("", "token not provided");
        check("Bearer ", "token not provided");
        check("nonsense", "token contains an invalid number of segments");
        check("a.b", "token contains an invalid number of segments");
        check("a.b.c.d", "token contains an invalid number of segments");
        check("a.b.c", "the token is malformed");
    }
}
