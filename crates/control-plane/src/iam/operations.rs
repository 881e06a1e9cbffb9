//! Every operation of IAM that is served.

use super::managed_policy::{CreatePolicy, DeletePolicy, GetPolicy, GetPolicyVersion, ListPolicies};
use super::role::{CreateRole, DeleteRole, GetRole, ListRoles, UpdateAssumeRolePolicy, UpdateRole};
use super::role_attachment::{AttachRolePolicy, DetachRolePolicy, ListAttachedRolePolicies};
use super::role_policy::{DeleteRolePolicy, GetRolePolicy, ListRolePolicies, PutRolePolicy};
use super::role_tags::{ListRoleTags, TagRole, UntagRole};
use super::user::GetUser;
use crate::operation::{Row, row};

/// The rows.
pub static OPERATIONS: &[Row] = &[
    row::<CreateRole>(),
    row::<GetRole>(),
    row::<ListRoles>(),
    row::<UpdateRole>(),
    row::<UpdateAssumeRolePolicy>(),
    row::<DeleteRole>(),
    row::<PutRolePolicy>(),
    row::<GetRolePolicy>(),
    row::<ListRolePolicies>(),
    row::<DeleteRolePolicy>(),
    row::<AttachRolePolicy>(),
    row::<DetachRolePolicy>(),
    row::<ListAttachedRolePolicies>(),
    row::<TagRole>(),
    row::<UntagRole>(),
    row::<ListRoleTags>(),
    row::<CreatePolicy>(),
    row::<GetPolicy>(),
    row::<GetPolicyVersion>(),
    row::<ListPolicies>(),
    row::<DeletePolicy>(),
    row::<GetUser>(),
];
