//! User pools.

use claviger_resources::app_client::AppClient;
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::signing_key::{KeyPolicy, SigningKeys};
use claviger_resources::user_pool::{IssuerType, UserPool};
use claviger_resources::{Tenant, UserPoolId};
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{NOW, Plane};

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
    let keys = SigningKeys {
        pool: UserPoolId::parse(&pool).unwrap(),
        tenant: tenant.clone(),
        policy: KeyPolicy::default(),
        keys: Vec::new(),
    };
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
