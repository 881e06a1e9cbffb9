//! API Gateway's REST APIs over the wire's requests and answers.

mod access_logs;
mod api_keys;
mod canaries;
mod client_certificates;
mod deployments;
mod documentation;
mod domain_names;
mod export;
mod integrations;
mod models;
mod quotas;
mod rest_apis;
mod trials;
mod usage_plans;

use serde_json::{Value, json};

use crate::plane::Plane;

/// The body of an answer that has this status.
async fn answered(plane: &Plane, status: u16, request: &str, input: Value) -> Value {
    let (found, exception, body) = plane.rest(request, input).await;
    assert_eq!(found, status, "{request}: {exception} {body}");
    body
}

/// Asserts how a request is refused: status, exception and message.
async fn refused(plane: &Plane, request: &str, input: Value, status: u16, exception: &str, message: &str) {
    let expected = (status, exception.to_owned(), json!({"message": message}));
    assert_eq!(plane.rest(request, input).await, expected, "{request}");
}

/// The path of a new API and that of its root resource.
async fn api(plane: &Plane) -> (String, String) {
    let created = answered(plane, 201, "POST /restapis", json!({"name": "weather"})).await;
    let api = format!("/restapis/{}", created["id"].as_str().unwrap());
    let root = format!("{api}/resources/{}", created["rootResourceId"].as_str().unwrap());
    (api, root)
}
