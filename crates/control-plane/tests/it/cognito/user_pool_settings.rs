//! What the settings of a pool may say together, and how they are shown.

use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";

#[tokio::test]
async fn a_password_policy_requires_what_it_says_and_no_more() {
    let plane = Plane::new();
    let policy = json!({"PasswordPolicy": {"MinimumLength": 12, "TemporaryPasswordValidityDays": 3}});
    let created = plane.ok("CreateUserPool", json!({"PoolName": "a", "Policies": policy})).await;
    assert_eq!(
        created["UserPool"]["Policies"]["PasswordPolicy"],
        json!({
            "MinimumLength": 12, "TemporaryPasswordValidityDays": 3, "RequireUppercase": false, "RequireLowercase": false,
            "RequireNumbers": false, "RequireSymbols": false,
        })
    );
    assert_eq!(created["UserPool"]["AdminCreateUserConfig"]["UnusedAccountValidityDays"], 3);
}

#[tokio::test]
async fn verification_messages_are_shown_in_both_of_their_places() {
    let plane = Plane::new();
    let created = plane
        .ok(
            "CreateUserPool",
            json!({
                "PoolName": "a", "EmailVerificationSubject": "Hello",
                "VerificationMessageTemplate": {"SmsMessage": "Code {####}"},
            }),
        )
        .await;
    let pool = &created["UserPool"];
    assert_eq!(pool["EmailVerificationSubject"], "Hello");
    assert_eq!(pool["SmsVerificationMessage"], "Code {####}");
    assert_eq!(
        pool["VerificationMessageTemplate"],
        json!({
            "SmsMessage": "Code {####}", "EmailSubject": "Hello", "DefaultEmailOption": "CONFIRM_WITH_CODE",
        })
    );
}

#[tokio::test]
async fn a_pre_token_generation_trigger_is_shown_under_both_of_its_names() {
    let plane = Plane::new();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:claims";
    let both = |version: &str| {
        json!({
            "PreTokenGeneration": arn, "PreTokenGenerationConfig": {"LambdaVersion": version, "LambdaArn": arn},
        })
    };
    let older = json!({"PreTokenGeneration": arn});
    let newer = json!({"PreTokenGenerationConfig": both("V2_0")["PreTokenGenerationConfig"]});
    for (given, shown) in [(older, both("V1_0")), (newer, both("V2_0")), (both("V3_0"), both("V3_0"))] {
        let created = plane.ok("CreateUserPool", json!({"PoolName": "a", "LambdaConfig": given})).await;
        let described = plane.ok("DescribeUserPool", json!({"UserPoolId": created["UserPool"]["Id"]})).await;
        assert_eq!(described["UserPool"]["LambdaConfig"], shown, "{given}");
    }
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let plane = Plane::new();
    let refused = |settings: Value, exception: &'static str, message: &'static str| {
        plane.refused("CreateUserPool", with(json!({"PoolName": "a"}), settings), exception, message)
    };
    refused(
        json!({"AutoVerifiedAttributes": ["phone_number"]}),
        INVALID,
        "SMS configuration is required when phone_number is selected for auto verification",
    )
    .await;
    refused(
        json!({"AliasAttributes": ["email"], "UsernameAttributes": ["email"]}),
        INVALID,
        "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.",
    )
    .await;
    refused(
        json!({"AcrConfiguration": {"Level1": {"AcrValue": "urn:cognito:loa:2"}}}),
        INVALID,
        "AcrConfiguration names the value urn:cognito:loa:2 twice; each level needs a name of its own.",
    )
    .await;
    let tier = "FeatureUnavailableInTierException";
    refused(
        json!({"UserPoolTier": "LITE", "AcrConfiguration": {"Level1": {"AcrValue": "a"}}}),
        tier,
        "AcrConfiguration requires the user pool to be in the ESSENTIALS tier or higher.",
    )
    .await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:claims";
    let hook = json!({"PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": arn}});
    refused(
        json!({"UserPoolTier": "LITE", "LambdaConfig": hook.clone()}),
        tier,
        "PreTokenGenerationConfig with LambdaVersion V2_0 or V3_0 requires the user pool to be in the ESSENTIALS tier or \
         higher.",
    ).await;
    let other = json!({"PreTokenGeneration": format!("{arn}-too")});
    refused(
        json!({"LambdaConfig": with(hook, other)}),
        INVALID,
        "PreTokenGeneration and the LambdaArn of PreTokenGenerationConfig must be identical.",
    )
    .await;
    let tagging = "UserPoolTaggingException";
    let aws = "aws: prefixed tag key names are not allowed for external use.";
    refused(json!({"UserPoolTags": {"aws:x": "y"}}), tagging, aws).await;
    let many: serde_json::Map<String, Value> = (0..51).map(|index| (index.to_string(), json!(""))).collect();
    refused(json!({"UserPoolTags": many}), tagging, "A user pool can have up to 50 tags.").await;
}

#[tokio::test]
async fn the_mfa_configuration_shows_messages_only_when_they_are_sent() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let mfa = |pool: String| {
        let plane = &plane;
        async move { plane.ok("GetUserPoolMfaConfig", json!({"UserPoolId": pool})).await }
    };
    assert_eq!(mfa(pool.clone()).await, json!({"MfaConfiguration": "OFF"}));
    let sms = json!({"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"});
    plane
        .ok(
            "UpdateUserPool",
            json!({
                "UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "SmsConfiguration": sms,
                "SmsAuthenticationMessage": "Code {####}",
            }),
        )
        .await;
    assert_eq!(
        mfa(pool).await,
        json!({
            "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Code {####}", "SmsConfiguration": sms},
            "MfaConfiguration": "OPTIONAL",
        })
    );
}

#[tokio::test]
async fn multi_factor_settings_are_kept() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let set = async |input: Value| plane.ok("SetUserPoolMfaConfig", with(json!({"UserPoolId": pool}), input)).await;
    let token = json!({"Enabled": true});
    let email = json!({"Message": "Code {####}", "Subject": "Code"});
    let sms = json!({
        "SmsAuthenticationMessage": "Code {####}",
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
    });
    let expected = json!({"SoftwareTokenMfaConfiguration": token, "MfaConfiguration": "OPTIONAL"});
    let given = json!({"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": token});
    assert_eq!(set(given).await, expected);
    // What is left out stays.
    let expected = json!({
        "SmsMfaConfiguration": sms, "SoftwareTokenMfaConfiguration": token, "EmailMfaConfiguration": email,
        "MfaConfiguration": "OPTIONAL",
    });
    assert_eq!(set(json!({"EmailMfaConfiguration": email, "SmsMfaConfiguration": sms})).await, expected);
    let described = plane.ok("DescribeUserPool", json!({"UserPoolId": pool})).await;
    assert_eq!(described["UserPool"]["MfaConfiguration"], "OPTIONAL");
    assert_eq!(described["UserPool"]["SmsConfiguration"], sms["SmsConfiguration"]);
    assert_eq!(described["UserPool"].get("UserPoolMfaConfig"), None);
    // An update of the pool returns its own settings to their defaults, and leaves alone what it does not have.
    plane.ok("UpdateUserPool", json!({"UserPoolId": pool})).await;
    let expected = json!({
        "SoftwareTokenMfaConfiguration": token, "EmailMfaConfiguration": email, "MfaConfiguration": "OFF",
    });
    assert_eq!(plane.ok("GetUserPoolMfaConfig", json!({"UserPoolId": pool})).await, expected);
}
