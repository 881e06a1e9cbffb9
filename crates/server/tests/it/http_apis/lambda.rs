//! Functions behind routes and authorizers of HTTP APIs: what becomes of what they say, who may call them, and what operators
//! are told.

use serde_json::{Value, json};

use super::explained::explained;
use super::{FORBIDDEN, HttpApi, UNAUTHORIZED};
use crate::lambda::{Node, answers, arn, fails, policy, uri};
use crate::stack::{Reply, request};
use crate::support::Server;

pub(crate) const BROKEN: (u16, &str) = (500, r#"{"message":"Internal Server Error"}"#);

impl HttpApi<'_> {
    /// Adds the function of this name as an integration in this payload format; gives the target that routes name.
    pub(crate) async fn function(&self, name: &str, format: &str, changes: Value) -> String {
        let mut input =
            json!({ "integrationType": "AWS_PROXY", "integrationUri": arn(name), "payloadFormatVersion": format });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        let made = self.make("integrations", input).await;
        format!("integrations/{}", made["integrationId"].as_str().unwrap())
    }

    /// Adds the authorizer of the function `gate`, which answers yes or no unless these changes say otherwise; gives what a
    /// route says of it.
    pub(crate) async fn gate(&self, changes: Value) -> Value {
        let mut input = json!({
            "name": "gate", "authorizerType": "REQUEST", "authorizerUri": uri("gate"),
            "authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true,
            "identitySource": ["$request.header.Authorization"],
        });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        let made = self.make("authorizers", input).await;
        json!({ "authorizationType": "CUSTOM", "authorizerId": made["authorizerId"] })
    }

    /// A request with this `Authorization`.
    pub(crate) async fn bearing(&self, path: &str, authorization: &str) -> Reply {
        self.send("GET", path, &[("Authorization", authorization)], "").await
    }
}

#[tokio::test]
async fn a_function_answers_whatever_the_stage_and_the_host() {
    let node = Node::start().await;
    let api = HttpApi::new(&node.server).await;
    let target = api.function("backend", "2.0", json!({})).await;
    api.route("ANY /pets/{id}", &target, json!({})).await;
    api.make("stages", json!({ "stageName": "dev", "autoDeploy": true, "stageVariables": { "a": "b" } })).await;
    node.backend
        .reacts(answers(&json!({ "statusCode": 201, "headers": { "x-a": "1" }, "cookies": ["a=b"], "body": "hi" })));
    let by_path = format!("/_aws/execute-api/{}/dev/pets/a%20b?q=1", api.id);
    let reply = node.server.ask(request("PUT", &by_path, &[("Content-Type", "text/plain")], "x")).await;
    assert_eq!((reply.said(), reply.header("x-a"), reply.header("set-cookie")), ((201, "hi"), Some("1"), Some("a=b")));
    assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("x-amz")), "{reply:?}");
    let event = &node.seen().0[0];
    assert_eq!((&event["rawPath"], &event["routeKey"]), (&json!("/dev/pets/a b"), &json!("ANY /pets/{id}")));
    assert_eq!((&event["pathParameters"], &event["stageVariables"]), (&json!({ "id": "a b" }), &json!({ "a": "b" })));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("x"), &json!(false)));
}

#[tokio::test]
async fn pages_may_call_what_a_function_answers() {
    let node = Node::start().await;
    let api = HttpApi::new(&node.server).await;
    let target = api.function("backend", "2.0", json!({})).await;
    api.route("ANY /pets", &target, json!({})).await;
    let cors = json!({ "allowOrigins": ["https://a"], "allowMethods": ["GET"] });
    node.server.v2(&format!("PATCH /apis/{}", api.id), json!({ "corsConfiguration": cors })).await;
    let said = json!({ "statusCode": 200, "headers": { "access-control-allow-origin": "https://own" } });
    node.backend.reacts(answers(&said));
    let reply = api.send("GET", "/pets", &[("Origin", "https://a")], "").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://a"));
    // Without an origin it is no preflight, and what the function says of origins does not count either.
    let reply = api.send("OPTIONS", "/pets", &[("Access-Control-Request-Method", "GET")], "").await;
    assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn every_failure_of_a_function_names_its_reason() {
    let node = Node::start().await;
    let api = HttpApi::new(&node.server).await;
    let target = api.function("backend", "1.0", json!({})).await;
    api.route("GET /pets", &target, json!({})).await;
    let slow = api.function("backend", "1.0", json!({ "timeoutInMillis": 50 })).await;
    api.route("GET /slow", &slow, json!({})).await;
    let unknown = api.function("unknown", "2.0", json!({})).await;
    api.route("GET /unknown", &unknown, json!({})).await;
    let guard = api.gate(json!({})).await;
    api.route("GET /guarded", &target, guard).await;
    let link = api
        .proxy(
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/x",
            json!({ "connectionType": "VPC_LINK", "connectionId": "l1" }),
        )
        .await;
    api.route("GET /link", &link, json!({})).await;
    let unavailable = (503, r#"{"message":"Service Unavailable"}"#);
    let check = async |reply: Reply, expected: (u16, &str), reason: &str, setting: &str| {
        assert_eq!(reply.said(), expected);
        let found = explained(&node.server, &reply).await;
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        assert!(text("reason").contains(reason), "{reason}: {found}");
        assert!(text("setting").contains(setting), "{setting}: {found}");
        assert!(!found.to_string().contains("secret-token"), "{found}");
    };
    let of_function = "the function of the route GET /pets, which may take 30000 ms";
    node.backend.reacts(fails("no pet"));
    check(api.send("GET", "/pets", &[], "").await, BROKEN, "no pet", of_function).await;
    node.backend.reacts(answers(&json!("text")));
    check(api.send("GET", "/pets", &[], "").await, BROKEN, "Malformed Lambda proxy response", of_function).await;
    node.backend.reacts(crate::claims_hook::Reaction::Silence);
    check(api.send("GET", "/slow", &[], "").await, unavailable, "within 50 ms", "which may take 50 ms").await;
    check(api.send("GET", "/unknown", &[], "").await, BROKEN, "there is no function", "the function of the route")
        .await;
    check(api.send("GET", "/link", &[], "").await, unavailable, "the VPC link l1", "connectionType of the route").await;
    let missing = "identity source $request.header.Authorization has no value";
    check(api.send("GET", "/guarded", &[], "").await, (401, UNAUTHORIZED), missing, "identitySource of the authorizer")
        .await;
    let guarded = async |said: Value| {
        node.gate.reacts(answers(&said));
        api.bearing("/guarded", "secret-token").await
    };
    let decided = "isAuthorized, which the authorizer gate";
    check(guarded(json!({ "isAuthorized": false })).await, (403, FORBIDDEN), "does not allow it", decided).await;
    check(guarded(json!({})).await, BROKEN, "has no isAuthorized", "the function of the authorizer gate").await;
    node.gate.reacts(fails("Unauthorized"));
    check(api.bearing("/guarded", "secret-token").await, BROKEN, "HTTP APIs do not understand", "decides").await;
    let guard = api.gate(json!({ "name": "policy", "enableSimpleResponses": false })).await;
    api.route("GET /policy", &target, guard).await;
    node.gate.reacts(answers(&policy("Deny", "*")));
    let reply = api.bearing("/policy", "secret-token").await;
    check(reply, (403, FORBIDDEN), "denies it", "for the principal \"ada\", held against arn:aws:execute-api").await;
}

#[tokio::test]
async fn a_document_may_name_functions_and_authorizers_and_comes_back_as_it_went() {
    let node = Node::start().await;
    let integration =
        json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": uri("backend"), "payloadFormatVersion": "2.0" });
    let operation =
        |security: Value| json!({ "security": security, "x-amazon-apigateway-integration": integration.clone() });
    let gate = |source: &str| {
        json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authorizer": {
            "type": "request", "authorizerUri": uri("gate"), "authorizerPayloadFormatVersion": "2.0",
            "enableSimpleResponses": true, "authorizerResultTtlInSeconds": 0, "identitySource": source,
        } })
    };
    let signed = json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" });
    let document = json!({
        "openapi": "3.0.1", "info": { "title": "pets", "version": "1" },
        "paths": {
            "/open": { "get": operation(json!([])) },
            "/guarded": { "get": operation(json!([{ "gate": [] }])) },
            "/asked": { "get": operation(json!([{ "anybody": [] }])) },
            "/signed": { "get": operation(json!([{ "sigv4": [] }])) },
        },
        "components": { "securitySchemes": {
            "gate": gate("$request.header.Authorization,$context.routeKey"), "anybody": gate(""), "sigv4": signed,
        } },
    });
    node.backend.reacts(answers(&json!({ "statusCode": 200, "body": "hi" })));
    node.gate.reacts(answers(&json!({ "isAuthorized": true })));
    let mut document = document.to_string();
    for _ in 0..2 {
        let made = node.server.v2("PUT /apis", json!({ "body": document })).await;
        let api = HttpApi { server: &node.server, id: made["apiId"].as_str().unwrap().to_owned() };
        api.make("stages", json!({ "stageName": "$default", "autoDeploy": true })).await;
        assert_eq!(api.send("GET", "/open", &[], "").await.said(), (200, "hi"));
        assert_eq!(api.send("GET", "/guarded", &[], "").await.said(), (401, UNAUTHORIZED));
        assert_eq!(api.bearing("/guarded", "a").await.said(), (200, "hi"));
        assert_eq!(node.seen().1.remove(0)["identitySource"], json!(["a", "GET /guarded"]));
        assert_eq!(api.send("GET", "/asked", &[], "").await.said(), (200, "hi"));
        assert_eq!(node.seen().1.remove(0)["identitySource"], Value::Null);
        assert_eq!(api.send("GET", "/signed", &[], "").await.said(), (403, FORBIDDEN));
        let exported = format!("/v2/apis/{}/exports/OAS30?outputType=JSON", api.id);
        document = node.server.ask(request("GET", &exported, &[], "")).await.body;
    }
}

const ECHO: &str = "
def handler(event, context):
    return {'isAuthorized': True, 'context': {'who': 'ada'}} if 'routeArn' in event else event['requestContext']['authorizer']
";

#[tokio::test]
async fn a_stored_function_is_called_by_those_it_allows() {
    let server = Server::dev();
    for name in ["gate", "backend"] {
        server.function(name, ECHO).await;
        // A busy machine may need more time to start an interpreter than an authorizer has: one is started before.
        let event = json!({ "routeArn": "" });
        assert_eq!(server.invoke(name, &[], &event).await.status.as_u16(), 200);
    }
    let api = HttpApi::new(&server).await;
    let target = api.function("backend", "2.0", json!({})).await;
    let guard = api.gate(json!({})).await;
    api.route("GET /pets/{id}", &target, guard.clone()).await;
    api.route("$default", &target, guard.clone()).await;
    let mut statements = 0..;
    let mut allow = async |name: &str, source: String| {
        let permission = json!({
            "StatementId": format!("s{}", statements.next().unwrap()), "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": format!("arn:aws:execute-api:us-east-1:000000000000:{}/{source}", api.id),
        });
        let path = format!("/2015-03-31/functions/{name}/policy");
        let added = server.ask(request("POST", &path, &[], &permission.to_string())).await;
        assert_eq!(added.status, 201, "{added:?}");
    };
    let ask = async |path: &str| api.bearing(path, "a").await;
    assert_eq!(ask("/pets/7").await.said(), BROKEN);
    allow("gate", format!("authorizers/{}", guard["authorizerId"].as_str().unwrap())).await;
    assert_eq!(ask("/pets/7").await.said(), BROKEN);
    allow("backend", "*/GET/dogs".to_owned()).await;
    assert_eq!(ask("/pets/7").await.said(), BROKEN);
    allow("backend", "$default/GET/pets/{id}".to_owned()).await;
    let told = (200, r#"{"lambda": {"who": "ada"}}"#);
    assert_eq!((ask("/pets/7").await.said(), ask("/other").await.said()), (told, BROKEN));
    allow("backend", "*/$default".to_owned()).await;
    assert_eq!(ask("/other").await.said(), told);
}
