//! Users: the people who share a pool with its machines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp, UserPoolId};

/// A user of a pool, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The pool.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The name the user is found by: the username, in lower case where the pool does not tell cases apart.
    pub key: String,
    /// The username as it was given.
    pub username: String,
    /// The subject of the user's tokens: a UUID, for ever the same.
    pub sub: String,
    /// The other names the user may sign in with, each unique in the pool: `{attribute}/{value}`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The attributes under AWS's names, without `sub`; what is verified is `"true"`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// How far the user has come.
    pub status: UserStatus,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// When the user was created.
    pub created: Timestamp,
    /// When the user was last changed.
    pub modified: Timestamp,
    /// The password; `None` for a user who has none yet.
    #[serde(default)]
    pub password: Option<Password>,
    /// Wrong passwords since the last right one.
    #[serde(default)]
    pub failed_attempts: u32,
    /// Until when no password is looked at, after too many wrong ones.
    #[serde(default)]
    pub locked_until: Option<Timestamp>,
    /// Tokens that were issued before this time are void (`GlobalSignOut`).
    #[serde(default)]
    pub signed_out: Option<Timestamp>,
    /// The groups the user was put in. One whose generation is not the group's is a group that was deleted since.
    #[serde(default)]
    pub groups: Vec<Membership>,
}

/// A user's place in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group's name.
    pub group: String,
    /// The group's generation when the user was put in.
    pub generation: String,
}

/// A password, in the two forms that the two ways of proving it need.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Password {
    /// Argon2id (RFC 9106), as a PHC string: what a password sent in clear is checked against.
    pub hash: String,
    /// The verifier of the Secure Remote Password protocol (RFC 5054), under the store's data key: who had it could try
    /// passwords fast, so it is not kept in clear.
    pub srp: Sealed,
    /// The salt of the verifier, in hexadecimal.
    pub srp_salt: String,
    /// When it was set.
    pub set: Timestamp,
}

/// How far a user has come (`UserStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    /// Signed up, the address not confirmed.
    Unconfirmed,
    /// May sign in.
    Confirmed,
    /// Must ask for a new password.
    ResetRequired,
    /// Was given a temporary password and must choose another.
    ForceChangePassword,
}

impl UserStatus {
    /// AWS's text for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
        }
    }
}
