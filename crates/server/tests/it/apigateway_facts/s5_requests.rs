//! Sections 5.1 and 5.3 for `HTTP` and `HTTP_PROXY`: what a backend is asked.

use serde_json::{Value, json};

use super::backend::Seen;
use super::cases;
use super::world::{INTERNAL, World, operation, refused};

/// What a client may send beside what the gateway drops.
const OWN: [(&str, &str); 4] =
    [("X-Own", "1"), ("Accept", "text/html"), ("User-Agent", "curl/8"), ("Content-Type", "text/plain")];

cases! { |w|
    s5_1_client_headers => {
        let gateway = [
            "accept",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-amzn-apigateway-api-id",
            "x-amzn-trace-id",
        ];
        assert_eq!(mapped(&w, &OWN).await.header_names(), gateway);
        let proxied = passed(&w, &OWN).await;
        assert_eq!(OWN.map(|(name, _)| proxied.header(name)), OWN.map(|(_, value)| Some(value.to_owned())));
        let declared = json!({ "integration.request.header.X-Own": "method.request.header.X-Own" });
        let api = w.method(operation(w.http(json!({ "requestParameters": declared })))).await;
        api.ask("POST", "/x", &OWN, "a").await;
        assert_eq!(w.backend.seen().header("x-own").as_deref(), Some("1"));
    };
    s5_1_accept => {
        assert_eq!(mapped(&w, &OWN).await.header("accept").as_deref(), Some("application/json"));
        assert_eq!(passed(&w, &OWN).await.header("accept").as_deref(), Some("text/html"));
    };
    s5_1_user_agent => {
        let api = w.method(operation(w.http(json!({})))).await;
        api.ask("POST", "/x", &OWN, "a").await;
        assert_eq!(w.backend.seen().header("user-agent"), Some(format!("AmazonAPIGateway_{}", api.id)));
        assert_eq!(passed(&w, &OWN).await.header("user-agent").as_deref(), Some("curl/8"));
    };
    s5_1_host => {
        let own = Some(w.backend.address.to_string());
        assert_eq!((mapped(&w, &[]).await.header("host"), passed(&w, &[]).await.header("host")), (own.clone(), own));
    };
    s5_1_content_type => {
        assert_eq!(mapped(&w, &OWN).await.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(passed(&w, &OWN).await.header("content-type").as_deref(), Some("text/plain"));
        for method in ["GET", "HEAD", "OPTIONS"] {
            let api = w.method(operation(w.http(json!({ "httpMethod": method })))).await;
            api.ask("POST", "/x", &OWN, "a").await;
            assert_eq!(w.backend.seen().header("content-type"), None, "{method}");
        }
    };
    s5_1_content_encoding => {
        let api = w.method(operation(w.http_proxy(json!({})))).await;
        // An `a`, deflated without zlib's frame.
        api.ask("POST", "/x", &[("Content-Encoding", "deflate"), ("Via", "1.1 x")], "K\u{4}\0").await;
        let seen = w.backend.seen();
        assert_eq!((seen.header("content-encoding"), seen.header("via"), &*seen.body), (None, None, "a"));
    };
    s5_1_api_id => {
        for integration in [w.http(json!({})), w.http_proxy(json!({}))] {
            let api = w.method(operation(integration)).await;
            api.ask("POST", "/x", &[], "").await;
            assert_eq!(w.backend.seen().header("x-amzn-apigateway-api-id"), Some(api.id.clone()));
        }
    };
    s5_1_trace_id => {
        for seen in [mapped(&w, &[]).await, passed(&w, &[]).await] {
            assert!(seen.header("x-amzn-trace-id").unwrap().starts_with("Root=1-"), "{seen:?}");
        }
        let root = "Root=1-5f84c7a1-0123456789abcdef01234567";
        let kept = passed(&w, &[("X-Amzn-Trace-Id", root)]).await.header("x-amzn-trace-id").unwrap();
        assert!(kept.starts_with(root), "{kept}");
    };
    s5_1_forwarded => {
        let names = ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"];
        for seen in [mapped(&w, &[]).await, passed(&w, &[]).await] {
            assert_eq!(names.map(|name| seen.header(name)), [None, None, None], "{seen:?}");
        }
    };
    s5_1_authorization => {
        let bearer = ("Authorization", "Bearer x");
        assert_eq!(mapped(&w, &[bearer]).await.header("authorization"), None);
        assert_eq!(passed(&w, &[bearer]).await.header("authorization").as_deref(), Some("Bearer x"));
        let signature = crate::stack::signed("AKIAIOSFODNN7EXAMPLE", "us-east-1", "execute-api");
        assert_eq!(passed(&w, &[("Authorization", &signature)]).await.header("authorization"), None);
    };
    s5_1_via => assert_eq!(passed(&w, &[("Via", "1.1 a")]).await.header("via"), None);
    s5_1_cloudfront => {
        let seen = passed(&w, &[]).await;
        assert!(!seen.header_names().iter().any(|name| name.starts_with("cloudfront-")), "{seen:?}");
    };
    s5_1_dropped => {
        let dropped = ["Content-MD5", "Max-Forwards", "Proxy-Authenticate", "Server", "WWW-Authenticate"];
        let headers: Vec<_> =
            dropped.iter().map(|name| (*name, "x")).chain([("TE", "trailers"), ("Trailer", "x")]).collect();
        let seen = passed(&w, &headers).await;
        assert!(headers.iter().all(|(name, _)| seen.header(name).is_none()), "{seen:?}");
        // Nor can they be mapped.
        let mapping = json!({ "integration.request.header.X-Copy": "method.request.header.Max-Forwards" });
        let api = w.method(operation(w.http(json!({ "requestParameters": mapping })))).await;
        api.ask("POST", "/x", &headers, "a").await;
        assert_eq!(w.backend.seen().header("x-copy"), None);
    };
    s5_1_illegal => {
        for name in ["Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"] {
            let mapping = json!({ format!("integration.request.header.{name}"): "'1'" });
            for integration in
                [w.http(json!({ "requestParameters": mapping })), w.http_proxy(json!({ "requestParameters": mapping }))]
            {
                let reply = w.method(operation(integration)).await.ask("POST", "/x", &[], "").await;
                refused(&reply, 500, INTERNAL, "InternalServerErrorException");
                assert!(!w.backend.was_asked(), "{name}");
            }
        }
    };
    s5_1_http_proxy_mappings => {
        let mappings = json!({
            "integration.request.header.X-Own": "'mapped'", "integration.request.querystring.a": "'mapped'",
        });
        let api = w.method(operation(w.http_proxy(json!({ "requestParameters": mappings })))).await;
        api.ask("POST", "/x?a=1&b=2", &OWN, "a").await;
        let seen = w.backend.seen();
        assert_eq!((&*seen.line, seen.header("x-own").as_deref()), ("POST /b?a=1&b=2&a=mapped", Some("mapped")));
    };

    s5_3_path_variables => {
        let uri = w.backend.url("/v/{id}/{proxy}");
        let mappings = json!({
            "integration.request.path.id": "method.request.path.proxy", "integration.request.path.proxy": "'fixed'",
        });
        let proxied = operation(w.http_proxy(json!({ "uri": uri, "requestParameters": mappings })));
        let api = w.api(json!({ "/{proxy+}": { "get": proxied } })).await;
        api.get("/a/b", &[]).await;
        assert_eq!(w.backend.seen().line, "GET /v/a/b/fixed");
        let unmapped = operation(w.http_proxy(json!({ "uri": w.backend.url("/{proxy}") })));
        let unmapped = w.api(json!({ "/{proxy+}": { "get": unmapped } })).await;
        refused(&unmapped.get("/a", &[]).await, 500, INTERNAL, "InternalServerErrorException");
    };
    s5_3_stage_variables => {
        let uri = "http://${stageVariables.backend}/${stageVariables.colour}?c=${stageVariables.colour}";
        let api = w.method(operation(w.http_proxy(json!({ "uri": uri })))).await;
        api.get("/x", &[]).await;
        assert_eq!(w.backend.seen().line, "GET /blue?c=blue");
        let missing = w.method(operation(w.http_proxy(json!({ "uri": "http://${stageVariables.none}/" })))).await;
        refused(&missing.get("/x", &[]).await, 500, INTERNAL, "InternalServerErrorException");
    };
    s5_3_query => {
        let passing = w.method(operation(w.http_proxy(json!({})))).await;
        passing.get("/x?a=1&b=2&a=3", &[]).await;
        assert_eq!(w.backend.seen().line, "GET /b?a=1&b=2&a=3");
        let mapping = w.method(operation(w.http(json!({})))).await;
        mapping.get("/x?a=1", &[]).await;
        assert_eq!(w.backend.seen().line, "POST /b");
    };
    s5_3_method => {
        for (method, expected) in
            [(json!("DELETE"), "DELETE /b"), (json!("ANY"), "PATCH /b"), (Value::Null, "PATCH /b")]
        {
            for integration in [w.http(json!({ "httpMethod": method })), w.http_proxy(json!({ "httpMethod": method }))]
            {
                w.method(operation(integration)).await.ask("PATCH", "/x", &[], "a").await;
                assert_eq!(w.backend.seen().line, expected, "{method}");
            }
        }
    };
    s5_3_body => {
        for method in ["GET", "HEAD", "OPTIONS"] {
            for integration in [w.http(json!({ "httpMethod": method })), w.http_proxy(json!({ "httpMethod": method }))]
            {
                w.method(operation(integration)).await.ask("POST", "/x", &[], "a body").await;
                assert_eq!(w.backend.seen().body, "", "{method}");
            }
        }
        for integration in [w.http(json!({})), w.http_proxy(json!({}))] {
            w.method(operation(integration)).await.ask("POST", "/x", &[], "a body").await;
            assert_eq!(w.backend.seen().body, "a body");
        }
    };
    s5_3_redirects => {
        let api = w.method(operation(w.http_proxy(json!({})))).await;
        w.backend.answers(&format!("302 Found\r\nLocation: {}", w.backend.url("/elsewhere")), "");
        let reply = api.get("/x", &[]).await;
        w.backend.answers("200 OK", "{}");
        let elsewhere = w.backend.url("/elsewhere");
        assert_eq!((reply.status.as_u16(), reply.header("location")), (302, Some(elsewhere.as_str())));
        assert_eq!(w.backend.seen().line, "GET /b");
    };
}

/// The request behind an `HTTP` integration when a client posts with these headers.
async fn mapped(w: &World, headers: &[(&str, &str)]) -> Seen {
    w.method(operation(w.http(json!({})))).await.ask("POST", "/x", headers, "a").await;
    w.backend.seen()
}

/// The request behind an `HTTP_PROXY` integration when a client posts with these headers.
async fn passed(w: &World, headers: &[(&str, &str)]) -> Seen {
    w.method(operation(w.http_proxy(json!({})))).await.ask("POST", "/x", headers, "a").await;
    w.backend.seen()
}
