//! CORS as the gateway answers it.

use serde_json::{Value, json};

use super::{NOT_FOUND, UNAUTHORIZED, open};
use crate::support::Server;

const PREFLIGHT: [(&str, &str); 2] = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "PUT")];

#[tokio::test]
async fn preflights_are_answered_without_a_route_and_the_backend_has_no_say() {
    let server = Server::dev();
    let (backend, api) = open(&server).await;
    let path = format!("/apis/{}", api.id);
    let origin = [("Origin", "https://app.example")];
    assert_eq!(api.send("GET", "/", &origin, "").await.header("access-control-allow-origin"), Some("https://backend"));
    let cors = json!({ "allowOrigins": ["https://app.example"], "allowMethods": ["GET", "PUT"], "maxAge": 60 });
    server.v2(&format!("PATCH {path}"), json!({ "corsConfiguration": cors })).await;
    let asked = backend.asked();
    let reply = api.send("OPTIONS", "/anything", &PREFLIGHT, "").await;
    assert_eq!(reply.said(), (204, ""));
    assert_eq!(backend.asked(), asked);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET,PUT"));
    assert_eq!((reply.header("access-control-max-age"), reply.header("content-length")), (Some("60"), None));
    assert_eq!(
        api.send("GET", "/", &origin, "").await.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    let foreign = [("Origin", "https://other.example")];
    assert_eq!(api.send("GET", "/", &foreign, "").await.header("access-control-allow-origin"), None);
    assert_eq!(api.send("GET", "/", &[], "").await.header("access-control-allow-origin"), None);
    server.v2(&format!("DELETE {path}/cors"), Value::Null).await;
    assert_eq!(api.send("GET", "/", &origin, "").await.header("access-control-allow-origin"), Some("https://backend"));
}

#[tokio::test]
async fn a_guarded_default_route_swallows_preflights_until_another_route_takes_them() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (_backend, api) = open(&server).await;
    let path = format!("/apis/{}", api.id);
    let cors = json!({ "allowOrigins": ["*"], "allowMethods": ["*"] });
    server.v2(&format!("PATCH {path}"), json!({ "corsConfiguration": cors })).await;
    let guard = api
        .jwt(&format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool), &machine.client_id, &[])
        .await;
    let routes = server.v2(&format!("GET {path}/routes"), Value::Null).await;
    let route = routes["items"][0]["routeId"].as_str().unwrap().to_owned();
    server.v2(&format!("PATCH {path}/routes/{route}"), guard).await;
    let reply = api.send("OPTIONS", "/storms", &PREFLIGHT, "").await;
    assert_eq!(reply.said(), (401, UNAUTHORIZED));
    // The page may read why.
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let target = routes["items"][0]["target"].as_str().unwrap();
    api.route("OPTIONS /{proxy+}", target, json!({})).await;
    let reply = api.send("OPTIONS", "/storms", &PREFLIGHT, "").await;
    assert_eq!((reply.said(), reply.header("access-control-allow-methods")), ((204, ""), Some("*")));
    assert_eq!(api.send("GET", "/storms", &[], "").await.said(), (401, UNAUTHORIZED));
}

#[tokio::test]
async fn an_api_without_cors_answers_no_preflight() {
    let server = Server::dev();
    let api = super::HttpApi::new(&server).await;
    assert_eq!(api.send("OPTIONS", "/", &PREFLIGHT, "").await.said(), (404, NOT_FOUND));
}
