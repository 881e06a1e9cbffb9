//! Every way to speak to the one port.

use std::time::Duration;

use claviger_server::listener::Limits;
use http::{Request, StatusCode, Version};
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Server, get, send, send_http2};

const HEALTHY: &str = r#"{"status":"ok"}"#;

#[tokio::test]
async fn answers_http_1() {
    let server = Server::dev();
    let answer = send(server.connect().await, get("localhost", "/_claviger/health")).await;
    assert_eq!((answer.status, answer.version, &*answer.body), (StatusCode::OK, Version::HTTP_11, HEALTHY));
}

#[tokio::test]
async fn answers_http_2_with_prior_knowledge() {
    let server = Server::dev();
    let request = Request::get("http://localhost/_claviger/health").body(Empty::new()).unwrap();
    let answer = send_http2(server.connect().await, request).await;
    assert_eq!((answer.status, answer.version, &*answer.body), (StatusCode::OK, Version::HTTP_2, HEALTHY));
}

#[tokio::test]
async fn speaks_the_http_version_that_tls_agreed_on() {
    let server = Server::dev();
    let stream = server.encrypt(server.connect().await, "localhost", &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let request = Request::get("https://localhost/_claviger/health").body(Empty::new()).unwrap();
    assert_eq!(send_http2(stream, request).await.body, HEALTHY);

    for protocols in [&["http/1.1"][..], &[]] {
        let stream = server.encrypt(server.connect().await, "localhost", protocols).await;
        let answer = send(stream, get("localhost", "/_claviger/health")).await;
        assert_eq!((answer.version, &*answer.body), (Version::HTTP_11, HEALTHY));
    }
}

#[tokio::test]
async fn has_a_certificate_for_every_name_and_for_none() {
    let server = Server::dev();
    // The client verifies the name; an address is asked for without SNI.
    for name in [
        "cognito-idp.us-east-1.amazonaws.com",
        "api.ecr.eu-west-1.amazonaws.com",
        "Prefix.auth.us-east-1.amazoncognito.com",
        "127.0.0.1",
        "::1",
        "localhost",
    ] {
        let stream = server.encrypt(server.connect().await, name, &[]).await;
        let answer = send(stream, get("localhost", "/_claviger/health")).await;
        assert_eq!(answer.body, HEALTHY, "{name}");
    }
}

#[tokio::test]
async fn refuses_hosts_that_differ() {
    let server = Server::dev();
    let request =
        Request::get("http://localhost/_claviger/health").header("host", "127.0.0.1").body(Empty::new()).unwrap();
    let answer = send(server.connect().await, request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("two hosts that differ"), "{}", answer.body);
}

#[tokio::test]
async fn names_the_forms_of_addresses() {
    let server = Server::dev();
    let page = send(server.connect().await, get("localhost", "/")).await;
    let nothing = send(server.connect().await, get("localhost", "/nothing")).await;
    assert_eq!((page.status, nothing.status), (StatusCode::OK, StatusCode::NOT_FOUND));
    for form in ["/oauth2/token", "/{poolId}/.well-known/jwks.json", "/_aws/execute-api/{apiId}/{stage}/"] {
        assert!(page.body.contains(form) && nothing.body.contains(form), "{form}");
    }
}

#[tokio::test]
async fn bounds_the_head_of_a_request() {
    let server = Server::dev();
    let mut request = get("localhost", "/_claviger/health");
    request.headers_mut().insert("x-long", "x".repeat(70 * 1024).parse().unwrap());
    let answer = send(server.connect().await, request).await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn answers_a_client_that_closes_its_half_after_asking() {
    let server = Server::dev();
    let mut stream = server.connect().await;
    stream.write_all(b"GET /_claviger/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(HEALTHY), "{answer}");
}

#[tokio::test]
async fn closes_connections_on_which_nothing_happens() {
    let limits = Limits { idle_max: Duration::from_millis(50), ..Limits::default() };
    let server = Server::start(true, limits);
    for sent in [
        &b""[..],
        b"G",
        b"PRI *",
        b"\x16",
        b"GET / HTTP/1.1\r\nHost: a",
        b"GET /_claviger/health HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        // Ends because the server closes: with or without an answer, but in any case.
        let _ = stream.read_to_end(&mut answer).await;
    }
}

#[tokio::test]
async fn serves_no_more_connections_at_once_than_it_may() {
    let server = Server::start(true, Limits { connections_max: 1, ..Limits::default() });
    let mut first = server.connect().await;
    let request = b"GET /_claviger/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    first.write_all(request).await.unwrap();
    assert_ne!(first.read(&mut [0; 64]).await.unwrap(), 0);
    let mut second = server.connect().await;
    second.write_all(request).await.unwrap();
    let mut answer = [0; 12];
    let waiting = tokio::time::timeout(Duration::from_millis(50), second.read_exact(&mut answer)).await;
    assert!(waiting.is_err(), "the second connection was served beside the first");
    drop(first);
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn stops_without_waiting_for_idle_connections() {
    let server = Server::dev();
    let mut idle = server.connect().await;
    idle.write_all(b"GET /_claviger/health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_ne!(idle.read(&mut [0; 1024]).await.unwrap(), 0);
    let address = server.address;
    server.stop().await;
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0, "the idle connection is still open");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is still open");
}
