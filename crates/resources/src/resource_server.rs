//! Resource servers: an API that a pool's tokens are for, and the scopes it defines.

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp, UserPoolId};

/// A resource server of a user pool, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// The pool it belongs to.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// Its identifier, often a URL; unique within the pool.
    pub identifier: String,
    /// Its display name.
    pub name: String,
    /// The scopes it defines, in the order given.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created: Timestamp,
}

/// One custom scope of a resource server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The part after the identifier and a slash.
    pub name: String,
    /// What it allows, in words.
    pub description: String,
}

impl ResourceServer {
    /// The full names of its scopes, `{identifier}/{name}`: what clients ask for and tokens carry.
    pub fn scope_names(&self) -> impl Iterator<Item = String> + '_ {
        self.scopes.iter().map(|scope| format!("{}/{}", self.identifier, scope.name))
    }
}
