//! Permits: the proof that a request was let through. An integration takes one by value, so a way past the authorizer does
//! not compile.

use std::sync::Arc;

use claviger_gateway::compile::{Authorization, UserPools};
use claviger_gateway::context::Signer;
use claviger_gateway::refusal::Refusal;
use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_oauth::verified_token::{Demand, TokenUse, VerifiedToken};
use claviger_resources::{Tenant, Timestamp};
use claviger_runtime::snapshot::Snapshot;
use claviger_runtime::token_cache::TokenCache;
use http::HeaderMap;
use http::request::Parts;

use super::aws_iam::Claim;
use super::denied::Denied;

/// A request that was let through; only [`Permit::decide`] makes one.
pub(crate) struct Permit(());

impl Permit {
    /// Lets a request through that somebody of the API's own account signed, body and all, and tells who; or says why not.
    pub(super) fn signed(
        claim: &Claim<'_>,
        owner: &Tenant,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(Self, Signer), Denied> {
        let signer = claim.prove(parts, body, &owner.region, now).map_err(Denied::signature)?;
        if signer.account == owner.account { Ok((Self(()), signer)) } else { Err(Denied::stranger(&signer, owner)) }
    }

    /// Lets a request through, with the token that it needed for that, or says why not.
    pub(super) fn decide(
        snapshot: &Snapshot,
        tokens: &TokenCache,
        authorization: &Authorization,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(Self, Option<Arc<VerifiedToken>>), Denied> {
        match authorization {
            Authorization::Open => Ok((Self(()), None)),
            Authorization::UserPools(pools) => {
                let token = bearer(snapshot, tokens, pools, headers, now);
                token
                    .map(|token| (Self(()), Some(token)))
                    .map_err(|refusal| Denied::token(refusal, pools, headers, now))
            }
            other => {
                let unavailable = other.unavailable();
                Err(Denied::from(unavailable.map_or_else(
                    || Refusal::configuration("the method's authorization is not known"),
                    |unavailable| Refusal::from(&unavailable),
                )))
            }
        }
    }
}

fn bearer(
    snapshot: &Snapshot,
    tokens: &TokenCache,
    pools: &UserPools,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Arc<VerifiedToken>, TokenRefusal> {
    let authorizer = &pools.authorizer;
    let value = headers.get(&authorizer.header).ok_or(TokenRefusal::Missing)?;
    let value = value.to_str().map_err(|_| TokenRefusal::Malformed("it is not text"))?;
    let text = strip_bearer(value);
    if text.is_empty() {
        return Err(TokenRefusal::Missing);
    }
    let audience = authorizer.identity_validation.as_ref().map(|pattern| |text: &str| pattern.matches(text));
    let demand = Demand {
        pools: &authorizer.pools,
        token_use: if pools.scopes.is_empty() { TokenUse::Id } else { TokenUse::Access },
        scopes: &pools.scopes,
        audience: audience.as_ref().map(|accepts| accepts as &dyn Fn(&str) -> bool),
    };
    let token = tokens.verify(snapshot, text, |pool| authorizer.pools.contains(pool), now.seconds())?;
    token.admit(demand)?;
    Ok(token)
}
