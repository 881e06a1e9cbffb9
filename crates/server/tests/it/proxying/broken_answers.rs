//! Backends that answer wrongly: each gets API Gateway's answer, or an answer that visibly breaks off.

use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;

use super::{NETWORK, Proxied, RawBackend, said, soon};
use crate::support::Server;

const INTERNAL: &str = r#"{"message": "Internal server error"}"#;
const UNAVAILABLE: &str = r#"{"message":"Service Unavailable"}"#;
const SERVER_ERROR: &str = r#"{"message":"Internal Server Error"}"#;

#[tokio::test]
async fn what_is_no_answer_is_a_network_error() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let rest = Proxied::rest(&server, &backend, json!({})).await;
    let http = Proxied::http(&server, &backend, json!({})).await;
    let many = "X-Many: 1\r\n".repeat(200);
    let long = format!("X-Long: {}\r\n", "x".repeat(500_000));
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
        "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n"),
        &format!("HTTP/1.1 200 OK\r\n{long}Content-Length: 0\r\n\r\n"),
    ] {
        for (api, expected) in [(&rest, (504, NETWORK)), (&http, (503, UNAVAILABLE))] {
            let mut client = api.begin("POST", "Content-Length: 1\r\nConnection: close\r\n\r\nx").await;
            let mut asked = backend.accept().await;
            asked.head().await;
            asked.send(answer).await;
            drop(asked);
            let got = client.rest().await;
            assert_eq!(said(&got), expected, "{answer:?}: {got}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_late_is_broken_off() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let sent = "x".repeat(100_000);
    for api in [Proxied::rest(&server, &backend, json!({})).await, Proxied::http(&server, &backend, json!({})).await] {
        for (head, body) in [
            ("Content-Length: 200000", sent.clone()),
            ("Transfer-Encoding: chunked", format!("{:x}\r\n{sent}\r\n", sent.len())),
        ] {
            let mut client = api.begin("GET", "").await;
            let mut asked = backend.accept().await;
            asked.head().await;
            asked.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}")).await;
            client.head().await;
            drop(asked);
            // A body of known length ends too early; a chunked one lacks its end.
            let got = client.rest().await;
            assert!(got.len() < 150_000 && !got.ends_with("0\r\n\r\n"), "{head}: {}", got.len());
        }
        let stream = TokioIo::new(server.connect().await);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let target = format!("http://{}{}/x", api.host(), api.stage);
        let asking =
            tokio::spawn(sender.send_request(Request::get(target).body(Empty::<bytes::Bytes>::new()).unwrap()));
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{sent}")).await;
        let answer = soon(asking).await.unwrap().unwrap();
        drop(asked);
        let error = soon(answer.into_body().collect()).await.unwrap_err();
        assert!(format!("{error:?}").contains("Reset"), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_large_is_refused_and_one_that_turns_out_so_is_broken_off() {
    let server = Server::dev();
    let backend = RawBackend::start();
    for (api, expected) in [
        (Proxied::rest(&server, &backend, json!({})).await, (500, INTERNAL)),
        (Proxied::http(&server, &backend, json!({})).await, (500, SERVER_ERROR)),
    ] {
        let mut client = api.begin("GET", "Connection: close\r\n").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", GATEWAY_BODY_BYTES_MAX + 1)).await;
        assert_eq!(said(&client.rest().await), expected);
        let mut client = api.begin("GET", "").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        let sending = tokio::spawn(async move {
            let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
            asked.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            for _ in 0..GATEWAY_BODY_BYTES_MAX / 0x10_0000 {
                asked.send(&chunk).await;
            }
            asked.send("1\r\nx\r\n").await;
            asked.rest().await
        });
        let got = client.rest().await;
        assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && !got.ends_with("0\r\n\r\n"), "{}", got.len());
        soon(sending).await.unwrap();
    }
}
