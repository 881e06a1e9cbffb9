//! Sections 1.6 to 1.8: which method a request means, and what is answered when it means none.

use serde_json::{Value, json};

use super::cases;
use super::world::{Api, FORBIDDEN, MISSING, UNAUTHORIZED, World, mock, refused, secured, template_for_json};
use crate::stack::request;

cases! { |w|
    s1_6_path_not_defined => {
        let reply = routes(&w, &[("/x", "get")]).await.get("/y", &[]).await;
        refused(&reply, 403, MISSING, "MissingAuthenticationTokenException");
        assert_eq!(reply.header("content-length"), Some("42"));
    };
    s1_6_method_not_defined => {
        let reply = routes(&w, &[("/x", "get")]).await.ask("POST", "/x", &[], "").await;
        refused(&reply, 403, MISSING, "MissingAuthenticationTokenException");
    };
    s1_6_authorization => {
        let api = routes(&w, &[("/x", "get")]).await;
        let token = w.machine.token(&w.server, "").await;
        for (authorization, begins) in [
            (
                format!("Bearer {token}"),
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
                 with Base64): '",
            ),
            ("Scheme a=b".to_owned(), "Authorization header requires 'Credential' parameter. "),
        ] {
            for (method, path) in [("GET", "/y"), ("POST", "/x")] {
                let reply = api.ask(method, path, &[("Authorization", &authorization)], "").await;
                assert_eq!(
                    (reply.status.as_u16(), reply.header("x-amzn-errortype")),
                    (403, Some("IncompleteSignatureException"))
                );
                assert!(reply.json()["message"].as_str().unwrap().starts_with(begins), "{authorization}: {reply:?}");
            }
        }
    };
    s1_6_stage_or_api_unknown => {
        let api = routes(&w, &[("/x", "get")]).await;
        let host = api.host();
        for (host, target) in [
            (host.as_str(), "/test/x"),
            (&host, "/Prod/x"),
            (&host, "/"),
            ("unknown999.execute-api.us-east-1.amazonaws.com", "/prod/x"),
        ] {
            let reply = w.server.ask(request("GET", target, &[("Host", host)], "")).await;
            refused(&reply, 403, FORBIDDEN, "ForbiddenException");
        }
        let disable = json!({ "op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true" });
        w.controls("PATCH", &api.path(""), json!({ "patchOperations": [disable] })).await;
        api.deploy().await;
        refused(&api.get("/x", &[]).await, 403, FORBIDDEN, "ForbiddenException");
    };
    s1_6_domain_without_mapping => {
        let api = routes(&w, &[("/x", "get")]).await;
        let arn = "arn:aws:acm:us-east-1:000000000000:certificate/c";
        let domain = json!({ "domainName": "s1-6.example.com", "regionalCertificateArn": arn });
        w.controls("POST", "/domainnames", domain).await;
        let ask = |target: &str| w.server.ask(request("GET", target, &[("Host", "s1-6.example.com")], ""));
        refused(&ask("/x").await, 403, FORBIDDEN, "ForbiddenException");
        let mapping = json!({ "restApiId": api.id, "stage": "prod", "basePath": "weather" });
        w.controls("POST", "/domainnames/s1-6.example.com/basepathmappings", mapping).await;
        refused(&ask("/x").await, 403, FORBIDDEN, "ForbiddenException");
        refused(&ask("/weathers/x").await, 403, FORBIDDEN, "ForbiddenException");
        assert_eq!(ask("/weather/x").await.said(), (200, "GET /x"));
    };
    s1_6_root => {
        let api = routes(&w, &[("/", "get")]).await;
        assert_eq!((&*api.get("", &[]).await.body, &*api.get("/", &[]).await.body), ("GET /", "GET /"));
    };

    s1_7_precedence => {
        let api = routes(
            &w,
            &[
                ("/pets/mine", "get"),
                ("/pets/{id}", "get"),
                ("/pets/{id}", "x-amazon-apigateway-any-method"),
                ("/{proxy+}", "x-amazon-apigateway-any-method"),
            ],
        )
        .await;
        for (method, path, expected) in [
            ("GET", "/pets/mine", "GET /pets/mine"),
            ("GET", "/pets/7", "GET /pets/{id}"),
            ("PUT", "/pets/7", "PUT /pets/{id}"),
            ("GET", "/pets/7/toys", "GET /{proxy+}"),
            ("GET", "/a", "GET /{proxy+}"),
        ] {
            assert_eq!(api.ask(method, path, &[], "").await.body, expected, "{method} {path}");
        }
        let specific = w
            .api(json!({ "/x": {
            "get": mock(&template_for_json("get")), "x-amazon-apigateway-any-method": mock(&template_for_json("any")),
        } }))
            .await;
        assert_eq!(specific.get("/x", &[]).await.body, "get");
        assert_eq!(specific.ask("PUT", "/x", &[], "").await.body, "any");
    };
    s1_7_head_and_any => {
        let api = routes(&w, &[("/get", "get"), ("/any", "x-amazon-apigateway-any-method")]).await;
        assert_eq!(api.ask("HEAD", "/get", &[], "").await.status, 403);
        for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] {
            assert_eq!(api.ask(method, "/any", &[], "").await.status, 200, "{method}");
        }
        assert_eq!(api.ask("TRACE", "/any", &[], "").await.status, 403);
    };
    s1_7_trailing_slash => {
        let template = "$context.path $input.params('proxy')";
        let api = w.api(json!({ "/{proxy+}": { "get": mock(&template_for_json(template)) } })).await;
        assert_eq!(api.get("/proxy-value/", &[]).await.body, "/prod/proxy-value/ proxy-value");
    };
    s1_7_double_slash => {
        let template = "$context.path $input.params('proxy')";
        let api = w.api(json!({ "/{proxy+}": { "get": mock(&template_for_json(template)) } })).await;
        assert_eq!(api.get("/a//b", &[]).await.body, "/prod/a//b a//b");
        assert_eq!(api.get("//proxy-value", &[]).await.body, "/prod//proxy-value proxy-value");
    };
    s1_7_one_variable => {
        let api = w.controls("POST", "/restapis", json!({ "name": "variables" })).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (id, root) = (text(&api["id"]), text(&api["rootResourceId"]));
        let create = |parent: &str| format!("/restapis/{id}/resources/{parent}");
        w.controls("POST", &create(&root), json!({ "pathPart": "{a}" })).await;
        let sibling = "A sibling ({a}) of this resource already has a variable path part -- only one is allowed";
        for part in ["{b}", "{proxy+}"] {
            w.refuses("POST", &create(&root), json!({ "pathPart": part }), "BadRequestException", sibling).await;
        }
        let files = w.controls("POST", &create(&root), json!({ "pathPart": "files" })).await;
        let greedy = w.controls("POST", &create(&text(&files["id"])), json!({ "pathPart": "{path+}" })).await;
        let child = "Cannot create a child of a resource with a greedy path variable: {path+}";
        w.refuses("POST", &create(&text(&greedy["id"])), json!({ "pathPart": "x" }), "BadRequestException", child)
            .await;
    };
    s1_7_last_and_all_values => {
        let seen = w
            .sent(json!({
                "requestTemplates": { "application/json": "$input.params('page') $input.params('X-Thing')" },
                "requestParameters": {
                    "integration.request.querystring.single": "method.request.querystring.page",
                    "integration.request.querystring.all": "method.request.multivaluequerystring.page",
                    "integration.request.header.x-single": "method.request.header.X-Thing",
                    "integration.request.header.x-all": "method.request.multivalueheader.X-Thing",
                },
            }))
            .await;
        assert_eq!((&*seen.line, &*seen.body), ("POST /b?all=1&all=2&single=2", "2 two"));
        assert_eq!((seen.header("x-single"), seen.header("x-all")), (Some("two".into()), Some("one, two".into())));
    };
    s1_7_bar_and_semicolon => {
        let api = w.template("$input.params('a')|$input.params('b')").await;
        assert_eq!(api.get("/x?a=1%7C2&b=3", &[]).await.body, "1|2|3");
        assert_eq!(api.get("/x?a=1;b=2", &[]).await.body, "1|2");
    };
    s1_7_method_override => {
        let api = routes(&w, &[("/x", "delete")]).await;
        assert_eq!(api.ask("POST", "/x", &[], "").await.status, 403);
        assert_eq!(api.ask("POST", "/x", &[("X-HTTP-Method-Override", "DELETE")], "").await.body, "DELETE /x");
    };

    s1_8_order => {
        // Each of these would be refused by what comes later as well.
        let mut guarded = secured(mock(&json!({ "passthroughBehavior": "never" })), &["weather-api/get"]);
        guarded["x-amazon-apigateway-integration"]["requestTemplates"] = json!({});
        let api = w.api(json!({ "/x": { "post": guarded } })).await;
        let token = w.machine.token(&w.server, "").await;
        let plain = ("Content-Type", "text/plain");
        let large = "x".repeat(10 * 1024 * 1024 + 1);
        refused(&api.ask("PUT", "/x", &[plain], "").await, 403, MISSING, "MissingAuthenticationTokenException");
        refused(&api.ask("POST", "/x", &[plain], "{").await, 401, UNAUTHORIZED, "UnauthorizedException");
        let authorized = [plain, ("Authorization", token.as_str())];
        let unsupported = r#"{"message": "Unsupported Media Type"}"#;
        refused(&api.ask("POST", "/x", &authorized, "{").await, 415, unsupported, "BadRequestException");
        let too_long = r#"{"message":"Request Too Long"}"#;
        refused(&api.ask("POST", "/x", &authorized, &large).await, 413, too_long, "RequestTooLargeException");
    };
}

/// An API with a method for each of these paths and verbs; each answers with its verb and its resource.
async fn routes<'w>(w: &'w World, methods: &[(&str, &str)]) -> Api<'w> {
    let mut paths = json!({});
    for (path, verb) in methods {
        paths[*path][*verb] = mock(&template_for_json("$context.httpMethod $context.resourcePath"));
    }
    w.api(paths).await
}
