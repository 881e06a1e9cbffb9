//! The part of the goldens' story that is about users and groups, in a pool of its own. `{code of NAME}` stands for the code
//! in the newest message to a user.

use serde_json::{Value, json};

use super::goldens::Step;

/// Every operation on users and groups, answered at least once and refused at least once.
#[expect(clippy::too_many_lines, reason = "one line a step")]
pub(super) fn story() -> Vec<Step> {
    let with = |mut input: Value, more: Value| {
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let ada = || json!({"UserPoolId": "{users}", "Username": "ada"});
    let nobody = || json!({"UserPoolId": "{users}", "Username": "nobody"});
    let bob = || json!({"ClientId": "{browser}", "Username": "bob"});
    let stranger = || json!({"ClientId": "{browser}", "Username": "stranger"});
    let group = || json!({"UserPoolId": "{users}", "GroupName": "sailors"});
    let no_group = || json!({"UserPoolId": "{users}", "GroupName": "none"});
    let email = |address: &str| json!({"UserAttributes": [{"Name": "email", "Value": address}]});
    vec![
        (
            "CreateUserPool",
            json!({"PoolName": "harbour", "AutoVerifiedAttributes": ["email"]}),
            &[("users", "/UserPool/Id")],
        ),
        (
            "CreateUserPoolClient",
            json!({"UserPoolId": "{users}", "ClientName": "browser"}),
            &[("browser", "/UserPoolClient/ClientId")],
        ),
        (
            "AdminCreateUser",
            with(with(ada(), email("ada@example.com")), json!({"DesiredDeliveryMediums": ["EMAIL"]})),
            &[("ada", "/User/Attributes/0/Value")],
        ),
        ("AdminCreateUser", ada(), &[]),
        ("AdminGetUser", ada(), &[]),
        ("AdminGetUser", nobody(), &[]),
        ("AdminSetUserPassword", with(ada(), json!({"Password": "Pass-w0rd", "Permanent": true})), &[]),
        ("AdminSetUserPassword", with(ada(), json!({"Password": "password"})), &[]),
        (
            "AdminUpdateUserAttributes",
            with(
                ada(),
                json!({"UserAttributes": [{"Name": "email_verified", "Value": "true"}, {"Name": "nickname", "Value": "A"}]}),
            ),
            &[],
        ),
        ("AdminUpdateUserAttributes", with(ada(), email("ada")), &[]),
        ("AdminDeleteUserAttributes", with(ada(), json!({"UserAttributeNames": ["nickname"]})), &[]),
        ("AdminDeleteUserAttributes", with(ada(), json!({"UserAttributeNames": ["colour"]})), &[]),
        ("AdminDisableUser", ada(), &[]),
        ("AdminDisableUser", nobody(), &[]),
        ("AdminEnableUser", ada(), &[]),
        ("AdminEnableUser", nobody(), &[]),
        ("AdminResetUserPassword", ada(), &[]),
        ("AdminResetUserPassword", nobody(), &[]),
        (
            "SignUp",
            with(with(bob(), email("bob@example.com")), json!({"Password": "Pass-w0rd"})),
            &[("bob", "/UserSub")],
        ),
        ("SignUp", with(bob(), json!({"Password": "Pass-w0rd"})), &[]),
        ("ResendConfirmationCode", bob(), &[]),
        ("ResendConfirmationCode", stranger(), &[]),
        ("ConfirmSignUp", with(bob(), json!({"ConfirmationCode": "wrong"})), &[]),
        ("ConfirmSignUp", with(bob(), json!({"ConfirmationCode": "{code of bob}"})), &[]),
        ("AdminConfirmSignUp", json!({"UserPoolId": "{users}", "Username": "bob"}), &[]),
        (
            "SignUp",
            with(json!({"ClientId": "{browser}", "Username": "eve"}), json!({"Password": "Pass-w0rd"})),
            &[("eve", "/UserSub")],
        ),
        ("AdminConfirmSignUp", json!({"UserPoolId": "{users}", "Username": "eve"}), &[]),
        ("ForgotPassword", bob(), &[]),
        ("ForgotPassword", stranger(), &[]),
        ("ConfirmForgotPassword", with(bob(), json!({"ConfirmationCode": "wrong", "Password": "Pass-w0rd2"})), &[]),
        (
            "ConfirmForgotPassword",
            with(bob(), json!({"ConfirmationCode": "{code of bob}", "Password": "Pass-w0rd2"})),
            &[],
        ),
        (
            "ListUsers",
            json!({"UserPoolId": "{users}", "Filter": "email ^= \"bob\"", "AttributesToGet": ["email"]}),
            &[],
        ),
        ("ListUsers", json!({"UserPoolId": "{users}", "Filter": "bob"}), &[]),
        ("CreateGroup", with(group(), json!({"Description": "At sea", "Precedence": 1})), &[]),
        ("CreateGroup", group(), &[]),
        ("GetGroup", group(), &[]),
        ("GetGroup", no_group(), &[]),
        ("UpdateGroup", with(group(), json!({"Description": "Ashore"})), &[]),
        ("UpdateGroup", no_group(), &[]),
        ("ListGroups", json!({"UserPoolId": "{users}"}), &[]),
        ("ListGroups", json!({"UserPoolId": "{users}", "Limit": 61}), &[]),
        ("AdminAddUserToGroup", with(group(), json!({"Username": "ada"})), &[]),
        ("AdminAddUserToGroup", with(no_group(), json!({"Username": "ada"})), &[]),
        ("AdminListGroupsForUser", ada(), &[]),
        ("AdminListGroupsForUser", nobody(), &[]),
        ("ListUsersInGroup", group(), &[]),
        ("ListUsersInGroup", no_group(), &[]),
        ("AdminRemoveUserFromGroup", with(group(), json!({"Username": "ada"})), &[]),
        ("AdminRemoveUserFromGroup", with(group(), json!({"Username": "nobody"})), &[]),
        ("DeleteGroup", group(), &[]),
        ("DeleteGroup", group(), &[]),
        ("AdminDeleteUser", ada(), &[]),
        ("AdminDeleteUser", ada(), &[]),
    ]
}
