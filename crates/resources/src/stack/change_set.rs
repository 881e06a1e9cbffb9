//! What a stack could become, to be looked at before it does.

use serde::{Deserialize, Serialize};

use super::{Definition, OnFailure};
use crate::{Sealed, Tenant, Timestamp};

/// A change set, as it is stored: under its stack's id and its own.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSet {
    /// The id of its stack.
    pub stack: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// The last part of its ARN.
    pub id: String,
    /// Its name, which it has to itself within its stack.
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it makes the stack or changes it.
    pub kind: ChangeSetType,
    /// Where it stands.
    pub status: ChangeSetStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Whether it can be carried out.
    pub execution_status: ExecutionStatus,
    /// What the stack would be made from.
    pub definition: Definition,
    /// What would change, as JSON: values may be secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Sealed>,
    /// What happens when carrying it out fails.
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    /// Whether nested stacks get change sets of their own.
    #[serde(default)]
    pub include_nested_stacks: bool,
    /// Whether resources that exist already under the names it gives are taken in.
    #[serde(default)]
    pub import_existing_resources: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// What a change set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeSetType {
    /// The stack is made.
    Create,
    /// The stack is changed.
    Update,
}

/// Where a change set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeSetStatus {
    /// It can be looked at.
    CreateComplete,
    /// There is nothing to change, or something is wrong.
    Failed,
}

/// Whether a change set can be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// It can.
    Available,
    /// It cannot.
    Unavailable,
    /// It is being carried out.
    ExecuteInProgress,
    /// It has been.
    ExecuteComplete,
    /// It has been tried in vain.
    ExecuteFailed,
    /// The stack has changed since.
    Obsolete,
}

impl ChangeSet {
    /// Its Amazon Resource Name, which operations call its id.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:cloudformation:{}:{}:changeSet/{}/{}",
            self.tenant.region, self.tenant.account, self.name, self.id
        )
    }
}
