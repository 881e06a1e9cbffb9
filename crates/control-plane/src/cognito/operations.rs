//! The operations of Cognito that are served: the whole surface on one screen.

use serde::Serialize;

use super::app_client::{
    CreateUserPoolClient, DeleteUserPoolClient, DescribeUserPoolClient, ListUserPoolClients, UpdateUserPoolClient,
};
use super::client_secret::{AddUserPoolClientSecret, DeleteUserPoolClientSecret, ListUserPoolClientSecrets};
use super::client_token::GetClientToken;
use super::group::{CreateGroup, DeleteGroup, GetGroup, ListGroups, UpdateGroup};
use super::group_member::{AdminAddUserToGroup, AdminListGroupsForUser, AdminRemoveUserFromGroup, ListUsersInGroup};
use super::identity_provider::ListIdentityProviders;
use super::log_delivery::{GetLogDeliveryConfiguration, SetLogDeliveryConfiguration};
use super::managed_login_branding::{
    CreateManagedLoginBranding, DeleteManagedLoginBranding, DescribeManagedLoginBranding,
    DescribeManagedLoginBrandingByClient, UpdateManagedLoginBranding,
};
use super::mfa::{GetUserPoolMfaConfig, SetUserPoolMfaConfig};
use super::password_reset::{AdminResetUserPassword, ConfirmForgotPassword, ForgotPassword};
use super::provisioned_limit::{GetProvisionedLimit, UpdateProvisionedLimit};
use super::resource_server::{
    CreateResourceServer, DeleteResourceServer, DescribeResourceServer, ListResourceServers, UpdateResourceServer,
};
use super::risk::DescribeRiskConfiguration;
use super::schema::AddCustomAttributes;
use super::sign_in::account::{
    DeleteUser, DeleteUserAttributes, GetUser, GetUserAttributeVerificationCode, UpdateUserAttributes,
    VerifyUserAttribute,
};
use super::sign_in::challenge::{AdminRespondToAuthChallenge, RespondToAuthChallenge};
use super::sign_in::change_password::ChangePassword;
use super::sign_in::flow::{AdminInitiateAuth, InitiateAuth};
use super::sign_in::refresh::GetTokensFromRefreshToken;
use super::sign_in::sign_out::{AdminUserGlobalSignOut, GlobalSignOut, RevokeToken};
use super::sign_up::{AdminConfirmSignUp, ConfirmSignUp, ResendConfirmationCode, SignUp};
use super::signing_certificate::GetSigningCertificate;
use super::tags::{ListTagsForResource, TagResource, UntagResource};
use super::user::{AdminDeleteUser, AdminDisableUser, AdminEnableUser, AdminGetUser};
use super::user_creation::AdminCreateUser;
use super::user_list::ListUsers;
use super::user_password::AdminSetUserPassword;
use super::user_pool::{CreateUserPool, DeleteUserPool, DescribeUserPool, ListUserPools, UpdateUserPool};
use super::user_pool_domain::{
    CreateUserPoolDomain, DeleteUserPoolDomain, DescribeUserPoolDomain, UpdateUserPoolDomain,
};
use super::user_update::{AdminDeleteUserAttributes, AdminUpdateUserAttributes};
use crate::operation::{Row, procedure, row};

/// Every operation that is served.
pub static OPERATIONS: &[Row] = &[
    row::<CreateUserPool>(),
    row::<DescribeUserPool>(),
    row::<ListUserPools>(),
    row::<UpdateUserPool>(),
    row::<DeleteUserPool>(),
    row::<AddCustomAttributes>(),
    row::<GetUserPoolMfaConfig>(),
    row::<SetUserPoolMfaConfig>(),
    row::<GetSigningCertificate>(),
    row::<GetLogDeliveryConfiguration>(),
    row::<SetLogDeliveryConfiguration>(),
    row::<DescribeRiskConfiguration>(),
    row::<ListIdentityProviders>(),
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
    procedure::<GetClientToken>(),
    row::<CreateUserPoolDomain>(),
    row::<DescribeUserPoolDomain>(),
    row::<UpdateUserPoolDomain>(),
    row::<DeleteUserPoolDomain>(),
    row::<CreateManagedLoginBranding>(),
    row::<DescribeManagedLoginBranding>(),
    row::<DescribeManagedLoginBrandingByClient>(),
    row::<UpdateManagedLoginBranding>(),
    row::<DeleteManagedLoginBranding>(),
    row::<TagResource>(),
    row::<UntagResource>(),
    row::<ListTagsForResource>(),
    procedure::<InitiateAuth>(),
    procedure::<AdminInitiateAuth>(),
    procedure::<RespondToAuthChallenge>(),
    procedure::<AdminRespondToAuthChallenge>(),
    procedure::<GetTokensFromRefreshToken>(),
    row::<RevokeToken>(),
    row::<GlobalSignOut>(),
    row::<AdminUserGlobalSignOut>(),
    row::<GetUser>(),
    row::<UpdateUserAttributes>(),
    row::<DeleteUserAttributes>(),
    row::<GetUserAttributeVerificationCode>(),
    row::<VerifyUserAttribute>(),
    row::<DeleteUser>(),
    procedure::<ChangePassword>(),
    row::<GetProvisionedLimit>(),
    row::<UpdateProvisionedLimit>(),
    row::<AdminCreateUser>(),
    row::<AdminGetUser>(),
    row::<ListUsers>(),
    row::<AdminUpdateUserAttributes>(),
    row::<AdminDeleteUserAttributes>(),
    row::<AdminEnableUser>(),
    row::<AdminDisableUser>(),
    row::<AdminDeleteUser>(),
    procedure::<AdminSetUserPassword>(),
    row::<AdminResetUserPassword>(),
    procedure::<SignUp>(),
    row::<ConfirmSignUp>(),
    row::<AdminConfirmSignUp>(),
    row::<ResendConfirmationCode>(),
    row::<ForgotPassword>(),
    procedure::<ConfirmForgotPassword>(),
    row::<CreateGroup>(),
    row::<GetGroup>(),
    row::<ListGroups>(),
    row::<UpdateGroup>(),
    row::<DeleteGroup>(),
    row::<AdminAddUserToGroup>(),
    row::<AdminRemoveUserFromGroup>(),
    row::<AdminListGroupsForUser>(),
    row::<ListUsersInGroup>(),
];

/// The answer of operations whose output has no member: an empty object, where those without output answer nothing.
#[derive(Debug, Serialize)]
pub struct Empty {}
