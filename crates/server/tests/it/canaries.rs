//! Canaries over the wire: which part of a stage's traffic tries another deployment, and what promotes it.

use std::sync::atomic::{AtomicU32, Ordering};

use claviger_resources::Random;
use claviger_server::node::{Options, Place};
use serde_json::{Value, json};

use crate::stack::request;
use crate::support::Server;

/// Numbers that fall into each quarter of all numbers in turn.
struct Quarters;

static DRAWN: AtomicU32 = AtomicU32::new(0);

impl Random for Quarters {
    fn fill(&mut self, buffer: &mut [u8]) {
        let number = DRAWN.fetch_add(1, Ordering::Relaxed).wrapping_mul(1 << 30);
        for (to, from) in buffer.iter_mut().zip(number.to_le_bytes()) {
            *to = from;
        }
    }
}

fn quarters() -> Box<dyn Random> {
    Box::new(Quarters)
}

/// An API that says which version of it answers, and what that is told.
fn document(version: &str) -> Value {
    let template = format!("{version} $stageVariables.colour $stageVariables.shape $!context.isCanaryRequest");
    json!({
        "openapi": "3.0.1", "info": { "title": "canaries", "version": "1" },
        "paths": { "/": { "get": {
            "responses": { "200": { "description": "" } },
            "x-amazon-apigateway-integration": {
                "type": "mock", "requestTemplates": { "application/json": r#"{"statusCode": 200}"# },
                "responses": { "default": {
                    "statusCode": "200", "responseTemplates": { "application/json": template },
                } },
            },
        } } },
    })
}

async fn control(server: &Server, call: &str, input: Value) -> Value {
    let (method, target) = call.split_once(' ').unwrap();
    let reply = server.ask(request(method, target, &[], &input.to_string())).await;
    assert!(reply.status.is_success(), "{call} {input}: {reply:?}");
    reply.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_gets_its_part_of_the_traffic_until_it_is_promoted() {
    let options = Options { random: Some(quarters), ..Options::default() };
    let server = Server::with_node(&Place::Memory, options);
    let api = control(&server, "POST /restapis?mode=import", document("one")).await["id"].as_str().unwrap().to_owned();
    let deployments = format!("POST /restapis/{api}/deployments");
    let variables = json!({ "colour": "blue", "shape": "round" });
    control(&server, &deployments, json!({ "stageName": "live", "variables": variables })).await;
    control(&server, &format!("PUT /restapis/{api}?mode=overwrite"), document("two")).await;
    let canary = json!({ "percentTraffic": 25, "stageVariableOverrides": { "colour": "red" } });
    let made = control(&server, &deployments, json!({ "stageName": "live", "canarySettings": canary })).await;
    let ask = async || {
        let mut bodies = Vec::new();
        for _ in 0..8 {
            let target = format!("/_aws/execute-api/{api}/live");
            bodies.push(server.ask(request("GET", &target, &[], "")).await.body);
        }
        bodies.sort();
        bodies
    };
    let (old, new) = ("one blue round false", "two red round true");
    assert_eq!(ask().await, [old, old, old, old, old, old, new, new]);

    let patch = async |operations: Value| {
        control(&server, &format!("PATCH /restapis/{api}/stages/live"), json!({ "patchOperations": operations })).await
    };
    patch(json!([{ "op": "replace", "path": "/canarySettings/percentTraffic", "value": "100" }])).await;
    assert_eq!(ask().await, [new; 8]);
    let promoted = patch(json!([
        { "op": "replace", "path": "/canarySettings/percentTraffic", "value": "0.0" },
        { "op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables" },
        { "op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId" },
    ]))
    .await;
    assert_eq!(promoted["deploymentId"], made["id"]);
    assert_eq!(promoted["variables"], json!({ "colour": "red", "shape": "round" }));
    assert_eq!(ask().await, ["two red round false"; 8]);
    let removed = patch(json!([{ "op": "remove", "path": "/canarySettings" }])).await;
    assert_eq!(removed.get("canarySettings"), None);
    assert_eq!(ask().await, ["two red round "; 8]);
}
