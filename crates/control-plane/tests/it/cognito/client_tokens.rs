//! Tokens by `GetClientToken`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_control_plane::operation::Caller;
use claviger_resources::app_client::AppClient;
use claviger_resources::{AccountId, Region, Tenant};
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";
const NOT_AUTHORIZED: &str = "NotAuthorizedException";

/// The input that creates a client for `GetClientToken`.
fn settings(pool: &str) -> Value {
    json!({
        "UserPoolId": pool, "ClientName": "buoy", "GenerateSecret": true, "AllowedOAuthScopes": ["weather/get", "weather/post"],
        "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"], "AccessTokenValidity": 10,
        "TokenValidityUnits": {"AccessToken": "minutes"},
    })
}

/// A pool that can sign, a client of it, and the input that gets the client a token.
async fn ready(plane: &Plane, changes: Value) -> (String, Value) {
    let pool = plane.pool_with_scopes().await;
    plane.keys(&pool).await;
    let created = plane.ok("CreateUserPoolClient", with(settings(&pool), changes)).await;
    let client = &created["UserPoolClient"];
    (pool, json!({"ClientId": client["ClientId"], "Secret": client["ClientSecret"]}))
}

/// The claims of the token in an answer, unverified.
fn claims(answer: &Value) -> Value {
    let token = answer["ClientAuthenticationResult"]["AccessToken"].as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_gets_the_token_that_the_token_endpoint_would_give() {
    let mut plane = Plane::new();
    let (pool, input) = ready(&plane, json!({})).await;
    let answer = plane.ok("GetClientToken", input.clone()).await;
    let result = &answer["ClientAuthenticationResult"];
    assert_eq!((&result["ExpiresIn"], &result["TokenType"]), (&json!(600), &json!("Bearer")));
    assert_eq!(result.as_object().unwrap().len(), 3);
    let (claims, id) = (claims(&answer), &input["ClientId"]);
    let expected = json!({
        "sub": id, "token_use": "access", "scope": "weather/get weather/post", "auth_time": 1_893_456_000,
        "iss": format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}"), "exp": 1_893_456_600, "iat": 1_893_456_000,
        "version": 2, "jti": claims["jti"], "client_id": id,
    });
    assert_eq!(claims.to_string(), expected.to_string());

    // Who signs the call, and where it goes, says nothing.
    let (account, region) = (AccountId::parse("111111111111").unwrap(), Region::parse("eu-west-1").unwrap());
    plane.caller = Caller::root(Tenant { account, region });
    plane.ok("GetClientToken", input).await;
}

#[tokio::test]
async fn scopes_are_all_there_are_or_those_asked_for() {
    let plane = Plane::new();
    let (pool, input) = ready(&plane, json!({})).await;
    let granted =
        async |scopes: Value| claims(&plane.ok("GetClientToken", with(input.clone(), json!({"Scopes": scopes}))).await);
    for (scopes, expected) in [
        (Value::Null, "weather/get weather/post"),
        (json!([]), "weather/get weather/post"),
        (json!(["weather/post"]), "weather/post"),
        (json!(["weather/post", "weather/get"]), "weather/get weather/post"),
    ] {
        assert_eq!(granted(scopes).await["scope"], expected);
    }
    let refused = |scopes: Value, message: &'static str| {
        plane.refused("GetClientToken", with(input.clone(), json!({"Scopes": scopes})), INVALID, message)
    };
    refused(json!(["weather/get", "weather/never"]), "Invalid scope requested: weather/never").await;
    refused(json!(["openid"]), "Invalid scope requested: openid").await;
    let server = json!({"UserPoolId": pool, "Identifier": "weather", "Name": "W", "Scopes": [
        {"ScopeName": "post", "ScopeDescription": "Write"}, {"ScopeName": "delete", "ScopeDescription": "Delete"},
    ]});
    plane.ok("UpdateResourceServer", server).await;
    refused(json!(["weather/delete"]), "Invalid scope requested: weather/delete").await;
    assert_eq!(granted(json!(["weather/get", "weather/post"])).await["scope"], "weather/post");
    let nothing = "No token can be issued: none of the client's scopes is defined by a resource server.";
    refused(json!(["weather/get"]), nothing).await;
}

#[tokio::test]
async fn a_client_proves_itself_and_must_be_allowed_the_flow() {
    let plane = Plane::new();
    let (pool, input) = ready(&plane, json!({})).await;
    let unknown = "Invalid client or secret";
    let refused = |changes: Value, message: &'static str| {
        plane.refused("GetClientToken", with(input.clone(), changes), NOT_AUTHORIZED, message)
    };
    refused(json!({"Secret": "a_secret_of_nobody_at_all"}), unknown).await;
    refused(json!({"ClientId": "0123456789abcdefghijklmnop"}), unknown).await;
    let key = json!({"UserPoolId": pool, "ClientId": input["ClientId"]});
    let added = plane.ok("AddUserPoolClientSecret", key.clone()).await;
    let second = json!({"Secret": added["ClientSecretDescriptor"]["ClientSecretValue"]});
    plane.ok("GetClientToken", with(input.clone(), second)).await;

    plane.ok("UpdateUserPoolClient", key.clone()).await;
    let disabled = "ALLOW_CLIENT_TOKEN_AUTH flow not enabled for this client";
    refused(json!({}), disabled).await;
    refused(json!({"Secret": "a_secret_of_nobody_at_all"}), unknown).await;
    plane.ok("DeleteUserPoolClient", key).await;
    refused(json!({}), unknown).await;
}

#[tokio::test]
async fn static_claims_of_a_client_stand_behind_the_others() {
    let plane = Plane::new();
    let (pool, input) = ready(&plane, json!({})).await;
    let put = async |claims: &Value| {
        let mut tx = plane.store.write().await.unwrap();
        let id = input["ClientId"].as_str().unwrap();
        let mut stored = tx.find::<AppClient>(&plane.caller.tenant(), &pool, id).await.unwrap().unwrap();
        stored.extra_claims = claims.as_object().unwrap().clone();
        tx.replace(&stored).await.unwrap();
        tx.commit().await.unwrap();
        // An update changes nothing of them, and its answer waits for the snapshot.
        plane.ok("UpdateUserPoolClient", with(settings(&pool), json!({"ClientId": id, "GenerateSecret": null}))).await;
        claims_of_client(&plane, &input).await
    };
    let plain = claims_of_client(&plane, &input).await;
    let given = json!({"tenant": "north", "plan": {"level": 3}, "regions": ["a", "b"], "trial": false});
    let claims = put(&given).await;
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names[names.len() - 4..], ["tenant", "plan", "regions", "trial"]);
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(claims[name], *value);
    }
    // What only the issuer may say is never taken from there, were it there.
    let forged = put(&json!({"tenant": "north", "sub": "forged"})).await;
    assert_eq!(with(forged, json!({"jti": plain["jti"]})), plain);
}

async fn claims_of_client(plane: &Plane, input: &Value) -> Value {
    claims(&plane.ok("GetClientToken", input.clone()).await)
}

#[tokio::test]
async fn a_hook_without_a_function_says_how_to_give_it_one() {
    let plane = Plane::new();
    let (pool, input) = ready(&plane, json!({})).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:claims";
    let hook = |version: &str| {
        let config = json!({"LambdaVersion": version, "LambdaArn": arn});
        plane.ok("UpdateUserPool", json!({"UserPoolId": pool, "LambdaConfig": {"PreTokenGenerationConfig": config}}))
    };
    hook("V3_0").await;
    let message = format!(
        "PreTokenGeneration invocation failed due to error: there is no function {arn}; create it, or say where it is with \
         --function ARN=URL or CLAVIGER_FUNCTIONS."
    );
    plane.refused("GetClientToken", input.clone(), "UnexpectedLambdaException", &message).await;
    // The other versions are for users.
    for version in ["V1_0", "V2_0"] {
        hook(version).await;
        plane.ok("GetClientToken", input.clone()).await;
    }
    plane.ok("UpdateUserPool", json!({"UserPoolId": pool, "LambdaConfig": {"PreTokenGeneration": arn}})).await;
    plane.ok("GetClientToken", input).await;
}
