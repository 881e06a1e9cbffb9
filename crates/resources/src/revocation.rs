//! Revocations: tokens that are refused before their time is over (RFC 7009).

use serde::{Deserialize, Serialize};

use crate::signing_key::LAST_TOKEN_SECONDS;
use crate::{ClientId, Tenant, Timestamp, UserPoolId};

/// The most revocations of a pool that are remembered at a time.
pub const REVOCATIONS_PER_USER_POOL: u64 = 100_000;

/// Tokens of a pool that are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The pool that issued them.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// Its id within the pool: what was revoked.
    pub id: String,
    /// Which tokens.
    pub what: Revoked,
    /// When it can be forgotten: all of them have expired by then.
    pub expires: Timestamp,
}

/// Which tokens are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// All of the pool that were issued in this second or before.
    Pool {
        /// Seconds since 1970.
        until: i64,
    },
    /// All of an app client that were issued in this second or before.
    Client {
        /// The app client.
        client: ClientId,
        /// Seconds since 1970.
        until: i64,
    },
    /// The one with this id.
    Token {
        /// The token's id (`jti`).
        id: String,
    },
}

impl Revocation {
    /// Everything that the pool has issued so far.
    pub fn of_pool(pool: UserPoolId, tenant: Tenant, now: Timestamp) -> Self {
        Self::new(pool, tenant, Revoked::Pool { until: now.seconds() }, now.seconds())
    }

    /// Everything that was issued to an app client so far.
    pub fn of_client(pool: UserPoolId, tenant: Tenant, client: ClientId, now: Timestamp) -> Self {
        Self::new(pool, tenant, Revoked::Client { client, until: now.seconds() }, now.seconds())
    }

    /// One token; where it is not known when it expires, the longest that tokens live is assumed.
    pub fn of_token(pool: UserPoolId, tenant: Tenant, id: String, now: Timestamp) -> Self {
        Self::new(pool, tenant, Revoked::Token { id }, now.seconds())
    }

    fn new(pool: UserPoolId, tenant: Tenant, what: Revoked, now_seconds: i64) -> Self {
        let id = match &what {
            Revoked::Pool { .. } => "pool".to_owned(),
            Revoked::Client { client, .. } => format!("client/{client}"),
            Revoked::Token { id } => format!("token/{id}"),
        };
        let expires = Timestamp::from_seconds(now_seconds.saturating_add(LAST_TOKEN_SECONDS));
        Self { pool, tenant, id, what, expires }
    }
}
