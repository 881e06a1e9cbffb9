//! Values that stacks hand to each other by name.

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant};

/// A value that a stack exports, under a name that nobody else in the account and region exports.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackExport {
    /// The account and region.
    pub tenant: Tenant,
    /// The name.
    pub name: String,
    /// The value.
    pub value: Sealed,
    /// The id of the stack that exports it.
    pub stack: String,
    /// The stack's ARN.
    pub stack_arn: String,
}

/// That a stack imports a value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackImport {
    /// The account and region.
    pub tenant: Tenant,
    /// The name of the export.
    pub export: String,
    /// The name of the stack that imports it.
    pub stack_name: String,
}
