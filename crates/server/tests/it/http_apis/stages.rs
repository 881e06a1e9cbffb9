//! Which stage a request is for, and when a change reaches it.

use serde_json::{Value, json};

use super::backend::Backend;
use super::{HttpApi, NOT_FOUND, open};
use crate::stack::request;
use crate::support::Server;

#[tokio::test]
async fn the_first_segment_names_the_stage_if_there_is_one_of_that_name() {
    let server = Server::dev();
    let (backend, api) = open(&server).await;
    api.make("stages", json!({ "stageName": "dev", "autoDeploy": true, "stageVariables": { "color": "blue" } })).await;
    let target = api
        .proxy(
            &backend.url,
            json!({ "requestParameters": {
            "overwrite:header.x-color": "$stageVariables.color", "overwrite:header.x-path": "$context.path" } }),
        )
        .await;
    api.route("GET /storms", &target, json!({})).await;
    let ours = server.address.to_string();
    let host = format!("{}.execute-api.localhost", api.id);
    for (host, path, color) in [
        (&host, "/storms".to_owned(), None),
        (&host, "/dev/storms".to_owned(), Some("blue")),
        (&ours, format!("/_aws/execute-api/{}/storms", api.id), None),
        (&ours, format!("/_aws/execute-api/{}/dev/storms", api.id), Some("blue")),
        (&ours, format!("/restapis/{}/dev/_user_request_/storms", api.id), Some("blue")),
        (&ours, format!("/restapis/{}/$default/_user_request_/storms", api.id), None),
    ] {
        let reply = server.ask(request("GET", &path, &[("Host", host)], "")).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.json()["headers"]["x-color"].as_str(), color, "{path}");
    }
    // A segment that is no stage belongs to the path.
    assert_eq!(api.send("GET", "/test/storms", &[], "").await.json()["uri"], "/test/storms");
    server.v2(&format!("DELETE /apis/{}/stages/$default", api.id), Value::Null).await;
    for path in ["/storms", "/test/storms", "/"] {
        assert_eq!(api.send("GET", path, &[], "").await.said(), (404, NOT_FOUND), "{path}");
    }
    assert_eq!(api.send("GET", "/dev/storms", &[], "").await.status, 200);
}

#[tokio::test]
async fn without_automatic_deployment_a_change_waits_for_one() {
    let server = Server::dev();
    let (backend, api) = (Backend::start().await, HttpApi::new(&server).await);
    api.make("stages", json!({ "stageName": "live" })).await;
    let target = api.proxy(&backend.url, json!({})).await;
    api.route("GET /a", &target, json!({})).await;
    let status = async |path: &str| api.send("GET", path, &[], "").await.status.as_u16();
    assert_eq!((status("/a").await, status("/live/a").await), (200, 404));
    let deployed = api.make("deployments", json!({ "stageName": "live" })).await;
    assert_eq!(status("/live/a").await, 200);
    api.route("GET /b", &target, json!({})).await;
    assert_eq!((status("/b").await, status("/live/b").await), (200, 404));
    let next = api.make("deployments", json!({})).await["deploymentId"].clone();
    assert_eq!(status("/live/b").await, 404);
    server.v2(&format!("PATCH /apis/{}/stages/live", api.id), json!({ "deploymentId": next })).await;
    assert_eq!(status("/live/b").await, 200);
    // Back to what was.
    let first = deployed["deploymentId"].clone();
    server.v2(&format!("PATCH /apis/{}/stages/live", api.id), json!({ "deploymentId": first })).await;
    assert_eq!(status("/live/b").await, 404);
    server.v2(&format!("PATCH /apis/{}/stages/live", api.id), json!({ "autoDeploy": true })).await;
    assert_eq!(status("/live/b").await, 200);
}

#[tokio::test]
async fn automatic_deployments_do_not_pile_up() {
    let server = Server::dev();
    let (_backend, api) = open(&server).await;
    for number in 0..5 {
        let integrations = server.v2(&format!("GET /apis/{}/integrations", api.id), Value::Null).await;
        let id = integrations["items"][0]["integrationId"].as_str().unwrap();
        api.route(&format!("GET /{number}"), &format!("integrations/{id}"), json!({})).await;
    }
    let deployments = server.v2(&format!("GET /apis/{}/deployments", api.id), Value::Null).await;
    let [only] = &deployments["items"].as_array().unwrap()[..] else { panic!("{deployments}") };
    assert_eq!((&only["autoDeployed"], &only["deploymentStatus"]), (&json!(true), &json!("DEPLOYED")));
    let stage = server.v2(&format!("GET /apis/{}/stages/$default", api.id), Value::Null).await;
    assert_eq!(stage["deploymentId"], only["deploymentId"]);
}

#[tokio::test]
async fn a_disabled_endpoint_and_a_deleted_api_serve_nothing() {
    let server = Server::dev();
    let (_backend, api) = open(&server).await;
    let path = format!("/apis/{}", api.id);
    server.v2(&format!("PATCH {path}"), json!({ "disableExecuteApiEndpoint": true })).await;
    assert_eq!(api.send("GET", "/", &[], "").await.said(), (404, NOT_FOUND));
    server.v2(&format!("PATCH {path}"), json!({ "disableExecuteApiEndpoint": false })).await;
    assert_eq!(api.send("GET", "/", &[], "").await.status, 200);
    server.v2(&format!("DELETE {path}"), Value::Null).await;
    assert_eq!(api.send("GET", "/", &[], "").await.status, 403);
}
