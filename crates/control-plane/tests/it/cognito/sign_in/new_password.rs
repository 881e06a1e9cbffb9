//! The first sign-in with a temporary password.

use claviger_resources::signing_key::KeyPurpose;
use claviger_resources::user::{User, UserStatus};
use serde_json::{Value, json};

use super::scene::{Client, INVALID, NOT_AUTHORIZED, PASSWORD, Scene};
use super::srp_client::SrpClient;

const NEW: &str = "Chosen-Horse-9";

fn invited(user: &mut User) {
    user.status = UserStatus::ForceChangePassword;
    user.attributes.insert("email".to_owned(), "ada@example.com".to_owned());
}

fn choose(client: &Client, challenge: &Value, responses: Value) -> Value {
    client.respond("NEW_PASSWORD_REQUIRED", "ada", &challenge["Session"], responses)
}

#[tokio::test]
async fn a_temporary_password_is_exchanged_for_one_of_the_users_own() {
    let scene = Scene::new().await;
    scene.user("ada", invited).await;
    for settings in [json!({}), json!({"GenerateSecret": true})] {
        scene.change("ada", |user| user.status = UserStatus::ForceChangePassword).await;
        let client = scene.client(settings).await;
        let password = if client.secret.is_some() { NEW } else { PASSWORD };
        let challenge = scene.plane.ok("InitiateAuth", client.by_password("ada", password)).await;
        assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
        assert_eq!(challenge["AuthenticationResult"], Value::Null);
        let expected = json!({
            "USER_ID_FOR_SRP": "ada", "requiredAttributes": "[]",
            "userAttributes": r#"{"email":"ada@example.com"}"#,
        });
        assert_eq!(challenge["ChallengeParameters"], expected);
        let answer = choose(&client, &challenge, json!({"NEW_PASSWORD": NEW}));
        let signed_in = scene.plane.ok("RespondToAuthChallenge", answer.clone()).await;
        assert!(signed_in["AuthenticationResult"]["RefreshToken"].is_string());
        assert_eq!(scene.stored("ada").await.unwrap().status, UserStatus::Confirmed);
        scene.plane.ok("InitiateAuth", client.by_password("ada", NEW)).await;
        let message = "Invalid session for the user.";
        scene.plane.refused("RespondToAuthChallenge", answer, NOT_AUTHORIZED, message).await;
    }
}

#[tokio::test]
async fn by_srp_the_challenge_follows_the_proof() {
    let scene = Scene::new().await;
    scene.user("ada", invited).await;
    let client = scene.client(json!({})).await;
    let srp = SrpClient::new(7);
    let parameters = scene.srp_challenge(&srp, &client, "ada").await;
    let answer = scene.srp_answer(&srp, &client, PASSWORD, &parameters);
    let challenge = scene.plane.ok("RespondToAuthChallenge", answer).await;
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let responses = json!({"NEW_PASSWORD": NEW, "userAttributes.name": "Ada"});
    let signed_in = scene.plane.ok("RespondToAuthChallenge", choose(&client, &challenge, responses)).await;
    let id = scene.claims(&signed_in["AuthenticationResult"]["IdToken"], KeyPurpose::Id).await;
    assert_eq!(id["name"], "Ada");
}

#[tokio::test]
async fn the_new_password_and_the_attributes_must_be_what_the_pool_demands() {
    let schema = json!([{"Name": "name", "Required": true}]);
    let scene = Scene::with_pool(json!({"Schema": schema})).await;
    scene.user("ada", invited).await;
    let client = scene.client(json!({})).await;
    let challenge = scene.plane.ok("InitiateAuth", client.by_password("ada", PASSWORD)).await;
    assert_eq!(challenge["ChallengeParameters"]["requiredAttributes"], r#"["userAttributes.name"]"#);
    let check = async |responses: Value, exception: &str, message: &str| {
        let input = choose(&client, &challenge, responses);
        scene.plane.refused("RespondToAuthChallenge", input, exception, message).await;
    };
    check(json!({}), INVALID, "Missing required parameter NEW_PASSWORD").await;
    let weak = "Password did not conform with policy: Password must have uppercase characters";
    check(json!({"NEW_PASSWORD": "all-lower-1"}), "InvalidPasswordException", weak).await;
    let missing = "Attributes did not conform to the schema: name: The attribute is required\n";
    check(json!({"NEW_PASSWORD": NEW}), INVALID, missing).await;
    let input = choose(&client, &challenge, json!({"NEW_PASSWORD": NEW, "userAttributes.name": "Ada"}));
    scene.plane.ok("RespondToAuthChallenge", input).await;
}

#[tokio::test]
async fn challenge_and_temporary_password_are_good_for_a_while() {
    let scene = Scene::new().await;
    scene.user("ada", invited).await;
    let client = scene.client(json!({"AuthSessionValidity": 5})).await;
    let challenge = scene.plane.ok("InitiateAuth", client.by_password("ada", PASSWORD)).await;
    scene.plane.clock.advance_seconds(300);
    let answer = choose(&client, &challenge, json!({"NEW_PASSWORD": NEW}));
    let message = "Invalid session for the user, session is expired.";
    scene.plane.refused("RespondToAuthChallenge", answer, NOT_AUTHORIZED, message).await;
    scene.plane.clock.advance_seconds(7 * 86_400);
    let message = "Temporary password has expired and must be reset by an administrator.";
    scene.plane.refused("InitiateAuth", client.by_password("ada", PASSWORD), NOT_AUTHORIZED, message).await;
}
