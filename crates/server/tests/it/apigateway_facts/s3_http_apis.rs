//! Sections 3.3, 3.5 and 3.6: answers, routes, stages and CORS of HTTP APIs.

use serde_json::{Value, json};

use super::cases;
use super::world::UNAUTHORIZED;
use crate::http_apis::{FORBIDDEN, NOT_FOUND, open};

cases! { |w|
    s3_3_request_id => {
        let (_backend, api) = open(&w.server).await;
        let reply = api.send("GET", "/", &[], "").await;
        let id = reply.header("apigw-requestid").unwrap();
        assert!(id.len() == 16 && id.ends_with('='), "{id}");
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("x-amz")), "{reply:?}");
    };
    s3_3_no_content_type => {
        let api = crate::http_apis::HttpApi::new(&w.server).await;
        let reply = api.send("GET", "/", &[], "").await;
        let names: Vec<_> = reply.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, ["date", "content-length", "connection", "apigw-requestid"]);
    };
    s3_3_404 => {
        let api = crate::http_apis::HttpApi::new(&w.server).await;
        assert_eq!(api.send("GET", "/x", &[], "").await.said(), (404, NOT_FOUND));
        w.server.v2(&format!("DELETE /apis/{}/stages/$default", api.id), Value::Null).await;
        assert_eq!(api.send("GET", "/x", &[], "").await.said(), (404, NOT_FOUND));
    };
    s3_3_401_and_403 => {
        let (backend, api) = open(&w.server).await;
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", w.machine.pool);
        let guard = api.jwt(&issuer, &w.machine.client_id, &["weather-api/get"]).await;
        let target = api.proxy(&backend.url, json!({})).await;
        api.route("GET /x", &target, guard).await;
        assert_eq!(api.send("GET", "/x", &[], "").await.said(), (401, UNAUTHORIZED));
        let token = w.machine.token(&w.server, "weather-api/post").await;
        assert_eq!(api.with_token("/x", &token).await.said(), (403, FORBIDDEN));
    };
    s3_3_503 => {
        let (_backend, api) = open(&w.server).await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        for (key, uri) in [
            ("GET /down", "http://127.0.0.1:1".to_owned()),
            ("GET /slow", format!("http://{}", silent.local_addr().unwrap())),
        ] {
            let target = api.proxy(&uri, json!({ "timeoutInMillis": 50 })).await;
            api.route(key, &target, json!({})).await;
            let reply = api.send("GET", key.split_once(' ').unwrap().1, &[], "").await;
            assert_eq!(reply.said(), (503, r#"{"message":"Service Unavailable"}"#), "{key}");
        }
        let input = json!({ "integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "http://a", "timeoutInMillis": 30_001 });
        assert_eq!(w.server.try_v2(&format!("POST /apis/{}/integrations", api.id), &input).await.status, 400);
    };
    s3_3_413 => {
        let (_backend, api) = open(&w.server).await;
        let body = "x".repeat(10 * 1024 * 1024 + 1);
        assert_eq!(api.send("POST", "/", &[], &body).await.said(), (413, r#"{"message":"Request Entity Too Large"}"#));
    };
    s3_5_match => {
        let (backend, api) = open(&w.server).await;
        for (key, path) in [("GET /pets/{id}", "one"), ("GET /pets/dog", "dog"), ("ANY /pets/dog", "any"), ("ANY /pets/{proxy+}", "greedy")] {
            let target = api.proxy(&format!("{}/{path}", backend.url), json!({})).await;
            api.route(key, &target, json!({})).await;
        }
        api.make("stages", json!({ "stageName": "dev", "autoDeploy": true })).await;
        for (request, expected) in [
            ("GET /pets/dog", "/dog"),
            ("PUT /pets/dog", "/any"),
            ("GET /pets/cat", "/one"),
            ("PUT /pets/cat", "/greedy"),
            ("GET /pets/cat/1", "/greedy"),
            ("GET /other", "/other"),
            ("GET /dev/pets/dog", "/dog"),
            ("GET /test/pets/dog", "/test/pets/dog"),
        ] {
            let (method, path) = request.split_once(' ').unwrap();
            assert_eq!(api.send(method, path, &[], "").await.json()["uri"], expected, "{request}");
        }
    };
    s3_5_route_keys => {
        let api = crate::http_apis::HttpApi::new(&w.server).await;
        let create = async |key: &str| {
            let input = json!({ "routeKey": key });
            w.server.try_v2(&format!("POST /apis/{}/routes", api.id), &input).await
        };
        for key in ["GET /pets/{id}", "ANY /{proxy+}", "$default"] {
            assert_eq!(create(key).await.status, 201, "{key}");
            assert_eq!(create(key).await.status, 409, "{key}");
        }
        assert_eq!(create("ANY /{proxy+}/x").await.status, 400);
    };
    s3_5_auto_deploy => {
        let (backend, api) = open(&w.server).await;
        api.make("stages", json!({ "stageName": "live" })).await;
        let target = api.proxy(&format!("{}/x", backend.url), json!({})).await;
        api.make("deployments", json!({ "stageName": "live" })).await;
        api.route("GET /x/{id}", &target, json!({})).await;
        let uri = async |path: &str| api.send("GET", path, &[], "").await.json()["uri"].clone();
        assert_eq!((uri("/x/1").await, uri("/live/x/1").await), (json!("/x"), json!("/x/1")));
        let next = api.make("deployments", json!({})).await["deploymentId"].clone();
        w.server.v2(&format!("PATCH /apis/{}/stages/live", api.id), json!({ "deploymentId": next })).await;
        assert_eq!(uri("/live/x/1").await, "/x");
    };
    s3_5_http_proxy_path => {
        let (backend, api) = open(&w.server).await;
        let target = api.proxy(&format!("{}/api/{{proxy}}", backend.url), json!({})).await;
        api.route("ANY /v1/{proxy+}", &target, json!({})).await;
        assert_eq!(api.send("GET", "/v1/a/b?c=d", &[], "").await.json()["uri"], "/api/a/b?c=d");
        assert_eq!(api.send("GET", "/other/a", &[], "").await.json()["uri"], "/other/a");
    };
    s3_5_forwarded => {
        let (_backend, api) = open(&w.server).await;
        let headers = [("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "80"), ("Content-Length", "0")];
        let seen = api.send("POST", "/", &headers, "").await.json();
        let forwarded = seen["headers"]["forwarded"].as_str().unwrap();
        assert!(forwarded.starts_with("for=10.0.0.1, for=127.0.0.1;host="), "{forwarded}");
        assert!(seen["headers"].as_object().unwrap().keys().all(|name| !name.starts_with("x-forwarded")), "{seen}");
        assert!(seen["headers"]["content-type"].is_string(), "{seen}");
    };
    s3_5_parameter_mapping => {
        let (backend, api) = open(&w.server).await;
        let mappings = json!({
            "requestParameters": {
                "append:header.x-a": "2", "overwrite:header.x-b": "$context.stage", "remove:header.x-c": "''",
                "append:querystring.q": "2", "overwrite:querystring.r": "$request.querystring.q", "remove:querystring.s": "''",
                "overwrite:path": "/mapped",
            },
            "responseParameters": { "200": { "overwrite:statuscode": "202", "append:header.x-d": "$response.body.method" } },
        });
        let target = api.proxy(&backend.url, mappings).await;
        api.route("GET /x", &target, json!({})).await;
        let reply = api.send("GET", "/x?q=1&r=1&s=1", &[("X-A", "1"), ("X-B", "1"), ("X-C", "1")], "").await;
        assert_eq!((reply.status.as_u16(), reply.header("x-d")), (202, Some("GET")));
        let seen = reply.json();
        assert_eq!(seen["uri"], "/mapped?q=1&r=1&q=2");
        assert_eq!((&seen["headers"]["x-b"], &seen["headers"]["x-c"]), (&json!("$default"), &Value::Null));
    };
    s3_5_reserved_headers => {
        let api = crate::http_apis::HttpApi::new(&w.server).await;
        for name in ["authorization", "host", "access-control-allow-origin", "apigw-x", "x-amz-x", "x-amzn-x", "via", "x-forwarded-for"] {
            let input = json!({
                "integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "http://a",
                "requestParameters": { format!("overwrite:header.{name}"): "x" },
            });
            let reply = w.server.try_v2(&format!("POST /apis/{}/integrations", api.id), &input).await;
            assert!(reply.body.contains(&format!("Operations on header {name} are restricted")), "{name}: {reply:?}");
        }
    };
    s3_6_preflight => {
        let api = crate::http_apis::HttpApi::new(&w.server).await;
        let cors = json!({ "allowOrigins": ["https://a"], "allowMethods": ["GET"] });
        w.server.v2(&format!("PATCH /apis/{}", api.id), json!({ "corsConfiguration": cors })).await;
        let headers = [("Origin", "https://a"), ("Access-Control-Request-Method", "GET")];
        let reply = api.send("OPTIONS", "/anything", &headers, "").await;
        assert_eq!((reply.said(), reply.header("access-control-allow-methods")), ((204, ""), Some("GET")));
    };
    s3_6_backend_headers => {
        let (_backend, api) = open(&w.server).await;
        let of_backend = Some("https://backend");
        assert_eq!(api.send("GET", "/", &[], "").await.header("access-control-allow-origin"), of_backend);
        let cors = json!({ "allowOrigins": ["https://a"] });
        w.server.v2(&format!("PATCH /apis/{}", api.id), json!({ "corsConfiguration": cors })).await;
        assert_eq!(api.send("GET", "/", &[], "").await.header("access-control-allow-origin"), None);
        let reply = api.send("GET", "/", &[("Origin", "https://a")], "").await;
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://a"));
    };
    s3_6_default_route => {
        let (backend, api) = (crate::http_apis::backend::Backend::start().await, crate::http_apis::HttpApi::new(&w.server).await);
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", w.machine.pool);
        let target = api.proxy(&backend.url, json!({})).await;
        let guard = api.jwt(&issuer, "api", &[]).await;
        api.route("$default", &target, guard).await;
        let cors = json!({ "allowOrigins": ["*"] });
        w.server.v2(&format!("PATCH /apis/{}", api.id), json!({ "corsConfiguration": cors })).await;
        let headers = [("Origin", "https://a"), ("Access-Control-Request-Method", "GET")];
        assert_eq!(api.send("OPTIONS", "/x", &headers, "").await.said(), (401, UNAUTHORIZED));
        api.route("OPTIONS /{proxy+}", &target, json!({})).await;
        assert_eq!(api.send("OPTIONS", "/x", &headers, "").await.said(), (204, ""));
    };
    s3_6_origin => {
        let (_backend, api) = open(&w.server).await;
        let cors = json!({ "allowOrigins": ["https://a"], "allowMethods": ["GET"] });
        w.server.v2(&format!("PATCH /apis/{}", api.id), json!({ "corsConfiguration": cors })).await;
        let preflight = [("Origin", "https://b"), ("Access-Control-Request-Method", "GET")];
        for (method, headers) in [("GET", &[][..]), ("GET", &[("Origin", "https://b")][..]), ("OPTIONS", &preflight)] {
            let reply = api.send(method, "/", headers, "").await;
            assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{reply:?}");
        }
    };
    s3_6_credentials => {
        let input = json!({ "name": "x", "protocolType": "HTTP", "corsConfiguration": { "allowOrigins": ["*"], "allowCredentials": true } });
        assert_eq!(w.server.try_v2("POST /apis", &input).await.status, 400);
    };
    s11_formats_http => {
        let import = async |document: &str| w.server.try_v2("PUT /apis", &json!({ "body": document })).await.status.as_u16();
        assert_eq!(import(r#"{"openapi":"3.0.1","info":{"title":"x"},"paths":{}}"#).await, 201);
        assert_eq!(import("openapi: 3.1.0\ninfo: {title: x}\npaths: {}\n").await, 201);
        assert_eq!(import(r#"{"swagger":"2.0","info":{"title":"x"},"paths":{}}"#).await, 400);
    };
    s11_integrations_by_reference => {
        let shared = json!({ "$ref": "#/components/x-amazon-apigateway-integrations/one" });
        let one = json!({ "type": "http_proxy", "httpMethod": "GET", "uri": "https://a", "payloadFormatVersion": "1.0" });
        let operation = json!({ "x-amazon-apigateway-integration": shared });
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "x" }, "paths": { "/a": { "get": operation }, "/b": { "get": operation } },
            "components": { "x-amazon-apigateway-integrations": { "one": one } },
        });
        let made = w.server.v2("PUT /apis", json!({ "body": document.to_string() })).await;
        let list = w.server.v2(&format!("GET /apis/{}/integrations", made["apiId"].as_str().unwrap()), Value::Null).await;
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    };
    s11_http_requirements => {
        let operation = json!({ "security": [{ "a": [] }, { "b": [] }] });
        let document = json!({ "openapi": "3.0.1", "info": { "title": "x" }, "paths": { "/a": { "get": operation } } });
        let reply = w.server.try_v2("PUT /apis", &json!({ "body": document.to_string() })).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    };
    s11_http_jwt => {
        let authorizer = json!({
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {
                "issuer": format!("https://cognito-idp.us-east-1.amazonaws.com/{}", w.machine.pool), "audience": ["api"],
            },
        });
        let schemes = json!({
            "one": { "type": "oauth2", "x-amazon-apigateway-authorizer": authorizer },
            "two": { "type": "openIdConnect", "x-amazon-apigateway-authorizer": authorizer },
        });
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "x" }, "components": { "securitySchemes": schemes },
            "paths": { "/a": { "get": { "security": [{ "one": ["read"] }] } }, "/b": { "get": { "security": [{ "two": [] }] } } },
        });
        let made = w.server.v2("PUT /apis", json!({ "body": document.to_string() })).await;
        let api = format!("/apis/{}", made["apiId"].as_str().unwrap());
        let authorizers = w.server.v2(&format!("GET {api}/authorizers"), Value::Null).await;
        assert!(authorizers["items"].as_array().unwrap().iter().all(|one| one["authorizerType"] == "JWT"), "{authorizers}");
        let routes = w.server.v2(&format!("GET {api}/routes"), Value::Null).await;
        let read = routes["items"].as_array().unwrap().iter().find(|one| one["routeKey"] == "GET /a").unwrap().clone();
        assert_eq!((&read["authorizationType"], &read["authorizationScopes"]), (&json!("JWT"), &json!(["read"])));
    };
}
