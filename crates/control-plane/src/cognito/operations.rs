//! The operations of Cognito that are served: the whole surface on one screen.

use serde::Serialize;

use super::app_client::{
    CreateUserPoolClient, DeleteUserPoolClient, DescribeUserPoolClient, ListUserPoolClients, UpdateUserPoolClient,
};
use super::client_secret::{AddUserPoolClientSecret, DeleteUserPoolClientSecret, ListUserPoolClientSecrets};
use super::mfa::GetUserPoolMfaConfig;
use super::provisioned_limit::{GetProvisionedLimit, UpdateProvisionedLimit};
use super::resource_server::{
    CreateResourceServer, DeleteResourceServer, DescribeResourceServer, ListResourceServers, UpdateResourceServer,
};
use super::schema::AddCustomAttributes;
use super::tags::{ListTagsForResource, TagResource, UntagResource};
use super::user_pool::{CreateUserPool, DeleteUserPool, DescribeUserPool, ListUserPools, UpdateUserPool};
use super::user_pool_domain::{
    CreateUserPoolDomain, DeleteUserPoolDomain, DescribeUserPoolDomain, UpdateUserPoolDomain,
};
use crate::operation::{Row, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<CreateUserPool>(),
    row::<DescribeUserPool>(),
    row::<ListUserPools>(),
    row::<UpdateUserPool>(),
    row::<DeleteUserPool>(),
    row::<AddCustomAttributes>(),
    row::<GetUserPoolMfaConfig>(),
    row::<CreateResourceServer>(),
    row::<DescribeResourceServer>(),
    row::<ListResourceServers>(),
    row::<UpdateResourceServer>(),
    row::<DeleteResourceServer>(),
    row::<CreateUserPoolClient>(),
    row::<DescribeUserPoolClient>(),
    row::<ListUserPoolClients>(),
    row::<UpdateUserPoolClient>(),
    row::<DeleteUserPoolClient>(),
    row::<AddUserPoolClientSecret>(),
    row::<ListUserPoolClientSecrets>(),
    row::<DeleteUserPoolClientSecret>(),
    row::<CreateUserPoolDomain>(),
    row::<DescribeUserPoolDomain>(),
    row::<UpdateUserPoolDomain>(),
    row::<DeleteUserPoolDomain>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<ListTagsForResource>(),
    row::<GetProvisionedLimit>(),
    row::<UpdateProvisionedLimit>(),
];

/// The answer of operations whose output has no member: an empty object, where those without output answer nothing.
#[derive(Debug, Serialize)]
pub struct Empty {}
