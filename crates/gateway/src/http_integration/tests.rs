//! Tests of requests to backends and of what becomes of their answers.

#![expect(clippy::needless_pass_by_value, reason = "literal documents read best where they are used")]

use claviger_resources::RestApiId;
use claviger_resources::rest_api::Method;
use serde_json::{Value, json};

use super::*;
use crate::exchange::tests::with;
use crate::request::Request;

fn method(kind: &str, integration: Value, responses: Value) -> Method {
    let mut integration = integration;
    integration["type"] = kind.into();
    integration["cacheNamespace"] = "x".into();
    let method = json!({ "httpMethod": "ANY", "methodIntegration": integration, "methodResponses": responses });
    serde_json::from_value(method).unwrap()
}

fn api_id() -> RestApiId {
    RestApiId::parse("a1b2c3d4e5").unwrap()
}

fn proxy(integration: Value) -> Result<HttpProxy, String> {
    let method = method("HTTP_PROXY", integration, json!({}));
    HttpProxy::compile(&api_id(), method.method_integration.as_ref().unwrap(), 30_000)
}

fn http(integration: Value, responses: Value) -> Http {
    let method = method("HTTP", integration, responses);
    let integration = method.method_integration.as_ref().unwrap();
    Http::compile(&api_id(), &method, integration, &BinaryMediaTypes::default()).unwrap()
}

/// The request as text: verb and address, headers, body.
fn text(request: Result<BackendRequest, Refusal>) -> Vec<String> {
    match request {
        Err(refusal) => vec![refusal.to_string()],
        Ok(request) => {
            let mut lines = vec![format!("{} {}", request.method, request.uri)];
            lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())));
            lines.push(match request.body {
                BackendBody::Empty => "nothing".to_owned(),
                BackendBody::Client => "the client's body".to_owned(),
                BackendBody::Rendered(body) => String::from_utf8(body.to_vec()).unwrap(),
            });
            lines
        }
    }
}

const TRACE: HeaderValue = HeaderValue::from_static("Root=1-a");
const ADDED: [&str; 2] = ["x-amzn-apigateway-api-id: a1b2c3d4e5", "x-amzn-trace-id: Root=1-a"];

#[test]
fn a_proxy_passes_the_request_on() {
    let proxy = proxy(json!({ "uri": "https://b.c/base/{proxy}", "httpMethod": "ANY",
        "requestParameters": { "integration.request.path.proxy": "method.request.path.proxy" } }))
    .unwrap();
    let headers = [("accept", "a/b"), ("authorization", "Bearer x"), ("host", "gate"), ("content-length", "2")];
    let check = |verb: &str, expected: &str, body: &str| {
        with(&headers, Some("q=1&q=a%20b"), b"{}", |exchange| {
            let request = Request { method: verb, path_parameters: &[("proxy", "a%2Fb/c")], ..exchange.request };
            let mut lines = vec![expected, "accept: a/b", "authorization: Bearer x"];
            lines.extend(ADDED);
            lines.push(body);
            assert_eq!(text(proxy.request(&Exchange { request, ..*exchange }, TRACE)), lines);
        });
    };
    check("GET", "GET https://b.c/base/a%2Fb/c?q=1&q=a%20b", "nothing");
    check("POST", "POST https://b.c/base/a%2Fb/c?q=1&q=a%20b", "the client's body");
    assert!(!proxy.reads_body());
    assert_eq!(proxy.verification(), &Verification::Host);
    assert_eq!(proxy.timeout_milliseconds(), 29_000);
}

#[test]
fn mappings_replace_headers_and_add_query_parameters() {
    let proxy =
        proxy(json!({ "uri": "http://b.c/${stageVariables.color}?fixed=1", "httpMethod": "PUT", "timeoutInMillis": 50,
        "tlsConfig": { "insecureSkipVerification": true },
        "requestParameters": {
            "integration.request.header.Accept": "'x/y'",
            "integration.request.header.X-Caller": "context.identity.sourceIp",
            "integration.request.header.X-None": "method.request.header.None",
            "integration.request.header.X-Who": "method.request.body.who",
            "integration.request.querystring.stage": "context.stage",
            "integration.request.querystring.all": "method.request.multivaluequerystring.q",
        } }))
        .unwrap();
    assert!(proxy.reads_body());
    assert_eq!(proxy.verification(), &Verification::AnyIssuer);
    assert_eq!(proxy.timeout_milliseconds(), 50);
    with(&[("accept", "a/b"), ("accept", "c/d")], Some("q=1&q=2"), br#"{"who":"me"}"#, |exchange| {
        let mut lines = vec![
            "PUT http://b.c/blue?fixed=1&q=1&q=2&all=1&all=2&stage=prod",
            "accept: x/y",
            "x-caller: 192.0.2.10",
            "x-who: me",
        ];
        lines.extend(ADDED);
        lines.push("the client's body");
        assert_eq!(text(proxy.request(exchange, TRACE)), lines);
    });
    with(&[], None, b"{", |exchange| {
        assert_eq!(proxy.request(exchange, TRACE), Err(Refusal::InvalidJsonBody));
    });
}

#[test]
fn a_mapping_to_a_reserved_header_fails_every_request() {
    for name in ["Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "x-amzn-apigateway-api-id"] {
        let destination = format!("integration.request.header.{name}");
        let proxy = proxy(json!({ "uri": "http://b.c/", "requestParameters": { destination: "'1'" } })).unwrap();
        with(&[], None, b"", |exchange| {
            let refusal = proxy.request(exchange, TRACE).unwrap_err();
            assert_eq!(refusal.status(), 500);
            assert!(refusal.to_string().ends_with("header already present"), "{refusal}");
        });
    }
}

#[test]
fn refuses_integrations_that_cannot_be_called() {
    let check = |integration: Value, expected: &str| assert_eq!(proxy(integration).unwrap_err(), expected);
    check(json!({}), "the integration has no URI");
    check(json!({ "uri": "http://b.c/", "httpMethod": "G T" }), "\"G T\" is no HTTP method");
    let mapping = json!({ "integration.request.cookie.a": "'b'" });
    let words = "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
                 [Invalid mapping expression specified: integration.request.cookie.a]";
    check(json!({ "uri": "http://b.c/", "requestParameters": mapping }), words);
}

#[test]
fn mapping_lets_through_only_what_it_names() {
    let http = http(
        json!({ "uri": "https://b.c/pets/{id}", "httpMethod": "POST",
            "requestTemplates": { "application/json": " made \n" },
            "requestParameters": { "integration.request.path.id": "'a b/ü'",
                "integration.request.header.Authorization": "method.request.header.Authorization" } }),
        json!({}),
    );
    let request = |headers: &[(&'static str, &str)]| {
        with(headers, Some("q=1"), b"{}", |exchange| text(http.request(&mut Rendering::new(exchange), TRACE)))
    };
    let lines = |content_type: &str, more: &[&str], body: &str| {
        let mut lines = vec![
            "POST https://b.c/pets/a%20b/%C3%BC".to_owned(),
            "accept: application/json".to_owned(),
            "user-agent: AmazonAPIGateway_a1b2c3d4e5".to_owned(),
            format!("content-type: {content_type}"),
        ];
        lines.extend(more.iter().chain(&ADDED).chain(&[body]).map(|line| (*line).to_owned()));
        lines
    };
    assert_eq!(request(&[("accept", "a/b"), ("x-own", "1")]), lines("application/json", &[], "made"));
    assert_eq!(
        request(&[("content-type", "text/plain"), ("authorization", "t")]),
        lines("text/plain", &["authorization: t"], "the client's body")
    );
    assert!(!http.reads_body());
}

#[test]
fn verbs_without_a_body_send_none() {
    let http = http(json!({ "uri": "https://b.c/", "requestTemplates": { "application/json": "x" } }), json!({}));
    with(&[], None, b"{}", |exchange| {
        for (verb, expected) in [("GET", 0), ("HEAD", 0), ("OPTIONS", 0), ("DELETE", 1), ("PATCH", 1)] {
            let exchange = Exchange { request: Request { method: verb, ..exchange.request }, ..*exchange };
            let request = http.request(&mut Rendering::new(&exchange), TRACE).unwrap();
            let count = usize::from(request.body != BackendBody::Empty);
            assert_eq!((request.method.as_str(), count), (verb, expected));
            assert_eq!(request.headers.contains_key(CONTENT_TYPE), expected == 1);
        }
    });
}

#[test]
fn unknown_media_types_follow_the_passthrough_behavior() {
    let http = http(
        json!({ "uri": "https://b.c/", "passthroughBehavior": "NEVER",
            "requestTemplates": { "application/json": "x" } }),
        json!({}),
    );
    with(&[("content-type", "text/plain")], None, b"", |exchange| {
        assert_eq!(http.request(&mut Rendering::new(exchange), TRACE), Err(Refusal::UnsupportedMediaType));
    });
}

#[test]
fn the_backend_s_status_selects_the_response() {
    let http = http(
        json!({ "uri": "https://b.c/", "integrationResponses": {
            "200": { "statusCode": "200", "responseParameters": {
                "method.response.header.X-From": "integration.response.header.x-from",
                "method.response.header.WWW-Authenticate": "integration.response.header.www-authenticate",
                "method.response.header.X-Name": "integration.response.body.name" } },
            "404": { "statusCode": "404", "selectionPattern": "4\\d\\d", "responseTemplates": { "application/json": "gone" } } } }),
        json!({ "200": { "statusCode": "200" }, "404": { "statusCode": "404" } }),
    );
    let mut backend = HeaderMap::new();
    for (name, value) in
        [("x-from", "b"), ("www-authenticate", "Basic"), ("content-type", "text/plain"), ("server", "n")]
    {
        backend.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let check = |status: u16, expected: &str| {
        with(&[], None, b"", |exchange| {
            let answer = BackendAnswer { headers: &backend, body: br#"{"name":"n"}"# };
            let reply = http.reply(&mut Rendering::new(exchange), status, answer).unwrap();
            let headers: Vec<_> =
                reply.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            assert_eq!(format!("{} [{}] {body}", reply.status.as_u16(), headers.join(", ")), expected);
        });
    };
    check(
        503,
        "200 [content-type: application/json, x-amzn-remapped-www-authenticate: Basic, x-from: b, x-name: n] \
         {\"name\":\"n\"}",
    );
    check(404, "404 [content-type: application/json] gone");
}
