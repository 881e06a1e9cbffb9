//! What a backend sees and what becomes of its answer.

use http::StatusCode;
use serde_json::{Value, json};

use super::backend::Backend;
use super::{HttpApi, open};
use crate::support::Server;

#[tokio::test]
async fn an_answer_has_the_headers_of_http_apis_and_no_others() {
    let server = Server::dev();
    let (_backend, api) = open(&server).await;
    let reply = api.send("GET", "/storms?a=b", &[], "").await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let names: Vec<_> = reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(
        names,
        [
            "date",
            "content-type",
            "content-length",
            "connection",
            "server",
            "www-authenticate",
            "access-control-allow-origin",
            "x-own",
            "apigw-requestid"
        ]
    );
    let id = reply.header("apigw-requestid").unwrap();
    assert!(id.len() == 16 && id.ends_with('='), "{id}");
    // The gateway's own answers have no content type.
    let empty = HttpApi::new(&server).await;
    let reply = empty.send("GET", "/storms", &[], "").await;
    assert_eq!(reply.said(), (404, r#"{"message":"Not Found"}"#));
    let names: Vec<_> = reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(names, ["date", "content-length", "connection", "apigw-requestid"]);
}

#[tokio::test]
async fn the_backend_sees_the_client_s_request() {
    let server = Server::dev();
    let (_backend, api) = open(&server).await;
    let headers = [
        ("User-Agent", "curl"),
        ("Content-Type", "text/plain"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-Proto", "http"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
    ];
    let seen = api.send("POST", "/storms/a%20b?q=1&q=2", &headers, "wind").await.json();
    assert_eq!(
        (&seen["method"], &seen["uri"], &seen["body"]),
        (&json!("POST"), &json!("/storms/a%20b?q=1&q=2"), &json!("wind"))
    );
    let header = |name: &str| seen["headers"][name].as_str();
    assert_eq!((header("user-agent"), header("content-type")), (Some("curl"), Some("text/plain")));
    assert_eq!((header("x-hop"), header("x-forwarded-for"), header("x-forwarded-proto")), (None, None, None));
    let host = format!("{}.execute-api.us-east-1.amazonaws.com", api.id);
    let forwarded = format!("for=10.0.0.1, for=127.0.0.1;host={host};proto=http");
    assert_eq!(header("forwarded"), Some(&*forwarded));
    assert!(header("x-amzn-trace-id").unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn routes_lead_where_their_integrations_say() {
    let server = Server::dev();
    let (backend, api) = (Backend::start().await, HttpApi::new(&server).await);
    for (key, uri) in [
        ("GET /pets", "/list"),
        ("POST /pets", "/add?from=api"),
        ("GET /pets/{id}", "/pet/{id}"),
        ("ANY /files/{proxy+}", "/store/{proxy}"),
        ("$default", "/rest"),
    ] {
        let target = api.proxy(&format!("{}{uri}", backend.url), json!({})).await;
        api.route(key, &target, json!({})).await;
    }
    for (request, expected) in [
        ("GET /pets", "/list"),
        ("GET /pets?q=1", "/list?q=1"),
        ("POST /pets?q=1", "/add?from=api&q=1"),
        ("GET /pets/7", "/pet/7"),
        ("GET /pets/a%2Fb", "/pet/a%2Fb"),
        ("PUT /files/a/b.txt", "/store/a/b.txt"),
        ("GET /other/x", "/rest/other/x"),
        ("DELETE /pets", "/rest/pets"),
        ("GET /", "/rest/"),
    ] {
        let (method, path) = request.split_once(' ').unwrap();
        let reply = api.send(method, path, &[], "").await;
        assert_eq!(reply.json()["uri"], expected, "{request}");
    }
}

#[tokio::test]
async fn parameters_are_mapped_both_ways() {
    let server = Server::dev();
    let (backend, api) = (Backend::start().await, HttpApi::new(&server).await);
    let mappings = json!({
        "requestParameters": {
            "append:header.x-api": "$context.apiId",
            "overwrite:header.x-route": "<${context.routeKey}>",
            "remove:header.x-secret": "''",
            "overwrite:querystring.q": "$request.header.x-q",
            "overwrite:path": "/v2/${request.path.id}",
        },
        "responseParameters": {
            "404": { "overwrite:statuscode": "200", "overwrite:header.x-own": "$response.header.x-own" },
            "200": { "append:header.x-method": "$response.body.method", "remove:header.server": "''" },
        },
    });
    let refused = server
        .try_v2(
            &format!("POST /apis/{}/integrations", api.id),
            &json!({ "integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": backend.url,
                "requestParameters": { "overwrite:header.Authorization": "x" } }),
        )
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Operations on header Authorization are restricted"), "{refused:?}");
    let target = api.proxy(&backend.url, mappings).await;
    api.route("GET /pets/{id}", &target, json!({})).await;
    let reply = api.send("GET", "/pets/7?q=0&r=1", &[("X-Secret", "s"), ("X-Q", "9")], "").await;
    let seen = reply.json();
    assert_eq!(seen["uri"], "/v2/7?r=1&q=9");
    let header = |name: &str| seen["headers"][name].as_str();
    assert_eq!((header("x-api"), header("x-route")), (Some(&*api.id), Some("<GET /pets/{id}>")));
    assert_eq!((header("x-secret"), reply.header("x-method"), reply.header("server")), (None, Some("GET"), None));
    let missing = api.send("GET", "/pets/404", &[], "").await;
    assert_eq!((missing.status, missing.header("x-own")), (StatusCode::OK, Some("1,2")));
}

const UNAVAILABLE: (u16, &str) = (503, r#"{"message":"Service Unavailable"}"#);
const BROKEN: (u16, &str) = (500, r#"{"message":"Internal Server Error"}"#);

#[tokio::test]
async fn a_backend_that_does_not_answer_is_unavailable() {
    let server = Server::dev();
    let (backend, api) = (Backend::start().await, HttpApi::new(&server).await);
    // Nobody accepts what comes here.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = format!("http://{}", silent.local_addr().unwrap());
    for (key, uri, timeout, expected) in [
        ("GET /down", "http://127.0.0.1:1/".to_owned(), 30_000, UNAVAILABLE),
        ("GET /slow", slow, 50, UNAVAILABLE),
        ("GET /hangs-up", format!("{}/999", backend.url), 30_000, UNAVAILABLE),
        ("GET /nowhere", "http://nowhere.invalid/".to_owned(), 30_000, BROKEN),
        ("GET /no-value", format!("{}/{{none}}", backend.url), 30_000, BROKEN),
    ] {
        let target = api.proxy(&uri, json!({ "timeoutInMillis": timeout })).await;
        api.route(key, &target, json!({})).await;
        let reply = api.send("GET", key.split_once(' ').unwrap().1, &[], "").await;
        assert_eq!(reply.said(), expected, "{key}");
        assert!(reply.header("content-type").is_none());
    }
    api.make("routes", json!({ "routeKey": "GET /nothing" })).await;
    assert_eq!(api.send("GET", "/nothing", &[], "").await.said(), BROKEN);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
    let server = Server::dev();
    let (backend, api) = open(&server).await;
    let body = "x".repeat(GATEWAY_BODY_BYTES_MAX);
    // It reaches the backend, which says it back with more around it: an answer that then is too large.
    assert_eq!(api.send("POST", "/", &[], &body).await.said(), (500, r#"{"message":"Internal Server Error"}"#));
    let asked = backend.asked();
    assert_eq!(asked, 1);
    let reply = api.send("POST", "/", &[], &(body + "x")).await;
    assert_eq!(reply.said(), (413, r#"{"message":"Request Entity Too Large"}"#));
    assert_eq!(backend.asked(), asked);
}

#[tokio::test]
async fn quick_creation_serves_at_once() {
    let server = Server::dev();
    let backend = Backend::start().await;
    let input = json!({ "name": "quick", "protocolType": "HTTP", "target": backend.url });
    let made = server.v2("POST /apis", input).await;
    let api = HttpApi { server: &server, id: made["apiId"].as_str().unwrap().to_owned() };
    assert_eq!(api.send("GET", "/a/b?c=d", &[], "").await.json()["uri"], "/a/b?c=d");
    let first = |list: &Value| list["items"][0].clone();
    for (parts, expected) in [
        ("routes", json!({ "routeKey": "$default", "authorizationType": "NONE" })),
        ("integrations", json!({ "integrationType": "HTTP_PROXY", "integrationUri": backend.url })),
        ("stages", json!({ "stageName": "$default", "autoDeploy": true })),
    ] {
        let found = first(&server.v2(&format!("GET /apis/{}/{parts}", api.id), Value::Null).await);
        assert_eq!(found["apiGatewayManaged"], true, "{parts}");
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(found[name], *value, "{parts}");
        }
    }
    server.v2(&format!("PATCH /apis/{}", api.id), json!({ "target": format!("{}/new", backend.url) })).await;
    assert_eq!(api.send("GET", "/a", &[], "").await.json()["uri"], "/new/a");
}
