//! A server that is told to stop: what is under way finishes, nothing new begins.

use std::time::Duration;

use bytes::Bytes;
use claviger_server::listener::Limits;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;

use super::{Proxied, RawBackend, said, soon};
use crate::support::Server;

#[tokio::test]
async fn requests_that_are_under_way_finish() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    // One waits for the head of its answer, one for the rest of a body, one still sends.
    let mut waiting = api.begin("GET", "").await;
    let mut asked_by_waiting = backend.accept().await;
    asked_by_waiting.head().await;
    let mut reading = api.begin("GET", "").await;
    let mut asked_by_reading = backend.accept().await;
    asked_by_reading.head().await;
    let half = "x".repeat(100_000);
    asked_by_reading.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{half}")).await;
    reading.head().await;
    let mut sending = api.begin("POST", "Content-Length: 6\r\n").await;
    sending.send("abc").await;
    let mut asked_by_sending = backend.accept().await;
    asked_by_sending.until("abc").await;

    let address = server.address;
    let stopping = server.stop_in_background();
    refuses_connections(address).await;
    asked_by_waiting.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let answer = waiting.rest().await;
    assert_eq!(said(&answer), (200, "ok"));
    assert!(!answer.to_ascii_lowercase().contains("connection: keep-alive"), "{answer}");
    asked_by_reading.send(&half).await;
    assert_eq!(reading.rest().await.len(), 200_000);
    sending.send("def").await;
    asked_by_sending.until("def").await;
    asked_by_sending.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(said(&sending.rest().await), (200, ""));
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn an_http_2_client_is_told_and_keeps_its_request() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let target = format!("http://{}/prod/x", api.host());
    let stream = TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let ask = || Request::get(&target).body(Empty::<Bytes>::new()).unwrap();
    let asking = tokio::spawn(sender.send_request(ask()));
    let mut asked = backend.accept().await;
    asked.head().await;
    let address = server.address;
    let stopping = server.stop_in_background();
    refuses_connections(address).await;
    // GOAWAY: the connection takes no more requests. One that was faster is given up.
    soon(async {
        while !matches!(tokio::time::timeout(Duration::from_millis(50), sender.send_request(ask())).await, Ok(Err(_))) {
        }
    })
    .await;
    asked.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let answer = soon(asking).await.unwrap().unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
    soon(stopping).await.unwrap();
    soon(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off() {
    let server = Server::start(true, Limits { drain_max: Duration::from_millis(100), ..Limits::default() });
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({})).await;
    let _client = api.begin("GET", "").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    soon(server.stop()).await;
}

/// Waits until nobody listens any more.
async fn refuses_connections(address: std::net::SocketAddr) {
    soon(async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
