//! What the property tests know of users and groups: a pool with one of everything, and an input for each operation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::plane::{Plane, with};

/// Users of this pool need no password, so that making one, over and over, takes no time.
pub(super) async fn add(plane: &Plane, inputs: &mut BTreeMap<&'static str, Value>) {
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let input = json!({"PoolName": "people", "AutoVerifiedAttributes": ["email"], "Policies": factors});
    let created = plane.ok("CreateUserPool", input).await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    let client = plane.browser(pool).await;
    let verified = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let unverified = json!([{"Name": "email", "Value": "bob@example.com"}]);
    let ada = json!({"UserPoolId": pool, "Username": "ada"});
    let bob = json!({"ClientId": client, "Username": "bob"});
    let group = json!({"UserPoolId": pool, "GroupName": "sailors"});
    plane.ok("AdminCreateUser", with(ada.clone(), json!({"UserAttributes": verified}))).await;
    plane.ok("SignUp", with(bob.clone(), json!({"UserAttributes": unverified}))).await;
    plane.ok("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await;
    plane.ok("CreateGroup", group.clone()).await;
    plane.ok("AdminAddUserToGroup", with(group.clone(), json!({"Username": "ada"}))).await;
    let (sign_up_code, reset_code) = (plane.code(pool, "bob").await, plane.code(pool, "ada").await);
    let notes = json!({"ClientMetadata": {"a": "b"}});
    let described = json!({"Description": "At sea", "Precedence": 1, "RoleArn": "arn:aws:iam::000000000000:role/sea"});
    inputs.extend([
        (
            "AdminCreateUser",
            json!({
                "UserPoolId": pool, "Username": "eve", "UserAttributes": verified, "MessageAction": "SUPPRESS",
                "DesiredDeliveryMediums": ["EMAIL"], "ForceAliasCreation": true,
            }),
        ),
        ("AdminGetUser", ada.clone()),
        (
            "ListUsers",
            json!({"UserPoolId": pool, "Filter": "email ^= \"a\"", "Limit": 1, "AttributesToGet": ["email"]}),
        ),
        ("AdminUpdateUserAttributes", with(ada.clone(), json!({"UserAttributes": unverified, "ClientMetadata": {}}))),
        ("AdminDeleteUserAttributes", with(ada.clone(), json!({"UserAttributeNames": ["nickname", "email"]}))),
        ("AdminEnableUser", ada.clone()),
        ("AdminDisableUser", ada.clone()),
        ("AdminDeleteUser", ada.clone()),
        ("AdminSetUserPassword", with(ada.clone(), json!({"Password": "Pass-w0rd", "Permanent": true}))),
        ("AdminResetUserPassword", with(ada.clone(), notes.clone())),
        (
            "SignUp",
            json!({
                "ClientId": client, "Username": "eve", "UserAttributes": unverified, "ValidationData": unverified,
                "ClientMetadata": {"a": "b"},
            }),
        ),
        ("ConfirmSignUp", with(bob.clone(), json!({"ConfirmationCode": sign_up_code, "ForceAliasCreation": true}))),
        ("AdminConfirmSignUp", with(json!({"UserPoolId": pool, "Username": "bob"}), notes.clone())),
        ("ResendConfirmationCode", with(bob, notes.clone())),
        ("ForgotPassword", with(json!({"ClientId": client, "Username": "ada"}), notes)),
        (
            "ConfirmForgotPassword",
            json!({"ClientId": client, "Username": "ada", "ConfirmationCode": reset_code, "Password": "Pass-w0rd"}),
        ),
        ("CreateGroup", with(json!({"UserPoolId": pool, "GroupName": "pilots"}), described.clone())),
        ("GetGroup", group.clone()),
        ("ListGroups", json!({"UserPoolId": pool, "Limit": 1})),
        ("UpdateGroup", with(group.clone(), described)),
        ("DeleteGroup", group.clone()),
        ("AdminAddUserToGroup", with(group.clone(), json!({"Username": "bob"}))),
        ("AdminRemoveUserFromGroup", with(group.clone(), json!({"Username": "ada"}))),
        ("AdminListGroupsForUser", with(ada, json!({"Limit": 1}))),
        ("ListUsersInGroup", with(group, json!({"Limit": 1}))),
    ]);
}
