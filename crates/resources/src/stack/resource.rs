//! A resource of a stack.

use serde::{Deserialize, Serialize};

use super::ResourceStatus;
use crate::{Sealed, Tenant, Timestamp};

/// A resource of a stack, as it is stored: under its stack's id and its own logical id.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackResource {
    /// The id of its stack.
    pub stack: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// What the template calls it.
    pub logical_id: String,
    /// Its type, such as `AWS::Cognito::UserPool`.
    pub resource_type: String,
    /// Where it stands.
    pub status: ResourceStatus,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When that was.
    pub updated: Timestamp,
    /// The id of the operation that last dealt with it.
    pub operation: String,
    /// What stands for it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Physical>,
    /// What stood for it before the operation changed or replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Physical>,
    /// Whether the operation that changed it has been undone here: what stands before is then what has to go.
    #[serde(default)]
    pub undone: bool,
    /// The physical id of the last thing that stood for it, for those who ask after it is gone.
    #[serde(default)]
    pub physical_id: String,
    /// What its template says of it in `Metadata`, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// A thing that stands for a resource.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Physical {
    /// Its id, which `Ref` gives for most types.
    pub id: String,
    /// Its type: a resource may change its type by being replaced.
    pub resource_type: String,
    /// The properties it was made with, and what is known of it: `{"properties": …, "ref": …, "attributes": …}`.
    pub state: Sealed,
    /// The logical ids it was made after, and so must be deleted before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// What the template said should become of it when it is no longer needed.
    #[serde(default)]
    pub deletion_policy: String,
    /// The same for when it is replaced.
    #[serde(default)]
    pub update_replace_policy: String,
}
