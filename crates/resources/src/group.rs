//! Groups of a pool's users.

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp, UserPoolId};

/// A group, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The pool.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// Its name, unique in the pool.
    pub name: String,
    /// Tells it from groups that had the name before: whoever was in those is not in this one.
    pub generation: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The role its users may take.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// Which group's role comes first: the lowest.
    #[serde(default)]
    pub precedence: Option<i64>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// A user's place in a group, seen from the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The group (see [`Group::members`]).
    pub group: String,
    /// The user's key.
    pub user: String,
}

impl Group {
    /// What the group's members are filed under.
    pub fn members(&self) -> String {
        Self::members_of(&self.pool, &self.generation)
    }

    /// What the members of a pool's group of this generation are filed under.
    pub fn members_of(pool: &UserPoolId, generation: &str) -> String {
        format!("{pool}/{generation}")
    }
}
