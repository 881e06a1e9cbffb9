//! Ending sessions, and access tokens that prove nothing (any more).

use serde_json::{Value, json};

use super::scene::{Client, NOT_AUTHORIZED, Scene};
use crate::plane::with;

const REVOKED: &str = "Access Token has been revoked";

fn bearer(token: &Value) -> Value {
    json!({"AccessToken": token})
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_no_later_one() {
    for is_administrator in [false, true] {
        let scene = Scene::new().await;
        let client = scene.client(json!({})).await;
        scene.user("ada", |_| {}).await;
        let (one, other) = (scene.tokens(&client, "ada").await, scene.tokens(&client, "ada").await);
        if is_administrator {
            let input = json!({"UserPoolId": scene.pool.as_str(), "Username": "ada"});
            assert_eq!(scene.plane.ok("AdminUserGlobalSignOut", input).await, json!({}));
        } else {
            assert_eq!(scene.plane.ok("GlobalSignOut", bearer(&one["AccessToken"])).await, json!({}));
        }
        for tokens in [&one, &other] {
            scene.plane.refused("GetUser", bearer(&tokens["AccessToken"]), NOT_AUTHORIZED, REVOKED).await;
            let refresh = client.refresh("ada", &tokens["RefreshToken"]);
            scene.plane.refused("InitiateAuth", refresh, NOT_AUTHORIZED, "Refresh Token has been revoked").await;
        }
        let later = scene.tokens(&client, "ada").await;
        scene.plane.ok("GetUser", bearer(&later["AccessToken"])).await;
    }
}

#[tokio::test]
async fn tokens_without_a_session_are_void_when_they_are_older_than_the_sign_out() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"EnableTokenRevocation": false})).await;
    scene.user("ada", |_| {}).await;
    let tokens = scene.tokens(&client, "ada").await;
    scene.plane.ok("GlobalSignOut", bearer(&tokens["AccessToken"])).await;
    scene.plane.refused("GetUser", bearer(&tokens["AccessToken"]), NOT_AUTHORIZED, REVOKED).await;
    scene.plane.clock.advance_seconds(1);
    let later = scene.tokens(&client, "ada").await;
    scene.plane.ok("GetUser", bearer(&later["AccessToken"])).await;
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_session_alone() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene.client(json!({"GenerateSecret": true})).await;
    let (one, other) = (scene.tokens(&client, "ada").await, scene.tokens(&client, "ada").await);
    let input = json!({"ClientId": client.id, "ClientSecret": client.secret, "Token": one["RefreshToken"]});
    assert_eq!(scene.plane.ok("RevokeToken", input.clone()).await, json!({}));
    // Revoked already, or no token at all: that is as good.
    scene.plane.ok("RevokeToken", input.clone()).await;
    scene.plane.ok("RevokeToken", with(input.clone(), json!({"Token": "nonsense"}))).await;
    scene.plane.refused("GetUser", bearer(&one["AccessToken"]), NOT_AUTHORIZED, REVOKED).await;
    scene.plane.ok("GetUser", bearer(&other["AccessToken"])).await;
    let check = async |change: Value, exception: &str, message: &str| {
        scene.plane.refused("RevokeToken", with(input.clone(), change), exception, message).await;
    };
    check(json!({"Token": other["AccessToken"]}), "UnsupportedTokenTypeException", "Unsupported token type").await;
    check(json!({"ClientSecret": "wrong_secret_of_24_chars_"}), NOT_AUTHORIZED, "Invalid client or secret").await;
    let missing = format!("Client {} is configured for secret but secret was not received", client.id);
    check(json!({"ClientSecret": null}), NOT_AUTHORIZED, &missing).await;
}

#[tokio::test]
async fn a_token_of_another_client_is_left_alone() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let (client, other) = (scene.client(json!({})).await, scene.client(json!({})).await);
    let tokens = scene.tokens(&client, "ada").await;
    scene.plane.ok("RevokeToken", json!({"ClientId": other.id, "Token": tokens["RefreshToken"]})).await;
    scene.plane.ok("GetUser", bearer(&tokens["AccessToken"])).await;
}

#[tokio::test]
async fn a_client_may_have_tokens_that_cannot_be_revoked() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene.client(json!({"EnableTokenRevocation": false})).await;
    let tokens = scene.tokens(&client, "ada").await;
    let input = json!({"ClientId": client.id, "Token": tokens["RefreshToken"]});
    let message = "Token revocation is not enabled for this client";
    scene.plane.refused("RevokeToken", input, "UnsupportedOperationException", message).await;
}

#[tokio::test]
async fn only_access_tokens_of_users_prove_who_calls() {
    let scene = Scene::new().await;
    let client: Client = scene.client(json!({})).await;
    let user = scene.user("ada", |_| {}).await;
    let tokens = scene.tokens(&client, "ada").await;
    let check = async |token: &Value, message: &str| {
        for operation in ["GetUser", "GlobalSignOut", "DeleteUser"] {
            scene.plane.refused(operation, bearer(token), NOT_AUTHORIZED, message).await;
        }
    };
    let invalid = "Invalid Access Token";
    check(&json!("nonsense"), invalid).await;
    check(&tokens["IdToken"], invalid).await;
    check(&tokens["RefreshToken"], invalid).await;
    let access = tokens["AccessToken"].as_str().unwrap();
    check(&json!(format!("{}AAAA", &access[..access.len() - 4])), invalid).await;
    let claims = json!({
        "sub": user.sub, "iss": format!("https://cognito-idp.us-east-1.amazonaws.com/{}", scene.pool),
        "client_id": client.id, "token_use": "access", "scope": "aws.cognito.signin.user.admin",
        "exp": 1_893_459_600, "iat": 1_893_456_000, "username": "ada",
    });
    scene.plane.ok("GetUser", bearer(&json!(scene.forge(&claims).await))).await;
    let missing = "Access Token does not have required scopes";
    let mut machine = with(claims.clone(), json!({"scope": "weather/get", "sub": client.id}));
    machine.as_object_mut().unwrap().remove("username");
    check(&json!(scene.forge(&machine).await), missing).await;
    check(&json!(scene.forge(&with(claims.clone(), json!({"scope": "openid"}))).await), missing).await;
    let foreign = with(claims, json!({"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_none"}));
    check(&json!(scene.forge(&foreign).await), invalid).await;
    scene.plane.clock.advance_seconds(3600);
    check(&tokens["AccessToken"], "Access Token has expired").await;
}
