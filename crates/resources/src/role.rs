//! Roles of IAM, and managed policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp};

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whose it is. Roles are in no region: all are filed under the first.
    pub tenant: Tenant,
    /// What its ARN has before the name: `/`, or `/a/b/`.
    pub path: String,
    /// Its unique id.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Who may assume it, as it came.
    pub trust_policy: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// How long its sessions may last.
    pub session_seconds_max: u32,
    /// The ARN of the policy that bounds it.
    #[serde(default)]
    pub permissions_boundary: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Policies of its own, by name, as they came.
    #[serde(default)]
    pub policies: BTreeMap<String, String>,
    /// The ARNs of managed policies that are attached to it.
    #[serde(default)]
    pub attached: BTreeSet<String>,
}

/// A managed policy of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// Whose it is, filed as roles are.
    pub tenant: Tenant,
    /// What its ARN has before the name.
    pub path: String,
    /// Its unique id.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it allows, as it came.
    pub document: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl Role {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.tenant.account, self.path, self.name)
    }
}

impl ManagedPolicy {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:policy{}{}", self.tenant.account, self.path, self.name)
    }
}
