//! Role mappings: which scopes give which roles, and what each role may call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Tenant;

/// The role mapping of an API, as it is stored. It is live: no deployment freezes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleMapping {
    /// The API, of whatever kind.
    pub api_id: String,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// The table.
    pub table: RoleTable,
}

/// Two tables: from scopes to roles, and from roles to what they allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleTable {
    /// A scope and the roles that it gives.
    #[serde(default)]
    pub scopes: BTreeMap<String, Vec<String>>,
    /// A role and what it may call, each as a method and a path with the variables of API resources: `GET /storms/{name}`,
    /// `* /files/{proxy+}`.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<String>>,
}
