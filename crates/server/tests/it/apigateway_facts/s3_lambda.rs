//! Sections 3.3 to 3.5, as far as they are about functions behind routes, and throttles.

use serde_json::{Value, json};

use super::cases;
use crate::claims_hook::Reaction;
use crate::http_apis::HttpApi;
use crate::http_apis::lambda::BROKEN;
use crate::lambda::{Node, answers, fails};
use crate::stack::Reply;

/// An API whose `GET /pets/{id}` has the function `backend` behind it, in this payload format.
async fn proxied<'n>(node: &'n Node, format: &str) -> HttpApi<'n> {
    let api = HttpApi::new(&node.server).await;
    let target = api.function("backend", format, json!({})).await;
    api.route("ANY /pets/{id}", &target, json!({})).await;
    node.backend.reacts(answers(&json!({ "statusCode": 200 })));
    node.seen();
    api
}

/// What the function is told of a request.
async fn told(node: &Node, api: &HttpApi<'_>, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let method = if body.is_empty() { "GET" } else { "POST" };
    assert_eq!(api.send(method, path, headers, body).await.status, 200);
    node.seen().0.remove(0)
}

/// What a client hears of what the function says.
async fn heard(node: &Node, api: &HttpApi<'_>, said: Value) -> Reply {
    node.backend.reacts(answers(&said));
    api.send("GET", "/pets/7", &[], "").await
}

const TOO_MANY: (u16, &str) = (429, r#"{"message":"Too Many Requests"}"#);

cases! { Node, |w|
    s3_3_429 => {
        let api = proxied(&w, "2.0").await;
        let settings = json!({ "throttlingBurstLimit": 1, "throttlingRateLimit": 1 });
        w.server.v2(&format!("PATCH /apis/{}/stages/$default", api.id), json!({ "defaultRouteSettings": settings })).await;
        assert_eq!(api.send("GET", "/pets/7", &[], "").await.status, 200);
        let reply = api.send("GET", "/pets/7", &[], "").await;
        assert_eq!((reply.said(), reply.header("retry-after")), (TOO_MANY, None));
        w.monotonic.advance_milliseconds(1_000);
        assert_eq!(api.send("GET", "/pets/7", &[], "").await.status, 200);
    };
    s3_3_500 => {
        let api = proxied(&w, "1.0").await;
        let unknown = api.function("unknown", "2.0", json!({})).await;
        api.route("GET /unknown", &unknown, json!({})).await;
        assert_eq!(api.send("GET", "/unknown", &[], "").await.said(), BROKEN);
        for reaction in [fails("no pet"), answers(&json!("text")), Reaction::HangUp, Reaction::Fixed(200, "", "<".into())] {
            w.backend.reacts(reaction);
            let reply = api.send("GET", "/pets/7", &[], "").await;
            assert_eq!((reply.said(), reply.header("content-type")), (BROKEN, None));
        }
    };
    s3_4_event => {
        let api = proxied(&w, "2.0").await;
        let headers = [("X-Many", "1"), ("x-many", "2"), ("Cookie", "a=b; c=d"), ("Content-Type", "application/json")];
        let event = told(&w, &api, "/pets/7?q=1&q=2", &headers, "{}").await;
        let members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, [
            "version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters",
            "requestContext", "pathParameters", "body", "isBase64Encoded",
        ]);
        assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("ANY /pets/{id}")));
        assert_eq!((&event["rawQueryString"], &event["cookies"]), (&json!("q=1&q=2"), &json!(["a=b", "c=d"])));
        assert_eq!((&event["queryStringParameters"], &event["headers"]["x-many"]), (&json!({ "q": "1,2" }), &json!("1,2")));
        assert!(event["headers"].as_object().unwrap().keys().all(|name| *name == name.to_lowercase()), "{event}");
        let event = told(&w, &api, "/pets/7", &[], "").await;
        for name in ["cookies", "queryStringParameters", "stageVariables", "body"] {
            assert_eq!(event.get(name), None, "{name}");
        }
        let event = told(&w, &api, "/pets/7", &[("Content-Type", "image/png")], "hi").await;
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("aGk="), &json!(true)));
    };
    s3_4_request_context => {
        let api = proxied(&w, "2.0").await;
        let reply = api.send("GET", "/pets/7", &[("User-Agent", "curl/8")], "").await;
        let mut context = w.seen().0[0]["requestContext"].take();
        let (time, epoch) = (context["time"].take(), context["timeEpoch"].take());
        assert!(time.as_str().unwrap().ends_with(" +0000") && epoch.as_i64().unwrap() > 1_600_000_000_000, "{time} {epoch}");
        let domain = format!("{}.execute-api.us-east-1.amazonaws.com", api.id);
        assert_eq!(context, json!({
            "accountId": "000000000000", "apiId": api.id, "domainName": domain, "domainPrefix": api.id,
            "http": { "method": "GET", "path": "/pets/7", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl/8" },
            "requestId": reply.header("apigw-requestid"), "routeKey": "ANY /pets/{id}", "stage": "$default",
            "time": null, "timeEpoch": null,
        }));
    };
    s3_4_jwt => {
        let machine = w.server.machine().await;
        let api = proxied(&w, "2.0").await;
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
        let target = api.function("backend", "2.0", json!({})).await;
        for (key, scopes, expected) in [
            ("GET /scopes", &["weather-api/get", "other"][..], json!(["weather-api/get", "other"])),
            ("GET /none", &[], Value::Null),
        ] {
            let guard = api.jwt(&issuer, &machine.client_id, scopes).await;
            api.route(key, &target, guard).await;
            let token = machine.token(&w.server, "weather-api/get").await;
            assert_eq!(api.with_token(key.split_once(' ').unwrap().1, &token).await.status, 200);
            let authorizer = w.seen().0[0]["requestContext"]["authorizer"].take();
            assert_eq!(authorizer["jwt"]["scopes"], expected);
            assert_eq!(authorizer["jwt"]["claims"]["client_id"], machine.client_id);
            assert_eq!(authorizer.as_object().unwrap().len(), 1);
        }
    };
    s3_4_claims => {
        let issuer = crate::http_apis::issuer::Issuer::start().await;
        let api = proxied(&w, "2.0").await;
        let target = api.function("backend", "2.0", json!({})).await;
        let guard = api.jwt(&issuer.url, "api", &[]).await;
        api.route("GET /x", &target, guard).await;
        let now = crate::http_apis::issuer::now();
        let token = issuer.token(now, &json!({ "groups": ["a", "b"], "flag": true }));
        assert_eq!(api.with_token("/x", &token).await.status, 200);
        let claims = w.seen().0[0]["requestContext"]["authorizer"]["jwt"]["claims"].take();
        assert!(claims.as_object().unwrap().values().all(Value::is_string), "{claims}");
        assert_eq!((&claims["exp"], &claims["groups"]), (&json!((now + 3600).to_string()), &json!("[a b]")));
        assert_eq!(claims["flag"], "true");
    };
    s3_4_raw_path => {
        let api = proxied(&w, "2.0").await;
        api.make("stages", json!({ "stageName": "dev", "autoDeploy": true })).await;
        for (path, expected) in [("/pets/7", "/pets/7"), ("/dev/pets/7", "/dev/pets/7"), ("/dev/pets/a%20b?q", "/dev/pets/a b")] {
            let event = told(&w, &api, path, &[], "").await;
            assert_eq!((&event["rawPath"], &event["requestContext"]["http"]["path"]), (&json!(expected), &json!(expected)));
        }
    };
    s3_4_response => {
        let api = proxied(&w, "2.0").await;
        for said in [json!("Hello"), json!({ "message": "Hello" }), json!([1]), json!(null)] {
            let reply = heard(&w, &api, said.clone()).await;
            assert_eq!((reply.said(), reply.header("content-type")), ((200, &*said.to_string()), Some("application/json")));
        }
        let said = json!({
            "statusCode": 201, "headers": { "Content-Type": "text/css", "WWW-Authenticate": "Basic" }, "cookies": ["a=b", "c=d"],
            "body": "aGk=", "isBase64Encoded": true,
        });
        let reply = heard(&w, &api, said).await;
        assert_eq!((reply.said(), reply.header("content-type")), ((201, "hi"), Some("text/css")));
        assert_eq!(reply.header("www-authenticate"), Some("Basic"));
        let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=b", "c=d"]);
        assert_eq!(heard(&w, &api, json!({ "statusCode": "x" })).await.said(), BROKEN);
    };
    s3_4_format_1_0 => {
        let machine = w.server.machine().await;
        let api = proxied(&w, "1.0").await;
        let event = told(&w, &api, "/pets/7?q=1&q=2", &[("X-Many", "1"), ("X-Many", "2")], "").await;
        let members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, [
            "version", "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
            "multiValueQueryStringParameters", "requestContext", "pathParameters", "stageVariables", "body", "isBase64Encoded",
        ]);
        assert_eq!((&event["version"], &event["resource"], &event["path"]), (&json!("1.0"), &json!("/pets/{id}"), &json!("/pets/7")));
        assert_eq!((&event["headers"]["x-many"], &event["multiValueHeaders"]["x-many"]), (&json!("2"), &json!(["1", "2"])));
        let context = &event["requestContext"];
        assert_eq!((&context["resourceId"], &context["resourcePath"]), (&Value::Null, &json!("/pets/{id}")));
        assert_eq!(context.get("authorizer"), None);
        let target = api.function("backend", "1.0", json!({})).await;
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
        let guard = api.jwt(&issuer, &machine.client_id, &["weather-api/get"]).await;
        api.route("GET /x", &target, guard).await;
        let token = machine.token(&w.server, "weather-api/get").await;
        assert_eq!(api.with_token("/x", &token).await.status, 200);
        let authorizer = w.seen().0[0]["requestContext"]["authorizer"].take();
        assert_eq!((&authorizer["scopes"], &authorizer["claims"]["scope"]), (&json!(["weather-api/get"]), &json!("weather-api/get")));
        let said = json!({ "statusCode": 200, "headers": { "x-a": "0" }, "multiValueHeaders": { "x-a": ["1", "2"] }, "body": "hi" });
        let reply = heard(&w, &api, said).await;
        let values: Vec<_> = reply.headers.get_all("x-a").iter().collect();
        assert_eq!((reply.said(), values), ((200, "hi"), ["1", "2", "0"].map(|value| value.parse().unwrap()).iter().collect()));
        for said in [json!("Hello"), json!({ "message": "Hello" }), json!(null)] {
            assert_eq!(heard(&w, &api, said).await.said(), BROKEN);
        }
    };
    s3_5_route_settings => {
        let api = proxied(&w, "2.0").await;
        let target = api.function("backend", "2.0", json!({})).await;
        api.route("GET /dogs", &target, json!({})).await;
        let change = async |settings: Value| {
            w.server.v2(&format!("PATCH /apis/{}/stages/$default", api.id), settings).await;
        };
        let limit = |burst: u32| json!({ "throttlingBurstLimit": burst, "throttlingRateLimit": 0.5 });
        change(json!({ "defaultRouteSettings": limit(1), "routeSettings": { "GET /dogs": limit(3) } })).await;
        let let_through = async |path: &str| {
            let mut passed = 0;
            for _ in 0..5 {
                passed += u32::from(api.send("GET", path, &[], "").await.status == 200);
            }
            passed
        };
        // Each route has a bucket of its own.
        assert_eq!((let_through("/dogs").await, let_through("/pets/7").await), (3, 1));
        w.monotonic.advance_milliseconds(4_000);
        assert_eq!((let_through("/dogs").await, let_through("/pets/7").await), (2, 1));
        w.server.v2(&format!("DELETE /apis/{}/stages/$default/routesettings/GET%20%2Fdogs", api.id), Value::Null).await;
        w.monotonic.advance_milliseconds(4_000);
        assert_eq!(let_through("/dogs").await, 1);
        change(json!({ "defaultRouteSettings": { "throttlingBurstLimit": 0, "throttlingRateLimit": 0 } })).await;
        assert_eq!(api.send("GET", "/dogs", &[], "").await.said(), TOO_MANY);
    };
}
