//! Sections 4.1 and 4.2: integrations of type MOCK, from the request's template to the answer's.

use serde_json::{Value, json};

use super::cases;
use super::world::{Api, INTERNAL, World, mock, refused, template_for_json};
use crate::stack::Reply;

const OK: &str = r#"{"statusCode": 200}"#;
const UNSUPPORTED: &str = r#"{"message": "Unsupported Media Type"}"#;
const ERROR: &str = "InternalServerErrorException";

cases! { |w|
    s4_1_template => {
        let templates =
            json!({ "application/json": OK, "text/plain": "{statusCode: 201}", "$default": "{statusCode: 202}" });
        let api = w
            .method(mock(&json!({ "requestTemplates": templates, "responses": of_each(&["200", "201", "202"]) })))
            .await;
        for (content_type, status) in [
            ("", 200),
            ("application/json", 200),
            ("application/json; charset=utf-8", 200),
            ("text/plain;a=b", 201),
            ("text/html", 202),
        ] {
            let headers = [("Content-Type", content_type)];
            let headers = if content_type.is_empty() { &headers[..0] } else { &headers };
            assert_eq!(api.ask("POST", "/x", headers, "").await.status, status, "{content_type}");
        }
    };
    s4_1_passthrough => {
        for (behavior, templates, status) in [
            ("WHEN_NO_MATCH", json!({ "application/json": OK }), 200),
            ("WHEN_NO_MATCH", json!({}), 200),
            ("WHEN_NO_TEMPLATES", json!({ "application/json": OK }), 415),
            ("WHEN_NO_TEMPLATES", json!({}), 200),
            ("NEVER", json!({ "application/json": OK }), 415),
            ("NEVER", json!({}), 415),
        ] {
            let integration = json!({ "passthroughBehavior": behavior, "requestTemplates": templates });
            let api = w.method(mock(&integration)).await;
            let reply = api.ask("POST", "/x", &[("Content-Type", "text/plain")], OK).await;
            assert_eq!(reply.status, status, "{integration}");
        }
    };
    s4_1_415 => {
        let api = w.method(mock(&json!({ "passthroughBehavior": "never" }))).await;
        let reply = api.ask("POST", "/x", &[("Content-Type", "text/plain")], "").await;
        refused(&reply, 415, UNSUPPORTED, "BadRequestException");
    };
    s4_1_render => {
        let template = "#set($status = $input.params('status')){\"statusCode\": $status}";
        let integration =
            json!({ "requestTemplates": { "application/json": template }, "responses": of_each(&["200", "404"]) });
        let api = w.method(mock(&integration)).await;
        assert_eq!(api.get("/x?status=200", &[]).await.status, 200);
        assert_eq!(api.get("/x?status=404", &[]).await.status, 404);
        refused(&api.get("/x?status=many", &[]).await, 500, INTERNAL, ERROR);
    };
    s4_1_leniency => {
        for (template, status) in [
            (r#"{"statusCode":200}"#, 200),
            ("{statusCode: 200}", 200),
            ("{ 'statusCode': 200 }", 200),
            (r#"{"a": [1, {"b": 2}], "statusCode": 200, "c": 3}"#, 200),
            (r#"{"statusCode": 200,}"#, 200),
            (r#"{"statusCode": 200, ]]{{ }"#, 200),
            ("{\n    \"statusCode\":  200\n}", 200),
            (r#"{"statusCode': 200}"#, 500),
            (r#""statusCode": 200"#, 500),
            (r#"{"statusCode": 200"#, 500),
            (r#"{"statusCode": "200"}"#, 500),
        ] {
            assert_eq!(answer(&w, template).await.status, status, "{template}");
        }
    };
    s4_1_any_integer => {
        for template in ["{statusCode: 0}", "{statusCode: -1}", "{statusCode: 100000}"] {
            assert_eq!(answer(&w, template).await.status, 200, "{template}");
        }
    };
    s4_1_unreadable => {
        for template in ["hello", "{}", "{statusCode: many}", "[200]"] {
            refused(&answer(&w, template).await, 500, INTERNAL, ERROR);
        }
    };
    s4_1_no_template => {
        let api = w.method(mock(&json!({ "requestTemplates": null }))).await;
        refused(&api.get("/x", &[]).await, 500, INTERNAL, ERROR);
    };
    s4_1_ignored_members => {
        let uri = w.backend.url("/never");
        let mapped = json!({ "integration.request.header.x-own": "'1'" });
        let integration = json!({ "httpMethod": "POST", "uri": uri, "requestParameters": mapped });
        let api = w.method(mock(&integration)).await;
        assert_eq!(api.get("/x", &[]).await.status, 200);
        assert!(!w.backend.was_asked());
        let resources = w.controls("GET", &api.path("/resources?embed=methods"), Value::Null).await;
        let resources = resources["item"].as_array().unwrap();
        let resource = resources.iter().find(|resource| resource["path"] == "/x").unwrap();
        let shown = &resource["resourceMethods"]
            ["ANY"]["methodIntegration"];
        assert_eq!((&shown["uri"], &shown["requestParameters"]), (&json!(uri), &mapped), "{shown}");
    };

    s4_2_select => {
        let api = selecting(
            &w,
            json!({
                "default": { "statusCode": "200" }, "4\\d\\d": { "statusCode": "400" }, "5.*": { "statusCode": "500" },
            }),
        )
        .await;
        for (status, expected) in [("200", 200), ("404", 400), ("503", 500), ("302", 200)] {
            assert_eq!(api.get(&format!("/x?status={status}"), &[]).await.status, expected, "{status}");
        }
    };
    s4_2_anchoring => {
        let api = selecting(
            &w,
            json!({
                "default": { "statusCode": "200" }, "40": { "statusCode": "400" }, "04": { "statusCode": "404" },
                "5*": { "statusCode": "500" },
            }),
        )
        .await;
        for (status, expected) in [("404", 200), ("40", 400), ("500", 200), ("55", 500)] {
            assert_eq!(api.get(&format!("/x?status={status}"), &[]).await.status, expected, "{status}");
        }
    };
    s4_2_no_match => {
        let api = selecting(&w, json!({ "4\\d\\d": { "statusCode": "400" } })).await;
        refused(&api.get("/x?status=200", &[]).await, 500, INTERNAL, ERROR);
    };
    s4_2_status => {
        for (value, expected) in
            [("201", 201), ("599", 599), ("99", 200), ("600", 200), ("\"201\"", 200), ("20.5", 200)]
        {
            let template = format!("#set($context.responseOverride.status = {value})");
            assert_eq!(w.template(&template).await.get("/x", &[]).await.status, expected, "{value}");
            let early = json!({ "requestTemplates": { "application/json": format!("{template}{OK}") } });
            assert_eq!(w.method(mock(&early)).await.get("/x", &[]).await.status, expected, "{value}");
        }
    };
    s4_2_template => {
        let templates = json!({ "application/json": "json", "text/html": "html", "application/xml": "xml" });
        let check = async |templates: Value, accept: &str, expected: &str| {
            let responses = json!({ "default": { "statusCode": "200", "responseTemplates": templates } });
            let api = w.method(mock(&json!({ "responses": responses }))).await;
            assert_eq!(api.get("/x", &[("Accept", accept)]).await.body, expected, "{templates} {accept}");
        };
        check(templates.clone(), "text/html", "html").await;
        check(templates.clone(), "text/html;q=0.1, application/xml", "html").await;
        check(templates.clone(), "image/png, text/html", "json").await;
        check(templates, "*/*", "json").await;
        check(json!({ "text/html": "html" }), "image/png", "html").await;
        check(json!({}), "text/html", "").await;
    };
    s4_2_content_type => {
        let templates = json!({ "text/html": "<p>" });
        let response = |parameters| {
            json!({ "statusCode": "200", "responseTemplates": templates, "responseParameters": parameters })
        };
        let check = async |parameters: Value, expected: &str| {
            let responses = json!({ "default": response(parameters) });
            let api = w.method(mock(&json!({ "responses": responses }))).await;
            let reply = api.get("/x", &[("Accept", "text/html")]).await;
            assert_eq!(reply.header("content-type"), Some(expected));
        };
        check(json!({}), "application/json").await;
        check(json!({ "method.response.header.Content-Type": "'text/html'" }), "text/html").await;
    };
    s4_2_headers => {
        let mapped = json!({
            "method.response.header.X-Mapped": "'mapped'", "method.response.header.X-Both": "'mapped'",
            "method.response.header.X-None": "context.nothing",
        });
        let template = "#set($context.responseOverride.header.X-Both = 'overridden')\
                        #set($context.responseOverride.header['X-New'] = 'new')";
        let templates = json!({ "application/json": template });
        let response = json!({ "statusCode": "200", "responseParameters": mapped, "responseTemplates": templates });
        let api = w.method(mock(&json!({ "responses": { "default": response } }))).await;
        let reply = api.get("/x", &[("X-Unmapped", "1")]).await;
        let own = ["x-mapped", "x-both", "x-new", "x-none", "x-unmapped"].map(|name| reply.header(name));
        assert_eq!(own, [Some("mapped"), Some("overridden"), Some("new"), None, None], "{reply:?}");
    };
    s4_2_undeclared => {
        let mut undeclared = mock(&json!({}));
        undeclared["responses"] = json!({ "201": { "description": "" } });
        refused(&w.method(undeclared).await.get("/x", &[]).await, 500, INTERNAL, ERROR);
    };
    s4_2_whitespace => {
        assert_eq!(w.template("\n  a \n b\t\n\n").await.get("/x", &[]).await.body, "a \n b");
        assert_eq!(answer(&w, "\n\n  {\"statusCode\": 200}\n ").await.status, 200);
    };
    s4_2_request_override => {
        let request = format!("#set($context.requestOverride.header.note = 'from before'){OK}");
        let mut integration = template_for_json("$context.requestOverride.header.note");
        integration["requestTemplates"] = json!({ "application/json": request });
        assert_eq!(w.method(mock(&integration)).await.get("/x", &[]).await.body, "from before");
    };
    s4_2_own_keys => {
        let request = format!("#set($context.responseOverride.own = 'kept'){OK}");
        let mut integration = template_for_json("$context.responseOverride.own");
        integration["requestTemplates"] = json!({ "application/json": request });
        assert_eq!(w.method(mock(&integration)).await.get("/x", &[]).await.body, "kept");
    };
}

/// Integration responses for these statuses, each selected by itself.
fn of_each(statuses: &[&str]) -> Value {
    statuses.iter().map(|status| ((*status).to_owned(), json!({ "statusCode": status }))).collect()
}

/// The answer when the request template is this one and 200 the only response.
async fn answer(w: &World, template: &str) -> Reply {
    let integration = json!({ "requestTemplates": { "application/json": template } });
    w.method(mock(&integration)).await.get("/x", &[]).await
}

/// An API whose imagined backend answers with the status that the query names.
async fn selecting(w: &World, responses: Value) -> Api<'_> {
    let template = json!({ "application/json": "{statusCode: $input.params('status')}" });
    w.method(mock(&json!({ "requestTemplates": template, "responses": responses }))).await
}
