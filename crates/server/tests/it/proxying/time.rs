//! Time: what each side may take, and what the client is told when it takes longer.

use serde_json::json;

use super::{NETWORK, Proxied, RawBackend, said, with_settings};
use crate::stack::request;
use crate::support::Server;

const TIMED_OUT: &str = r#"{"message": "Endpoint request timed out"}"#;
const UNAVAILABLE: &str = r#"{"message":"Service Unavailable"}"#;
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

#[tokio::test]
async fn the_integration_s_time_holds_for_the_whole_answer() {
    let server = Server::dev();
    let backend = RawBackend::start();
    for (api, expected) in [
        (Proxied::rest(&server, &backend, json!({ "timeoutInMillis": 1000 })).await, (504, TIMED_OUT)),
        (Proxied::http(&server, &backend, json!({ "timeoutInMillis": 1000 })).await, (503, UNAVAILABLE)),
    ] {
        for answer in ["", "HTTP/1.1 200", HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"] {
            let mut client = api.begin("GET", "Connection: close\r\n").await;
            let mut asked = backend.accept().await;
            asked.head().await;
            asked.send(answer).await;
            assert_eq!(said(&client.rest().await), expected, "{answer:?}");
            // The backend is let go.
            asked.rest().await;
        }
        // When the head is out, the answer is broken off.
        let mut client = api.begin("GET", "").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}", "x".repeat(100_000))).await;
        client.head().await;
        assert!(client.rest().await.len() <= 100_000);
        asked.rest().await;
    }
}

#[tokio::test]
async fn each_phase_can_have_a_time_of_its_own() {
    let backend = RawBackend::start();
    for (setting, answer) in [
        ("response-timeout-ms", ""),
        ("response-timeout-ms", "HTTP/1.1 200 OK\r\n"),
        ("body-pause-timeout-ms", HEAD),
        ("body-pause-timeout-ms", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    ] {
        let server = with_settings(&[&format!("{setting}=700")]);
        let api = Proxied::rest(&server, &backend, json!({})).await;
        let mut client = api.begin("GET", "Connection: close\r\n").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send(answer).await;
        let answer = client.rest().await;
        assert_eq!(said(&answer), (504, TIMED_OUT), "{setting}");
        let id = answer.split("x-amzn-requestid: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        let explained = server.ask(request("GET", &format!("/_claviger/explain/{id}"), &[], "")).await;
        assert!(explained.body.contains(&format!("{setting} of the backend is 700")), "{explained:?}");
        asked.rest().await;
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_a_network_error() {
    // A port whose queue is full takes no more connections: they hang.
    let full = tokio::net::TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let _queue = [tokio::net::TcpStream::connect(address).await.unwrap()];
    let server = with_settings(&["connect-timeout-ms=100"]);
    let uri = format!("http://{address}");
    let api = Proxied::rest_with(&server, &uri, json!({}), json!({})).await;
    let hanging = api.begin("GET", "Connection: close\r\n").await.rest().await;
    assert_eq!(said(&hanging), (504, NETWORK));
}

#[tokio::test]
async fn the_backend_s_time_stands_still_while_the_client_is_waited_for() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let api = Proxied::rest(&server, &backend, json!({ "timeoutInMillis": 1500 })).await;
    let mut client = api.begin("POST", "Content-Length: 6\r\n").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    // Longer than the backend has, in all.
    for piece in ["ab", "cd", "ef"] {
        assert!(client.is_silent_for(600).await);
        client.send(piece).await;
        asked.until(piece).await;
    }
    asked.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
}
