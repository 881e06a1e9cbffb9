//! Signing in by SRP.

use serde_json::{Value, json};

use super::scene::{Client, INCORRECT, INVALID, NOT_AUTHORIZED, PASSWORD, Scene};
use super::srp_client::SrpClient;
use crate::plane::with;

impl Scene {
    /// The challenge that a client gets for a user.
    pub(crate) async fn srp_challenge(&self, srp: &SrpClient, client: &Client, username: &str) -> Value {
        let input = client.initiate("USER_SRP_AUTH", username, json!({"SRP_A": srp.public()}));
        let answer = self.plane.ok("InitiateAuth", input).await;
        assert_eq!((&answer["ChallengeName"], &answer["Session"]), (&json!("PASSWORD_VERIFIER"), &Value::Null));
        answer["ChallengeParameters"].clone()
    }

    /// The input that answers it with a password.
    pub(crate) fn srp_answer(&self, srp: &SrpClient, client: &Client, password: &str, parameters: &Value) -> Value {
        let name = self.pool.as_str().split_once('_').unwrap().1;
        let username = parameters["USERNAME"].as_str().unwrap();
        client.respond("PASSWORD_VERIFIER", username, &Value::Null, srp.answers(name, password, parameters))
    }
}

#[tokio::test]
async fn a_user_proves_the_password_without_sending_it() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let srp = SrpClient::new(7);
    for settings in [json!({}), json!({"GenerateSecret": true})] {
        let client = scene.client(settings).await;
        let parameters = scene.srp_challenge(&srp, &client, "ada").await;
        let names: Vec<&String> = parameters.as_object().unwrap().keys().collect();
        assert_eq!(names, ["SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"]);
        let answer = scene.srp_answer(&srp, &client, PASSWORD, &parameters);
        let signed_in = scene.plane.ok("RespondToAuthChallenge", answer.clone()).await;
        assert!(signed_in["AuthenticationResult"]["RefreshToken"].is_string());
        let signed = with(answer, json!({"UserPoolId": scene.pool.as_str()}));
        scene.plane.ok("AdminRespondToAuthChallenge", signed).await;
        let wrong = scene.srp_answer(&srp, &client, "wrong", &parameters);
        scene.plane.refused("RespondToAuthChallenge", wrong, NOT_AUTHORIZED, INCORRECT).await;
    }
    assert_eq!(scene.stored("ada").await.unwrap().failed_attempts, 1);
}

#[tokio::test]
async fn a_challenge_is_for_one_user_one_client_and_three_minutes() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    scene.user("grace", |_| {}).await;
    let (client, other) = (scene.client(json!({})).await, scene.client(json!({})).await);
    let srp = SrpClient::new(7);
    let parameters = scene.srp_challenge(&srp, &client, "ada").await;
    let answer = scene.srp_answer(&srp, &client, PASSWORD, &parameters);
    let invalid = "Invalid session for the user.";
    let at_other = with(answer.clone(), json!({"ClientId": other.id}));
    scene.plane.refused("RespondToAuthChallenge", at_other, NOT_AUTHORIZED, invalid).await;
    let mut of_grace = answer.clone();
    of_grace["ChallengeResponses"]["USERNAME"] = json!("grace");
    scene.plane.refused("RespondToAuthChallenge", of_grace, NOT_AUTHORIZED, INCORRECT).await;
    let mut broken = answer.clone();
    broken["ChallengeResponses"]["PASSWORD_CLAIM_SECRET_BLOCK"] = json!("AAAA");
    scene.plane.refused("RespondToAuthChallenge", broken, NOT_AUTHORIZED, invalid).await;
    scene.plane.clock.advance_seconds(179);
    scene.plane.ok("RespondToAuthChallenge", answer.clone()).await;
    scene.plane.clock.advance_seconds(1);
    let expired = "Invalid session for the user, session is expired.";
    scene.plane.refused("RespondToAuthChallenge", answer, NOT_AUTHORIZED, expired).await;
}

#[tokio::test]
async fn what_is_no_number_time_or_challenge_is_refused() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene.client(json!({})).await;
    let message = "SRP_A is not a number of the 3072-bit group in hexadecimal.";
    for wrong in ["0", "xyz", &"f".repeat(769)] {
        let input = client.initiate("USER_SRP_AUTH", "ada", json!({"SRP_A": wrong}));
        scene.plane.refused("InitiateAuth", input, INVALID, message).await;
    }
    let srp = SrpClient::new(7);
    let parameters = scene.srp_challenge(&srp, &client, "ada").await;
    let answer = scene.srp_answer(&srp, &client, PASSWORD, &parameters);
    let check = async |member: &str, value: &str, message: &str| {
        let mut input = answer.clone();
        input["ChallengeResponses"][member] = json!(value);
        scene.plane.refused("RespondToAuthChallenge", input, INVALID, message).await;
    };
    check("TIMESTAMP", "now", "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.").await;
    check("PASSWORD_CLAIM_SIGNATURE", "", "Missing required parameter PASSWORD_CLAIM_SIGNATURE").await;
    let input = client.respond("SMS_MFA", "ada", &json!("x".repeat(20)), json!({}));
    let message = "Challenges of this kind are not given here; PASSWORD_VERIFIER, NEW_PASSWORD_REQUIRED and SELECT_CHALLENGE are.";
    scene.plane.refused("RespondToAuthChallenge", input, INVALID, message).await;
}
