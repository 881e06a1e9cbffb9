//! Request validators at the gate, over the wire.

use serde_json::{Value, json};

use crate::stack::{Reply, request};
use crate::support::Server;

const MISSING: &str = r#"{"message": "Missing required request parameters: [x-storm, day]"}"#;
const INVALID: &str = r#"{"message": "Invalid request body"}"#;

/// A server with an API whose `POST /storms/{id}` has a validator of this kind, which checks bodies by the model `Storm` and
/// asks for the header `x-storm` and the query parameter `day`; its `POST /free` has none.
async fn serving(validator: &str) -> (Server, String) {
    let server = Server::dev();
    let integration = json!({
        "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" }, "passthroughBehavior": "never",
        "responses": { "default": { "statusCode": "200" } },
    });
    let body = json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Storm" } } } });
    let operation = |validator: Option<&str>| {
        let mut operation = json!({
            "parameters": [
                { "name": "x-storm", "in": "header", "required": true },
                { "name": "day", "in": "query", "required": true },
                { "name": "note", "in": "query" },
            ],
            "requestBody": body, "responses": { "200": { "description": "" } },
            "x-amazon-apigateway-integration": integration,
        });
        if let Some(validator) = validator {
            operation["x-amazon-apigateway-request-validator"] = json!(validator);
        }
        operation
    };
    let findings = json!({ "BAD_REQUEST_BODY": { "responseTemplates": {
        "text/plain": "$context.error.validationErrorString" } } });
    let document = json!({
        "openapi": "3.0.1", "info": { "title": "storms", "version": "1" },
        "x-amazon-apigateway-request-validators": { validator: {
            "validateRequestBody": validator != "parameters", "validateRequestParameters": validator != "body" } },
        "x-amazon-apigateway-gateway-responses": if validator == "body" { findings } else { json!({}) },
        "paths": { "/storms/{id}": { "post": operation(Some(validator)) }, "/free": { "post": operation(None) } },
        "components": { "schemas": {
            "Storm": {
                "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string" }, "then": { "$ref": "#/components/schemas/Storm" },
                    "place": { "$ref": "#/components/schemas/Place" } },
            },
            "Place": { "type": "object", "required": ["town"] },
        } },
    });
    let imported = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
    assert_eq!(imported.status, 201, "{imported:?}");
    let api = imported.json()["id"].as_str().unwrap().to_owned();
    let deployments = format!("/restapis/{api}/deployments");
    let deployed = server.ask(request("POST", &deployments, &[], r#"{"stageName":"live"}"#)).await;
    assert_eq!(deployed.status, 201, "{deployed:?}");
    (server, format!("/_aws/execute-api/{api}/live"))
}

async fn post(server: &Server, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    server.ask(request("POST", target, headers, body)).await
}

async fn explained(server: &Server, reply: &Reply) -> Value {
    let target = format!("/_claviger/explain/{}", reply.header("x-amzn-requestid").unwrap());
    server.ask(request("GET", &target, &[], "")).await.json()["refusals"][0].take()
}

#[tokio::test]
async fn parameters_come_first_and_then_the_body() {
    let (server, base) = serving("all").await;
    let (json, storm) = (("Content-Type", "application/json"), ("X-Storm", "1"));
    let with_day = format!("{base}/storms/7?day=1");
    let reply = post(&server, &format!("{base}/storms/7"), &[json], "{}").await;
    assert_eq!((reply.said(), reply.header("x-amzn-errortype")), ((400, MISSING), Some("BadRequestException")));
    let found = explained(&server, &reply).await;
    assert!(
        found["setting"].as_str().unwrap().starts_with("requestParameters of the method require [x-storm, day]"),
        "{found}"
    );
    let blank = post(&server, &format!("{base}/storms/7?day=%20"), &[json, storm], "{}").await;
    assert_eq!(blank.said(), (400, r#"{"message": "Missing required request parameters: [day]"}"#));
    for (body, valid) in [
        (r#"{"name":"Ada"}"#, true),
        (r#"{"name":"Ada","then":{"name":"Bruno","then":{"name":"Carla"}},"place":{"town":"x"}}"#, true),
        ("", false),
        ("{}", false),
        ("Ada", false),
        (r#"{"name":1}"#, false),
        (r#"{"name":"Ada","then":{"name":"Bruno","then":{}}}"#, false),
        (r#"{"name":"Ada","place":{}}"#, false),
    ] {
        let reply = post(&server, &with_day, &[json, storm], body).await;
        let expected = if valid { (200, "") } else { (400, INVALID) };
        assert_eq!(reply.said(), expected, "{body}");
        if !valid {
            assert_eq!(reply.header("x-amzn-errortype"), Some("BadRequestException"));
            let found = explained(&server, &reply).await;
            let setting = "the model Storm of the method for bodies of the type application/json (request validator ";
            assert!(found["setting"].as_str().unwrap().starts_with(setting), "{found}");
            assert!(!found.to_string().contains("Bruno"), "{found}");
        }
    }
    // No model is for other types, so that the integration decides.
    let other = post(&server, &with_day, &[("Content-Type", "text/plain"), storm], "Ada").await;
    assert_eq!(other.said(), (415, r#"{"message": "Unsupported Media Type"}"#));
    assert_eq!(post(&server, &format!("{base}/free"), &[json], "Ada").await.status, 200, "no validator, no validation");
}

#[tokio::test]
async fn a_validator_checks_parameters_alone_or_bodies_alone() {
    let json = [("Content-Type", "application/json")];
    let (server, base) = serving("parameters").await;
    let reply = post(&server, &format!("{base}/storms/7?day=1"), &[json[0], ("x-storm", "1")], "Ada").await;
    assert_eq!(reply.status, 200);
    assert_eq!(post(&server, &format!("{base}/storms/7"), &json, "{}").await.said(), (400, MISSING));
    let (server, base) = serving("body").await;
    assert_eq!(post(&server, &format!("{base}/storms/7"), &json, r#"{"name":"Ada"}"#).await.status, 200);
    let told = r#"[object has missing required properties (["name"])]"#;
    assert_eq!(post(&server, &format!("{base}/storms/7"), &json, "{}").await.said(), (400, told));
}
