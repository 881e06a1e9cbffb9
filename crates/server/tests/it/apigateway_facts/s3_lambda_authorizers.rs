//! Section 3.7: Lambda authorizers of HTTP APIs.

use serde_json::{Value, json};

use super::cases;
use super::world::UNAUTHORIZED;
use crate::claims_hook::Reaction;
use crate::http_apis::lambda::BROKEN;
use crate::http_apis::{FORBIDDEN, HttpApi};
use crate::lambda::{Node, answers, fails, policy, uri};
use crate::stack::Reply;

/// An API whose `GET /pets/{id}` and `GET /dogs` are behind the function `gate` with these changes, which lets everybody in
/// unless the case says otherwise.
async fn guarded(node: &Node, changes: Value) -> HttpApi<'_> {
    let api = HttpApi::new(&node.server).await;
    let target = api.function("backend", "2.0", json!({})).await;
    let guard = api.gate(changes).await;
    api.route("GET /pets/{id}", &target, guard.clone()).await;
    api.route("GET /dogs", &target, guard).await;
    node.backend.reacts(answers(&json!({})));
    node.gate.reacts(answers(&json!({ "isAuthorized": true })));
    node.seen();
    api
}

/// What a client hears when the authorizer answers this.
async fn heard(node: &Node, api: &HttpApi<'_>, reaction: Reaction) -> Reply {
    node.gate.reacts(reaction);
    api.bearing("/pets/7", "a").await
}

/// How often the authorizer is asked about a request that it lets in.
async fn asked(node: &Node, api: &HttpApi<'_>, path: &str, token: &str) -> usize {
    assert_eq!(api.bearing(path, token).await.status, 200);
    node.seen().1.len()
}

const POLICY: &str = "enableSimpleResponses";

cases! { Node, |w|
    s3_7_format_version => {
        let api = HttpApi::new(&w.server).await;
        let create = async |version: Value, simple: Value| {
            let mut input = json!({
                "name": version.to_string(), "authorizerType": "REQUEST", "authorizerUri": uri("gate"), "identitySource": [],
            });
            for (name, value) in [("authorizerPayloadFormatVersion", version), (POLICY, simple)] {
                if !value.is_null() {
                    input[name] = value;
                }
            }
            w.server.try_v2(&format!("POST /apis/{}/authorizers", api.id), &input).await.status.as_u16()
        };
        assert_eq!((create(json!("1.0"), json!(null)).await, create(json!("2.0"), json!(true)).await), (201, 201));
        assert_eq!((create(json!(null), json!(null)).await, create(json!("3.0"), json!(null)).await), (400, 400));
        assert_eq!(create(json!("1.0"), json!(true)).await, 400);
    };
    s3_7_event_2_0 => {
        let api = guarded(&w, json!({ "identitySource": ["$request.header.Authorization", "$request.querystring.q"] })).await;
        api.send("GET", "/pets/a%20b?q=1&q=2", &[("Authorization", "Bearer x"), ("Cookie", "a=b")], "").await;
        let (backend, gate) = w.seen();
        let members: Vec<_> = gate[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, [
            "version", "type", "routeArn", "identitySource", "routeKey", "rawPath", "rawQueryString", "cookies", "headers",
            "queryStringParameters", "requestContext", "pathParameters",
        ]);
        let arn = format!("arn:aws:execute-api:us-east-1:000000000000:{}/$default/GET/pets/a b", api.id);
        assert_eq!((&gate[0]["version"], &gate[0]["type"], &gate[0]["routeArn"]), (&json!("2.0"), &json!("REQUEST"), &json!(arn)));
        assert_eq!(gate[0]["identitySource"], json!(["Bearer x", "2"]));
        assert_eq!(gate[0]["requestContext"].get("authorizer"), None);
        for name in ["routeKey", "rawPath", "rawQueryString", "cookies", "queryStringParameters", "pathParameters"] {
            assert_eq!(gate[0][name], backend[0][name], "{name}");
        }
    };
    s3_7_event_1_0 => {
        let sources = ["$request.header.Authorization", "$stageVariables.none"];
        let api = guarded(&w, json!({ "authorizerPayloadFormatVersion": "1.0", POLICY: false, "identitySource": sources })).await;
        w.server.v2(&format!("PATCH /apis/{}/stages/$default", api.id), json!({ "stageVariables": { "none": "b" } })).await;
        w.gate.reacts(answers(&policy("Allow", "*")));
        assert_eq!(api.bearing("/pets/7", "a").await.status, 200);
        let event = w.seen().1.remove(0);
        let members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, [
            "version", "type", "methodArn", "identitySource", "authorizationToken", "resource", "path", "httpMethod", "headers",
            "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "requestContext",
            "pathParameters", "stageVariables",
        ]);
        assert_eq!((&event["version"], &event["type"]), (&json!("1.0"), &json!("REQUEST")));
        assert_eq!((&event["identitySource"], &event["authorizationToken"]), (&json!("a,b"), &json!("a,b")));
        assert!(event["methodArn"].as_str().unwrap().ends_with("/$default/GET/pets/7"), "{event}");
        assert_eq!((&event["queryStringParameters"], &event["pathParameters"]), (&json!({}), &json!({ "id": "7" })));
    };
    s3_7_simple_response => {
        let api = guarded(&w, json!({})).await;
        assert_eq!(heard(&w, &api, answers(&json!({ "isAuthorized": true }))).await.status, 200);
        assert_eq!(heard(&w, &api, answers(&policy("Allow", "*"))).await.said(), BROKEN);
        for version in ["1.0", "2.0"] {
            let api = guarded(&w, json!({ "authorizerPayloadFormatVersion": version, POLICY: false })).await;
            assert_eq!(heard(&w, &api, answers(&policy("Allow", "*/GET/pets/*"))).await.status, 200);
            assert_eq!(heard(&w, &api, answers(&json!({ "isAuthorized": true }))).await.said(), BROKEN);
        }
    };
    s3_7_context => {
        let api = guarded(&w, json!({})).await;
        let mapped = json!({ "requestParameters": {
            "overwrite:header.x-who": "$context.authorizer.who", "overwrite:header.x-list": "$context.authorizer.list",
        } });
        let target = api.function("backend", "2.0", mapped).await;
        let guard = api.gate(json!({ "name": "other" })).await;
        api.route("GET /mapped", &target, guard).await;
        let context = json!({ "who": "ada", "list": [1, { "a": true }], "number": 7 });
        w.gate.reacts(answers(&json!({ "isAuthorized": true, "context": context })));
        assert_eq!(api.bearing("/mapped", "a").await.status, 200);
        let event = w.seen().0.remove(0);
        assert_eq!(event["requestContext"]["authorizer"], json!({ "lambda": context }));
        assert_eq!((&event["headers"]["x-who"], &event["headers"]["x-list"]), (&json!("ada"), &json!(r#"[1,{"a":true}]"#)));
        assert_eq!(heard(&w, &api, answers(&json!({ "isAuthorized": true }))).await.status, 200);
        assert_eq!(w.seen().0[0]["requestContext"]["authorizer"], json!({ "lambda": null }));
        let api = guarded(&w, json!({ "authorizerPayloadFormatVersion": "1.0", POLICY: false })).await;
        let mut flat = policy("Allow", "*");
        flat["context"] = json!({ "number": 7 });
        assert_eq!(heard(&w, &api, answers(&flat)).await.status, 200);
        assert_eq!(w.seen().0[0]["requestContext"]["authorizer"], json!({ "lambda": { "number": "7" } }));
        flat["context"] = json!({ "list": [1] });
        assert_eq!(heard(&w, &api, answers(&flat)).await.said(), BROKEN);
    };
    s3_7_identity_source_missing => {
        let sources = ["$request.header.A", "$request.querystring.b", "$context.routeKey"];
        let api = guarded(&w, json!({ "identitySource": sources })).await;
        for (path, headers) in [("/dogs?b=1", &[][..]), ("/dogs?b=1", &[("A", "")]), ("/dogs", &[("A", "1")]), ("/dogs?b=", &[("A", "1")])] {
            assert_eq!(api.send("GET", path, headers, "").await.said(), (401, UNAUTHORIZED), "{path}");
        }
        assert_eq!(w.seen().1.len(), 0);
        assert_eq!(api.send("GET", "/dogs?b=1", &[("A", "1")], "").await.status, 200);
        assert_eq!(w.seen().1[0]["identitySource"], json!(["1", "1", "GET /dogs"]));
        let api = guarded(&w, json!({ "identitySource": [] })).await;
        assert_eq!(api.send("GET", "/dogs", &[], "").await.status, 200);
        assert_eq!(w.seen().1[0]["identitySource"], Value::Null);
    };
    s3_7_denied => {
        let api = guarded(&w, json!({})).await;
        assert_eq!(heard(&w, &api, answers(&json!({ "isAuthorized": false }))).await.said(), (403, FORBIDDEN));
        let api = guarded(&w, json!({ POLICY: false })).await;
        for said in [policy("Deny", "*"), policy("Allow", "*/POST/*"), policy("Allow", "*/test/GET/*")] {
            let reply = heard(&w, &api, answers(&said)).await;
            assert_eq!((reply.said(), reply.header("www-authenticate")), ((403, FORBIDDEN), None));
        }
        assert_eq!(w.seen().0.len(), 0);
    };
    s3_7_failure => {
        let api = guarded(&w, json!({})).await;
        for reaction in [
            fails("broken"), fails("Unauthorized"), answers(&json!(null)), answers(&json!({ "isAuthorized": "true" })),
            answers(&json!({ "isAuthorized": true, "context": 7 })), Reaction::Fixed(200, "", "<".into()), Reaction::HangUp,
        ] {
            assert_eq!(heard(&w, &api, reaction).await.said(), BROKEN);
        }
        let api = guarded(&w, json!({ "authorizerUri": uri("unknown") })).await;
        assert_eq!(api.bearing("/dogs", "a").await.said(), BROKEN);
        assert_eq!(w.seen().0.len(), 0);
    };
    s3_7_cache => {
        let api = guarded(&w, json!({ "authorizerResultTtlInSeconds": 60 })).await;
        let counts = [asked(&w, &api, "/dogs", "a").await, asked(&w, &api, "/pets/7", "a").await, asked(&w, &api, "/dogs", "b").await];
        assert_eq!(counts, [1, 0, 1]);
        w.monotonic.advance_milliseconds(59_999);
        assert_eq!(asked(&w, &api, "/dogs", "a").await, 0);
        w.monotonic.advance_milliseconds(1);
        assert_eq!(asked(&w, &api, "/dogs", "a").await, 1);
        let reset = format!("DELETE /apis/{}/stages/$default/cache/authorizers", api.id);
        w.server.v2(&reset, Value::Null).await;
        assert_eq!((asked(&w, &api, "/dogs", "a").await, asked(&w, &api, "/dogs", "a").await), (1, 0));
        // A refusal is an answer, too; a failure is none.
        w.gate.reacts(answers(&json!({ "isAuthorized": false })));
        assert_eq!((api.bearing("/dogs", "c").await.status.as_u16(), api.bearing("/dogs", "c").await.status.as_u16()), (403, 403));
        assert_eq!(w.seen().1.len(), 1);
        w.gate.reacts(fails("broken"));
        assert_eq!((api.bearing("/dogs", "d").await.said(), api.bearing("/dogs", "d").await.said()), (BROKEN, BROKEN));
        assert_eq!(w.seen().1.len(), 2);
        let sources = ["$request.header.Authorization", "$context.routeKey"];
        let api = guarded(&w, json!({ "authorizerResultTtlInSeconds": 60, "identitySource": sources })).await;
        let counts = [asked(&w, &api, "/dogs", "a").await, asked(&w, &api, "/pets/7", "a").await, asked(&w, &api, "/pets/8", "a").await];
        assert_eq!(counts, [1, 1, 0]);
        let api = guarded(&w, json!({})).await;
        assert_eq!((asked(&w, &api, "/dogs", "a").await, asked(&w, &api, "/dogs", "a").await), (1, 1));
        let input = json!({
            "name": "x", "authorizerType": "REQUEST", "authorizerUri": uri("gate"), "authorizerPayloadFormatVersion": "2.0",
            "authorizerResultTtlInSeconds": 60, "identitySource": [],
        });
        assert_eq!(w.server.try_v2(&format!("POST /apis/{}/authorizers", api.id), &input).await.status, 400);
    };
    s3_7_timeout => {
        let api = guarded(&w, json!({})).await;
        // The connection is there before the clock is stopped, so that nothing but the function is waited for.
        assert_eq!(asked(&w, &api, "/dogs", "a").await, 1);
        w.gate.reacts(Reaction::Silence);
        tokio::time::pause();
        let began = tokio::time::Instant::now();
        let reply = api.bearing("/dogs", "a").await;
        let seconds = began.elapsed().as_secs();
        tokio::time::resume();
        assert_eq!((reply.said(), seconds), (BROKEN, 10));
    };
}
