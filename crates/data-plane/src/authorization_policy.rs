//! What proxies ask before they let a request through to a service of their own: Envoy's `ext_authz`, nginx's
//! `auth_request`, the `forward_auth` of Traefik and Caddy, and whoever else asks with a request and goes by its status.
//!
//! The answer is 200 with the identity in headers, 401 or 403 (RFC 6750, section 3), and nothing else: nginx takes every
//! other status for an error. The policy is what the address says. Its bearer's own path, query and headers are judged
//! where the policy says that they are, and never choose it; the body is not read.

mod identity;

use std::sync::Arc;

use claviger_gateway::authorization_policy::{CompiledPolicy, NotTold};
use claviger_gateway::roles::{CalledPath, Held, NotAllowed};
use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_oauth::verified_token::{Demand, TokenUse, VerifiedToken};
use claviger_resources::Timestamp;
use claviger_resources::authorization_policy::PolicyTokenUse;
use claviger_runtime::refusals::{Refused, Surface};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::body::{self, Body};
use crate::{DataPlane, ids, token_facts};

/// Why a request is not let through.
enum Refusal {
    /// No policy has the name.
    NoPolicy,
    /// The token is missing or not what the policy asks for.
    Token(TokenRefusal),
    /// The proxy does not say what it asks for.
    NotTold(NotTold),
    /// The token's roles do not allow the call.
    NotAllowed(NotAllowed),
}

impl DataPlane {
    /// Answers a proxy that asks about a policy; `path` is what follows the policy's name.
    pub fn authorize(&self, policy: &str, path: &str, parts: &Parts) -> Response<Body> {
        let snapshot = self.current.load_full();
        let now = self.clock.now();
        let Some(policy) = snapshot.policy(policy) else {
            return refuse(&Refusal::NoPolicy, None, policy, &parts.headers, now);
        };
        let token = bearer(&parts.headers).and_then(|text| {
            let token = self.tokens.verify(&snapshot, text, |pool| policy.pools.contains(pool), now.seconds())?;
            token.admit(demand(policy))?;
            Ok(token)
        });
        let outcome = token.map_err(Refusal::Token).and_then(|token| {
            let held = judge(policy, &token, parts, path)?;
            Ok(grant(&token, held.as_ref()))
        });
        outcome.unwrap_or_else(|refusal| refuse(&refusal, Some(policy), policy.name.as_str(), &parts.headers, now))
    }
}

/// The bearer token of a request (RFC 6750, section 2.1). Of two headers, which one the service reads is not known here.
fn bearer(headers: &HeaderMap) -> Result<&str, TokenRefusal> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let value = values.next().ok_or(TokenRefusal::Missing)?;
    if values.next().is_some() {
        return Err(TokenRefusal::Malformed("there is more than one Authorization header"));
    }
    let value = value.to_str().map_err(|_| TokenRefusal::Malformed("it is not text"))?;
    let token = strip_bearer(value);
    if token.is_empty() || token.len() == value.len() { Err(TokenRefusal::Missing) } else { Ok(token) }
}

fn demand(policy: &CompiledPolicy) -> Demand<'_> {
    let token_use = match policy.token_use {
        PolicyTokenUse::Access => TokenUse::Access,
        PolicyTokenUse::Id => TokenUse::Id,
    };
    Demand { pools: &policy.pools, token_use, scopes: &policy.scopes, audience: None }
}

/// The roles that the token holds, when the policy has roles and they allow the call.
fn judge<'p>(
    policy: &'p CompiledPolicy,
    token: &VerifiedToken,
    parts: &Parts,
    path: &str,
) -> Result<Option<Held<'p>>, Refusal> {
    let Some(roles) = &policy.roles else { return Ok(None) };
    let request = policy.proxied(&parts.method, path, &parts.headers).map_err(Refusal::NotTold)?;
    let held = roles.held(token.scope());
    held.judge(request.method, &CalledPath::parse(request.path), token.scope()).map_err(Refusal::NotAllowed)?;
    Ok(Some(held))
}

fn grant(token: &Arc<VerifiedToken>, held: Option<&Held<'_>>) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    identity::put(response.headers_mut(), token, held);
    response
}

/// An answer is about one request of one moment, and nobody between may give it again.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn refuse(
    refusal: &Refusal,
    policy: Option<&Arc<CompiledPolicy>>,
    name: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Response<Body> {
    let (status, text) = match refusal {
        Refusal::Token(TokenRefusal::MissingScope(_))
        | Refusal::NoPolicy
        | Refusal::NotTold(_)
        | Refusal::NotAllowed(_) => (StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#),
        Refusal::Token(_) => (StatusCode::UNAUTHORIZED, r#"{"message":"Unauthorized"}"#),
    };
    let mut response = body::answer(status, "application/json", text);
    let answered = response.headers_mut();
    answered.insert(CACHE_CONTROL, NO_STORE);
    if let Ok(id) = HeaderValue::try_from(ids::uuid()) {
        answered.insert("x-amzn-requestid", id);
    }
    let challenge = policy.and_then(|policy| HeaderValue::try_from(challenge(refusal, policy)?).ok());
    if let Some(challenge) = challenge {
        answered.insert(WWW_AUTHENTICATE, challenge);
    }
    explain(refusal, policy.map(AsRef::as_ref), name, headers, now).attach(&mut response);
    response
}

/// The challenge of a refusal (RFC 6750, section 3); none where no other token would help. Nothing of the request is in it.
fn challenge(refusal: &Refusal, policy: &CompiledPolicy) -> Option<String> {
    let realm = format!("Bearer realm=\"{}\"", policy.name);
    let (error, description) = match refusal {
        Refusal::NoPolicy | Refusal::NotTold(_) => return None,
        // Section 3.1: without a token there is no error code.
        Refusal::Token(TokenRefusal::Missing) => return Some(realm),
        Refusal::Token(TokenRefusal::Expired) => ("invalid_token", "The token has expired"),
        Refusal::Token(TokenRefusal::MissingScope(_)) => ("insufficient_scope", "The token has none of the scopes"),
        Refusal::Token(_) => ("invalid_token", "The token is not accepted"),
        Refusal::NotAllowed(_) => ("insufficient_scope", "The token's scopes do not allow this request"),
    };
    let scopes =
        if policy.scopes.is_empty() { String::new() } else { format!(", scope=\"{}\"", policy.scopes.join(" ")) };
    let scopes = if error == "insufficient_scope" { scopes } else { String::new() };
    Some(format!("{realm}, error=\"{error}\", error_description=\"{description}\"{scopes}"))
}

/// What operators may ask about a refusal.
fn explain(
    refusal: &Refusal,
    policy: Option<&CompiledPolicy>,
    name: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Refused {
    let identity = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (reason, code, setting) = match refusal {
        Refusal::NoPolicy => {
            let reason = format!("no authorization policy has the name {name:?}");
            (reason, None, Some("the address that the proxy asks: /_claviger/authorize/{policy}".to_owned()))
        }
        Refusal::Token(refusal) => {
            let code = match refusal {
                TokenRefusal::Missing => None,
                TokenRefusal::MissingScope(_) => Some("insufficient_scope"),
                _ => Some("invalid_token"),
            };
            (refusal.to_string(), code, policy.and_then(|policy| token_setting(refusal, policy, identity, now)))
        }
        Refusal::NotTold(not_told) => {
            (not_told.to_string(), None, Some(format!("RequestSource and RoleMapping of the policy {name}")))
        }
        Refusal::NotAllowed(not_allowed) => {
            (not_allowed.reason.clone(), Some("insufficient_scope"), Some(not_allowed.setting.clone()))
        }
    };
    let refused = Refused::new(Surface::AuthorizationPolicy, reason).with_setting(setting).about("policy", Some(name));
    let refused = match code {
        Some(code) => refused.with_code(code),
        None => refused,
    };
    token_facts::about(refused, identity)
}

/// What of the policy decided that a token is not accepted.
fn token_setting(refusal: &TokenRefusal, policy: &CompiledPolicy, header: &str, now: Timestamp) -> Option<String> {
    let named = || format!("the policy {}", policy.name);
    let pools = || policy.pools.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(match refusal {
        TokenRefusal::Missing => format!("{} asks for Authorization: Bearer, and a token after it", named()),
        TokenRefusal::WrongIssuer(_) | TokenRefusal::NoPool | TokenRefusal::NoKeys => {
            format!("{} accepts tokens of the user pools [{}]", named(), pools())
        }
        TokenRefusal::UnknownKey(_) | TokenRefusal::AlgorithmNotAllowed(_) | TokenRefusal::BadSignature => {
            format!("{} verifies tokens with the keys of the user pools [{}]", named(), pools())
        }
        TokenRefusal::Expired | TokenRefusal::NotYetValid => return token_facts::times(refusal, header, now),
        TokenRefusal::Revoked(_) => token_facts::REVOKED.to_owned(),
        TokenRefusal::WrongTokenUse { .. } => format!("TokenUse of {}", named()),
        TokenRefusal::MissingScope(_) => {
            format!("{} requires one of the scopes [{}]", named(), policy.scopes.join(", "))
        }
        TokenRefusal::Malformed(_) | TokenRefusal::Claim(_) | TokenRefusal::Audience => return None,
    })
}
