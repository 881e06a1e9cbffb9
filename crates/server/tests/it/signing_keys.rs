//! Signing keys are replaced while tokens are issued and shown: nothing that was valid is refused, but what a key has signed
//! that others know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::stack::{Machine, STORMS, UNAUTHORIZED, request};
use crate::support::Server;

/// A machine, an API that asks for its tokens, and the keys of its pool.
struct Scene {
    server: Server,
    machine: Machine,
    api: String,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::dev();
        let machine = server.machine().await;
        let api = server.storms(&machine).await;
        Self { server, machine, api }
    }

    async fn claviger(&self, operation: &str, input: Value) -> (u16, Value) {
        let mut input = input;
        input["UserPoolId"] = json!(self.machine.pool);
        let target = format!("Claviger.{operation}");
        let headers = [("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
        let reply = self.server.ask(request("POST", "/", &headers, &input.to_string())).await;
        (reply.status.as_u16(), reply.json())
    }

    async fn token(&self) -> String {
        self.machine.token(&self.server, "").await
    }

    async fn gate(&self, token: &str) -> (u16, String) {
        let bearer = format!("Bearer {token}");
        let target = format!("/_aws/execute-api/{}/weather", self.api);
        let reply = self.server.ask(request("GET", &target, &[("Authorization", &bearer)], "")).await;
        (reply.status.as_u16(), reply.body)
    }

    /// The ids of the published keys.
    async fn published(&self) -> Vec<String> {
        let target = format!("/{}/.well-known/jwks.json", self.machine.pool);
        let reply = self.server.ask(request("GET", &target, &[], "")).await.json();
        reply["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// What each key for access tokens does, in the order of publication.
    async fn access_keys(&self) -> Vec<(String, String)> {
        let (_, shown) = self.claviger("DescribeSigningKeys", json!({})).await;
        let keys = shown["Keys"].as_array().unwrap().iter().filter(|key| key["TokenUse"] == "ACCESS");
        let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
        keys.map(|key| (text(key, "KeyId"), text(key, "Status"))).collect()
    }
}

/// The header of a token: key id and algorithm.
fn header(token: &str) -> (String, String) {
    let decoded = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&decoded).unwrap();
    (header["kid"].as_str().unwrap().to_owned(), header["alg"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_on() {
    let scene = Scene::new().await;
    let before = scene.token().await;
    let (old, _) = header(&before);
    assert_eq!(scene.access_keys().await, [(old.clone(), "SIGNING".to_owned())]);
    let (status, shown) = scene.claviger("RotateSigningKeys", json!({})).await;
    assert_eq!(status, 200, "{shown}");
    let keys = scene.access_keys().await;
    let new = keys[1].0.clone();
    assert_eq!(keys, [(old.clone(), "SIGNING".to_owned()), (new.clone(), "PENDING".to_owned())]);
    let published = scene.published().await;
    assert_eq!(published.len(), 4);
    assert!(published.contains(&new) && published.contains(&old));
    assert_eq!(header(&scene.token().await).0, old);

    scene.server.advance(3_590).await;
    let last = scene.token().await;
    assert_eq!(header(&last).0, old);
    scene.server.advance(10).await;
    let after = scene.token().await;
    assert_eq!(header(&after).0, new);
    assert_eq!(scene.access_keys().await, [(old, "VERIFYING".to_owned()), (new, "SIGNING".to_owned())]);
    for token in [&last, &after] {
        assert_eq!(scene.gate(token).await, (200, STORMS.to_owned()));
    }
}

#[tokio::test]
async fn what_a_key_has_signed_that_others_know_is_refused_at_once() {
    let scene = Scene::new().await;
    let before = scene.token().await;
    assert_eq!(scene.gate(&before).await.0, 200, "and is kept as verified");
    let (known, _) = header(&before);
    let (status, shown) = scene.claviger("RetireSigningKey", json!({ "KeyId": known })).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(scene.gate(&before).await, (401, UNAUTHORIZED.to_owned()));
    assert!(!scene.published().await.contains(&known));
    let after = scene.token().await;
    assert_ne!(header(&after).0, known);
    assert_eq!(scene.gate(&after).await.0, 200);
    let (status, refused) = scene.claviger("RetireSigningKey", json!({ "KeyId": known })).await;
    assert_eq!((status, refused["__type"].as_str()), (400, Some("ResourceNotFoundException")));
}

#[tokio::test]
async fn a_pool_signs_with_the_algorithm_that_was_chosen_for_it() {
    let scene = Scene::new().await;
    let before = scene.token().await;
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let (status, shown) = scene.claviger("UpdateSigningKeyPolicy", json!({ "Algorithm": algorithm })).await;
        assert_eq!((status, shown["Algorithm"].as_str()), (200, Some(algorithm)), "{shown}");
        let (status, shown) = scene.claviger("RotateSigningKeys", json!({ "PublicationSeconds": 0 })).await;
        assert_eq!(status, 200, "{shown}");
        let token = scene.token().await;
        assert_eq!(header(&token).1, algorithm);
        assert_eq!(scene.gate(&token).await, (200, STORMS.to_owned()), "{algorithm}");
        assert_eq!(scene.gate(&before).await.0, 200, "{algorithm}");
    }
    assert_eq!(scene.published().await.len(), 8);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let scene = Scene::new().await;
    scene.token().await;
    let check = async |operation: &str, input: Value, expected: &str| {
        let (status, body) = scene.claviger(operation, input.clone()).await;
        assert_eq!((status, body["__type"].as_str()), (400, Some(expected)), "{operation} {input}: {body}");
    };
    check("RotateSigningKeys", json!({"PublicationSeconds": -1}), "InvalidParameterException").await;
    check("RotateSigningKeys", json!({"PublicationSeconds": 604_801}), "InvalidParameterException").await;
    check("UpdateSigningKeyPolicy", json!({"Algorithm": "HS256"}), "InvalidParameterException").await;
    check("UpdateSigningKeyPolicy", json!({"RotationDays": 3_651}), "InvalidParameterException").await;
    check("RetireSigningKey", json!({}), "InvalidParameterException").await;
    check("RetireSigningKey", json!({"KeyId": "other"}), "ResourceNotFoundException").await;
    for _ in 0..15 {
        assert_eq!(scene.claviger("UpdateSigningKeyPolicy", json!({"Algorithm": "ES256"})).await.0, 200);
        scene.server.advance(1).await;
        assert_eq!(scene.claviger("RotateSigningKeys", json!({"PublicationSeconds": 0})).await.0, 200);
    }
    scene.server.advance(1).await;
    check("RotateSigningKeys", json!({"PublicationSeconds": 0}), "LimitExceededException").await;
}
