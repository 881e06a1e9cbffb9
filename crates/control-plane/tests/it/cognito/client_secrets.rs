//! The two secrets of an app client.

use serde_json::{Value, json};

use crate::plane::{NOW, Plane};

const INVALID: &str = "InvalidParameterException";

struct Client {
    plane: Plane,
    key: Value,
    id: String,
}

impl Client {
    async fn new() -> Self {
        let plane = Plane::new();
        let pool = plane.pool_with_scopes().await;
        let client = plane.client(&pool).await;
        let id = client["ClientId"].as_str().unwrap().to_owned();
        Self { plane, key: json!({"UserPoolId": pool, "ClientId": id}), id }
    }

    fn key_and(&self, member: &str, value: &str) -> Value {
        let mut key = self.key.clone();
        key[member] = json!(value);
        key
    }

    async fn secrets(&self) -> Value {
        self.plane.ok("ListUserPoolClientSecrets", self.key.clone()).await
    }
}

#[tokio::test]
async fn a_fresh_confidential_client_lists_the_secret_it_was_created_with() {
    let client = Client::new().await;
    assert_eq!(
        client.secrets().await,
        json!({"ClientSecrets": [
            {"ClientSecretId": format!("{}--1893456000250", client.id), "ClientSecretCreateDate": NOW},
        ]})
    );
}

#[tokio::test]
async fn a_generated_secret_is_shown_once() {
    let client = Client::new().await;
    client.plane.clock.advance_seconds(1);
    let added = client.plane.ok("AddUserPoolClientSecret", client.key.clone()).await;
    let descriptor = &added["ClientSecretDescriptor"];
    assert_eq!(descriptor["ClientSecretId"], format!("{}--1893456001250", client.id));
    assert_eq!(descriptor["ClientSecretCreateDate"], NOW + 1.0);
    assert_eq!(descriptor["ClientSecretValue"].as_str().unwrap().len(), 52);
    let listed = client.secrets().await;
    assert_eq!(listed["ClientSecrets"].as_array().unwrap().len(), 2);
    assert!(listed["ClientSecrets"].as_array().unwrap().iter().all(|secret| secret["ClientSecretValue"].is_null()));
}

#[tokio::test]
async fn a_supplied_secret_is_never_shown() {
    let client = Client::new().await;
    let input = client.key_and("ClientSecret", "a_secret_of_my_own_making");
    let added = client.plane.ok("AddUserPoolClientSecret", input).await;
    assert_eq!(added["ClientSecretDescriptor"]["ClientSecretValue"], Value::Null);
    // Two secrets of one millisecond have two ids.
    assert_eq!(added["ClientSecretDescriptor"]["ClientSecretId"], format!("{}--1893456000251", client.id));
}

#[tokio::test]
async fn a_third_secret_is_refused() {
    let client = Client::new().await;
    client.plane.ok("AddUserPoolClientSecret", client.key.clone()).await;
    let message = "The quota of 2 active secrets per user pool client is used up.";
    client.plane.refused("AddUserPoolClientSecret", client.key.clone(), "LimitExceededException", message).await;
}

#[tokio::test]
async fn the_last_secret_stays() {
    let client = Client::new().await;
    let original = format!("{}--1893456000250", client.id);
    let message = "The only secret of a user pool client cannot be deleted.";
    let delete = client.key_and("ClientSecretId", &original);
    client.plane.refused("DeleteUserPoolClientSecret", delete, INVALID, message).await;
}

#[tokio::test]
async fn describe_shows_the_original_while_it_exists_and_no_other() {
    let client = Client::new().await;
    let describe =
        || async { client.plane.ok("DescribeUserPoolClient", client.key.clone()).await["UserPoolClient"].take() };
    let original = describe().await["ClientSecret"].clone();
    let added = client.plane.ok("AddUserPoolClientSecret", client.key.clone()).await;
    assert_eq!(describe().await["ClientSecret"], original);
    let delete = client.key_and("ClientSecretId", &format!("{}--1893456000250", client.id));
    assert_eq!(client.plane.ok("DeleteUserPoolClientSecret", delete).await, json!({}));
    assert_eq!(describe().await["ClientSecret"], Value::Null);
    let left = client.secrets().await;
    assert_eq!(left["ClientSecrets"][0]["ClientSecretId"], added["ClientSecretDescriptor"]["ClientSecretId"]);
}

#[tokio::test]
async fn an_update_keeps_both_secrets() {
    let client = Client::new().await;
    client.plane.ok("AddUserPoolClientSecret", client.key.clone()).await;
    client.plane.ok("UpdateUserPoolClient", client.key.clone()).await;
    assert_eq!(client.secrets().await["ClientSecrets"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_public_client_has_none_and_gets_none() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let created = plane.ok("CreateUserPoolClient", json!({"UserPoolId": pool, "ClientName": "public"})).await;
    let key = json!({"UserPoolId": pool, "ClientId": created["UserPoolClient"]["ClientId"]});
    let message =
        "The user pool client has no secret; secrets can be added only to a client that was created with one.";
    plane.refused("AddUserPoolClientSecret", key.clone(), INVALID, message).await;
    assert_eq!(plane.ok("ListUserPoolClientSecrets", key).await, json!({"ClientSecrets": []}));
}

#[tokio::test]
async fn unknown_secrets_clients_and_pools_do_not_exist() {
    let client = Client::new().await;
    let missing = "ResourceNotFoundException";
    let delete = client.key_and("ClientSecretId", "gone");
    let message = "Client secret gone does not exist.";
    client.plane.refused("DeleteUserPoolClientSecret", delete, missing, message).await;
    for operation in ["AddUserPoolClientSecret", "ListUserPoolClientSecrets", "DeleteUserPoolClientSecret"] {
        let mut input = client.key_and("ClientSecretId", "x");
        input["ClientId"] = json!("gone");
        client.plane.refused(operation, input.clone(), missing, "User pool client gone does not exist.").await;
        input["UserPoolId"] = json!("us-east-1_none");
        client.plane.refused(operation, input, missing, "User pool us-east-1_none does not exist.").await;
    }
}

#[tokio::test]
async fn the_list_never_has_a_second_page() {
    let client = Client::new().await;
    let input = client.key_and("NextToken", "x");
    client.plane.refused("ListUserPoolClientSecrets", input, INVALID, "Invalid pagination token").await;
}
