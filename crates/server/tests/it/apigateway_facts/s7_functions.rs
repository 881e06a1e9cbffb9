//! Sections 1.5, 1.8 and 2.3: API keys that Lambda authorizers name, and what functions are told of keys.

use serde_json::{Value, json};

use super::cases;
use super::world::{FORBIDDEN, refused};
use crate::lambda::{Node, Pets, answers, authorizer, integration, policy};
use crate::stack::request;

const VALUE: &str = "the-key-of-a-pet-shop-1";

impl Pets {
    async fn control(&self, method: &str, target: &str, body: Value) -> Value {
        let reply = self.server.ask(request(method, target, &[], &body.to_string())).await;
        assert!(reply.status.is_success(), "{method} {target} {body}: {reply:?}");
        reply.json()
    }

    /// Has the API ask for a key from this source, and makes one of a plan for it: its id.
    async fn ask_for_keys(&self, source: &str, value: &str) -> String {
        let api = format!("/restapis/{}", self.api);
        let replace =
            |path: &str, value: &str| json!({ "patchOperations": [{ "op": "replace", "path": path, "value": value }] });
        self.control("PATCH", &api, replace("/apiKeySource", source)).await;
        let resources = self.server.ask(request("GET", &format!("{api}/resources"), &[], "")).await.json();
        let resources = resources["item"].as_array().unwrap();
        let pets = resources.iter().find(|resource| resource["path"] == "/pets/{id}").unwrap();
        let method = format!("{api}/resources/{}/methods/ANY", pets["id"].as_str().unwrap());
        self.control("PATCH", &method, replace("/apiKeyRequired", "true")).await;
        self.deploy().await;
        let stages = json!([{ "apiId": self.api, "stage": "prod" }]);
        let plan = self.control("POST", "/usageplans", json!({ "name": "pets", "apiStages": stages })).await;
        let key = self.control("POST", "/apikeys", json!({ "enabled": true, "value": value })).await;
        let keys = format!("/usageplans/{}/keys", plan["id"].as_str().unwrap());
        self.control("POST", &keys, json!({ "keyId": key["id"], "keyType": "API_KEY" })).await;
        key["id"].as_str().unwrap().to_owned()
    }

    /// Has the authorizer let everybody in and name this key.
    fn name_key(&self, key: &Value) {
        let mut answer = policy("Allow", "*");
        answer["usageIdentifierKey"] = key.clone();
        self.gate.reacts(answers(&answer));
    }
}

/// An API whose authorizer is asked each time.
async fn guarded(w: &std::sync::Arc<Node>) -> Pets {
    let authorizer = authorizer("token", &json!({ "authorizerResultTtlInSeconds": 0 }));
    w.serve(&integration("aws_proxy", &json!({})), Some(&authorizer), &json!({})).await
}

cases! { Node, |w|
    s1_5_api_key => {
        let pets = w.serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
        let key = pets.ask_for_keys("HEADER", VALUE).await;
        assert_eq!(pets.ask("GET", "/pets/7", &[("x-api-key", VALUE)], "").await.status, 200);
        let identity = w.seen().0[0]["requestContext"]["identity"].take();
        assert_eq!((&identity["apiKey"], &identity["apiKeyId"]), (&json!(VALUE), &json!(key)));
    };
    s1_8_key_of_authorizer => {
        let pets = guarded(&w).await;
        pets.ask_for_keys("AUTHORIZER", "the-key-of-a-pet-shop-2").await;
        pets.gate.reacts(answers(&policy("Deny", "*")));
        assert_eq!(pets.pet("7", "a").await.header("x-amzn-errortype"), Some("AccessDeniedException"));
        pets.name_key(&json!("another-key-of-a-pet-shop"));
        refused(&pets.pet("7", "a").await, 403, FORBIDDEN, "ForbiddenException");
        pets.name_key(&json!("the-key-of-a-pet-shop-2"));
        assert_eq!(pets.pet("7", "a").await.status, 200);
    };
    s2_3_usage_identifier_key => {
        let pets = guarded(&w).await;
        let key = pets.ask_for_keys("AUTHORIZER", "the-key-of-a-pet-shop-3").await;
        pets.name_key(&json!("the-key-of-a-pet-shop-3"));
        assert_eq!(pets.pet("7", "a").await.status, 200);
        assert_eq!(w.seen().0[0]["requestContext"]["identity"]["apiKeyId"], json!(key));
        // The header is not looked at, and without a named key there is none.
        pets.name_key(&Value::Null);
        let headers = [("Authorization", "a"), ("x-api-key", "the-key-of-a-pet-shop-3")];
        refused(&pets.ask("GET", "/pets/7", &headers, "").await, 403, FORBIDDEN, "ForbiddenException");
    };
}
