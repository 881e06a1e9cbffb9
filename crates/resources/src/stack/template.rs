//! The template of a stack or of a change set.

use serde::{Deserialize, Serialize};

use crate::Tenant;

/// A template, kept byte for byte as it came, under its stack's id.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackTemplate {
    /// The id of its stack.
    pub stack: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Its own.
    pub id: String,
    /// Its text.
    pub text: String,
}
