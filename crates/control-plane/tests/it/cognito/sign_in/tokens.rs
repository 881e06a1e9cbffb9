//! What users' tokens say.

use claviger_resources::group::Group;
use claviger_resources::signing_key::KeyPurpose;
use claviger_resources::user::Membership;
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use super::scene::Scene;

const NOW: i64 = 1_893_456_000;

fn names(claims: &Value) -> Vec<&str> {
    claims.as_object().unwrap().keys().map(String::as_str).collect()
}

impl Scene {
    async fn group(&self, name: &str, precedence: Option<i64>, role: Option<&str>) -> Membership {
        let group = Group {
            pool: self.pool.clone(),
            tenant: self.tenant(),
            name: name.to_owned(),
            generation: "1".to_owned(),
            description: None,
            role_arn: role.map(str::to_owned),
            precedence,
            created: claviger_resources::Timestamp::default(),
            modified: claviger_resources::Timestamp::default(),
        };
        let mut tx = self.plane.store.write().await.unwrap();
        tx.insert(&group).await.unwrap();
        tx.commit().await.unwrap();
        Membership { group: group.name, generation: group.generation }
    }
}

#[tokio::test]
async fn each_token_has_its_claims_and_is_signed_with_its_key() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"IdTokenValidity": 2, "AccessTokenValidity": 3})).await;
    let user = scene.user("ada", |user| {
        for (name, value) in [("email", "ada@example.com"), ("email_verified", "true"), ("name", "Ada")] {
            user.attributes.insert(name.to_owned(), value.to_owned());
        }
    });
    let user = user.await;
    let tokens = scene.tokens(&client, "ada").await;
    assert_eq!(tokens["ExpiresIn"], 10_800);
    let access = scene.claims(&tokens["AccessToken"], KeyPurpose::Access).await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", scene.pool);
    let expected = json!({
        "sub": user.sub, "iss": issuer, "client_id": client.id, "origin_jti": access["origin_jti"],
        "event_id": access["event_id"], "token_use": "access", "scope": "aws.cognito.signin.user.admin",
        "auth_time": NOW, "exp": NOW + 10_800, "iat": NOW, "jti": access["jti"], "username": "ada",
    });
    assert_eq!((names(&access), &access), (names(&expected), &expected));
    let id = scene.claims(&tokens["IdToken"], KeyPurpose::Id).await;
    let expected = json!({
        "sub": user.sub, "email_verified": true, "iss": issuer, "cognito:username": "ada",
        "origin_jti": access["origin_jti"], "aud": client.id, "event_id": access["event_id"], "token_use": "id",
        "auth_time": NOW, "exp": NOW + 7200, "iat": NOW, "jti": id["jti"], "email": "ada@example.com", "name": "Ada",
    });
    assert_eq!((names(&id), &id), (names(&expected), &expected));
    assert_ne!(access["jti"], id["jti"]);
    assert_eq!(access["origin_jti"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn groups_stand_in_order_of_precedence_with_their_roles() {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    let (late, first) =
        (scene.group("late", Some(9), Some("arn:late")).await, scene.group("first", Some(1), Some("arn:first")).await);
    let bare = scene.group("bare", None, None).await;
    let gone = Membership { group: "late".to_owned(), generation: "0".to_owned() };
    scene.user("ada", |user| user.groups = vec![bare, late, gone, first]).await;
    let tokens = scene.tokens(&client, "ada").await;
    let id = scene.claims(&tokens["IdToken"], KeyPurpose::Id).await;
    assert_eq!(id["cognito:groups"], json!(["first", "late", "bare"]));
    assert_eq!(id["cognito:roles"], json!(["arn:first", "arn:late"]));
    assert_eq!(id["cognito:preferred_role"], "arn:first");
    let access = scene.claims(&tokens["AccessToken"], KeyPurpose::Access).await;
    assert_eq!(access["cognito:groups"], json!(["first", "late", "bare"]));
    assert_eq!(access["cognito:roles"], Value::Null);
}

#[tokio::test]
async fn a_client_sees_the_attributes_it_may_read() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"ReadAttributes": ["name"]})).await;
    scene
        .user("ada", |user| {
            user.attributes.insert("email".to_owned(), "ada@example.com".to_owned());
            user.attributes.insert("name".to_owned(), "Ada".to_owned());
        })
        .await;
    let tokens = scene.tokens(&client, "ada").await;
    let id = scene.claims(&tokens["IdToken"], KeyPurpose::Id).await;
    assert_eq!((&id["name"], &id["email"]), (&json!("Ada"), &Value::Null));
    let shown = scene.plane.ok("GetUser", json!({"AccessToken": tokens["AccessToken"]})).await;
    let names: Vec<&Value> = shown["UserAttributes"].as_array().unwrap().iter().map(|one| &one["Name"]).collect();
    assert_eq!(names, ["sub", "name"]);
}

#[tokio::test]
async fn tokens_that_cannot_be_revoked_name_no_session() {
    let scene = Scene::new().await;
    let client = scene.client(json!({"EnableTokenRevocation": false})).await;
    scene.user("ada", |_| {}).await;
    let tokens = scene.tokens(&client, "ada").await;
    for (token, purpose) in [("AccessToken", KeyPurpose::Access), ("IdToken", KeyPurpose::Id)] {
        assert_eq!(scene.claims(&tokens[token], purpose).await["origin_jti"], Value::Null, "{token}");
    }
}
