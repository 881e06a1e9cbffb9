//! Authorization policies: what proxies in front of services that are not behind the gate ask about
//! (`/_claviger/authorize/{policy}`).

use serde::{Deserialize, Serialize};

use crate::role_mapping::RoleTable;
use crate::{PolicyName, Tenant, Timestamp, UserPoolId};

/// An authorization policy, as it is stored. It belongs to whoever runs the server, and so to no account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Where it is filed.
    pub tenant: Tenant,
    /// The pools whose tokens are accepted.
    pub pools: Vec<UserPoolId>,
    /// The scopes of which a token must carry one; with none, every token of the pools is admitted.
    pub scopes: Vec<String>,
    /// The kind of token that is asked for.
    pub token_use: PolicyTokenUse,
    /// Where the method and the path of the request that is judged are read.
    pub request_source: RequestSource,
    /// What the scopes allow, where not everything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_table: Option<RoleTable>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last put.
    pub modified: Timestamp,
}

/// A kind of token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PolicyTokenUse {
    /// Access tokens.
    #[default]
    Access,
    /// ID tokens.
    Id,
}

/// Where a proxy puts the method and the path of the request that it asks about. The policy says so, because a client could
/// send the other two by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequestSource {
    /// The method is that of the request to us, the path what follows the policy's name: Envoy.
    #[default]
    Path,
    /// `X-Forwarded-Method` and `X-Forwarded-Uri`: Traefik, Caddy.
    Forwarded,
    /// `X-Original-Method` and `X-Original-URI`: nginx, `HAProxy`.
    Original,
}
