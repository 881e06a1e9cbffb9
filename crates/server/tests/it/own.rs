//! `/_claviger/…`, and what keeps web pages away from it and from the control plane.

use claviger_server::listener::Limits;
use serde_json::json;

use crate::stack::request;
use crate::support::Server;

const FOREIGN: [(&str, &str); 1] = [("Origin", "https://evil.example")];

#[tokio::test]
async fn tells_whether_it_lives_and_what_it_serves() {
    let server = Server::dev();
    server.machine().await;
    for (method, target, status, body) in [
        ("GET", "/_claviger/health", 200, r#"{"status":"ok"}"#),
        ("HEAD", "/_claviger/health", 200, ""),
        ("HEAD", "/_claviger/ready", 200, ""),
        ("GET", "/_claviger/reset", 405, r#"{"message":"use POST"}"#),
        ("DELETE", "/_claviger/clock", 405, r#"{"message":"use POST"}"#),
    ] {
        assert_eq!(server.ask(request(method, target, &[], "")).await.said(), (status, body), "{method} {target}");
    }
    let ready = server.ask(request("GET", "/_claviger/ready", &[], "")).await.json();
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["serving"], json!({ "userPools": 1, "appClients": 1, "restApis": 0 }));
    for (method, target) in [("GET", "/_claviger"), ("GET", "/_claviger/other"), ("POST", "/_claviger/health")] {
        assert_eq!(server.ask(request(method, target, &[], "")).await.status, 404, "{method} {target}");
    }
}

#[tokio::test]
async fn moves_its_clock() {
    let server = Server::dev();
    let offset = async |body: &str| {
        let reply = server.ask(request("POST", "/_claviger/clock", &[], body)).await;
        (reply.status.as_u16(), reply.json()["offsetSeconds"].clone())
    };
    let before = server.ask(request("GET", "/_claviger/clock", &[], "")).await.json();
    assert_eq!(before["offsetSeconds"], 0);
    assert_eq!(offset(r#"{"advanceSeconds":3600}"#).await, (200, json!(3600)));
    assert_eq!(offset(r#"{"advanceSeconds":-60}"#).await, (200, json!(3540)));
    let after = server.ask(request("GET", "/_claviger/clock", &[], "")).await.json();
    assert!(after["now"].as_i64().unwrap() - before["now"].as_i64().unwrap() >= 3540);
    assert_eq!(offset(r#"{"offsetSeconds":0}"#).await, (200, json!(0)));
    for wrong in
        ["", "{}", "[]", r#"{"advanceSeconds":"1"}"#, r#"{"advance":1}"#, r#"{"advanceSeconds":1,"offsetSeconds":1}"#]
    {
        let reply = server.ask(request("POST", "/_claviger/clock", &[], wrong)).await;
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.body.contains("advanceSeconds"), "{wrong}: {}", reply.body);
    }
    let large = "x".repeat(65 * 1024);
    assert_eq!(server.ask(request("POST", "/_claviger/clock", &[], &large)).await.status, 413);
    // Not even the largest step stops the server.
    for seconds in [i64::MAX, i64::MIN, 0] {
        let body = json!({ "offsetSeconds": seconds }).to_string();
        assert_eq!(server.ask(request("POST", "/_claviger/clock", &[], &body)).await.status, 200, "{seconds}");
        let ready = server.ask(request("GET", "/_claviger/ready", &[], "")).await;
        assert_eq!(ready.status, 200, "{seconds}");
    }
}

#[tokio::test]
async fn forgets_everything_when_it_is_reset() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    assert_eq!(server.ask(request("POST", "/_claviger/reset", &[], "")).await.said(), (200, r#"{"status":"reset"}"#));
    let ready = server.ask(request("GET", "/_claviger/ready", &[], "")).await.json();
    assert_eq!(ready["serving"], json!({ "userPools": 0, "appClients": 0, "restApis": 0 }));
    assert_eq!(machine.ask(&server, "").await.said(), (400, r#"{"error":"invalid_client"}"#));
    let target = format!("/_aws/execute-api/{api}/weather");
    assert_eq!(server.ask(request("GET", &target, &[("Authorization", &token)], "")).await.status, 403);
    // And goes on: its own keys are kept.
    let again = server.machine().await;
    assert_eq!(again.ask(&server, "").await.status, 200);
}

#[tokio::test]
async fn has_neither_clock_nor_reset_in_production() {
    let server = Server::start(false, Limits::default());
    for (method, target) in [("POST", "/_claviger/reset"), ("POST", "/_claviger/clock"), ("GET", "/_claviger/clock")] {
        let reply = server.ask(request(method, target, &[], r#"{"advanceSeconds":1}"#)).await;
        assert_eq!(reply.status, 404, "{method} {target}");
    }
    assert_eq!(server.ask(request("GET", "/_claviger/health", &[], "")).await.status, 200);
    let unsigned = server.ask(request("GET", "/restapis", &[], "")).await;
    assert_eq!(unsigned.said(), (403, r#"{"message":"Missing Authentication Token"}"#));
}

#[tokio::test]
async fn web_pages_of_others_reach_only_what_is_meant_for_them() {
    let server = Server::dev();
    let target = ("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools");
    let ours = format!("http://{}", server.address);
    for (method, path, headers) in [
        ("POST", "/_claviger/reset", &[][..]),
        ("POST", "/_claviger/clock", &[]),
        ("GET", "/_claviger/clock", &[]),
        ("GET", "/restapis", &[]),
        ("POST", "/", &[target]),
        ("POST", "/", &[("Content-Type", "application/x-www-form-urlencoded")]),
    ] {
        for foreign in [
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Origin", "http://localhost:3000"),
            ("Sec-Fetch-Site", "cross-site"),
        ] {
            let headers: Vec<_> = headers.iter().copied().chain([foreign]).collect();
            let reply = server.ask(request(method, path, &headers, r#"{"MaxResults":1}"#)).await;
            assert_eq!(reply.status, 403, "{method} {path} {headers:?}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{method} {path} {headers:?}");
        }
        let headers: Vec<_> = headers.iter().copied().chain([("Origin", &*ours)]).collect();
        let reply = server.ask(request(method, path, &headers, r#"{"MaxResults":1}"#)).await;
        assert_ne!(reply.status, 403, "{method} {path} {headers:?}: {reply:?}");
    }
    // A name that a stranger may have pointed here is no better than a foreign page.
    let reply = server.ask(request("GET", "/restapis", &[("Host", "evil.example")], "")).await;
    assert_eq!(reply.status, 403, "{reply:?}");

    // Health and key sets are for everybody.
    let machine = server.machine().await;
    let jwks = format!("/{}/.well-known/jwks.json", machine.pool);
    for path in ["/_claviger/health", &*jwks] {
        assert_eq!(server.ask(request("GET", path, &FOREIGN, "")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn says_where_things_are() {
    let server = Server::dev();
    let page = server.ask(request("GET", "/", &[], "")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for (method, target) in [("GET", "/nothing"), ("POST", "/"), ("PUT", "/nothing/here"), ("OPTIONS", "/")] {
        let reply = server.ask(request(method, target, &[], "")).await;
        assert_eq!(reply.status, 404, "{method} {target}");
        assert!(reply.json()["addresses"]["Token endpoint"].is_string(), "{method} {target}");
    }
    let two_hosts = request("GET", "http://localhost/_claviger/health", &[("Host", "other.example")], "");
    assert_eq!(server.ask(two_hosts).await.status, 400);
}
