//! Sessions: what a user's sign-in leaves behind while its tokens may be renewed.

use serde::{Deserialize, Serialize};

use crate::{ClientId, Tenant, Timestamp, UserPoolId};

/// A session, as it is stored. Its refresh token is not kept: the token is sealed, and names the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The pool.
    pub pool: UserPoolId,
    /// Whose it is (see [`Session::owner`]).
    pub owner: String,
    /// The subject of the user.
    pub sub: String,
    /// The key of the user.
    pub user: String,
    /// Its id: the `origin_jti` of all its tokens.
    pub id: String,
    /// The `event_id` of all its tokens.
    pub event: String,
    /// The app client through which the user signed in.
    pub client: ClientId,
    /// When the user signed in: the `auth_time` of all its tokens.
    pub began: Timestamp,
    /// When its refresh token expires.
    pub expires: Timestamp,
    /// How often its refresh token was exchanged for a new one; older ones are void.
    #[serde(default)]
    pub rotation: u32,
    /// When that last happened: the one before is good for the client's grace period.
    #[serde(default)]
    pub rotated: Option<Timestamp>,
}

impl Session {
    /// What a user's sessions are filed under.
    pub fn owner(pool: &UserPoolId, sub: &str) -> String {
        format!("{pool}/{sub}")
    }
}
