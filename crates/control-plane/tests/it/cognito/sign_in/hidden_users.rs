//! Clients that do not let users who exist be told from others (`PreventUserExistenceErrors`).

use serde_json::json;

use super::scene::{INCORRECT, NOT_AUTHORIZED, PASSWORD, Scene};
use super::srp_client::SrpClient;

#[tokio::test]
async fn an_unknown_user_has_a_wrong_password() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let input = client.by_password("eve", PASSWORD);
    scene.plane.refused("InitiateAuth", input, NOT_AUTHORIZED, INCORRECT).await;
}

#[tokio::test]
async fn an_unknown_user_gets_a_challenge_like_anyone_and_fails_it() {
    let scene = Scene::new().await;
    scene.user("ada", |_| {}).await;
    let client = scene.client(json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let srp = SrpClient::new(7);
    let (known, unknown) =
        (scene.srp_challenge(&srp, &client, "ada").await, scene.srp_challenge(&srp, &client, "eve").await);
    let again = scene.srp_challenge(&srp, &client, "eve").await;
    assert_eq!(unknown["SALT"], again["SALT"]);
    assert_ne!(unknown["SRP_B"], again["SRP_B"]);
    assert_eq!((&unknown["USERNAME"], &unknown["USER_ID_FOR_SRP"]), (&json!("eve"), &json!("eve")));
    for name in ["SALT", "SECRET_BLOCK"] {
        let length = |parameters: &serde_json::Value| parameters[name].as_str().unwrap().len();
        assert_eq!(length(&known), length(&unknown), "{name}");
    }
    let answer = scene.srp_answer(&srp, &client, PASSWORD, &unknown);
    scene.plane.refused("RespondToAuthChallenge", answer, NOT_AUTHORIZED, INCORRECT).await;
}

#[tokio::test]
async fn in_a_pool_of_addresses_an_unknown_user_has_a_uuid() {
    let scene = Scene::with_pool(json!({"UsernameAttributes": ["email"]})).await;
    let client = scene.client(json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let srp = SrpClient::new(7);
    let unknown = scene.srp_challenge(&srp, &client, "eve@example.com").await;
    assert_eq!(unknown["USERNAME"].as_str().unwrap().len(), 36);
    assert_eq!(unknown["USERNAME"], scene.srp_challenge(&srp, &client, "eve@example.com").await["USERNAME"]);
}
