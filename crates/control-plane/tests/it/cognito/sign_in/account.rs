//! What signed-in users do with their own accounts.

use claviger_resources::user::User;
use serde_json::{Value, json};

use super::scene::{Client, INCORRECT, NOT_AUTHORIZED, PASSWORD, Scene};
use crate::plane::with;

struct Home {
    scene: Scene,
    client: Client,
    access_token: Value,
}

impl Home {
    async fn new(settings: Value, change: impl FnOnce(&mut User)) -> Self {
        let scene = Scene::new().await;
        let client = scene.client(settings).await;
        scene.user("ada", change).await;
        let access_token = scene.tokens(&client, "ada").await["AccessToken"].take();
        Self { scene, client, access_token }
    }

    fn with_token(&self, members: Value) -> Value {
        with(json!({"AccessToken": self.access_token}), members)
    }

    async fn ok(&self, operation: &str, members: Value) -> Value {
        self.scene.plane.ok(operation, self.with_token(members)).await
    }

    async fn refused(&self, operation: &str, members: Value, exception: &str, message: &str) {
        self.scene.plane.refused(operation, self.with_token(members), exception, message).await;
    }
}

fn named(user: &mut User) {
    user.attributes.insert("email".to_owned(), "ada@example.com".to_owned());
    user.attributes.insert("email_verified".to_owned(), "true".to_owned());
}

#[tokio::test]
async fn users_see_themselves() {
    let home = Home::new(json!({}), named).await;
    let shown = home.ok("GetUser", json!({})).await;
    let sub = home.scene.stored("ada").await.unwrap().sub.clone();
    let attributes = json!([
        {"Name": "sub", "Value": sub},
        {"Name": "email", "Value": "ada@example.com"},
        {"Name": "email_verified", "Value": "true"},
    ]);
    assert_eq!(shown, json!({"Username": "ada", "UserAttributes": attributes}));
}

#[tokio::test]
async fn users_change_the_attributes_that_the_client_may_write() {
    let home = Home::new(json!({"WriteAttributes": ["email", "name"]}), named).await;
    let attributes = |name: &str, value: &str| json!({"UserAttributes": [{"Name": name, "Value": value}]});
    home.ok("UpdateUserAttributes", attributes("name", "Ada")).await;
    let user = home.scene.stored("ada").await.unwrap();
    assert_eq!(user.attributes["name"], "Ada");
    let message = "A client attempted to write unauthorized attribute";
    home.refused("UpdateUserAttributes", attributes("nickname", "A"), NOT_AUTHORIZED, message).await;
    home.refused("DeleteUserAttributes", json!({"UserAttributeNames": ["nickname"]}), NOT_AUTHORIZED, message).await;
    home.ok("DeleteUserAttributes", json!({"UserAttributeNames": ["name"]})).await;
    assert_eq!(home.scene.stored("ada").await.unwrap().attributes.get("name"), None);
}

#[tokio::test]
async fn users_verify_their_addresses_and_sign_in_with_them() {
    let scene = Scene::with_pool(json!({"AliasAttributes": ["email"], "AutoVerifiedAttributes": ["email"]})).await;
    let client = scene.client(json!({})).await;
    scene.user("ada", |_| {}).await;
    let access_token = scene.tokens(&client, "ada").await["AccessToken"].take();
    let home = Home { scene, client, access_token };
    let attributes = json!([{"Name": "email", "Value": "ada@example.com"}]);
    let sent = home.ok("UpdateUserAttributes", json!({"UserAttributes": attributes})).await;
    let details = json!({"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"});
    assert_eq!(sent, json!({"CodeDeliveryDetailsList": [details]}));
    let input = home.client.by_password("ada@example.com", PASSWORD);
    home.scene.plane.refused("InitiateAuth", input.clone(), "UserNotFoundException", "User does not exist.").await;
    let sent = home.ok("GetUserAttributeVerificationCode", json!({"AttributeName": "email"})).await;
    assert_eq!(sent, json!({"CodeDeliveryDetails": details}));
    let code = home.scene.plane.code(home.scene.pool.as_str(), "ada").await;
    let mismatch = "Invalid verification code provided, please try again.";
    let verify = |code: &str| json!({"AttributeName": "email", "Code": code});
    home.refused("VerifyUserAttribute", verify("wrong"), "CodeMismatchException", mismatch).await;
    home.ok("VerifyUserAttribute", verify(&code)).await;
    home.scene.plane.ok("InitiateAuth", input).await;
    let message = "Only an email or a phone_number that the user has can be verified with a code.";
    for attribute in ["phone_number", "name"] {
        let input = json!({"AttributeName": attribute});
        home.refused("GetUserAttributeVerificationCode", input, "InvalidParameterException", message).await;
    }
}

#[tokio::test]
async fn users_change_their_password() {
    let home = Home::new(json!({}), |_| {}).await;
    let change = |old: &str, new: &str| json!({"PreviousPassword": old, "ProposedPassword": new});
    home.refused("ChangePassword", change("wrong", "Other-Horse-8"), NOT_AUTHORIZED, INCORRECT).await;
    assert_eq!(home.scene.stored("ada").await.unwrap().failed_attempts, 1);
    let weak = "Password did not conform with policy: Password not long enough";
    home.refused("ChangePassword", change(PASSWORD, "short"), "InvalidPasswordException", weak).await;
    assert_eq!(home.ok("ChangePassword", change(PASSWORD, "Other-Horse-8")).await, json!({}));
    let old = home.client.by_password("ada", PASSWORD);
    home.scene.plane.refused("InitiateAuth", old, NOT_AUTHORIZED, INCORRECT).await;
    home.scene.plane.ok("InitiateAuth", home.client.by_password("ada", "Other-Horse-8")).await;
}

#[tokio::test]
async fn guessing_the_old_password_has_an_end() {
    let home = Home::new(json!({}), |_| {}).await;
    let change = json!({"PreviousPassword": "wrong", "ProposedPassword": "Other-Horse-8"});
    for _ in 0..5 {
        home.refused("ChangePassword", change.clone(), NOT_AUTHORIZED, INCORRECT).await;
    }
    let message = "Attempt limit exceeded, please try after some time.";
    home.refused("ChangePassword", change, "LimitExceededException", message).await;
}

#[tokio::test]
async fn users_delete_themselves_with_their_sessions() {
    let home = Home::new(json!({}), |_| {}).await;
    let refresh = home.scene.tokens(&home.client, "ada").await["RefreshToken"].take();
    assert_eq!(home.ok("DeleteUser", json!({})).await, Value::Null);
    home.refused("GetUser", json!({}), "UserNotFoundException", "User does not exist.").await;
    let renew = home.client.refresh("ada", &refresh);
    home.scene.plane.refused("InitiateAuth", renew, NOT_AUTHORIZED, "Refresh Token has been revoked").await;
}

#[tokio::test]
async fn disabled_users_do_nothing() {
    let home = Home::new(json!({}), |_| {}).await;
    home.scene.change("ada", |user| user.enabled = false).await;
    home.refused("GetUser", json!({}), NOT_AUTHORIZED, "User is disabled.").await;
}
