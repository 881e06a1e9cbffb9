//! Every setting that AWS knows comes back as it was given.

use std::collections::BTreeSet;

use claviger_aws_protocol::shape::find;
use claviger_control_plane::cognito::shapes::OPERATIONS;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:hook";
const ROLE: &str = "arn:aws:iam::000000000000:role/sender";

/// Every member of `UpdateUserPool` but the pool's id.
fn pool_settings() -> Value {
    json!({
        "PoolName": "weather",
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 10, "RequireUppercase": true, "RequireLowercase": false, "RequireNumbers": true,
                "RequireSymbols": false, "PasswordHistorySize": 3, "TemporaryPasswordValidityDays": 2,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
        },
        "DeletionProtection": "ACTIVE",
        "LambdaConfig": {
            "PreSignUp": FUNCTION, "PreTokenGeneration": FUNCTION, "PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": FUNCTION},
        },
        "AutoVerifiedAttributes": ["email", "phone_number"],
        "SmsVerificationMessage": "Code {####}",
        "EmailVerificationMessage": "Your code {####}",
        "EmailVerificationSubject": "Code",
        "VerificationMessageTemplate": {
            "SmsMessage": "Code {####}", "EmailMessage": "Your code {####}", "EmailSubject": "Code",
            "EmailMessageByLink": "{##Click##}", "EmailSubjectByLink": "Link", "DefaultEmailOption": "CONFIRM_WITH_LINK",
        },
        "SmsAuthenticationMessage": "Sign in with {####}",
        "MfaConfiguration": "OPTIONAL",
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": true, "DeviceOnlyRememberedOnUserPrompt": false},
        "EmailConfiguration": {
            "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a@b.example", "ReplyToEmailAddress": "a@b.example",
            "EmailSendingAccount": "DEVELOPER", "From": "a@b.example", "ConfigurationSet": "set",
        },
        "SmsConfiguration": {"SnsCallerArn": ROLE, "ExternalId": "x", "SnsRegion": "us-east-1"},
        "UserPoolTags": {"team": "sky"},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 2,
            "InviteMessageTemplate": {
                "SMSMessage": "{username} {####}", "EmailMessage": "{username} {####}", "EmailSubject": "Hello",
            },
        },
        "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT", "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"}},
        "DcrConfiguration": {"EnableStatus": "Disabled"},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
        "UserPoolTier": "PLUS",
        "KeyConfiguration": {
            "KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/00000000",
        },
        "IssuerConfiguration": {"Type": "UPDATED"},
        "AcrConfiguration": {
            "Level1": {"AcrValue": "a"}, "Level2": {"AcrValue": "b"}, "Level3": {"AcrValue": "c"}, "Level4": {"AcrValue": "d"},
        },
    })
}

/// Every member of `UpdateUserPoolClient` but the ids.
fn client_settings() -> Value {
    json!({
        "ClientName": "station",
        "RefreshTokenValidity": 10,
        "AccessTokenValidity": 30,
        "IdTokenValidity": 2,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days"},
        "ReadAttributes": ["email", "name"],
        "WriteAttributes": ["name"],
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": ["https://app.example/back"],
        "LogoutURLs": ["https://app.example/out"],
        "DefaultRedirectURI": "https://app.example/back",
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "weather/get"],
        "AllowedOAuthFlowsUserPoolClient": true,
        "AnalyticsConfiguration": {"ApplicationId": "0f", "RoleArn": ROLE, "ExternalId": "x", "UserDataShared": true},
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": false,
        "EnablePropagateAdditionalUserContextData": true,
        "AuthSessionValidity": 15,
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    })
}

/// Asserts that `input` has exactly the members that AWS's description gives the operation's input.
fn assert_complete(operation: &str, input: &Value) {
    let given: BTreeSet<&str> = input.as_object().unwrap().keys().map(String::as_str).collect();
    let known: BTreeSet<&str> =
        find(OPERATIONS, operation).unwrap().input.members().iter().map(|member| member.key).collect();
    assert_eq!(given, known, "{operation}");
}

/// Asserts that every member of `given` is shown as it is, under its name in descriptions.
fn assert_shown(given: &Value, shown: &Value, names: &[(&str, Option<&str>)]) {
    for (member, value) in given.as_object().unwrap() {
        let name = names.iter().find(|(input, _)| input == member).map_or(Some(member.as_str()), |(_, name)| *name);
        if let Some(name) = name {
            assert_eq!(shown[name], *value, "{member}");
        }
    }
}

#[tokio::test]
async fn every_setting_of_a_pool_comes_back() {
    let plane = Plane::new();
    let only_at_creation = json!({
        "Schema": [{"Name": "tenant", "AttributeDataType": "String"}], "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": true},
    });
    let names = [("PoolName", Some("Name")), ("Schema", None), ("UserPoolId", Some("Id"))];
    let create = with(pool_settings(), only_at_creation);
    assert_complete("CreateUserPool", &with(create.clone(), json!({"AliasAttributes": []})));
    let created = plane.ok("CreateUserPool", create.clone()).await;
    assert_shown(&create, &created["UserPool"], &names);

    let other = plane.ok("CreateUserPool", json!({"PoolName": "other", "AliasAttributes": ["email"]})).await;
    assert_eq!(other["UserPool"]["AliasAttributes"], json!(["email"]));
    let update = with(pool_settings(), json!({"UserPoolId": other["UserPool"]["Id"]}));
    assert_complete("UpdateUserPool", &update);
    plane.ok("UpdateUserPool", update.clone()).await;
    let described = plane.ok("DescribeUserPool", json!({"UserPoolId": other["UserPool"]["Id"]})).await;
    assert_shown(&update, &described["UserPool"], &names);
}

#[tokio::test]
async fn every_setting_of_an_app_client_comes_back() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let create = with(client_settings(), json!({"UserPoolId": pool, "ClientSecret": "a_secret_of_my_own_making"}));
    assert_complete("CreateUserPoolClient", &with(create.clone(), json!({"GenerateSecret": false})));
    let created = plane.ok("CreateUserPoolClient", create.clone()).await;
    assert_shown(&create, &created["UserPoolClient"], &[]);

    let other = plane.client(&pool).await;
    let update = with(client_settings(), json!({"UserPoolId": pool, "ClientId": other["ClientId"]}));
    assert_complete("UpdateUserPoolClient", &update);
    let updated = plane.ok("UpdateUserPoolClient", update.clone()).await;
    assert_shown(&update, &updated["UserPoolClient"], &[]);
}
