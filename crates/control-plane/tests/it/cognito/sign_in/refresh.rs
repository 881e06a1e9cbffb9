//! Renewing tokens.

use claviger_resources::limits::SESSIONS_PER_USER;
use claviger_resources::session::Session;
use claviger_resources::signing_key::KeyPurpose;
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use super::scene::{Client, INVALID, NOT_AUTHORIZED, Scene};

fn exchange(client: &Client, token: &Value) -> Value {
    json!({"ClientId": client.id, "RefreshToken": token, "ClientSecret": client.secret})
}

impl Scene {
    async fn sessions(&self, sub: &str) -> Vec<Session> {
        let owner = Session::owner(&self.pool, sub);
        let listed = self.plane.stored().await.list_all::<Session>(&self.tenant(), &owner).await.unwrap();
        listed.into_iter().map(|session| session.record).collect()
    }
}

#[tokio::test]
async fn new_tokens_keep_session_and_time_of_sign_in() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    for settings in [json!({}), json!({"GenerateSecret": true})] {
        let client = scene.client(settings).await;
        let tokens = scene.tokens(&client, "ada").await;
        let old = scene.claims(&tokens["AccessToken"], KeyPurpose::Access).await;
        scene.plane.clock.advance_seconds(60);
        let user = scene.stored("ada").await.unwrap();
        for name in ["ada", &user.sub] {
            let renewed = scene.plane.ok("InitiateAuth", client.refresh(name, &tokens["RefreshToken"])).await;
            let renewed = &renewed["AuthenticationResult"];
            assert_eq!(renewed["RefreshToken"], Value::Null);
            let new = scene.claims(&renewed["AccessToken"], KeyPurpose::Access).await;
            for claim in ["origin_jti", "event_id", "auth_time", "sub"] {
                assert_eq!(new[claim], old[claim], "{claim}");
            }
            assert_ne!(new["jti"], old["jti"]);
            assert_eq!(new["iat"].as_i64().unwrap(), old["iat"].as_i64().unwrap() + 60);
            assert!(renewed["IdToken"].is_string());
        }
        let renewed = scene.plane.ok("GetTokensFromRefreshToken", exchange(&client, &tokens["RefreshToken"])).await;
        assert_eq!(renewed["AuthenticationResult"]["RefreshToken"], Value::Null);
    }
}

#[tokio::test]
async fn only_a_live_token_of_the_client_renews() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let settings = json!({"RefreshTokenValidity": 1, "TokenValidityUnits": {"RefreshToken": "hours"}});
    let (client, other) = (scene.client(settings).await, scene.client(json!({})).await);
    let token = scene.tokens(&client, "ada").await["RefreshToken"].take();
    let check = async |client: &Client, token: &Value, message: &str| {
        scene.plane.refused("InitiateAuth", client.refresh("ada", token), NOT_AUTHORIZED, message).await;
        scene.plane.refused("GetTokensFromRefreshToken", exchange(client, token), NOT_AUTHORIZED, message).await;
    };
    check(&other, &token, "Invalid Refresh Token").await;
    check(&client, &json!("nonsense"), "Invalid Refresh Token").await;
    scene.change("ada", |user| user.enabled = false).await;
    check(&client, &token, "User is disabled.").await;
    scene.change("ada", |user| user.enabled = true).await;
    scene.plane.clock.advance_seconds(3599);
    scene.plane.ok("InitiateAuth", client.refresh("ada", &token)).await;
    scene.plane.clock.advance_seconds(1);
    check(&client, &token, "Refresh Token has expired").await;
}

#[tokio::test]
async fn a_client_with_a_secret_shows_it() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene.client(json!({"GenerateSecret": true})).await;
    let token = scene.tokens(&client, "ada").await["RefreshToken"].take();
    let check = async |secret: Option<&str>, by_hash: &str, by_secret: &str| {
        let client = Client { secret: secret.map(str::to_owned), ..client.clone() };
        scene.plane.refused("InitiateAuth", client.refresh("ada", &token), NOT_AUTHORIZED, by_hash).await;
        let exchange = exchange(&client, &token);
        scene.plane.refused("GetTokensFromRefreshToken", exchange, NOT_AUTHORIZED, by_secret).await;
    };
    let missing = format!("Client {} is configured with secret but SECRET_HASH was not received", client.id);
    let missing_secret = format!("Client {} is configured for secret but secret was not received", client.id);
    check(None, &missing, &missing_secret).await;
    let wrong = format!("Unable to verify secret hash for client {}", client.id);
    check(Some("wrong_secret_of_24_chars_"), &wrong, "Invalid client or secret").await;
    let renewed = client.refresh("someone", &token);
    scene.plane.refused("InitiateAuth", renewed, NOT_AUTHORIZED, &wrong).await;
}

#[tokio::test]
async fn exchanged_tokens_are_good_for_the_grace_period() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene
        .client(json!({
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
            "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        }))
        .await;
    let first = scene.tokens(&client, "ada").await["RefreshToken"].take();
    let renew = async |token: &Value| {
        let mut renewed = scene.plane.ok("GetTokensFromRefreshToken", exchange(&client, token)).await;
        renewed["AuthenticationResult"]["RefreshToken"].take()
    };
    let reused = async |token: &Value| {
        let message = "Refresh token has been used already. Use the newest one.";
        let exchange = exchange(&client, token);
        scene.plane.refused("GetTokensFromRefreshToken", exchange, "RefreshTokenReuseException", message).await;
    };
    let second = renew(&first).await;
    scene.plane.clock.advance_seconds(9);
    assert!(renew(&first).await.is_string());
    scene.plane.clock.advance_seconds(1);
    reused(&first).await;
    let third = renew(&second).await;
    reused(&first).await;
    assert!(renew(&third).await.is_string());
    let message = "Refresh token rotation is enabled for this client. Use GetTokensFromRefreshToken.";
    scene.plane.refused("InitiateAuth", client.refresh("ada", &third), INVALID, message).await;
}

#[tokio::test]
async fn sessions_that_are_over_are_let_go_and_there_are_never_too_many() {
    let scene = Scene::new().await;
    let user = scene.user("ada", |_| {}).await;
    let settings = json!({"RefreshTokenValidity": 1, "TokenValidityUnits": {"RefreshToken": "hours"}});
    let client = scene.client(settings).await;
    scene.tokens(&client, "ada").await;
    // An access token may live for a day, and is void without its session.
    scene.plane.clock.advance_seconds(3600 + 86_399);
    scene.tokens(&client, "ada").await;
    assert_eq!(scene.sessions(&user.sub).await.len(), 2);
    scene.plane.clock.advance_seconds(1);
    scene.tokens(&client, "ada").await;
    let sessions = scene.sessions(&user.sub).await;
    assert_eq!(sessions.len(), 2);
    let mut tx = scene.plane.store.write().await.unwrap();
    for number in sessions.len()..SESSIONS_PER_USER + 5 {
        let id = format!("session-{number}");
        tx.insert(&Session { id, began: claviger_resources::Timestamp::default(), ..sessions[0].clone() })
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let newest = scene.tokens(&client, "ada").await;
    assert_eq!(scene.sessions(&user.sub).await.len(), SESSIONS_PER_USER);
    scene.plane.ok("InitiateAuth", client.refresh("ada", &newest["RefreshToken"])).await;
}
