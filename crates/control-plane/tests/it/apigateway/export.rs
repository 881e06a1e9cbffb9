//! Exports, and imports with what they leave and take.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::{answered, refused};
use crate::plane::Plane;

fn document() -> Value {
    let mock = json!({"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
        "responses": {"default": {"statusCode": "200"}}});
    json!({
        "openapi": "3.0.1", "info": {"title": "storms", "version": "7"},
        "paths": {"/storms": {"get": {"summary": "Lists", "responses": {"200": {"description": "All"}},
            "x-amazon-apigateway-integration": mock}}},
    })
}

/// The path of an API that is deployed to the stage `dev`.
async fn deployed(plane: &Plane) -> String {
    let made = answered(plane, 201, "POST /restapis?mode=import", document()).await;
    let api = format!("/restapis/{}", made["id"].as_str().unwrap());
    answered(plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "dev"})).await;
    api
}

#[tokio::test]
async fn an_export_is_what_is_deployed_and_imports_again() {
    let plane = Plane::new();
    let api = deployed(&plane).await;
    let export = format!("GET {api}/stages/dev/exports/oas30?extensions=apigateway");
    let first = answered(&plane, 200, &export, Value::Null).await;
    assert_eq!((&first["info"]["title"], &first["info"]["version"]), (&json!("storms"), &json!("7")));
    assert_eq!(first["paths"]["/storms"]["get"]["x-amazon-apigateway-integration"]["type"], "mock");
    assert_eq!(first["paths"]["/storms"]["get"].get("summary"), None, "no documentation version is the stage's");
    // What is not deployed is not exported.
    let more = json!({"openapi": "3.0.1", "info": {"title": "later"}, "paths": {"/later": {}}});
    answered(&plane, 200, &format!("PUT {api}?mode=merge"), more).await;
    assert_eq!(answered(&plane, 200, &export, Value::Null).await, first);

    let again = answered(&plane, 201, "POST /restapis?mode=import&failonwarnings=true", first.clone()).await;
    let again = format!("/restapis/{}", again["id"].as_str().unwrap());
    answered(&plane, 201, &format!("POST {again}/deployments"), json!({"stageName": "dev"})).await;
    let mut second =
        answered(&plane, 200, &format!("GET {again}/stages/dev/exports/oas30?extensions=apigateway"), Value::Null)
            .await;
    second["servers"] = first["servers"].clone();
    assert_eq!(second, first);
}

#[tokio::test]
async fn an_export_is_refused_in_the_words_of_what_is_wrong() {
    let plane = Plane::new();
    let api = deployed(&plane).await;
    for (path, status, exception, message) in [
        ("none/exports/oas30".to_owned(), 404, "NotFoundException", "Invalid stage identifier specified"),
        (
            "dev/exports/raml".to_owned(),
            400,
            "BadRequestException",
            "Invalid export type specified. Must be one of: [oas30, swagger]",
        ),
        (
            "dev/exports/oas30?extensions=all".to_owned(),
            400,
            "BadRequestException",
            "Invalid extensions specified: all. Must be of: [integrations, authorizers, documentation, postman, apigateway]",
        ),
    ] {
        refused(&plane, &format!("GET {api}/stages/{path}"), Value::Null, status, exception, message).await;
    }
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("text/html"));
    let uri = format!("{api}/stages/dev/exports/oas30").parse().unwrap();
    let (status, body) = plane.api_gateway(&Method::GET, &uri, &headers, &Bytes::new(), "id").await;
    let message = "Invalid accept type specified. Must be one of: [application/json, application/yaml]";
    assert_eq!((status, body), (400, json!({"message": message})));
}

#[tokio::test]
async fn an_import_takes_the_documentation_unless_told_not_to() {
    let plane = Plane::new();
    let api = deployed(&plane).await;
    let list = format!("GET {api}/documentation/parts");
    let count = async || answered(&plane, 200, &list, Value::Null).await["item"].as_array().unwrap().len();
    assert_eq!(count().await, 2);
    let parts = answered(&plane, 200, &format!("{list}?type=METHOD"), Value::Null).await;
    assert_eq!(parts["item"][0]["location"], json!({"type": "METHOD", "path": "/storms", "method": "GET"}));
    assert_eq!(parts["item"][0]["properties"], r#"{"summary":"Lists"}"#);
    let bare = json!({"openapi": "3.0.1", "info": {"title": "storms"}, "paths": {}});
    answered(&plane, 200, &format!("PUT {api}?mode=merge"), bare.clone()).await;
    assert_eq!(count().await, 2);
    answered(&plane, 200, &format!("PUT {api}?mode=overwrite&ignore=documentation"), bare.clone()).await;
    assert_eq!(count().await, 2);
    answered(&plane, 200, &format!("PUT {api}?mode=overwrite"), bare).await;
    assert_eq!(count().await, 0);
    let ignored = answered(&plane, 201, "POST /restapis?mode=import&ignore=documentation", document()).await;
    let list = format!("GET /restapis/{}/documentation/parts", ignored["id"].as_str().unwrap());
    assert_eq!(answered(&plane, 200, &list, Value::Null).await, json!({"item": []}));
}

#[tokio::test]
async fn a_copy_has_all_that_the_original_has_and_nothing_of_its_ids() {
    let plane = Plane::new();
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations";
    let original = json!({
        "openapi": "3.0.1", "info": {"title": "storms", "version": "1"},
        "paths": {"/a/{b}": {"get": {
            "security": [{"token": []}], "x-amazon-apigateway-request-validator": "all",
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Storms"}}}}},
            "x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": "200"}}},
        }}},
        "components": {
            "schemas": {"Storm": {"type": "object"}, "Storms": {"items": {"$ref": "#/components/schemas/Storm"}}},
            "securitySchemes": {"token": {"type": "apiKey", "name": "X", "in": "header",
                "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": uri}}},
        },
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": true}},
        "x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": "503"}},
    });
    let original = answered(&plane, 201, "POST /restapis?mode=import", original).await;
    let input = json!({"name": "copy", "version": "1", "cloneFrom": original["id"]});
    let copy = answered(&plane, 201, "POST /restapis", input).await;
    assert_eq!(copy["name"], "copy");
    let mut exports = Vec::new();
    for api in [&original, &copy] {
        let api = format!("/restapis/{}", api["id"].as_str().unwrap());
        answered(&plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "dev"})).await;
        let export = format!("GET {api}/stages/dev/exports/oas30?extensions=apigateway");
        let mut export = answered(&plane, 200, &export, Value::Null).await;
        (export["servers"], export["info"]["title"]) = (Value::Null, Value::Null);
        exports.push(export);
    }
    assert_eq!(exports[1], exports[0]);
    let ids = async |api: &Value| {
        let mut ids = vec![api["rootResourceId"].to_string()];
        for list in ["resources", "authorizers", "models", "requestvalidators"] {
            let list = format!("GET /restapis/{}/{list}", api["id"].as_str().unwrap());
            let list = answered(&plane, 200, &list, Value::Null).await;
            ids.extend(list["item"].as_array().unwrap().iter().map(|one| one["id"].to_string()));
        }
        ids
    };
    let (before, after) = (ids(&original).await, ids(&copy).await);
    assert_eq!((before.len(), after.len()), (8, 8));
    assert!(after.iter().all(|id| !before.contains(id)), "{before:?} {after:?}");
    let message = "Invalid API identifier specified 000000000000:none";
    let input = json!({"name": "copy", "cloneFrom": "none"});
    refused(&plane, "POST /restapis", input, 404, "NotFoundException", message).await;
    let list = answered(&plane, 200, "GET /restapis", Value::Null).await;
    assert_eq!(list["item"].as_array().unwrap().len(), 2);
}
