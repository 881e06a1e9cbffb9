//! Section 6.3: user pools.

use serde_json::{Value, json};

use super::cases;
use super::world::World;

cases! { |w|
    s6_3_create => {
        let message = "Value null at 'poolName' failed to satisfy constraint: Member must not be null";
        w.invalid("CreateUserPool", json!({}), message).await;
        let message = "Value 'a/b' at 'poolName' failed to satisfy constraint: \
                       Member must satisfy regular expression pattern: [\\w\\s+=,.@-]+";
        w.invalid("CreateUserPool", json!({ "PoolName": "a/b" }), message).await;
        let tags = json!({ "PoolName": "a", "UserPoolTags": { "aws:team": "sky" } });
        let message = "aws: prefixed tag key names are not allowed for external use.";
        w.no("CreateUserPool", tags, "UserPoolTaggingException", message).await;
    };
    s6_3_describe => unknown(&w, "DescribeUserPool").await;
    s6_3_list => {
        let message = "Value null at 'maxResults' failed to satisfy constraint: Member must not be null";
        w.invalid("ListUserPools", json!({}), message).await;
    };
    s6_3_update => unknown(&w, "UpdateUserPool").await;
    s6_3_delete => unknown(&w, "DeleteUserPool").await;
    s6_3_list_items => {
        let listed = w.ok("ListUserPools", json!({ "MaxResults": 60 })).await;
        let pools = listed["UserPools"].as_array().unwrap();
        let pool = pools.iter().find(|pool| pool["Id"] == json!(w.machine.pool)).unwrap();
        let mut names: Vec<_> = pool.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["CreationDate", "Id", "LambdaConfig", "LastModifiedDate", "Name"]);
        assert_eq!(pool["LambdaConfig"], json!({}));
    };
    s6_3_names_are_not_unique => assert_ne!(w.pool(json!({})).await, w.pool(json!({})).await);

    s6_3_password_policy => {
        let expected = json!({
            "MinimumLength": 8, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
            "RequireSymbols": true, "TemporaryPasswordValidityDays": 7,
        });
        assert_eq!(described(&w).await["Policies"]["PasswordPolicy"], expected);
    };
    s6_3_sign_in_policy => {
        let expected = json!({ "AllowedFirstAuthFactors": ["PASSWORD"] });
        assert_eq!(described(&w).await["Policies"]["SignInPolicy"], expected);
    };
    s6_3_deletion_protection => default(&w, "DeletionProtection", json!("INACTIVE")).await;
    s6_3_lambda_config => default(&w, "LambdaConfig", json!({})).await;
    s6_3_schema_attributes => {
        let pool = described(&w).await;
        let attributes = pool["SchemaAttributes"].as_array().unwrap();
        for name in [
            "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
            "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
            "phone_number_verified", "address", "updated_at",
        ] {
            assert!(attributes.iter().any(|attribute| attribute["Name"] == name), "{name}");
        }
        let of = |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap();
        assert_eq!(json!([of("sub")["Required"], of("sub")["Mutable"]]), json!([true, false]));
        assert_eq!(of("sub")["StringAttributeConstraints"], json!({ "MinLength": "1", "MaxLength": "2048" }));
        assert_eq!(of("birthdate")["StringAttributeConstraints"], json!({ "MinLength": "10", "MaxLength": "10" }));
        assert_eq!(of("email")["StringAttributeConstraints"], json!({ "MinLength": "0", "MaxLength": "2048" }));
        assert_eq!(of("email_verified")["AttributeDataType"], "Boolean");
        assert_eq!(of("updated_at")["NumberAttributeConstraints"], json!({ "MinValue": "0" }));
    };
    s6_3_mfa_configuration => default(&w, "MfaConfiguration", json!("OFF")).await;
    s6_3_estimated_number_of_users => default(&w, "EstimatedNumberOfUsers", json!(0)).await;
    s6_3_email_configuration => {
        default(&w, "EmailConfiguration", json!({ "EmailSendingAccount": "COGNITO_DEFAULT" })).await;
    };
    s6_3_admin_create_user_config => {
        let expected = json!({ "AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7 });
        default(&w, "AdminCreateUserConfig", expected).await;
    };
    s6_3_verification_message_template => {
        default(&w, "VerificationMessageTemplate", json!({ "DefaultEmailOption": "CONFIRM_WITH_CODE" })).await;
    };
    s6_3_account_recovery_setting => {
        let mechanisms = json!([
            { "Priority": 1, "Name": "verified_email" }, { "Priority": 2, "Name": "verified_phone_number" },
        ]);
        default(&w, "AccountRecoverySetting", json!({ "RecoveryMechanisms": mechanisms })).await;
    };
    s6_3_user_pool_tags => default(&w, "UserPoolTags", json!({})).await;
    s6_3_user_pool_tier => default(&w, "UserPoolTier", json!("ESSENTIALS")).await;
    s6_3_username_configuration => default(&w, "UsernameConfiguration", Value::Null).await;
    s6_3_identity_and_dates => {
        let pool = described(&w).await;
        for member in ["Arn", "Id", "Name"] {
            assert!(pool[member].is_string(), "{member}");
        }
        for member in ["CreationDate", "LastModifiedDate"] {
            assert!(pool[member].is_number(), "{member}");
        }
    };
    s6_3_domain => {
        let pool = described(&w).await;
        assert_eq!((pool.get("Domain"), pool.get("CustomDomain")), (None, None));
        let with_domain = w.ok("DescribeUserPool", w.of_pool(json!({}))).await;
        assert_eq!(with_domain["UserPool"]["Domain"], "weather");
    };
    s6_3_newer_blocks => {
        let pool = described(&w).await;
        assert_eq!(pool["IssuerConfiguration"]["Type"], "ORIGINAL");
        assert_eq!(pool["KeyConfiguration"], json!({ "KeyType": "AWS_OWNED_KEY" }));
        let pool = w.pool(json!({ "AcrConfiguration": { "Level2": { "AcrValue": "two" } } })).await;
        let pool = w.ok("DescribeUserPool", json!({ "UserPoolId": pool })).await["UserPool"].take();
        let levels = &pool["AcrConfiguration"];
        assert_eq!(levels["Level2"]["AcrValue"], "two");
        assert!(levels["Level1"]["AcrValue"].is_string() && levels["Level4"]["AcrValue"].is_string(), "{levels}");
    };

    s6_3_unknown_pool => unknown(&w, "DescribeUserPool").await;
    s6_3_delete_with_domain => {
        let message = "User pool cannot be deleted. It has a domain configured that should be deleted first.";
        w.no("DeleteUserPool", w.of_pool(json!({})), "InvalidParameterException", message).await;
    };
    s6_3_delete_protected => protected(&w).await;
    s6_3_sms_required => {
        let message = "SMS configuration is required when phone_number is selected for auto verification";
        let input = json!({ "PoolName": "a", "AutoVerifiedAttributes": ["phone_number"] });
        w.no("CreateUserPool", input, "InvalidParameterException", message).await;
    };
    s6_3_status_of_a_refused_delete => protected(&w).await;
    s6_3_update_resets => {
        let tags = json!({ "team": "sky" });
        let settings = json!({ "UserPoolTier": "PLUS", "UserPoolTags": tags, "MfaConfiguration": "OPTIONAL" });
        let pool = w.pool(settings).await;
        w.ok("UpdateUserPool", json!({ "UserPoolId": pool })).await;
        let updated = w.ok("DescribeUserPool", json!({ "UserPoolId": pool })).await["UserPool"].take();
        let shown = json!([updated["UserPoolTier"], updated["UserPoolTags"], updated["MfaConfiguration"]]);
        assert_eq!(shown, json!(["ESSENTIALS", {}, "OFF"]));
    };
    s6_3_immutable => {
        let settings = json!({
            "UsernameAttributes": ["email"], "UsernameConfiguration": { "CaseSensitive": false },
            "Schema": [{ "Name": "tenant", "AttributeDataType": "String" }],
        });
        let pool = w.pool(settings).await;
        let show = async || w.ok("DescribeUserPool", json!({ "UserPoolId": pool })).await["UserPool"].take();
        let before = show().await;
        let update = json!({ "UserPoolId": pool, "UsernameAttributes": ["phone_number"], "Schema": [] });
        w.ok("UpdateUserPool", update).await;
        let after = show().await;
        for member in ["UsernameAttributes", "UsernameConfiguration", "SchemaAttributes"] {
            assert_eq!(before[member], after[member], "{member}");
        }
    };
    s6_3_deleted_is_invisible => {
        let pool = w.pool(json!({})).await;
        w.ok("DeleteUserPool", json!({ "UserPoolId": pool })).await;
        let message = format!("User pool {pool} does not exist.");
        w.no("DescribeUserPool", json!({ "UserPoolId": pool }), "ResourceNotFoundException", &message).await;
        assert_eq!(w.get("", &format!("/{pool}/.well-known/jwks.json")).await.status, 404);
    };
}

async fn unknown(w: &World, operation: &str) {
    let message = "User pool us-east-1_000000000 does not exist.";
    w.no(operation, json!({ "UserPoolId": "us-east-1_000000000" }), "ResourceNotFoundException", message).await;
}

/// The description of a pool that was created with nothing but a name.
async fn described(w: &World) -> Value {
    let created = w.ok("CreateUserPool", json!({ "PoolName": "plain" })).await["UserPool"].take();
    let described = w.ok("DescribeUserPool", json!({ "UserPoolId": created["Id"] })).await["UserPool"].take();
    assert_eq!(created, described);
    described
}

async fn default(w: &World, member: &str, expected: Value) {
    assert_eq!(described(w).await[member], expected, "{member}");
}

async fn protected(w: &World) {
    let pool = w.pool(json!({ "DeletionProtection": "ACTIVE" })).await;
    let message = "The user pool cannot be deleted because deletion protection is activated. \
                   Deletion protection must be inactivated first.";
    w.no("DeleteUserPool", json!({ "UserPoolId": pool }), "InvalidParameterException", message).await;
    w.ok("UpdateUserPool", json!({ "UserPoolId": pool, "DeletionProtection": "INACTIVE" })).await;
    w.ok("DeleteUserPool", json!({ "UserPoolId": pool })).await;
}
