//! Section 6: gateway responses, as clients get them.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::cases;
use super::world::{Api, INTERNAL, MISSING, UNAUTHORIZED, World, mock, operation, refused, secured, with};

cases! { |w|
    s6_api_configuration_error => {
        let api = w.method(mock(&json!({ "responses": {} }))).await;
        refused(&api.get("/x", &[]).await, 500, INTERNAL, "InternalServerErrorException");
    };
    s6_authorizer_configuration_error => {
        let gone = w.server.machine().await;
        let mut document = w.document(json!({ "/x": { "get": secured(mock(&json!({})), &["weather-api/get"]) } }));
        let scheme = &mut document["components"]["securitySchemes"]["pool"];
        scheme["x-amazon-apigateway-authorizer"]["providerARNs"] = json!([gone.arn]);
        let api = w.serve(&document).await;
        let token = gone.token(&w.server, "").await;
        w.server.cognito("DeleteUserPool", json!({ "UserPoolId": gone.pool })).await;
        refused(&api.with_token(&token).await, 500, r#"{"message":null}"#, "AuthorizerConfigurationException");
    };
    s6_default_4xx_and_5xx => {
        let api = responding(&w, json!({
            "DEFAULT_4XX": template("four: $context.error.message"),
            "DEFAULT_5XX": template("five: $context.error.message"),
        })).await;
        assert_eq!(api.get("/y", &[]).await.said(), (403, "four: Missing Authentication Token"));
        assert_eq!(api.get("/broken", &[]).await.said(), (500, "five: Internal server error"));
    };
    s6_integration_failure => {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let api = w
            .api(json!({
                "/network": { "get": operation(w.http_proxy(json!({ "uri": format!("http://{closed}/") }))) },
                "/address": { "get": operation(w.http_proxy(json!({ "uri": "http://no-such-host.invalid/" }))) },
            }))
            .await;
        let network = r#"{"message": "Network error communicating with endpoint"}"#;
        refused(&api.get("/network", &[]).await, 504, network, "InternalServerErrorException");
        refused(&api.get("/address", &[]).await, 500, INTERNAL, "InternalServerErrorException");
    };
    s6_integration_timeout => {
        let api = w.method(operation(w.http_proxy(json!({ "timeoutInMillis": 50 })))).await;
        w.backend.says_nothing();
        let reply = api.get("/x", &[]).await;
        w.backend.answers("200 OK", "{}");
        refused(&reply, 504, r#"{"message": "Endpoint request timed out"}"#, "InternalServerErrorException");
    };
    s6_missing_authentication_token => {
        let api = w.method(mock(&json!({}))).await;
        refused(&api.get("/y", &[]).await, 403, MISSING, "MissingAuthenticationTokenException");
    };
    s6_request_too_large => {
        let api = w.method(mock(&json!({}))).await;
        let body = "x".repeat(10 * 1024 * 1024 + 1);
        let reply = api.ask("POST", "/x", &[], &body).await;
        refused(&reply, 413, r#"{"message":"Request Too Long"}"#, "RequestTooLargeException");
    };
    s6_unauthorized => {
        let api = responding(&w, json!({})).await;
        refused(&api.get("/x", &[]).await, 401, UNAUTHORIZED, "UnauthorizedException");
    };
    s6_unsupported_media_type => {
        let api = w.method(mock(&json!({ "passthroughBehavior": "never" }))).await;
        let reply = api.ask("POST", "/x", &[("Content-Type", "text/plain")], "").await;
        refused(&reply, 415, r#"{"message": "Unsupported Media Type"}"#, "BadRequestException");
    };

    s6_no_vtl => {
        let body = "#set($x = 1)#if(true)$x $util.urlEncode('a') #end $context.stage $stageVariables.colour \
                    $method.request.querystring.q $method.request.header.x-own";
        let api = responding(&w, json!({ "UNAUTHORIZED": template(body) })).await;
        let reply = api.get("/x?q=1", &[("X-Own", "2")]).await;
        assert_eq!(reply.body, "#set($x = 1)#if(true)$x $util.urlEncode('a') #end prod blue 1 2");
    };
    s6_response_parameters => {
        let parameters = json!({
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.x-query": "method.request.querystring.q",
            "gatewayresponse.header.x-own": "method.request.header.X-Own",
            "gatewayresponse.header.x-stage": "context.stage",
            "gatewayresponse.header.x-colour": "stageVariables.colour",
        });
        let api = responding(&w, json!({ "UNAUTHORIZED": { "responseParameters": parameters } })).await;
        let reply = api.get("/x?q=1", &[("X-Own", "2")]).await;
        let names = ["access-control-allow-origin", "x-query", "x-own", "x-stage", "x-colour"];
        assert_eq!(names.map(|name| reply.header(name)), [Some("*"), Some("1"), Some("2"), Some("prod"), Some("blue")]);
        assert_eq!(reply.body, UNAUTHORIZED);
    };
    s6_template => {
        let templates = json!({ "application/json": "{}", "text/html": "<p>" });
        let api = responding(&w, json!({ "UNAUTHORIZED": { "responseTemplates": templates } })).await;
        for (accept, content_type, body) in [
            ("text/html", "text/html", "<p>"),
            ("image/png", "application/json", "{}"),
            ("*/*", "application/json", "{}"),
        ] {
            let reply = api.get("/x", &[("Accept", accept)]).await;
            assert_eq!((reply.header("content-type"), &*reply.body), (Some(content_type), body), "{accept}");
        }
    };
    s6_message_string => {
        let own = template("<$context.error.messageString>");
        let api = responding(&w, json!({ "DEFAULT_4XX": own })).await;
        assert_eq!(api.get("/x", &[]).await.body, r#"<"Unauthorized">"#);
        let gone = w.server.machine().await;
        let mut document = w.document(json!({ "/x": { "get": secured(mock(&json!({})), &["weather-api/get"]) } }));
        document["x-amazon-apigateway-gateway-responses"] = json!({ "DEFAULT_5XX": own });
        document["components"]["securitySchemes"]["pool"]["x-amazon-apigateway-authorizer"]["providerARNs"] =
            json!([gone.arn]);
        let api = w.serve(&document).await;
        let token = gone.token(&w.server, "").await;
        w.server.cognito("DeleteUserPool", json!({ "UserPoolId": gone.pool })).await;
        assert_eq!(api.with_token(&token).await.said(), (500, "<null>"));
    };
    s6_status_of_default => {
        let api =
            responding(&w, json!({ "DEFAULT_4XX": { "statusCode": "404" }, "UNAUTHORIZED": template("own") })).await;
        assert_eq!(api.get("/y", &[]).await.said(), (404, MISSING));
        assert_eq!(api.get("/x", &[]).await.said(), (401, "own"));
        assert_eq!(api.get("/broken", &[]).await.status, 500);
    };
    s6_error_type_stays => {
        let mut own = template("own");
        own["statusCode"] = json!(418);
        let reply = responding(&w, json!({ "UNAUTHORIZED": own })).await.get("/x", &[]).await;
        refused(&reply, 418, "own", "UnauthorizedException");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    };
    s6_deployment => {
        let api = responding(&w, json!({})).await;
        let put = json!({ "responseTemplates": { "application/json": "changed" } });
        w.controls("PUT", &api.path("/gatewayresponses/UNAUTHORIZED"), put).await;
        assert_eq!(api.get("/x", &[]).await.body, UNAUTHORIZED);
        api.deploy().await;
        assert_eq!(api.get("/x", &[]).await.body, "changed");
    };
    s6_default => {
        let api = responding(&w, json!({})).await;
        let all = w.controls("GET", &api.path("/gatewayresponses"), Value::Null).await;
        let all = all["item"].as_array().unwrap();
        assert_eq!(all.len(), 21, "{all:?}");
        for shown in all {
            let template = json!({ "application/json": r#"{"message":$context.error.messageString}"# });
            let parts = json!([shown["defaultResponse"], shown["responseTemplates"], shown["responseParameters"]]);
            assert_eq!(parts, json!([true, template, {}]), "{shown}");
        }
    };
}

/// A gateway response with this template for JSON.
fn template(text: &str) -> Value {
    json!({ "responseTemplates": { "application/json": text } })
}

/// An API with these gateway responses: `/x` asks for a token, `/broken` cannot answer.
async fn responding(w: &World, responses: Value) -> Api<'_> {
    let document = w.document(json!({
        "/x": { "get": secured(mock(&json!({})), &["weather-api/get"]) },
        "/broken": { "get": mock(&json!({ "responses": {} })) },
    }));
    w.serve(&with(document, json!({ "x-amazon-apigateway-gateway-responses": responses }))).await
}
