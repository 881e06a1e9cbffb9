//! Section 8.1: request validators and models.

use serde_json::{Value, json};

use super::cases;
use super::world::{Api, World, mock, refused, with};

const INVALID: &str = r#"{"message": "Invalid request body"}"#;
const ERROR: &str = "BadRequestException";
const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Serves an API whose `POST /x/{id}` is validated; its operation is changed by these members, its models are these.
async fn validated(w: &World, members: Value, models: Value) -> Api<'_> {
    let operation = with(mock(&json!({ "passthroughBehavior": "when_no_match" })), members);
    let operation = with(operation, json!({ "x-amazon-apigateway-request-validator": "all" }));
    let validators = json!({ "all": { "validateRequestBody": true, "validateRequestParameters": true } });
    let mut document = with(
        w.document(json!({ "/x/{id}": { "post": operation } })),
        json!({ "x-amazon-apigateway-request-validators": validators }),
    );
    document["components"]["schemas"] = models;
    w.serve(&document).await
}

/// The members of an operation whose JSON bodies must satisfy a schema.
fn body(schema: &Value) -> Value {
    json!({ "requestBody": { "content": { "application/json": { "schema": schema } } } })
}

/// Asserts which bodies satisfy a schema.
async fn judges(w: &World, schema: Value, bodies: &[(&str, bool)]) {
    let api = validated(w, body(&json!({ "$ref": "#/components/schemas/Event" })), json!({ "Event": schema })).await;
    for (body, valid) in bodies {
        let reply = api.ask("POST", "/x/1", &JSON, body).await;
        if *valid {
            assert_eq!(reply.status, 200, "{schema} {body}: {reply:?}");
        } else {
            refused(&reply, 400, INVALID, ERROR);
        }
    }
}

fn parameters() -> Value {
    json!({ "parameters": [
        { "name": "x-header-param", "in": "header", "required": true },
        { "name": "x-other", "in": "header" },
        { "name": "issuer", "in": "query", "required": true },
        { "name": "qs1", "in": "query", "required": true },
    ] })
}

cases! { |w|
    s8_1_parameters => {
        let api = validated(&w, parameters(), json!({})).await;
        let message = |names: &str| format!(r#"{{"message": "Missing required request parameters: [{names}]"}}"#);
        refused(&api.ask("POST", "/x/1", &[], "").await, 400, &message("x-header-param, issuer, qs1"), ERROR);
        let header = [("x-header-param", " ")];
        refused(&api.ask("POST", "/x/1?qs1=1&issuer=", &header, "").await, 400, &message("x-header-param, issuer"), ERROR);
        assert_eq!(api.ask("POST", "/x/1?qs1=1&issuer=1", &[("x-header-param", "1")], "").await.status, 200);
    };
    s6_bad_request_parameters => {
        let api = validated(&w, parameters(), json!({})).await;
        let expected = r#"{"message": "Missing required request parameters: [qs1]"}"#;
        refused(&api.ask("POST", "/x/1?issuer=1", &[("x-header-param", "1")], "").await, 400, expected, ERROR);
    };
    s8_1_body => {
        judges(&w, json!({ "type": "object", "required": ["name"] }), &[
            (r#"{"name":1}"#, true),
            (r#"{"nam":1}"#, false),
            ("[]", false),
        ]).await;
        let models = json!({ "Event": { "required": ["name"] } });
        let api = validated(&w, body(&json!({ "$ref": "#/components/schemas/Event" })), models).await;
        let told = json!({ "responseTemplates": { "text/plain": "$context.error.validationErrorString" } });
        w.controls("PUT", &api.path("/gatewayresponses/BAD_REQUEST_BODY"), told).await;
        api.deploy().await;
        let reply = api.ask("POST", "/x/1", &JSON, "{}").await;
        refused(&reply, 400, r#"[object has missing required properties (["name"])]"#, ERROR);
        let other = api.ask("POST", "/x/1", &[("Content-Type", "application/xml")], "<p>").await;
        assert_ne!(other.said(), (400, INVALID), "no model is for the type");
    };
    s6_bad_request_body => judges(&w, json!({ "type": "array" }), &[("[]", true), ("{}", false)]).await;
    s8_1_empty_body => {
        judges(&w, json!({ "required": ["name"] }), &[("", false), ("name", false)]).await;
        judges(&w, json!({ "type": "object" }), &[("", true), ("<p>", false), ("{", false)]).await;
    };
    s8_1_references => {
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let models = json!({
            "Event": { "oneOf": [reference("Storm"), reference("Calm")], "properties": { "next": reference("Event") } },
            "Storm": { "required": ["wind"] }, "Calm": { "required": ["sun"] },
        });
        let api = validated(&w, body(&reference("Event")), models).await;
        for (body, valid) in [
            (r#"{"wind":1}"#, true),
            (r#"{"sun":1,"next":{"wind":1}}"#, true),
            (r#"{"wind":1,"sun":1}"#, false),
            (r#"{"wind":1,"next":{"next":{}}}"#, false),
        ] {
            let status = api.ask("POST", "/x/1", &JSON, body).await.status;
            assert_eq!(status == 200, valid, "{body}: {status}");
        }
    };
    s8_1_unsupported => {
        let schema = json!({ "minimum": 5, "exclusiveMinimum": true, "minItems": 3, "maxItems": 1, "default": 7 });
        judges(&w, schema, &[("5", true), ("4", false), ("[1,2]", true)]).await;
    };
    s8_1_no_validator => {
        let operation = with(mock(&json!({})), body(&json!({ "required": ["name"] })));
        let api = w.api(json!({ "/x": { "post": operation } })).await;
        assert_eq!(api.ask("POST", "/x", &JSON, "{}").await.status, 200);
    };
}
