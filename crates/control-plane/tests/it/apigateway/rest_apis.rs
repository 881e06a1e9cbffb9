//! APIs, their resources, models, validators, authorizers and gateway responses.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

#[tokio::test]
async fn a_new_api_has_the_defaults_and_two_models() {
    let plane = Plane::new();
    let created = answered(&plane, 201, "POST /restapis", json!({"name": "weather"})).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!((id.len(), created["rootResourceId"].as_str().unwrap().len()), (10, 10));
    assert_eq!(created["apiKeySource"], "HEADER");
    assert_eq!(created["endpointConfiguration"]["types"], json!(["EDGE"]));
    assert_eq!(created["endpointConfiguration"]["ipAddressType"], "ipv4");
    assert_eq!(created["disableExecuteApiEndpoint"], false);
    assert!(created.get("tags").is_none());
    let models = answered(&plane, 200, &format!("GET /restapis/{id}/models"), Value::Null).await;
    let names: Vec<_> = models["item"].as_array().unwrap().iter().map(|model| &model["name"]).collect();
    assert_eq!(names, ["Empty", "Error"]);
    let patch = json!({"patchOperations": [{"op": "replace", "path": "/name", "value": "climate"}]});
    let updated = answered(&plane, 200, &format!("PATCH /restapis/{id}"), patch).await;
    assert_eq!((&updated["name"], &updated["tags"]), (&json!("climate"), &json!({})));
    answered(&plane, 202, &format!("DELETE /restapis/{id}"), Value::Null).await;
    let message = format!("Invalid API identifier specified 000000000000:{id}");
    refused(&plane, &format!("GET /restapis/{id}"), Value::Null, 404, "NotFoundException", &message).await;
}

#[tokio::test]
async fn what_a_security_policy_says_is_kept() {
    let plane = Plane::new();
    let policy = "SecurityPolicy_TLS13_1_3_2025_09";
    let input = json!({"name": "weather", "securityPolicy": policy, "endpointAccessMode": "STRICT"});
    let created = answered(&plane, 201, "POST /restapis", input).await;
    let change = format!("PATCH /restapis/{}", created["id"].as_str().unwrap());
    assert_eq!((&created["securityPolicy"], &created["endpointAccessMode"]), (&json!(policy), &json!("STRICT")));
    let patch = |path: &str, value: &str| json!({"patchOperations": [{"op": "replace", "path": path, "value": value}]});
    for (path, value) in [("/securityPolicy", "TLS_1_2"), ("/endpointAccessMode", "BASIC")] {
        assert_eq!(answered(&plane, 200, &change, patch(path, value)).await[&path[1..]], value);
    }
    for (path, message) in [
        ("/securityPolicy", "Invalid security policy specified"),
        ("/endpointAccessMode", "Invalid endpoint access mode. Valid options are BASIC, STRICT"),
    ] {
        refused(&plane, &change, patch(path, "x"), 400, "BadRequestException", message).await;
    }
}

#[tokio::test]
async fn a_list_is_paged_by_position() {
    let plane = Plane::new();
    for _ in 0..3 {
        api(&plane).await;
    }
    let first = answered(&plane, 200, "GET /restapis?limit=2", Value::Null).await;
    assert_eq!(first["item"].as_array().unwrap().len(), 2);
    let next = format!("GET /restapis?limit=2&position={}", first["position"].as_str().unwrap());
    let last = answered(&plane, 200, &next, Value::Null).await;
    assert_eq!(last["item"].as_array().unwrap().len(), 1);
    assert!(last.get("position").is_none());
}

#[tokio::test]
async fn what_is_unknown_is_refused_in_the_words_of_its_noun() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    for (path, message) in [
        (format!("{api}/resources/none"), "Invalid Resource identifier specified"),
        (format!("{root}/methods/GET"), "Invalid Method identifier specified"),
        (format!("{api}/requestvalidators/none"), "Invalid Request Validator identifier specified"),
        (format!("{api}/models/None"), "Invalid model name specified: None"),
    ] {
        refused(&plane, &format!("GET {path}"), Value::Null, 404, "NotFoundException", message).await;
    }
    let message = "Gateway response type not defined on api";
    let delete = format!("DELETE {api}/gatewayresponses/UNAUTHORIZED");
    refused(&plane, &delete, Value::Null, 404, "NotFoundException", message).await;
    let message = "Invalid REST API identifier specified";
    let create = "POST /restapis/none/requestvalidators";
    refused(&plane, create, json!({"name": "a"}), 400, "BadRequestException", message).await;
    let message = "Unable to complete operation due to concurrent modification. Please try again later.";
    let input = json!({"name": "a", "type": "COGNITO_USER_POOLS"});
    refused(&plane, "POST /restapis/none/authorizers", input, 409, "ConflictException", message).await;
}

#[tokio::test]
async fn a_resource_has_its_place_alone_and_takes_its_subtree_along() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    let part = |part: &str| json!({"pathPart": part});
    let parent = answered(&plane, 201, &format!("POST {root}"), part("a")).await;
    let parent = format!("{api}/resources/{}", parent["id"].as_str().unwrap());
    let child = answered(&plane, 201, &format!("POST {parent}"), part("{id}")).await;
    assert_eq!((child["id"].as_str().unwrap().len(), &child["path"]), (6, &json!("/a/{id}")));
    let message = "Another resource with the same parent already has this name: a";
    refused(&plane, &format!("POST {root}"), part("a"), 409, "ConflictException", message).await;
    let message = "A sibling ({id}) of this resource already has a variable path part -- only one is allowed";
    refused(&plane, &format!("POST {parent}"), part("{no}"), 400, "BadRequestException", message).await;
    let child_path = format!("{api}/resources/{}", child["id"].as_str().unwrap());
    let patch =
        |path: &str, value: &Value| json!({"patchOperations": [{"op": "replace", "path": path, "value": value}]});
    answered(&plane, 200, &format!("PATCH {parent}"), patch("/pathPart", &json!("b"))).await;
    assert_eq!(answered(&plane, 200, &format!("GET {child_path}"), Value::Null).await["path"], "/b/{id}");
    let cycle = patch("/parentId", &child["id"]);
    let message = "Resources cannot be cyclical.";
    refused(&plane, &format!("PATCH {parent}"), cycle, 400, "BadRequestException", message).await;
    answered(&plane, 202, &format!("DELETE {parent}"), Value::Null).await;
    let message = "Invalid Resource identifier specified";
    refused(&plane, &format!("GET {child_path}"), Value::Null, 404, "NotFoundException", message).await;
}

#[tokio::test]
async fn a_gateway_response_inherits_from_its_general_type() {
    let plane = Plane::new();
    let (api, _) = api(&plane).await;
    let get = format!("GET {api}/gatewayresponses/UNAUTHORIZED");
    let mut expected = json!({
        "responseType": "UNAUTHORIZED", "statusCode": "401", "responseParameters": {}, "defaultResponse": true,
        "responseTemplates": {"application/json": "{\"message\":$context.error.messageString}"},
    });
    assert_eq!(answered(&plane, 200, &get, Value::Null).await, expected);
    let general = json!({"statusCode": "418"});
    answered(&plane, 201, &format!("PUT {api}/gatewayresponses/DEFAULT_4XX"), general).await;
    expected["statusCode"] = json!("418");
    assert_eq!(answered(&plane, 200, &get, Value::Null).await, expected);
    answered(&plane, 202, &format!("DELETE {api}/gatewayresponses/DEFAULT_4XX"), Value::Null).await;
}

#[tokio::test]
async fn a_method_names_only_models_that_exist() {
    let plane = Plane::new();
    let (_, root) = api(&plane).await;
    let unknown = "Invalid model identifier specified: Storm";
    let models = json!({"application/json": "Storm"});
    let put = json!({"authorizationType": "NONE", "requestModels": models});
    refused(&plane, &format!("PUT {root}/methods/GET"), put, 400, "BadRequestException", unknown).await;
    answered(&plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    let patch = json!({"op": "add", "path": "/requestModels/application~1json", "value": "Storm"});
    let patch = json!({"patchOperations": [patch]});
    refused(&plane, &format!("PATCH {root}/methods/GET"), patch, 400, "BadRequestException", unknown).await;
    let response = json!({"responseModels": models});
    let declared = format!("PUT {root}/methods/GET/responses/200");
    refused(&plane, &declared, response, 400, "BadRequestException", unknown).await;
    answered(&plane, 201, &declared, json!({"responseModels": {"application/json": "Empty"}})).await;
}
