//! Backends as connections: kept, replaced, tried again, bounded, left alone.

use std::sync::Arc;

use claviger_data_plane::upstream::UpstreamRules;
use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use serde_json::json;

use super::{NETWORK, Proxied, RawBackend, Wire, said, with_settings};
use crate::stack::request;
use crate::support::{Server, claviger, run};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

/// Reads a request at the backend, and answers it.
async fn serve(asked: &mut Wire, answer: &str) -> String {
    let head = asked.head().await;
    asked.send(answer).await;
    head
}

/// A client's request, and the backend's end of a kept connection that it came over.
async fn kept(api: &Proxied<'_>, backend: &RawBackend) -> Wire {
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    serve(&mut asked, OK).await;
    assert_eq!(said(&client.rest().await), (200, "ok"));
    asked
}

#[tokio::test]
async fn a_connection_is_kept_and_used_again() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut asked = kept(&api, &backend).await;
    for _ in 0..3 {
        let mut client = api.begin("GET", "Connection: close\r\n").await;
        serve(&mut asked, OK).await;
        assert_eq!(said(&client.rest().await), (200, "ok"));
    }
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn no_more_connections_are_kept_than_may_be_and_none_longer() {
    let backend = RawBackend::start();
    for setting in ["idle-connections-max=0", "idle-connection-timeout-ms=50"] {
        let server = with_settings(&[setting]);
        let api = Proxied::rest(&server, &backend, json!({})).await;
        // The gate ends it by itself.
        assert_eq!(kept(&api, &backend).await.rest().await, "", "{setting}");
    }
}

#[tokio::test]
async fn a_connection_that_the_backend_gave_up_is_replaced_where_that_does_no_harm() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        let mut asked = kept(&api, &backend).await;
        let mut client = api.begin(method, "Connection: close\r\n").await;
        let first = asked.head().await;
        drop(asked);
        let mut asked = backend.accept().await;
        assert_eq!(serve(&mut asked, OK.trim_end_matches("ok").replace(": 2", ": 0").as_str()).await, first);
        assert_eq!(said(&client.rest().await).0, 200, "{method}");
        drop(asked);
    }
    for (method, headers, body) in [("POST", "Content-Length: 1\r\n", "x"), ("PUT", "Content-Length: 1\r\n", "x")] {
        let mut asked = kept(&api, &backend).await;
        let mut client = api.begin(method, &format!("Connection: close\r\n{headers}")).await;
        client.send(body).await;
        asked.head().await;
        asked.until(body).await;
        drop(asked);
        assert_eq!(said(&client.rest().await), (504, NETWORK), "{method}");
        assert!(backend.is_left_alone().await, "{method}");
    }
    // One byte of an answer, and it is one.
    let mut asked = kept(&api, &backend).await;
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    asked.head().await;
    asked.send("H").await;
    drop(asked);
    assert_eq!(said(&client.rest().await), (504, NETWORK));
    assert!(backend.is_left_alone().await);
    // A fresh connection is not replaced.
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    drop(asked);
    assert_eq!(said(&client.rest().await), (504, NETWORK));
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn requests_are_tried_again_as_often_as_is_set() {
    let server = with_settings(&["retries=2", "retry-statuses=503"]);
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    drop(asked);
    let mut asked = backend.accept().await;
    serve(&mut asked, BUSY).await;
    serve(&mut asked, OK).await;
    assert_eq!(said(&client.rest().await), (200, "ok"));
    // The third answer stands, whatever it is.
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    for _ in 0..3 {
        serve(&mut asked, BUSY).await;
    }
    assert_eq!(said(&client.rest().await), (503, "busy"));
    // A method that is not the same twice is sent once.
    let mut client = api.begin("POST", "Connection: close\r\nContent-Length: 0\r\n").await;
    serve(&mut asked, BUSY).await;
    assert_eq!(said(&client.rest().await), (503, "busy"));
    // Where there is no connection, nothing was sent: any method is tried again, until somebody listens.
    let address = backend.address;
    drop((backend, asked));
    let mut client = api.begin("POST", "Connection: close\r\nContent-Length: 0\r\n").await;
    assert_eq!(said(&client.rest().await), (504, NETWORK), "{address}");
}

#[tokio::test]
async fn nothing_is_tried_again_unless_it_is_set() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    serve(&mut asked, BUSY).await;
    assert_eq!(said(&client.rest().await), (503, "busy"));
}

#[tokio::test]
async fn a_backend_is_given_no_more_requests_at_once_than_it_may_have() {
    let backend = RawBackend::start();
    let other = RawBackend::start();
    let server = with_settings(&[&format!("{} requests-max=1", backend.url())]);
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut first = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    let mut second = api.begin("GET", "Connection: close\r\n").await;
    assert!(backend.is_left_alone().await);
    // Others have their own.
    let free = Proxied::rest(&server, &other, json!({})).await;
    kept(&free, &other).await;
    asked.send(OK).await;
    assert_eq!(said(&first.rest().await), (200, "ok"));
    serve(&mut asked, OK).await;
    assert_eq!(said(&second.rest().await), (200, "ok"));
    // Who waits too long is told what a slow backend is told.
    let hasty = Proxied::rest(&server, &backend, json!({ "timeoutInMillis": 100 })).await;
    let mut first = api.begin("GET", "Connection: close\r\n").await;
    asked.head().await;
    let mut second = hasty.begin("GET", "Connection: close\r\n").await;
    assert_eq!(said(&second.rest().await), (504, r#"{"message": "Endpoint request timed out"}"#));
    asked.send(OK).await;
    assert_eq!(said(&first.rest().await), (200, "ok"));
}

#[tokio::test]
async fn a_backend_that_fails_again_and_again_is_left_alone_for_a_while() {
    let backend = RawBackend::start();
    let other = RawBackend::start();
    let monotonic = Arc::new(FakeMonotonic::default());
    let own = backend.url();
    let settings = [format!("{own} breaker-failures=2"), format!("{own} breaker-open-ms=1000")];
    let upstreams = UpstreamRules::parse(settings.iter().map(String::as_str)).unwrap();
    let options = Options { upstreams, monotonic: Some(monotonic.clone()), ..Options::default() };
    let server = Server::with_node(&Place::Memory, options);
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let fail = async || {
        let mut client = api.begin("GET", "Connection: close\r\n").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        drop(asked);
        assert_eq!(said(&client.rest().await), (504, NETWORK));
    };
    let left_alone = async || {
        let answer = api.begin("GET", "Connection: close\r\n").await.rest().await;
        assert_eq!(said(&answer), (504, NETWORK));
        assert!(backend.is_left_alone().await);
        answer
    };
    fail().await;
    // One that answers between, with whatever status, begins a new count.
    let mut client = api.begin("GET", "Connection: close\r\n").await;
    let mut asked = backend.accept().await;
    serve(&mut asked, BUSY).await;
    assert_eq!(said(&client.rest().await), (503, "busy"));
    drop(asked);
    fail().await;
    fail().await;
    let answer = left_alone().await;
    let id = answer.split("x-amzn-requestid: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let explained = server.ask(request("GET", &format!("/_claviger/explain/{id}"), &[], "")).await;
    assert!(explained.body.contains(&format!("breaker-failures of the backend {own} is 2")), "{explained:?}");
    // Another backend loses nothing.
    let free = Proxied::rest(&server, &other, json!({})).await;
    kept(&free, &other).await;
    // After a while one request tries, and its failure is enough.
    monotonic.advance_milliseconds(1_000);
    fail().await;
    left_alone().await;
    monotonic.advance_milliseconds(1_000);
    kept(&api, &backend).await;
    fail().await;
    kept(&api, &backend).await;
}

#[tokio::test]
async fn a_backend_can_be_spoken_to_in_http_2_alone() {
    // A gate is a backend, too, and says which version it was asked in.
    let behind = Server::dev();
    let template = json!({ "application/json": "$context.protocol" });
    let mock = json!({
        "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200", "responseTemplates": template } },
    });
    let operation = json!({ "responses": { "200": { "description": "" } }, "x-amazon-apigateway-integration": mock });
    let paths = json!({ "/x": { "x-amazon-apigateway-any-method": operation } });
    let document = json!({ "openapi": "3.0.1", "info": { "title": "behind", "version": "1" }, "paths": paths });
    let made = behind.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await.json();
    let id = made["id"].as_str().unwrap();
    behind.ask(request("POST", &format!("/restapis/{id}/deployments"), &[], r#"{"stageName":"prod"}"#)).await;
    let uri = format!("http://{}/_aws/execute-api/{id}/prod", behind.address);
    for (http2, expected) in [("prior-knowledge", "HTTP/2.0"), ("negotiated", "HTTP/1.1"), ("off", "HTTP/1.1")] {
        let server = with_settings(&[&format!("http2={http2}")]);
        let api = Proxied::rest_with(&server, &uri, json!({}), json!({})).await;
        for method in ["GET", "POST"] {
            let mut client = api.begin(method, "Connection: close\r\nContent-Length: 0\r\n").await;
            assert_eq!(said(&client.rest().await), (200, expected), "{http2}");
        }
    }
}

#[tokio::test]
async fn settings_come_by_flag_or_environment_and_wrong_ones_are_refused() {
    let server = Server::dev();
    let dev = async |variable: &str, arguments: &[&str]| {
        let mut command = claviger(&server);
        command.args(["dev", "--ephemeral", "--listen", "127.0.0.1:0"]).args(arguments);
        run(command.env("CLAVIGER_UPSTREAMS", variable)).await
    };
    for (setting, expected) in [
        ("tries=1", "there is no setting \"tries\" for backends"),
        ("https://a.example retries=9", "retries may be 0 to 5, not \"9\""),
        ("a.example retries=1", "\"a.example\" is no origin"),
    ] {
        for (status, _, stderr) in
            [dev("", &["--upstream", setting]).await, dev(&format!("retries=1,{setting}"), &[]).await]
        {
            assert!(status == Some(2) && stderr.contains(expected), "{stderr}");
        }
    }
}
