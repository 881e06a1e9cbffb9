//! App clients.

use claviger_resources::ClientId;
use claviger_resources::app_client::{AppClient, OAuthFlow, ValidityUnit};
use claviger_runtime::vault::SealedFor;
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{NOW, Plane, machine, with};

const INVALID: &str = "InvalidParameterException";
const MISSING: &str = "ResourceNotFoundException";
const FLOW: &str = "InvalidOAuthFlowException";
const SCOPE: &str = "ScopeDoesNotExistException";

async fn stored(plane: &Plane, pool: &str, client: &Value) -> AppClient {
    let mut tx = plane.stored().await;
    let id = client["ClientId"].as_str().unwrap();
    tx.find::<AppClient>(&plane.caller.tenant(), pool, id).await.unwrap().unwrap().record
}

#[tokio::test]
async fn a_client_of_pool_and_name_alone_has_every_default() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let created = plane.ok("CreateUserPoolClient", json!({"UserPoolId": pool, "ClientName": "station"})).await;
    let client = &created["UserPoolClient"];
    let id = client["ClientId"].as_str().unwrap();
    assert_eq!(id.len(), 26);
    assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte)), "{id}");
    assert_eq!(
        *client,
        json!({
            "UserPoolId": pool, "ClientName": "station", "ClientId": id, "CreationDate": NOW, "LastModifiedDate": NOW,
            "RefreshTokenValidity": 30, "TokenValidityUnits": {}, "AllowedOAuthFlowsUserPoolClient": false,
            "EnableTokenRevocation": true, "EnablePropagateAdditionalUserContextData": false, "AuthSessionValidity": 3,
            "ClientType": "REGULAR",
        })
    );
    let key = json!({"UserPoolId": pool, "ClientId": id});
    assert_eq!(plane.ok("DescribeUserPoolClient", key).await, created);
}

#[tokio::test]
async fn a_client_for_machines_is_stored_as_tokens_need_it() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let validity =
        json!({"AccessTokenValidity": 10, "TokenValidityUnits": {"AccessToken": "minutes", "RefreshToken": "hours"}});
    let created = plane.ok("CreateUserPoolClient", with(machine(&pool), validity)).await;
    let client = &created["UserPoolClient"];
    assert_eq!(client["AccessTokenValidity"], 10);
    assert_eq!(client["TokenValidityUnits"], json!({"AccessToken": "minutes", "RefreshToken": "hours"}));
    let secret = client["ClientSecret"].as_str().unwrap();
    assert_eq!(secret.len(), 52);
    assert!(secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte)), "{secret}");

    let stored = stored(&plane, &pool, client).await;
    assert!(stored.oauth_enabled);
    assert_eq!(stored.oauth_flows, Some(vec![OAuthFlow::ClientCredentials]));
    assert_eq!(stored.oauth_scopes, Some(vec!["weather/get".to_owned()]));
    assert_eq!((stored.access_token_validity, stored.access_token_unit), (Some(10), Some(ValidityUnit::Minutes)));
    assert_eq!(stored.access_token_seconds(), 600);
}

#[tokio::test]
async fn a_secret_is_stored_as_digest_and_sealed_never_in_clear() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let client = plane.client(&pool).await;
    let secret = client["ClientSecret"].as_str().unwrap();
    let stored = stored(&plane, &pool, &client).await;
    let [kept] = stored.secrets.as_slice() else { panic!("one secret") };
    let id = ClientId::parse(client["ClientId"].as_str().unwrap()).unwrap();
    assert!(kept.original);
    assert_eq!(kept.id, format!("{id}--1893456000250"));
    assert_eq!(kept.digest.as_bytes(), plane.vault.digest(&id, secret.as_bytes()).0);
    let opened = plane.vault.open_sealed(SealedFor::ClientSecret(&id), &kept.sealed).unwrap();
    assert_eq!(opened.expose(), secret.as_bytes());
    assert!(!serde_json::to_string(&stored).unwrap().contains(secret));
}

#[tokio::test]
async fn a_secret_may_be_brought_along() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let base = || with(machine(&pool), json!({"GenerateSecret": false}));
    let secret = "brought_from_elsewhere+2026";
    let created = plane.ok("CreateUserPoolClient", with(base(), json!({"ClientSecret": secret}))).await;
    let key = json!({"UserPoolId": pool, "ClientId": created["UserPoolClient"]["ClientId"]});
    let described = plane.ok("DescribeUserPoolClient", key).await;
    for client in [created, described] {
        assert_eq!(client["UserPoolClient"]["ClientSecret"], secret);
    }
    let both = with(machine(&pool), json!({"ClientSecret": secret}));
    plane
        .refused("CreateUserPoolClient", both, INVALID, "ClientSecret cannot be given when GenerateSecret is true.")
        .await;
    let start = "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member must";
    for (secret, constraint) in [
        ("s".repeat(23), "have length greater than or equal to 24"),
        ("s".repeat(65), "have length less than or equal to 64"),
        (format!("{}-", "s".repeat(30)), r"satisfy regular expression pattern: [\w+]+"),
    ] {
        let input = with(base(), json!({"ClientSecret": secret}));
        plane.refused("CreateUserPoolClient", input, INVALID, &format!("{start} {constraint}")).await;
    }
}

#[tokio::test]
async fn oauth_settings_that_contradict_each_other_are_refused() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let refused = |members: Value, exception: &'static str, message: &'static str| {
        plane.refused("CreateUserPoolClient", with(machine(&pool), members), exception, message)
    };
    let required =
        "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.";
    refused(json!({"AllowedOAuthFlows": null}), INVALID, required).await;
    refused(json!({"AllowedOAuthFlows": []}), INVALID, required).await;
    refused(json!({"AllowedOAuthScopes": null}), INVALID, required).await;
    refused(json!({"AllowedOAuthScopes": []}), INVALID, required).await;
    for other in ["code", "implicit"] {
        let together = "client_credentials flow can not be selected along with code flow or implicit flow.";
        refused(json!({"AllowedOAuthFlows": ["client_credentials", other]}), FLOW, together).await;
    }
    let secret = "client_credentials flow can not be selected if client does not have a client secret.";
    refused(json!({"GenerateSecret": false}), FLOW, secret).await;
    refused(json!({"GenerateSecret": null, "AllowedOAuthFlowsUserPoolClient": false}), FLOW, secret).await;
    let openid = "openid is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["weather/get", "openid", "email"]}), FLOW, openid).await;
    let email = "email is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["email"]}), FLOW, email).await;
    let admin = "aws.cognito.signin.user.admin is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["aws.cognito.signin.user.admin"]}), FLOW, admin).await;
    let callback = "CallbackUrls can not be empty when code flow or implicit flow is selected";
    refused(json!({"AllowedOAuthFlows": ["code"]}), INVALID, callback).await;
    refused(json!({"AllowedOAuthFlows": ["implicit"], "CallbackURLs": []}), INVALID, callback).await;
    let http = "http://example.com/back cannot use the HTTP protocol.";
    refused(json!({"CallbackURLs": ["https://a.example", "http://example.com/back"]}), INVALID, http).await;
    refused(json!({"LogoutURLs": ["http://example.com/back"]}), INVALID, http).await;
    let default = "DefaultRedirectURI must be one of CallbackURLs.";
    refused(
        json!({"CallbackURLs": ["https://a.example"], "DefaultRedirectURI": "https://b.example"}),
        INVALID,
        default,
    )
    .await;
    let provider = format!("The provider Google does not exist for User Pool {pool}");
    let input = with(machine(&pool), json!({"SupportedIdentityProviders": ["COGNITO", "Google"]}));
    plane.refused("CreateUserPoolClient", input, INVALID, &provider).await;
}

#[tokio::test]
async fn users_flows_take_users_scopes_and_local_redirects() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let urls = json!([
        "https://a.example/back",
        "http://localhost:3000/",
        "http://127.0.0.1",
        "http://[::1]:80/",
        "myapp://back"
    ]);
    let members = json!({
        "GenerateSecret": false, "AllowedOAuthFlows": ["code", "implicit"], "CallbackURLs": urls, "LogoutURLs": urls,
        "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin", "weather/get"],
        "DefaultRedirectURI": "myapp://back", "SupportedIdentityProviders": ["COGNITO"],
    });
    let created = plane.ok("CreateUserPoolClient", with(machine(&pool), members)).await;
    assert_eq!(created["UserPoolClient"]["CallbackURLs"], urls);
    assert_eq!(created["UserPoolClient"]["ClientSecret"], Value::Null);
}

#[tokio::test]
async fn a_scope_must_be_defined_in_the_pool() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool_with_scopes().await, plane.pool().await);
    let slashes = json!({
        "UserPoolId": pool, "Identifier": "https://api.example/v1", "Name": "A",
        "Scopes": [{"ScopeName": "x", "ScopeDescription": "x"}],
    });
    plane.ok("CreateResourceServer", slashes).await;
    let accepted = with(machine(&pool), json!({"AllowedOAuthScopes": ["https://api.example/v1/x", "weather/post"]}));
    plane.ok("CreateUserPoolClient", accepted).await;
    for scope in
        ["weather/never", "never/get", "weather", "weather/", "/get", "weather/get/x", "https://api.example/v1/y"]
    {
        let input = with(machine(&pool), json!({"AllowedOAuthScopes": ["weather/get", scope]}));
        let message = format!("Invalid scope requested: {scope}");
        plane.refused("CreateUserPoolClient", input, SCOPE, &message).await;
    }
    plane.refused("CreateUserPoolClient", machine(&other), SCOPE, "Invalid scope requested: weather/get").await;
}

#[tokio::test]
async fn flows_and_scopes_are_stored_while_oauth_is_off_and_checked_all_the_same() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let off = with(machine(&pool), json!({"AllowedOAuthFlowsUserPoolClient": false}));
    let created = plane.ok("CreateUserPoolClient", off.clone()).await;
    let client = &created["UserPoolClient"];
    assert_eq!(client["AllowedOAuthFlowsUserPoolClient"], false);
    assert_eq!(
        (&client["AllowedOAuthFlows"], &client["AllowedOAuthScopes"]),
        (&json!(["client_credentials"]), &json!(["weather/get"]))
    );
    assert!(!stored(&plane, &pool, client).await.oauth_enabled);
    let wrong = with(off, json!({"AllowedOAuthScopes": ["weather/never"]}));
    plane.refused("CreateUserPoolClient", wrong, SCOPE, "Invalid scope requested: weather/never").await;
}

#[tokio::test]
async fn lists_are_sets() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let members = json!({"AllowedOAuthScopes": ["weather/post", "weather/get", "weather/post"]});
    let created = plane.ok("CreateUserPoolClient", with(machine(&pool), members)).await;
    assert_eq!(created["UserPoolClient"]["AllowedOAuthScopes"], json!(["weather/post", "weather/get"]));
}

#[tokio::test]
async fn tokens_live_five_minutes_to_a_day_and_refresh_tokens_an_hour_to_ten_years() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let base = json!({"UserPoolId": pool, "ClientName": "station"});
    let check = |members: Value, accepted: bool| {
        let (plane, input) = (&plane, with(base.clone(), members));
        async move {
            if accepted {
                plane.ok("CreateUserPoolClient", input).await;
            } else {
                plane.refused("CreateUserPoolClient", input, INVALID, "Invalid range for token validity.").await;
            }
        }
    };
    for token in ["Access", "Id"] {
        let validity = |validity: Value, unit: Value| json!({format!("{token}TokenValidity"): validity, "TokenValidityUnits": {format!("{token}Token"): unit}});
        check(validity(json!(300), json!("seconds")), true).await;
        check(validity(json!(299), json!("seconds")), false).await;
        check(validity(json!(86_400), json!("seconds")), true).await;
        check(validity(json!(5), json!("minutes")), true).await;
        check(validity(json!(4), json!("minutes")), false).await;
        check(validity(json!(1_440), json!("minutes")), true).await;
        check(validity(json!(1_441), json!("minutes")), false).await;
        check(validity(json!(24), Value::Null), true).await;
        check(validity(json!(25), Value::Null), false).await;
        check(validity(json!(1), json!("days")), true).await;
        check(validity(json!(2), json!("days")), false).await;
        check(validity(json!(86_400), json!("days")), false).await;
        check(validity(Value::Null, json!("minutes")), false).await;
        check(validity(Value::Null, json!("hours")), true).await;
    }
    let refresh = |validity: Value, unit: Value| json!({"RefreshTokenValidity": validity, "TokenValidityUnits": {"RefreshToken": unit}});
    check(refresh(json!(60), json!("minutes")), true).await;
    check(refresh(json!(59), json!("minutes")), false).await;
    check(refresh(json!(3_650), Value::Null), true).await;
    check(refresh(json!(3_651), Value::Null), false).await;
    check(refresh(json!(315_360_000), json!("seconds")), true).await;
    check(refresh(json!(315_360_000), json!("days")), false).await;
    check(refresh(Value::Null, json!("minutes")), false).await;
}

#[tokio::test]
async fn a_refresh_token_validity_of_zero_is_thirty_days() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let input = json!({"UserPoolId": pool, "ClientName": "station", "RefreshTokenValidity": 0});
    let created = plane.ok("CreateUserPoolClient", input).await;
    assert_eq!(created["UserPoolClient"]["RefreshTokenValidity"], 30);
}

#[tokio::test]
async fn a_unit_without_a_number_counts_one() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let input = with(machine(&pool), json!({"TokenValidityUnits": {"AccessToken": "days"}}));
    let created = plane.ok("CreateUserPoolClient", input).await;
    assert_eq!(stored(&plane, &pool, &created["UserPoolClient"]).await.access_token_seconds(), 86_400);
}

#[tokio::test]
async fn auth_flows_are_of_one_generation() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let base = json!({"UserPoolId": pool, "ClientName": "station", "GenerateSecret": true});
    let input = |flows: Value| with(base.clone(), json!({"ExplicitAuthFlows": flows}));
    plane.ok("CreateUserPoolClient", input(json!(["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]))).await;
    plane.ok("CreateUserPoolClient", input(json!(["USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"]))).await;
    plane.ok("CreateUserPoolClient", input(json!(["ALLOW_CLIENT_TOKEN_AUTH"]))).await;
    let legacy = "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.";
    let mixed = input(json!(["USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]));
    plane.refused("CreateUserPoolClient", mixed, INVALID, legacy).await;
    let alone = "ALLOW_CLIENT_TOKEN_AUTH cannot be combined with other auth flows.";
    let combined = input(json!(["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]));
    plane.refused("CreateUserPoolClient", combined, INVALID, alone).await;
    let public = with(input(json!(["ALLOW_CLIENT_TOKEN_AUTH"])), json!({"GenerateSecret": false}));
    plane.refused("CreateUserPoolClient", public, INVALID, "ALLOW_CLIENT_TOKEN_AUTH requires a client secret.").await;
    let context = with(base, json!({"GenerateSecret": false, "EnablePropagateAdditionalUserContextData": true}));
    let message = "EnablePropagateAdditionalUserContextData requires a client secret.";
    plane.refused("CreateUserPoolClient", context, INVALID, message).await;
}

#[tokio::test]
async fn attributes_and_analytics_must_be_whole() {
    let plane = Plane::new();
    let created = plane
        .ok(
            "CreateUserPool",
            json!({
                "PoolName": "a", "Schema": [{"Name": "tenant", "AttributeDataType": "String"}],
            }),
        )
        .await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    let base = json!({"UserPoolId": pool, "ClientName": "station"});
    let attributes = json!({"ReadAttributes": ["email", "custom:tenant"], "WriteAttributes": ["custom:tenant"]});
    plane.ok("CreateUserPoolClient", with(base.clone(), attributes)).await;
    for (member, message) in [
        ("ReadAttributes", "Invalid read attributes specified while creating a client"),
        ("WriteAttributes", "Invalid write attributes specified while creating a client"),
    ] {
        let input = with(base.clone(), json!({member: ["email", "custom:other"]}));
        plane.refused("CreateUserPoolClient", input, INVALID, message).await;
    }
    let role = "arn:aws:iam::000000000000:role/analytics";
    let application = "arn:aws:mobiletargeting:us-east-1:000000000000:apps/0f";
    let message = "Invalid analytics configuration given, either <application arn> or \
                   <application id, role arn, external id> are valid";
    for (analytics, accepted) in [
        (json!({"ApplicationArn": application}), true),
        (json!({"ApplicationId": "0f", "RoleArn": role, "ExternalId": "x"}), true),
        (json!({"ApplicationId": "0f"}), false),
        (json!({"ApplicationId": "0f", "RoleArn": role}), false),
        (json!({"ApplicationArn": application, "ApplicationId": "0f"}), false),
        (json!({}), false),
    ] {
        let input = with(base.clone(), json!({"AnalyticsConfiguration": analytics}));
        if accepted {
            plane.ok("CreateUserPoolClient", input).await;
        } else {
            plane.refused("CreateUserPoolClient", input, INVALID, message).await;
        }
    }
}

#[tokio::test]
async fn an_update_resets_what_it_leaves_out_and_keeps_name_and_secret() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let members = json!({
        "AccessTokenValidity": 10, "TokenValidityUnits": {"AccessToken": "minutes"}, "RefreshTokenValidity": 5,
        "EnableTokenRevocation": false, "CallbackURLs": ["https://a.example"], "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
        "PreventUserExistenceErrors": "ENABLED",
    });
    let created = plane.ok("CreateUserPoolClient", with(machine(&pool), members)).await;
    let before = &created["UserPoolClient"];
    plane.clock.advance_seconds(60);
    let key = json!({"UserPoolId": pool, "ClientId": before["ClientId"]});
    let updated = plane.ok("UpdateUserPoolClient", key.clone()).await;
    assert_eq!(
        updated["UserPoolClient"],
        json!({
            "UserPoolId": pool, "ClientName": "station", "ClientId": before["ClientId"], "ClientSecret": before["ClientSecret"],
            "CreationDate": NOW, "LastModifiedDate": NOW + 60.0,
            "RefreshTokenValidity": 30, "TokenValidityUnits": {}, "AllowedOAuthFlowsUserPoolClient": false,
            "EnableTokenRevocation": true, "EnablePropagateAdditionalUserContextData": false, "AuthSessionValidity": 3,
            "ClientType": "REGULAR",
        })
    );
    let stored = stored(&plane, &pool, before).await;
    assert_eq!((stored.oauth_enabled, stored.oauth_flows, stored.oauth_scopes), (false, None, None));
    assert_eq!((stored.access_token_validity, stored.access_token_unit), (None, None));
    let renamed = plane.ok("UpdateUserPoolClient", with(key, json!({"ClientName": "renamed"}))).await;
    assert_eq!(renamed["UserPoolClient"]["ClientName"], "renamed");
}

#[tokio::test]
async fn an_update_is_held_to_the_rules_of_a_creation() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let client = plane.client(&pool).await;
    let created = plane.ok("CreateUserPoolClient", json!({"UserPoolId": pool, "ClientName": "public"})).await;
    let update = |client: &Value, members| with(with(machine(&pool), json!({"ClientId": client["ClientId"]})), members);
    let never = update(&client, json!({"AllowedOAuthScopes": ["weather/never"]}));
    plane.refused("UpdateUserPoolClient", never, SCOPE, "Invalid scope requested: weather/never").await;
    let secret = "client_credentials flow can not be selected if client does not have a client secret.";
    let public = update(&created["UserPoolClient"], json!({}));
    plane.refused("UpdateUserPoolClient", public, FLOW, secret).await;
    plane.ok("UpdateUserPoolClient", update(&client, json!({"AllowedOAuthScopes": ["weather/post"]}))).await;
}

#[tokio::test]
async fn an_unknown_client_does_not_exist() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool_with_scopes().await, plane.pool().await);
    let client = plane.client(&pool).await;
    let id = client["ClientId"].as_str().unwrap();
    for operation in ["DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"] {
        let gone = "User pool client gone does not exist.";
        plane.refused(operation, json!({"UserPoolId": pool, "ClientId": "gone"}), MISSING, gone).await;
        let elsewhere = format!("User pool client {id} does not exist.");
        plane.refused(operation, json!({"UserPoolId": other, "ClientId": id}), MISSING, &elsewhere).await;
        let no_pool = "User pool us-east-1_none does not exist.";
        plane.refused(operation, json!({"UserPoolId": "us-east-1_none", "ClientId": id}), MISSING, no_pool).await;
    }
    let key = json!({"UserPoolId": pool, "ClientId": id});
    assert_eq!(plane.ok("DeleteUserPoolClient", key.clone()).await, Value::Null);
    let deleted = format!("User pool client {id} does not exist.");
    plane.refused("DeleteUserPoolClient", key, MISSING, &deleted).await;
}

#[tokio::test]
async fn a_list_shows_three_members_of_each_client() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    for _ in 0..3 {
        plane.client(&pool).await;
    }
    let list = |members| plane.ok("ListUserPoolClients", with(json!({"UserPoolId": pool}), members));
    let all = list(json!({})).await;
    assert_eq!((all["UserPoolClients"].as_array().unwrap().len(), &all["NextToken"]), (3, &Value::Null));
    let client = &all["UserPoolClients"][0];
    assert_eq!(*client, json!({"ClientId": client["ClientId"], "UserPoolId": pool, "ClientName": "station"}));
    let first = list(json!({"MaxResults": 2})).await;
    assert_eq!(first["UserPoolClients"].as_array().unwrap().len(), 2);
    let rest = list(json!({"MaxResults": 2, "NextToken": first["NextToken"]})).await;
    assert_eq!((rest["UserPoolClients"].as_array().unwrap().len(), &rest["NextToken"]), (1, &Value::Null));
    assert_eq!(list(json!({"ClientType": "REGULAR"})).await, all);
    assert_eq!(list(json!({"ClientType": "DCR"})).await, json!({"UserPoolClients": []}));
}

#[tokio::test]
async fn the_quota_of_clients_is_named_when_it_is_used_up() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let client = plane.client(&pool).await;
    let mut copy = stored(&plane, &pool, &client).await;
    let mut tx = plane.store.write().await.unwrap();
    for index in 1..1_000 {
        copy.id = ClientId::parse(&format!("{index:026}")).unwrap();
        tx.insert(&copy).await.unwrap();
    }
    tx.commit().await.unwrap();
    let message = "The quota of 1000 app clients per user pool is used up.";
    plane.refused("CreateUserPoolClient", machine(&pool), "LimitExceededException", message).await;
}
