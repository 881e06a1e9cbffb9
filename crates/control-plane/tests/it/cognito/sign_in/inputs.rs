//! An input that each operation of signing in answers, on a plane of their own.

use std::collections::BTreeMap;

use claviger_resources::user::UserStatus;
use serde_json::{Value, json};

use super::scene::{PASSWORD, Scene};
use crate::plane::{Plane, with};

/// A plane with two users, and the inputs.
pub(crate) async fn inputs() -> (Plane, BTreeMap<&'static str, Value>) {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    let email = ("email".to_owned(), "ada@example.com".to_owned());
    scene.user("ada", |user| user.attributes.extend([email])).await;
    scene.user("grace", |user| user.status = UserStatus::ForceChangePassword).await;
    let tokens = scene.tokens(&client, "ada").await;
    let challenge = scene.sign_in(&client, "grace").await;
    let own = json!({"AccessToken": tokens["AccessToken"]});
    let send = with(own.clone(), json!({"AttributeName": "email"}));
    scene.plane.ok("GetUserAttributeVerificationCode", send.clone()).await;
    let code = json!({"Code": scene.plane.code(scene.pool.as_str(), "ada").await});
    let pool = json!({"UserPoolId": scene.pool.as_str()});
    let context = json!({
        "ClientMetadata": {"a": "b"}, "AnalyticsMetadata": {"AnalyticsEndpointId": "x"},
    });
    let device = json!({"UserContextData": {"IpAddress": "127.0.0.1", "EncodedData": "x"}});
    let initiate = with(client.by_password("ada", PASSWORD), context.clone());
    let choice = json!({"NEW_PASSWORD": "Chosen-Horse-9", "userAttributes.name": "Grace"});
    let respond = with(client.respond("NEW_PASSWORD_REQUIRED", "grace", &challenge["Session"], choice), context);
    let refresh = json!({"ClientId": client.id, "RefreshToken": tokens["RefreshToken"]});
    let inputs = BTreeMap::from([
        ("InitiateAuth", with(initiate.clone(), device.clone())),
        ("AdminInitiateAuth", with(initiate, pool.clone())),
        ("RespondToAuthChallenge", with(respond.clone(), device)),
        ("AdminRespondToAuthChallenge", with(respond, pool.clone())),
        ("GetTokensFromRefreshToken", with(refresh, json!({"ClientMetadata": {"a": "b"}}))),
        ("RevokeToken", json!({"ClientId": client.id, "Token": tokens["RefreshToken"]})),
        ("GlobalSignOut", own.clone()),
        ("AdminUserGlobalSignOut", with(pool, json!({"Username": "ada"}))),
        ("GetUser", own.clone()),
        ("UpdateUserAttributes", with(own.clone(), json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}]}))),
        ("DeleteUserAttributes", with(own.clone(), json!({"UserAttributeNames": ["name"]}))),
        ("VerifyUserAttribute", with(send.clone(), code)),
        ("GetUserAttributeVerificationCode", with(send, json!({"ClientMetadata": {"a": "b"}}))),
        ("DeleteUser", own.clone()),
        ("ChangePassword", with(own, json!({"PreviousPassword": PASSWORD, "ProposedPassword": "Chosen-Horse-9"}))),
    ]);
    (scene.plane, inputs)
}
