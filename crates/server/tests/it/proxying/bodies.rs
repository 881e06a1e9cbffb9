//! Bodies pass as they come, within their bound, at the pace of whoever is slower.

use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use serde_json::json;

use super::{Proxied, RawBackend, said, soon, with_settings};
use crate::support::Server;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\nContent-Type: text/plain\r\n";
const TOO_LONG: &str = r#"{"message":"Request Too Long"}"#;
const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;

/// A chunk of a mebibyte.
fn mebibyte() -> String {
    format!("100000\r\n{}\r\n", "x".repeat(0x10_0000))
}

#[tokio::test]
async fn a_request_s_body_reaches_the_backend_while_the_client_still_sends() {
    let server = Server::dev();
    let backend = RawBackend::start();
    for api in [Proxied::rest(&server, &backend, json!({})).await, Proxied::http(&server, &backend, json!({})).await] {
        let mut client = api.begin("POST", CHUNKED).await;
        let mut asked = backend.accept().await;
        assert!(asked.head().await.to_ascii_lowercase().contains("transfer-encoding: chunked\r\n"));
        for piece in ["one", "another"] {
            client.send(format!("{:x}\r\n{piece}\r\n", piece.len())).await;
            assert_eq!(asked.until(&format!("{piece}\r\n")).await, format!("{:X}\r\n{piece}\r\n", piece.len()));
        }
        // Trailers end at the gate.
        client.send("0\r\nX-Trailer: 1\r\n\r\n").await;
        assert_eq!(asked.until("0\r\n\r\n").await, "0\r\n\r\n");
        asked.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        assert!(client.until("\r\n\r\nok").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn a_body_whose_length_is_known_keeps_it() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("PUT", "Content-Length: 6\r\n").await;
    let mut asked = backend.accept().await;
    let head = asked.head().await.to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-length: 6\r\n") && !head.contains("transfer-encoding"), "{head}");
    client.send("abc").await;
    asked.until("abc").await;
    client.send("def").await;
    asked.until("def").await;
    asked.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 204 "));
}

#[tokio::test]
async fn a_client_that_waits_for_leave_gets_it_when_the_backend_takes_the_body() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("POST", "Content-Length: 3\r\nExpect: 100-continue\r\n").await;
    let mut asked = backend.accept().await;
    let head = asked.head().await;
    assert!(!head.to_ascii_lowercase().contains("expect:"), "{head}");
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc").await;
    asked.until("abc").await;
    asked.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
    // A body that is refused is never asked for.
    let declared = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", GATEWAY_BODY_BYTES_MAX + 1);
    let refused = api.begin("POST", &declared).await.rest().await;
    assert_eq!(said(&refused), (413, TOO_LONG), "{refused}");
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_taken_back() {
    let server = Server::dev();
    let backend = RawBackend::start();
    for (api, words) in [
        (Proxied::rest(&server, &backend, json!({})).await, TOO_LONG),
        (Proxied::http(&server, &backend, json!({})).await, TOO_LARGE),
    ] {
        let mut client = api.begin("POST", CHUNKED).await;
        let mut asked = backend.accept().await;
        let seen = tokio::spawn(async move { asked.rest().await });
        for _ in 0..GATEWAY_BODY_BYTES_MAX / 0x10_0000 {
            client.send(mebibyte()).await;
        }
        client.send("1\r\nx\r\n").await;
        let answer = client.until(words).await;
        assert_eq!(said(&answer).0, 413, "{answer}");
        // What the backend got never ends as a body does.
        let seen = soon(seen).await.unwrap();
        assert!(!seen.ends_with("0\r\n\r\n") && seen.len() < GATEWAY_BODY_BYTES_MAX + 100_000);
    }
}

#[tokio::test]
async fn an_answer_reaches_the_client_while_the_backend_still_sends() {
    let server = with_settings(&["hold-bytes=0"]);
    let backend = RawBackend::start();
    for api in [Proxied::rest(&server, &backend, json!({})).await, Proxied::http(&server, &backend, json!({})).await] {
        let mut client = api.begin("GET", "").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let head = client.head().await.to_ascii_lowercase();
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            asked.send(format!("{:x}\r\n{event}\r\n", event.len())).await;
            client.until(event).await;
        }
        asked.send("0\r\nX-Trailer: 1\r\n\r\n").await;
        assert_eq!(client.until("0\r\n\r\n").await, "\r\n0\r\n\r\n");
    }
}

#[tokio::test]
async fn a_large_answer_is_not_waited_for() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("GET", "").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    asked.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}", "x".repeat(65_536))).await;
    // So much is held; the head goes out with the next byte.
    assert!(client.is_silent().await);
    asked.send("y").await;
    let head = client.head().await.to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-length: 200000\r\n"), "{head}");
    client.until("y").await;
    asked.send(format!("{}z", "x".repeat(200_000 - 65_538))).await;
    client.until("z").await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_slows_the_backend_down() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("GET", "").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    let body = vec![b'x'; GATEWAY_BODY_BYTES_MAX];
    asked.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())).await;
    let taken = asked.push(&body).await;
    assert!(taken < body.len(), "the whole body was taken from the backend");
    // It goes on where it stopped.
    let rest = body[taken..].to_vec();
    let sending = tokio::spawn(async move { asked.send(rest).await });
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let mut got = 0;
    while got < body.len() {
        got += client.some().await;
    }
    assert_eq!(got, body.len());
    soon(sending).await.unwrap();
}

#[tokio::test]
async fn a_backend_that_takes_nothing_slows_the_client_down() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let mut client = api.begin("POST", &format!("Content-Length: {GATEWAY_BODY_BYTES_MAX}\r\n")).await;
    let mut asked = backend.accept().await;
    let body = vec![b'x'; GATEWAY_BODY_BYTES_MAX];
    let taken = client.push(&body).await;
    assert!(taken < body.len(), "the whole body was taken from the client");
    let rest = body[taken..].to_vec();
    let sending = tokio::spawn(async move {
        client.send(rest).await;
        client
    });
    asked.head().await;
    let mut got = 0;
    while got < body.len() {
        got += asked.some().await;
    }
    assert_eq!(got, body.len());
    asked.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(soon(sending).await.unwrap().head().await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn what_must_see_a_whole_body_waits_for_it() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let reads_body = json!({ "requestParameters": {
        "integration.request.path.proxy": "method.request.path.proxy",
        "integration.request.header.x-kind": "method.request.body.kind",
    } });
    let api = Proxied::rest(&server, &backend, reads_body).await;
    let mut client = api.begin("POST", "Content-Length: 14\r\nContent-Type: application/json\r\n").await;
    client.send(r#"{"kind":"#).await;
    assert!(backend.is_left_alone().await);
    client.send(r#""big"}"#).await;
    let mut asked = backend.accept().await;
    let head = asked.head().await;
    assert!(head.contains("\r\nx-kind: big\r\n"), "{head}");
    asked.until(r#"{"kind":"big"}"#).await;
    asked.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
}
