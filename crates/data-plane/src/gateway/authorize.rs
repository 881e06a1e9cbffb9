//! Permits: the proof that a request was let through. An integration takes one by value, so a way past the authorizer does
//! not compile.

use claviger_gateway::compile::{Authorization, UserPools};
use claviger_gateway::refusal::Refusal;
use claviger_oauth::authorize::{AcceptedToken, Demand, authorize};
use claviger_oauth::refusal::Refusal as TokenRefusal;
use claviger_resources::Timestamp;
use claviger_runtime::snapshot::Snapshot;
use http::HeaderMap;

use super::denied::Denied;

/// A request that was let through; only [`Permit::decide`] makes one.
pub(crate) struct Permit(());

impl Permit {
    /// Lets a request through, with the token that it needed for that, or says why not.
    pub(super) fn decide(
        snapshot: &Snapshot,
        authorization: &Authorization,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(Self, Option<AcceptedToken>), Denied> {
        match authorization {
            Authorization::Open => Ok((Self(()), None)),
            Authorization::UserPools(pools) => {
                let token = bearer(snapshot, pools, headers, now);
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
    pools: &UserPools,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<AcceptedToken, TokenRefusal> {
    let authorizer = &pools.authorizer;
    let value = headers.get(&authorizer.header).ok_or(TokenRefusal::Missing)?;
    let value = value.to_str().map_err(|_| TokenRefusal::Malformed("it is not text"))?;
    let audience = authorizer.identity_validation.as_ref().map(|pattern| |text: &str| pattern.matches(text));
    let demand = Demand {
        pools: &authorizer.pools,
        scopes: &pools.scopes,
        audience: audience.as_ref().map(|accepts| accepts as &dyn Fn(&str) -> bool),
    };
    authorize(value, demand, |pool| snapshot.keys(pool), now.seconds())
}
