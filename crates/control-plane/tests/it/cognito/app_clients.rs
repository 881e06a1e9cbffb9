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
