//! User pools.

use claviger_resources::app_client::AppClient;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::signing_key::SigningKeys;
use claviger_resources::user_pool::{IssuerType, UserPool};
use claviger_resources::{Tenant, UserPoolId};
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{NOW, Plane, with};

const INVALID: &str = "InvalidParameterException";
const MISSING: &str = "ResourceNotFoundException";

async fn described(plane: &Plane, pool: &str) -> Value {
    plane.ok("DescribeUserPool", json!({"UserPoolId": pool})).await["UserPool"].take()
}

#[tokio::test]
async fn a_pool_of_a_name_alone_has_every_default() {
    let plane = Plane::new();
    let created = plane.ok("CreateUserPool", json!({"PoolName": "weather"})).await;
    let pool = &created["UserPool"];
    let id = pool["Id"].as_str().unwrap();
    let (region, suffix) = id.split_once('_').unwrap();
    assert_eq!((region, suffix.len()), ("us-east-1", 9));
    assert!(suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let check = |member: &str, expected: Value| assert_eq!(pool[member], expected, "{member}");
    check("Name", json!("weather"));
    check("Arn", json!(format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{id}")));
    check("CreationDate", json!(NOW));
    check("LastModifiedDate", json!(NOW));
    check(
        "Policies",
        json!({
            "PasswordPolicy": {
                "MinimumLength": 8, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
                "RequireSymbols": true, "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        }),
    );
    check("DeletionProtection", json!("INACTIVE"));
    check("LambdaConfig", json!({}));
    check("MfaConfiguration", json!("OFF"));
    check("EstimatedNumberOfUsers", json!(0));
    check("EmailConfiguration", json!({"EmailSendingAccount": "COGNITO_DEFAULT"}));
    check("AdminCreateUserConfig", json!({"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7}));
    check("VerificationMessageTemplate", json!({"DefaultEmailOption": "CONFIRM_WITH_CODE"}));
    check(
        "AccountRecoverySetting",
        json!({"RecoveryMechanisms": [
            {"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"},
        ]}),
    );
    check("UserPoolTags", json!({}));
    check("UserPoolTier", json!("ESSENTIALS"));
    check("IssuerConfiguration", json!({"Type": "ORIGINAL"}));
    check("KeyConfiguration", json!({"KeyType": "AWS_OWNED_KEY"}));
    check(
        "AcrConfiguration",
        json!({
            "Level1": {"AcrValue": "urn:cognito:loa:1"}, "Level2": {"AcrValue": "urn:cognito:loa:2"},
            "Level3": {"AcrValue": "urn:cognito:loa:3"}, "Level4": {"AcrValue": "urn:cognito:loa:4"},
        }),
    );
    for absent in ["UsernameConfiguration", "Domain", "CustomDomain", "Status", "AliasAttributes"] {
        check(absent, Value::Null);
    }
    assert_eq!(described(&plane, id).await, *pool);
}

#[tokio::test]
async fn the_standard_attributes_are_twenty() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let pool = described(&plane, &pool).await;
    let attributes = pool["SchemaAttributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 20);
    let of = |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap();
    let text = |min, max| json!({"MinLength": min, "MaxLength": max});
    assert_eq!((&of("sub")["Required"], &of("sub")["Mutable"]), (&json!(true), &json!(false)));
    assert_eq!(of("sub")["StringAttributeConstraints"], text("1", "2048"));
    assert_eq!(of("birthdate")["StringAttributeConstraints"], text("10", "10"));
    assert_eq!(of("email")["StringAttributeConstraints"], text("0", "2048"));
    assert_eq!(of("email_verified")["AttributeDataType"], "Boolean");
    assert_eq!(of("updated_at")["NumberAttributeConstraints"], json!({"MinValue": "0"}));
}

#[tokio::test]
async fn a_new_pool_is_stored_without_signing_keys() {
    let plane = Plane::new();
    let id = plane.pool().await;
    let tenant = plane.caller.tenant();
    let mut tx = plane.stored().await;
    let stored = tx.find::<UserPool>(&tenant, "", &id).await.unwrap().unwrap();
    assert_eq!(
        (stored.name.as_str(), stored.issuer, stored.deletion_protection),
        ("weather", IssuerType::Original, false)
    );
    assert!(stored.configuration.is_empty(), "defaults are shown, not stored: {:?}", stored.configuration);
    assert!(tx.find::<SigningKeys>(&tenant, "", &id).await.unwrap().is_none());
}

#[tokio::test]
async fn schema_changes_standard_attributes_and_adds_custom_ones() {
    let plane = Plane::new();
    let schema = json!([
        {"Name": "email", "Required": true, "Mutable": false},
        {"Name": "tenant", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "10"}},
        {"Name": "level", "AttributeDataType": "Number", "DeveloperOnlyAttribute": true},
    ]);
    let created = plane.ok("CreateUserPool", json!({"PoolName": "a", "Schema": schema})).await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    plane.ok("AddCustomAttributes", json!({
        "UserPoolId": pool, "CustomAttributes": [{"Name": "born", "AttributeDataType": "DateTime", "Mutable": false}],
    })).await;
    let described = described(&plane, pool).await;
    let attributes = described["SchemaAttributes"].as_array().unwrap();
    let of = |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap();
    assert_eq!(attributes.len(), 23);
    assert_eq!(of("email")["Required"], true);
    assert_eq!(of("email")["StringAttributeConstraints"], json!({"MinLength": "0", "MaxLength": "2048"}));
    assert_eq!(
        *of("custom:tenant"),
        json!({
            "Name": "custom:tenant", "AttributeDataType": "String", "DeveloperOnlyAttribute": false, "Mutable": true,
            "Required": false, "StringAttributeConstraints": {"MaxLength": "10"},
        })
    );
    assert_eq!(of("dev:custom:level")["NumberAttributeConstraints"], json!({}));
    assert_eq!(of("custom:born")["Mutable"], false);

    let refused = |attribute: Value, message: &'static str| {
        let input = json!({"UserPoolId": pool, "CustomAttributes": [attribute]});
        plane.refused("AddCustomAttributes", input, INVALID, message)
    };
    refused(
        json!({"Name": "tenant", "AttributeDataType": "String"}),
        "custom:tenant: Existing attribute already has name custom:tenant.",
    )
    .await;
    refused(
        json!({"Name": "x", "AttributeDataType": "String", "Required": true}),
        "Required custom attributes are not supported currently.",
    )
    .await;
    refused(json!({"Name": "x"}), "Schema attributes need a Name, and custom ones an AttributeDataType.").await;
    plane
        .refused(
            "CreateUserPool",
            json!({"PoolName": "a", "Schema": [{"Name": "name", "AttributeDataType": "Number"}]}),
            INVALID,
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute name",
        )
        .await;
}

#[tokio::test]
async fn a_pool_has_up_to_50_custom_attributes() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let batch = |from: usize, to: usize| {
        let attributes: Vec<Value> =
            (from..to).map(|index| json!({"Name": format!("a{index}"), "AttributeDataType": "String"})).collect();
        json!({"UserPoolId": pool, "CustomAttributes": attributes})
    };
    plane.ok("AddCustomAttributes", batch(0, 25)).await;
    plane.ok("AddCustomAttributes", batch(25, 50)).await;
    let message = "A user pool can have up to 50 custom attributes.";
    plane.refused("AddCustomAttributes", batch(50, 51), INVALID, message).await;
}

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
        json!({"UserPoolTier": "LITE", "LambdaConfig": hook}),
        tier,
        "PreTokenGenerationConfig with LambdaVersion V2_0 or V3_0 requires the user pool to be in the ESSENTIALS tier or \
         higher.",
    ).await;
    let tagging = "UserPoolTaggingException";
    let aws = "aws: prefixed tag key names are not allowed for external use.";
    refused(json!({"UserPoolTags": {"aws:x": "y"}}), tagging, aws).await;
    let many: serde_json::Map<String, Value> = (0..51).map(|index| (index.to_string(), json!(""))).collect();
    refused(json!({"UserPoolTags": many}), tagging, "A user pool can have up to 50 tags.").await;
}

#[tokio::test]
async fn an_unknown_pool_does_not_exist() {
    let plane = Plane::new();
    let id = "us-east-1_000000000";
    let message = "User pool us-east-1_000000000 does not exist.";
    for operation in
        ["DescribeUserPool", "UpdateUserPool", "DeleteUserPool", "GetUserPoolMfaConfig", "ListUserPoolClients"]
    {
        plane.refused(operation, json!({"UserPoolId": id}), MISSING, message).await;
    }
    let attributes = json!({"UserPoolId": id, "CustomAttributes": [{"Name": "a", "AttributeDataType": "String"}]});
    plane.refused("AddCustomAttributes", attributes, MISSING, message).await;
}

#[tokio::test]
async fn a_pool_is_unknown_to_other_accounts_and_regions() {
    let mut plane = Plane::new();
    let pool = plane.pool().await;
    let message = format!("User pool {pool} does not exist.");
    for (account, region) in [("111111111111", "us-east-1"), ("000000000000", "eu-west-1")] {
        plane.caller.account = claviger_resources::AccountId::parse(account).unwrap();
        plane.caller.region = claviger_resources::Region::parse(region).unwrap();
        plane.refused("DescribeUserPool", json!({"UserPoolId": pool}), MISSING, &message).await;
        assert_eq!(plane.ok("ListUserPools", json!({"MaxResults": 60})).await, json!({"UserPools": []}));
    }
}

#[tokio::test]
async fn names_are_not_unique_and_lists_come_in_pages() {
    let plane = Plane::new();
    for _ in 0..5 {
        plane.pool().await;
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    for size in [2, 2, 1] {
        let page = plane.ok("ListUserPools", json!({"MaxResults": 2, "NextToken": token})).await;
        assert_eq!(page["UserPools"].as_array().unwrap().len(), size);
        seen.extend(page["UserPools"].as_array().unwrap().clone());
        token = page["NextToken"].clone();
        assert_eq!(token.is_null(), size == 1);
    }
    assert_eq!(seen.len(), 5);
    for pool in &seen {
        assert_eq!(pool["LambdaConfig"], json!({}));
        let mut members: Vec<&String> = pool.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["CreationDate", "Id", "LambdaConfig", "LastModifiedDate", "Name"]);
    }
    let message = "Invalid pagination token";
    plane.refused("ListUserPools", json!({"MaxResults": 2, "NextToken": "x"}), INVALID, message).await;
    for (max, bound) in [(0, "greater than or equal to 1"), (61, "less than or equal to 60")] {
        let message = format!(
            "1 validation error detected: Value '{max}' at 'maxResults' failed to satisfy constraint: Member must have \
             value {bound}"
        );
        plane.refused("ListUserPools", json!({"MaxResults": max}), INVALID, &message).await;
    }
    let message =
        "1 validation error detected: Value null at 'maxResults' failed to satisfy constraint: Member must not be null";
    plane.refused("ListUserPools", json!({}), INVALID, message).await;
}

#[tokio::test]
async fn an_update_resets_what_it_leaves_out_and_keeps_what_is_immutable() {
    let plane = Plane::new();
    let created = plane.ok("CreateUserPool", json!({
        "PoolName": "weather", "DeletionProtection": "ACTIVE", "MfaConfiguration": "OPTIONAL", "UserPoolTier": "PLUS",
        "IssuerConfiguration": {"Type": "UPDATED"}, "UserPoolTags": {"team": "sky"}, "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": false}, "Schema": [{"Name": "t", "AttributeDataType": "String"}],
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true},
    })).await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    plane.clock.advance_seconds(60);
    let answer = plane
        .ok("UpdateUserPool", json!({"UserPoolId": pool, "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}))
        .await;
    assert_eq!(answer, json!({}));
    let updated = described(&plane, pool).await;
    let check = |member: &str, expected: Value| assert_eq!(updated[member], expected, "{member}");
    check("DeletionProtection", json!("INACTIVE"));
    check("MfaConfiguration", json!("OFF"));
    check("UserPoolTier", json!("ESSENTIALS"));
    check("IssuerConfiguration", json!({"Type": "ORIGINAL"}));
    check("UserPoolTags", json!({}));
    check("AdminCreateUserConfig", json!({"AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7}));
    check("UserPoolAddOns", json!({"AdvancedSecurityMode": "OFF"}));
    check("Name", json!("weather"));
    check("UsernameAttributes", json!(["email"]));
    check("UsernameConfiguration", json!({"CaseSensitive": false}));
    check("CreationDate", json!(NOW));
    check("LastModifiedDate", json!(NOW + 60.0));
    assert_eq!(updated["SchemaAttributes"].as_array().unwrap().len(), 21);
    plane
        .ok(
            "UpdateUserPool",
            json!({"UserPoolId": pool, "PoolName": "renamed", "Schema": [], "AliasAttributes": ["email"]}),
        )
        .await;
    let renamed = described(&plane, pool).await;
    assert_eq!((&renamed["Name"], &renamed["AliasAttributes"]), (&json!("renamed"), &Value::Null));
}

#[tokio::test]
async fn a_pool_is_deleted_with_all_that_belongs_to_it() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    plane.client(&pool).await;
    let tenant: Tenant = plane.caller.tenant();
    let mut tx = plane.store.write().await.unwrap();
    let keys = SigningKeys { pool: UserPoolId::parse(&pool).unwrap(), tenant: tenant.clone(), keys: Vec::new() };
    tx.insert(&keys).await.unwrap();
    tx.commit().await.unwrap();

    plane.ok("UpdateUserPool", json!({"UserPoolId": pool, "DeletionProtection": "ACTIVE"})).await;
    plane
        .refused(
            "DeleteUserPool",
            json!({"UserPoolId": pool}),
            INVALID,
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be \
         inactivated first.",
        )
        .await;
    plane.ok("UpdateUserPool", json!({"UserPoolId": pool, "DeletionProtection": "INACTIVE"})).await;
    plane.ok("CreateUserPoolDomain", json!({"UserPoolId": pool, "Domain": "weather"})).await;
    plane
        .refused(
            "DeleteUserPool",
            json!({"UserPoolId": pool}),
            INVALID,
            "User pool cannot be deleted. It has a domain configured that should be deleted first.",
        )
        .await;
    plane.ok("DeleteUserPoolDomain", json!({"UserPoolId": pool, "Domain": "weather"})).await;
    assert_eq!(plane.ok("DeleteUserPool", json!({"UserPoolId": pool})).await, Value::Null);

    let mut tx = plane.stored().await;
    assert!(tx.find::<UserPool>(&tenant, "", &pool).await.unwrap().is_none());
    assert!(tx.find::<SigningKeys>(&tenant, "", &pool).await.unwrap().is_none());
    assert_eq!(tx.count_of::<ResourceServer>(&tenant, &pool).await.unwrap(), 0);
    assert_eq!(tx.count_of::<AppClient>(&tenant, &pool).await.unwrap(), 0);
}

#[tokio::test]
async fn a_tag_pins_the_id() {
    let plane = Plane::new();
    let create = |tag: &str, value: &str| json!({"PoolName": "a", "UserPoolTags": {tag: value}});
    for (tag, value, id) in [
        ("_custom_id_", "weather", "us-east-1_weather"),
        ("_custom_id_", "us-east-1_whole", "us-east-1_whole"),
        ("claviger:id", "Ours1", "us-east-1_Ours1"),
    ] {
        assert_eq!(plane.ok("CreateUserPool", create(tag, value)).await["UserPool"]["Id"], id);
    }
    let taken = "The user pool id us-east-1_weather is taken; choose another one in the tag.";
    plane.refused("CreateUserPool", create("_custom_id_", "weather"), INVALID, taken).await;
    for value in ["", "a b", "a-b", "eu-west-1_weather", &"a".repeat(60)] {
        let message = format!(
            "The tag _custom_id_ cannot pin the id of a user pool to {value}: give letters and digits, or us-east-1_ \
             before them."
        );
        plane.refused("CreateUserPool", create("_custom_id_", value), INVALID, &message).await;
    }
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
async fn the_quota_of_pools_is_named_when_it_is_used_up() {
    let plane = Plane::new();
    let tenant = plane.caller.tenant();
    let pool = plane.pool().await;
    let mut tx = plane.store.write().await.unwrap();
    let mut copy = tx.find::<UserPool>(&tenant, "", &pool).await.unwrap().unwrap().record;
    for index in 1..1_000 {
        copy.id = UserPoolId::parse(&format!("us-east-1_{index:09}")).unwrap();
        tx.insert(&copy).await.unwrap();
    }
    tx.commit().await.unwrap();
    let message = "The quota of 1000 user pools per region is used up.";
    plane.refused("CreateUserPool", json!({"PoolName": "a"}), "LimitExceededException", message).await;
}
