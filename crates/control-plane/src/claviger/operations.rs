//! The operations of our own service: the whole surface on one screen.

use super::access_key::{CreateAccessKey, ListAccessKeys, RevokeAccessKey, RotateAccessKey};
use super::app_client::{DescribeAppClientExtras, UpdateAppClientExtras};
use super::authorization_policy::{
    DeleteAuthorizationPolicy, DescribeAuthorizationPolicy, ListAuthorizationPolicies, PutAuthorizationPolicy,
};
use super::revocation::RevokeTokens;
use super::role_mapping::{DeleteRoleMapping, DescribeRoleMapping, PutRoleMapping};
use super::signing_keys::{DescribeSigningKeys, RetireSigningKey, RotateSigningKeys, UpdateSigningKeyPolicy};
use super::token_count::ListTokenCounts;
use crate::operation::{Row, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<DescribeAppClientExtras>(),
    row::<UpdateAppClientExtras>(),
    row::<PutRoleMapping>(),
    row::<DescribeRoleMapping>(),
    row::<DeleteRoleMapping>(),
    row::<PutAuthorizationPolicy>(),
    row::<DescribeAuthorizationPolicy>(),
    row::<ListAuthorizationPolicies>(),
    row::<DeleteAuthorizationPolicy>(),
    row::<RevokeTokens>(),
    row::<ListTokenCounts>(),
    row::<DescribeSigningKeys>(),
    row::<RotateSigningKeys>(),
    row::<RetireSigningKey>(),
    row::<UpdateSigningKeyPolicy>(),
    row::<CreateAccessKey>(),
    row::<ListAccessKeys>(),
    row::<RotateAccessKey>(),
    row::<RevokeAccessKey>(),
];
