//! Canary settings of stages and deployments.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

const BAD: &str = "BadRequestException";

/// The path of an API with the stage `live`, and the id of what that serves.
async fn staged(plane: &Plane) -> (String, String) {
    let (api, root) = api(plane).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    let made = answered(plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "live"})).await;
    (api, made["id"].as_str().unwrap().to_owned())
}

fn patches(operations: Value) -> Value {
    json!({ "patchOperations": operations })
}

#[tokio::test]
async fn a_canary_deployment_leaves_the_stage_what_it_serves() {
    let plane = Plane::new();
    let (api, first) = staged(&plane).await;
    let canary = json!({"percentTraffic": 12.5, "stageVariableOverrides": {"a": "1"}, "useStageCache": true});
    let input = json!({"stageName": "live", "canarySettings": canary});
    let second = answered(&plane, 201, &format!("POST {api}/deployments"), input).await["id"].take();
    let stage = answered(&plane, 200, &format!("GET {api}/stages/live"), Value::Null).await;
    assert_eq!(stage["deploymentId"], first);
    let expected = json!({
        "percentTraffic": 12.5, "deploymentId": second, "stageVariableOverrides": {"a": "1"}, "useStageCache": true,
    });
    assert_eq!(stage["canarySettings"], expected);
    let message = "Active stages pointing to this deployment must be moved or deleted";
    let delete = format!("DELETE {api}/deployments/{}", second.as_str().unwrap());
    refused(&plane, &delete, Value::Null, 400, BAD, message).await;
    let remove = patches(json!([{"op": "remove", "path": "/canarySettings"}]));
    answered(&plane, 200, &format!("PATCH {api}/stages/live"), remove).await;
    answered(&plane, 202, &delete, Value::Null).await;
}

#[tokio::test]
async fn a_stage_may_be_made_with_a_canary() {
    let plane = Plane::new();
    let (api, first) = staged(&plane).await;
    let create = format!("POST {api}/stages");
    let input = |canary: Value| json!({"stageName": "test", "deploymentId": first, "canarySettings": canary});
    let gone = "Deployment id does not exist";
    refused(&plane, &create, input(json!({"deploymentId": "none"})), 400, BAD, gone).await;
    let range = "Invalid canary percent traffic specified. Must be between 0.0 and 100.0";
    refused(&plane, &create, input(json!({"percentTraffic": 100.5})), 400, BAD, range).await;
    let made = answered(&plane, 201, &create, input(json!({"percentTraffic": 50}))).await;
    let expected = json!({"percentTraffic": 50.0, "deploymentId": first, "useStageCache": false});
    assert_eq!(made["canarySettings"], expected);
}

#[tokio::test]
async fn patches_make_change_and_promote_a_canary() {
    let plane = Plane::new();
    let (api, first) = staged(&plane).await;
    let second = answered(&plane, 201, &format!("POST {api}/deployments"), json!({})).await["id"].take();
    let stage = format!("PATCH {api}/stages/live");
    let copy = patches(json!([{"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"}]));
    let none = "Invalid patch path specified for op 'copy': the stage has no canary settings";
    refused(&plane, &stage, copy.clone(), 400, BAD, none).await;
    let made = patches(json!([{"op": "replace", "path": "/canarySettings/percentTraffic", "value": "10"}]));
    let made = answered(&plane, 200, &stage, made).await;
    let expected = json!({"percentTraffic": 10.0, "deploymentId": first, "useStageCache": false});
    assert_eq!(made["canarySettings"], expected);
    let changed = patches(json!([
        {"op": "replace", "path": "/canarySettings/deploymentId", "value": second},
        {"op": "add", "path": "/canarySettings/stageVariableOverrides/a", "value": "1"},
        {"op": "add", "path": "/canarySettings/stageVariableOverrides/b", "value": "2"},
        {"op": "remove", "path": "/canarySettings/stageVariableOverrides/b"},
        {"op": "replace", "path": "/canarySettings/useStageCache", "value": "true"},
    ]));
    let changed = answered(&plane, 200, &stage, changed).await;
    let expected = json!({
        "percentTraffic": 10.0, "deploymentId": second, "stageVariableOverrides": {"a": "1"}, "useStageCache": true,
    });
    assert_eq!(changed["canarySettings"], expected);
    assert_eq!(answered(&plane, 200, &stage, copy).await["deploymentId"], second);
    for (operation, message) in [
        (
            json!({"op": "replace", "path": "/canarySettings/percentTraffic", "value": "-1"}),
            "Invalid canary percent traffic specified. Must be between 0.0 and 100.0",
        ),
        (
            json!({"op": "replace", "path": "/canarySettings/deploymentId", "value": "none"}),
            "Deployment id does not exist",
        ),
        (
            json!({"op": "replace", "path": "/canarySettings/colour", "value": "x"}),
            "Invalid patch path /canarySettings/colour",
        ),
        (json!({"op": "copy", "path": "/deploymentId"}), "A from path is required for patch path /deploymentId"),
        (
            json!({"op": "copy", "from": "/description", "path": "/deploymentId"}),
            "Invalid patch path  '/deploymentId' specified for op 'copy'. Please choose supported operations",
        ),
    ] {
        refused(&plane, &stage, patches(json!([operation])), 400, BAD, message).await;
    }
}

#[tokio::test]
async fn a_canary_deployment_needs_a_stage_that_is_there() {
    let plane = Plane::new();
    let (api, _) = staged(&plane).await;
    let create = format!("POST {api}/deployments");
    let canary = json!({"percentTraffic": 1});
    let message = "A stage name is required for a canary deployment";
    refused(&plane, &create, json!({"canarySettings": canary}), 400, BAD, message).await;
    let input = json!({"stageName": "none", "canarySettings": canary});
    refused(&plane, &create, input, 404, "NotFoundException", "Invalid stage identifier specified").await;
}
