//! The gate: tokens, addresses, integrations.

use serde_json::{Value, json};

use crate::stack::{Machine, request};
use crate::support::Server;

#[tokio::test]
async fn every_refusal_of_the_gate_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let other = server.machine().await;
    let call = async |method: &str, target: &str, token: Option<&str>| {
        let headers: Vec<_> = token.iter().map(|token| ("Authorization", *token)).collect();
        server.ask(request(method, target, &headers, "")).await
    };
    let target = format!("/_aws/execute-api/{api}/weather");
    let (all, post) = (machine.token(&server, "").await, machine.token(&server, "weather-api/post").await);
    let (signed_part, _) = all.rsplit_once('.').unwrap();
    let forged = format!("{signed_part}.{}", post.rsplit_once('.').unwrap().1);
    let foreign = other.token(&server, "").await;
    let unauthorized = "UnauthorizedException";
    let accepts = format!("accepts tokens of the user pools [{}]", machine.pool);
    for (token, reason, setting) in [
        (None, "no token was presented", "identitySource of the authorizer pool ("),
        (Some("nonsense"), "malformed token: it does not have three segments", ""),
        (Some(&*forged), "the token's signature is wrong", "verifies tokens with the keys of the user pools ["),
        (Some(&foreign), "is not an accepted user pool", &accepts),
        (
            Some(&post),
            "carries none of the required scopes, but \"weather-api/post\"",
            "requires one of the scopes [weather-api/get]",
        ),
    ] {
        let reply = call("GET", &target, token).await;
        assert_eq!(reply.status, 401, "{reason}");
        let found = server.check(&reply, "gate", unauthorized, reason, setting).await;
        let about = &found["about"];
        assert_eq!(
            (&about["restApi"], &about["stage"], &about["method"]),
            (&json!(api), &json!("weather"), &json!("GET /"))
        );
        assert!(about["authorizer"].as_str().unwrap().starts_with("pool ("), "{found}");
        assert!(token.is_none_or(|token| !found.to_string().contains(token)), "{found}");
    }
    let found = server.explain(&call("GET", &target, Some(&post)).await).await;
    let about = &found["about"];
    assert_eq!((&about["tokenScope"], &about["tokenUse"]), (&json!("weather-api/post"), &json!("access")));
    assert_eq!(about["tokenClient"], *machine.client_id);
    assert_eq!(about["tokenKeyId"].as_str().unwrap().len(), 44);
    assert!(about["tokenIssuer"].as_str().unwrap().ends_with(&machine.pool));

    let missing = "MissingAuthenticationTokenException";
    for (method, target, code, reason, setting) in [
        ("PUT", target.clone(), missing, "no method of the deployed API", "has / with the methods [GET, POST]"),
        ("GET", format!("{target}/other"), missing, "no method of the deployed API", "has no resource with this path"),
        (
            "GET",
            format!("/_aws/execute-api/{api}/live"),
            "ForbiddenException",
            "no such API or stage",
            "has no stage \"live\", but [weather]",
        ),
        (
            "GET",
            "/restapis/unknown999/live/_user_request_/".to_owned(),
            "ForbiddenException",
            "no such API or stage",
            "no API has the id unknown999",
        ),
    ] {
        let reply = call(method, &target, None).await;
        let found = server.check(&reply, "gate", code, reason, setting).await;
        assert_eq!(found["request"]["path"], target);
    }

    server.advance(3601).await;
    let reply = call("GET", &target, Some(&all)).await;
    let found = server.check(&reply, "gate", unauthorized, "the token has expired", "the token expired at ").await;
    assert!(found["setting"].as_str().unwrap().contains("; the server's time is "), "{found}");
}

#[tokio::test]
async fn a_method_without_scopes_explains_that_it_wants_an_id_token() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (mock, scheme) = (mock_integration(), scheme(&machine));
    let api = server
        .import(
            &json!({ "/": { "get": { "security": [{ "pool": [] }], "x-amazon-apigateway-integration": mock } } }),
            &scheme,
        )
        .await;
    let token = machine.token(&server, "").await;
    let target = format!("/_aws/execute-api/{api}/live/");
    let reply = server.ask(request("GET", &target, &[("Authorization", &token)], "")).await;
    let (reason, setting) = ("an id token is required here", "the method declares no scopes (authorizationScopes)");
    let found = server.check(&reply, "gate", "UnauthorizedException", reason, setting).await;
    assert_eq!(found["about"]["tokenUse"], "access");
}

#[tokio::test]
async fn what_an_integration_cannot_do_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let integration = |value: Value| json!({ "x-amazon-apigateway-integration": value });
    let template = |text: &str, passthrough: &str| {
        let responses = json!({ "default": { "statusCode": "200" } });
        integration(
            json!({ "type": "mock", "requestTemplates": { "application/json": text }, "passthroughBehavior": passthrough, "responses": responses }),
        )
    };
    let keyed = json!({ "security": [{ "key": [] }], "x-amazon-apigateway-integration": mock_integration() });
    let paths = json!({
        "/down": { "get": integration(json!({ "type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:1/" })) },
        "/lambda": { "get": integration(json!({ "type": "aws_proxy", "httpMethod": "POST",
            "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations" })) },
        "/queue": { "get": integration(json!({ "type": "aws", "httpMethod": "POST",
            "uri": "arn:aws:apigateway:us-east-1:sqs:path/000000000000/weather" })) },
        "/json": { "post": template("{\"statusCode\": $input.json('$.status')}", "when_no_match") },
        "/media": { "post": template("{\"statusCode\": 200}", "never") },
        "/key": { "get": keyed },
    });
    let mut schemes = scheme(&machine);
    schemes["key"] = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    let api = server.import(&paths, &schemes).await;
    let server_error = "InternalServerErrorException";
    for (method, path, content_type, body, status, code, reason, setting) in [
        ("GET", "/down", "text/plain", "", 504, server_error, "network error", "GET /down, which is HTTP_PROXY"),
        (
            "GET",
            "/lambda",
            "text/plain",
            "",
            500,
            server_error,
            "Invalid permissions on Lambda function",
            "which is AWS_PROXY",
        ),
        ("GET", "/queue", "text/plain", "", 500, server_error, "does not call a Lambda function", "of another type"),
        (
            "POST",
            "/json",
            "application/json",
            "hunter2hunter2",
            400,
            "BadRequestException",
            "not JSON",
            "requestTemplates",
        ),
        ("POST", "/media", "text/plain", "x", 415, "BadRequestException", "no mapping template", "passthroughBehavior"),
        ("GET", "/key", "text/plain", "", 403, "ForbiddenException", "requires an API key", "apiKeySource"),
    ] {
        let target = format!("/_aws/execute-api/{api}/live{path}");
        let reply = server.ask(request(method, &target, &[("Content-Type", content_type)], body)).await;
        assert_eq!(reply.status, status, "{path}: {reply:?}");
        let found = server.check(&reply, "gate", code, reason, setting).await;
        assert_eq!(found["about"]["method"], format!("{method} {path}"));
        assert!(!found.to_string().contains("hunter2"), "{found}");
    }
}

#[tokio::test]
async fn an_id_that_a_client_uses_twice_leads_to_both_refusals() {
    let server = Server::dev();
    let id = "60838619-695e-45bc-8d3d-331626f88932";
    for api in ["first9999", "second999"] {
        let target = format!("/_aws/execute-api/{api}/live");
        let reply = server.ask(request("GET", &target, &[("x-amzn-RequestId", id)], "")).await;
        assert_eq!((reply.status.as_u16(), reply.id()), (403, id));
    }
    let both = server.ask(request("GET", &format!("/_claviger/explain/{id}"), &[], "")).await.json();
    let apis: Vec<_> =
        both["refusals"].as_array().unwrap().iter().map(|refusal| &refusal["about"]["restApi"]).collect();
    assert_eq!(apis, ["second999", "first9999"]);
}

fn mock_integration() -> Value {
    json!({ "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200" } } })
}

/// The security scheme of an authorizer for the machine's pool.
fn scheme(machine: &Machine) -> Value {
    let authorizer = json!({ "type": "cognito_user_pools", "providerARNs": [machine.arn] });
    json!({ "pool": { "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools", "x-amazon-apigateway-authorizer": authorizer } })
}

impl Server {
    /// Imports an API with these paths and security schemes and serves it as `live`.
    async fn import(&self, paths: &Value, schemes: &Value) -> String {
        let document = json!({ "openapi": "3.0.0", "info": { "title": "t", "version": "1" }, "paths": paths,
            "components": { "securitySchemes": schemes } });
        let imported = self.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        assert_eq!(imported.status, 201, "{imported:?}");
        let api = imported.json()["id"].as_str().unwrap().to_owned();
        let target = format!("/restapis/{api}/deployments");
        let deployed = self.ask(request("POST", &target, &[], r#"{"stageName":"live"}"#)).await;
        assert_eq!(deployed.status, 201, "{deployed:?}");
        api
    }
}
