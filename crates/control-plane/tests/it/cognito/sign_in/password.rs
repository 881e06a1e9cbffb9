//! Signing in with a password that is sent.

use claviger_resources::user::UserStatus;
use serde_json::{Value, json};

use super::scene::{INCORRECT, INVALID, NOT_AUTHORIZED, PASSWORD, Scene};
use crate::plane::with;

#[tokio::test]
async fn the_right_password_gives_three_tokens() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let answer = scene.sign_in(&client, "ada").await;
    assert_eq!(answer["ChallengeParameters"], json!({}));
    assert_eq!((&answer["ChallengeName"], &answer["Session"]), (&Value::Null, &Value::Null));
    let result = &answer["AuthenticationResult"];
    assert_eq!((&result["TokenType"], &result["ExpiresIn"]), (&json!("Bearer"), &json!(3600)));
    for token in ["AccessToken", "IdToken", "RefreshToken"] {
        assert!(result[token].is_string(), "{token}");
    }
}

#[tokio::test]
async fn a_pool_that_requires_a_second_factor_lets_nobody_sign_in() {
    let message = "This user pool requires multi-factor authentication, which is not served here. \
                   Set its MfaConfiguration to OFF or OPTIONAL to let users sign in.";
    let scene = Scene::with_pool(json!({"MfaConfiguration": "ON"})).await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    scene.plane.refused("InitiateAuth", client.by_password("ada", PASSWORD), INVALID, message).await;
    let srp = client.initiate("USER_SRP_AUTH", "ada", json!({"SRP_A": "2"}));
    scene.plane.refused("InitiateAuth", srp, INVALID, message).await;
    let set = |mode: &str| json!({"UserPoolId": scene.pool.as_str(), "MfaConfiguration": mode});
    assert_eq!(scene.plane.ok("SetUserPoolMfaConfig", set("OPTIONAL")).await["MfaConfiguration"], "OPTIONAL");
    scene.sign_in(&client, "ada").await;
    assert_eq!(scene.plane.ok("SetUserPoolMfaConfig", set("ON")).await["MfaConfiguration"], "ON");
    scene.plane.refused("InitiateAuth", client.by_password("ada", PASSWORD), INVALID, message).await;
}

#[tokio::test]
async fn administrators_sign_users_in_through_a_client_of_their_pool() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    for flow in ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"] {
        let input = client.initiate(flow, "ada", json!({"PASSWORD": PASSWORD}));
        let signed = with(input.clone(), json!({"UserPoolId": scene.pool.as_str()}));
        let answer = scene.plane.ok("AdminInitiateAuth", signed.clone()).await;
        assert!(answer["AuthenticationResult"]["IdToken"].is_string());
        let message = "Initiate Auth method not supported.";
        scene.plane.refused("InitiateAuth", input, INVALID, message).await;
        let other = scene.plane.pool().await;
        let foreign = with(signed, json!({"UserPoolId": other}));
        let message = format!("User pool client {} does not exist.", client.id);
        scene.plane.refused("AdminInitiateAuth", foreign, "ResourceNotFoundException", &message).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_from_an_unknown_user_only_where_the_client_reveals_users() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let wrong = client.by_password("ada", "wrong");
    scene.plane.refused("InitiateAuth", wrong, NOT_AUTHORIZED, INCORRECT).await;
    let unknown = client.by_password("eve", "wrong");
    scene.plane.refused("InitiateAuth", unknown, "UserNotFoundException", "User does not exist.").await;
}

#[tokio::test]
async fn a_flow_must_be_enabled_for_the_client() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]})).await;
    scene.user("ada", |_| {}).await;
    let check = async |operation, flow: &str, parameters: Value, message: &str| {
        let mut input = client.initiate(flow, "ada", parameters);
        if operation == "AdminInitiateAuth" {
            input["UserPoolId"] = json!(scene.pool.as_str());
        }
        scene.plane.refused(operation, input, INVALID, message).await;
    };
    let password = json!({"PASSWORD": PASSWORD});
    let disabled = "Auth flow not enabled for this client";
    check(
        "InitiateAuth",
        "USER_PASSWORD_AUTH",
        password.clone(),
        "USER_PASSWORD_AUTH flow not enabled for this client",
    )
    .await;
    check("AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH", password.clone(), disabled).await;
    check("InitiateAuth", "USER_SRP_AUTH", json!({"SRP_A": "abc"}), "USER_SRP_AUTH is not enabled for the client.")
        .await;
    check("InitiateAuth", "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": "x"}), disabled).await;
    check("InitiateAuth", "USER_AUTH", json!({}), disabled).await;
    let custom =
        "CUSTOM_AUTH is not available: its challenges are defined by Lambda functions, which are not called here.";
    check("InitiateAuth", "CUSTOM_AUTH", json!({}), custom).await;
}

#[tokio::test]
async fn missing_parameters_are_named() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let check = async |flow: &str, parameters: Value, missing: &str| {
        let input = json!({"AuthFlow": flow, "ClientId": client.id, "AuthParameters": parameters});
        scene.plane.refused("InitiateAuth", input, INVALID, &format!("Missing required parameter {missing}")).await;
    };
    check("USER_PASSWORD_AUTH", json!({}), "USERNAME").await;
    check("USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": ""}), "PASSWORD").await;
    check("USER_SRP_AUTH", json!({"USERNAME": "ada"}), "SRP_A").await;
    check("REFRESH_TOKEN", json!({}), "REFRESH_TOKEN").await;
}

#[tokio::test]
async fn users_who_may_not_sign_in_are_told_why_once_they_have_proved_the_password() {
    async fn check(change: impl FnOnce(&mut claviger_resources::user::User), exception: &str, message: &str) {
        let scene = Scene::new().await;
        let client = scene.client(json!({})).await;
        scene.user("ada", change).await;
        scene.plane.refused("InitiateAuth", client.by_password("ada", PASSWORD), exception, message).await;
        let wrong = client.by_password("ada", "wrong");
        scene.plane.refused("InitiateAuth", wrong, NOT_AUTHORIZED, INCORRECT).await;
    }
    check(|user| user.enabled = false, NOT_AUTHORIZED, "User is disabled.").await;
    check(|user| user.status = UserStatus::Unconfirmed, "UserNotConfirmedException", "User is not confirmed.").await;
    check(|user| user.password = None, NOT_AUTHORIZED, INCORRECT).await;
}

#[tokio::test]
async fn a_password_that_was_reset_must_be_set_anew() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |user| user.status = UserStatus::ResetRequired).await;
    let message = "Password reset required for the user";
    let input = client.by_password("ada", PASSWORD);
    scene.plane.refused("InitiateAuth", input, "PasswordResetRequiredException", message).await;
}

#[tokio::test]
async fn after_five_wrong_passwords_even_the_right_one_must_wait() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let wrong = client.by_password("ada", "wrong");
    for _ in 0..5 {
        scene.plane.refused("InitiateAuth", wrong.clone(), NOT_AUTHORIZED, INCORRECT).await;
    }
    let right = client.by_password("ada", PASSWORD);
    scene.plane.refused("InitiateAuth", right.clone(), NOT_AUTHORIZED, "Password attempts exceeded").await;
    scene.plane.clock.advance_seconds(1);
    scene.plane.refused("InitiateAuth", wrong, NOT_AUTHORIZED, INCORRECT).await;
    scene.plane.clock.advance_seconds(1);
    scene.plane.refused("InitiateAuth", right.clone(), NOT_AUTHORIZED, "Password attempts exceeded").await;
    scene.plane.clock.advance_seconds(1);
    scene.plane.ok("InitiateAuth", right).await;
    assert_eq!(scene.stored("ada").await.unwrap().failed_attempts, 0);
}

#[tokio::test]
async fn a_client_with_a_secret_shows_that_it_knows_one_of_its_secrets() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"GenerateSecret": true})).await;
    scene.user("ada", |_| {}).await;
    scene.sign_in(&client, "ada").await;
    let key = json!({"UserPoolId": scene.pool.as_str(), "ClientId": client.id});
    let added = scene.plane.ok("AddUserPoolClientSecret", key).await;
    let second = added["ClientSecretDescriptor"]["ClientSecretValue"].as_str().map(str::to_owned);
    let with_secret = |secret: Option<String>| super::scene::Client { secret, ..client.clone() };
    scene.sign_in(&with_secret(second), "ada").await;
    scene.sign_in(&client, "ada").await;
    let message = format!("Unable to verify secret hash for client {}", client.id);
    let wrong = with_secret(Some("wrong".to_owned())).by_password("ada", PASSWORD);
    scene.plane.refused("InitiateAuth", wrong, NOT_AUTHORIZED, &message).await;
    let message = format!("Client {} is configured with secret but SECRET_HASH was not received", client.id);
    let without = with_secret(None).by_password("ada", PASSWORD);
    scene.plane.refused("InitiateAuth", without, NOT_AUTHORIZED, &message).await;
}

#[tokio::test]
async fn an_unknown_client_does_not_exist() {
    let scene = Scene::new().await;
    let client = super::scene::Client { id: "gone".to_owned(), secret: None };
    let message = "User pool client gone does not exist.";
    let input = client.by_password("ada", PASSWORD);
    scene.plane.refused("InitiateAuth", input, "ResourceNotFoundException", message).await;
}

#[tokio::test]
async fn a_user_chooses_how_to_sign_in() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let preferred = json!({"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD});
    let answer = scene.plane.ok("InitiateAuth", client.initiate("USER_AUTH", "ada", preferred)).await;
    assert!(answer["AuthenticationResult"]["IdToken"].is_string());
    let asked = scene.plane.ok("InitiateAuth", client.initiate("USER_AUTH", "ada", json!({}))).await;
    assert_eq!(asked["ChallengeName"], "SELECT_CHALLENGE");
    assert_eq!(asked["AvailableChallenges"], json!(["PASSWORD", "PASSWORD_SRP"]));
    let answer = |responses| client.respond("SELECT_CHALLENGE", "ada", &asked["Session"], responses);
    let chosen = answer(json!({"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}));
    let signed_in = scene.plane.ok("RespondToAuthChallenge", chosen).await;
    assert!(signed_in["AuthenticationResult"]["IdToken"].is_string());
    let message = "The selected challenge is not available; choose PASSWORD or PASSWORD_SRP.";
    scene.plane.refused("RespondToAuthChallenge", answer(json!({"ANSWER": "EMAIL_OTP"})), INVALID, message).await;
}
