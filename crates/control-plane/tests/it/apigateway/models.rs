//! Models: which schemas an API takes.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

#[tokio::test]
async fn a_schema_must_be_one_that_bodies_can_be_checked_against() {
    let plane = Plane::new();
    let (path, _) = api(&plane).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let url = |name: &str| format!("https://apigateway.amazonaws.com/restapis/{id}/models/{name}");
    let create = format!("POST {path}/models");
    let model = |name: &str, schema: &str| json!({"name": name, "contentType": "application/json", "schema": schema});
    let nothing = "Model schema must have at least 1 property or array items defined";
    let invalid = |what: &str| format!("Invalid model specified: Validation Result: warnings : [], errors : [{what}]");
    let schema = invalid("Invalid model schema specified");
    for (text, message) in [
        (String::new(), nothing.to_owned()),
        ("{}".to_owned(), nothing.to_owned()),
        ("[]".to_owned(), schema.clone()),
        ("<xml/>".to_owned(), schema.clone()),
        (json!({"type": "text"}).to_string(), schema.clone()),
        (json!({"type": "object", "required": []}).to_string(), schema.clone()),
        (json!({"properties": {"a": {"maxLength": "35"}}}).to_string(), schema.clone()),
        (
            json!({"items": {"$ref": "#/definitions/none"}}).to_string(),
            invalid("Invalid model reference specified: #/definitions/none"),
        ),
        (
            json!({"items": {"$ref": url("Gone")}}).to_string(),
            invalid(&format!("Invalid model reference specified: {}", url("Gone"))),
        ),
        (json!({"items": {"$ref": "Gone"}}).to_string(), invalid("Model reference must be in canonical form")),
    ] {
        refused(&plane, &create, model("Event", &text), 400, "BadRequestException", &message).await;
    }
    answered(&plane, 201, &create, model("Event", &json!({"type": "object"}).to_string())).await;
    let list = json!({"type": "array", "items": {"$ref": url("Event")}}).to_string();
    answered(&plane, 201, &create, model("Events", &list)).await;
    // One may refer to itself, and to one that refers to it.
    let event = json!({"properties": {"next": {"$ref": url("Event")}, "all": {"$ref": url("Events")}}}).to_string();
    let replaced = |value: &str| json!({"patchOperations": [{"op": "replace", "path": "/schema", "value": value}]});
    let changed = answered(&plane, 200, &format!("PATCH {path}/models/Event"), replaced(&event)).await;
    assert_eq!(changed["schema"], json!(event));
    refused(&plane, &format!("PATCH {path}/models/Event"), replaced(""), 400, "BadRequestException", nothing).await;
    let get = answered(&plane, 200, &format!("GET {path}/models/Event"), Value::Null).await;
    assert_eq!(get["schema"], json!(event));
}
