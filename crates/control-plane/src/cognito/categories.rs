//! The category in which each operation's requests are counted (Amazon Cognito, "Quotas in Amazon Cognito").
//!
//! All of AWS's operations stand here, served or not. Where its page names no category for one, it is counted with those
//! that are about the same thing.

use claviger_resources::request_rates::Category;

/// The operations of each category.
static OPERATIONS: &[(Category, &[&str])] = &[
    (Category::ClientAuthentication, &["GetClientToken"]),
    (
        Category::UserAuthentication,
        &[
            "AdminGetUserAuthFactors",
            "AdminInitiateAuth",
            "GetDerivedToken",
            "GetTokensFromRefreshToken",
            "GetUserAuthFactors",
            "InitiateAuth",
        ],
    ),
    (Category::ChallengeResponses, &["AdminRespondToAuthChallenge", "RespondToAuthChallenge"]),
    (Category::UserCreation, &["AdminConfirmSignUp", "AdminCreateUser", "ConfirmSignUp", "SignUp"]),
    (
        Category::UserAccountRecovery,
        &[
            "AdminResetUserPassword",
            "AdminSetUserPassword",
            "ChangePassword",
            "ConfirmForgotPassword",
            "ForgotPassword",
        ],
    ),
    (Category::UserRead, &["AdminGetUser", "GetUser"]),
    (
        Category::UserUpdate,
        &[
            "AdminAddUserToGroup",
            "AdminDeleteUser",
            "AdminDeleteUserAttributes",
            "AdminDisableProviderForUser",
            "AdminDisableUser",
            "AdminEnableUser",
            "AdminLinkProviderForUser",
            "AdminRemoveUserFromGroup",
            "AdminSetUserSettings",
            "AdminUpdateUserAttributes",
            "AdminUserGlobalSignOut",
            "DeleteUser",
            "DeleteUserAttributes",
            "GlobalSignOut",
            "SetUserSettings",
            "UpdateUserAttributes",
            "VerifyUserAttribute",
        ],
    ),
    (Category::UserToken, &["RevokeToken"]),
    (
        Category::UserResourceRead,
        &[
            "AdminGetDevice",
            "AdminListDevices",
            "AdminListGroupsForUser",
            "AdminListUserAuthEvents",
            "AdminListUserSessions",
            "GetDevice",
            "GetUserAttributeVerificationCode",
            "ListDevices",
            "ListUserSessions",
            "ListWebAuthnCredentials",
            "ResendConfirmationCode",
        ],
    ),
    (
        Category::UserResourceUpdate,
        &[
            "AdminDeleteSoftwareToken",
            "AdminForgetDevice",
            "AdminRevokeUserSession",
            "AdminSetUserMFAPreference",
            "AdminUpdateAuthEventFeedback",
            "AdminUpdateDeviceStatus",
            "AssociateSoftwareToken",
            "CompleteWebAuthnRegistration",
            "ConfirmDevice",
            "DeleteWebAuthnCredential",
            "ForgetDevice",
            "RevokeUserSession",
            "SetUserMFAPreference",
            "StartWebAuthnRegistration",
            "UpdateAuthEventFeedback",
            "UpdateDeviceStatus",
            "VerifySoftwareToken",
        ],
    ),
    (Category::UserList, &["ListUsers", "ListUsersInGroup"]),
    (Category::UserPoolRead, &["DescribeUserPool", "ListUserPools"]),
    (Category::UserPoolUpdate, &["CreateUserPool", "DeleteUserPool", "UpdateUserPool"]),
    (
        Category::UserPoolResourceRead,
        &[
            "DescribeIdentityProvider",
            "DescribeManagedLoginBranding",
            "DescribeManagedLoginBrandingByClient",
            "DescribeResourceServer",
            "DescribeTerms",
            "DescribeTermsByClient",
            "DescribeUserImportJob",
            "DescribeUserPoolDomain",
            "GetCSVHeader",
            "GetGroup",
            "GetIdentityProviderByIdentifier",
            "GetLogDeliveryConfiguration",
            "GetSigningCertificate",
            "GetUserPoolMfaConfig",
            "GetUserPoolSessionConfiguration",
            "ListGroups",
            "ListIdentityProviders",
            "ListResourceServers",
            "ListTagsForResource",
            "ListTerms",
            "ListUserImportJobs",
            "ListUserPoolReplicas",
        ],
    ),
    (
        Category::UserPoolResourceUpdate,
        &[
            "AddCustomAttributes",
            "CreateGroup",
            "CreateIdentityProvider",
            "CreateManagedLoginBranding",
            "CreateResourceServer",
            "CreateTerms",
            "CreateUserImportJob",
            "CreateUserPoolDomain",
            "CreateUserPoolReplica",
            "DeleteGroup",
            "DeleteIdentityProvider",
            "DeleteManagedLoginBranding",
            "DeleteResourceServer",
            "DeleteTerms",
            "DeleteUserPoolDomain",
            "DeleteUserPoolReplica",
            "SetLogDeliveryConfiguration",
            "SetUserPoolMfaConfig",
            "SetUserPoolSessionConfiguration",
            "StartUserImportJob",
            "StopUserImportJob",
            "TagResource",
            "UntagResource",
            "UpdateGroup",
            "UpdateIdentityProvider",
            "UpdateManagedLoginBranding",
            "UpdateResourceServer",
            "UpdateTerms",
            "UpdateUserPoolDomain",
            "UpdateUserPoolReplica",
        ],
    ),
    (
        Category::UserPoolClientRead,
        &[
            "DescribeRiskConfiguration",
            "DescribeUserPoolClient",
            "GetUICustomization",
            "GetUserPoolClientSessionConfiguration",
            "ListUserPoolClientSecrets",
            "ListUserPoolClients",
        ],
    ),
    (
        Category::UserPoolClientUpdate,
        &[
            "AddUserPoolClientSecret",
            "CreateUserPoolClient",
            "DeleteUserPoolClient",
            "DeleteUserPoolClientSecret",
            "SetRiskConfiguration",
            "SetUICustomization",
            "SetUserPoolClientSessionConfiguration",
            "UpdateUserPoolClient",
        ],
    ),
    (Category::LimitManagement, &["GetProvisionedLimit", "UpdateProvisionedLimit"]),
];

/// The category of an operation.
pub fn of(operation: &str) -> Option<Category> {
    OPERATIONS.iter().find(|(_, operations)| operations.contains(&operation)).map(|(category, _)| *category)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cognito::{operations, shapes};

    #[test]
    fn every_operation_of_aws_is_in_one_category() {
        for operation in shapes::OPERATIONS {
            let categories = OPERATIONS.iter().filter(|(_, operations)| operations.contains(&operation.name)).count();
            assert_eq!(categories, 1, "{}", operation.name);
        }
        let named: usize = OPERATIONS.iter().map(|(_, operations)| operations.len()).sum();
        assert_eq!(named, shapes::OPERATIONS.len(), "an operation that AWS does not have");
        for row in operations::OPERATIONS {
            assert!(of(row.name).is_some(), "{} is served without a category", row.name);
        }
    }

    #[test]
    fn operations_are_where_awss_page_has_them() {
        let check = |operation: &str, expected: Category| assert_eq!(of(operation), Some(expected), "{operation}");
        check("GetClientToken", Category::ClientAuthentication);
        check("AdminInitiateAuth", Category::UserAuthentication);
        check("RespondToAuthChallenge", Category::ChallengeResponses);
        check("AdminConfirmSignUp", Category::UserCreation);
        check("CreateResourceServer", Category::UserPoolResourceUpdate);
        check("ListUserPoolClients", Category::UserPoolClientRead);
        check("UpdateProvisionedLimit", Category::LimitManagement);
        assert_eq!(of("Fly"), None);
    }
}
