//! The proxy: what it answers, what it passes on, whom it refuses.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use claviger_server::listener::Limits;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::{Server, get, send, send_http2};

/// Asks `server` for a tunnel to `target`.
async fn tunnel(
    server: &Server,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<TokioIo<hyper::upgrade::Upgraded>, StatusCode> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(server.connect().await)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut request = Request::connect(target).header("host", target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    if response.status() != StatusCode::OK {
        return Err(response.status());
    }
    Ok(TokioIo::new(hyper::upgrade::on(response).await.unwrap()))
}

/// A server that knows nothing of HTTP: it answers one line with the same line and its own name.
async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut line = String::new();
            BufReader::new(&mut stream).read_line(&mut line).await.unwrap();
            stream.write_all(format!("echo {line}").as_bytes()).await.unwrap();
        }
    });
    address
}

/// A web server that answers with the head of each request.
async fn web_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n{head}",
                head.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

/// Another proxy, which tells the head of each request that it gets.
async fn other_proxy() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heads) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            let target = head.split(' ').nth(1).unwrap().to_owned();
            if head.starts_with("CONNECT ") {
                let mut remote = TcpStream::connect(&target).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut remote).await });
            } else {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother").await.unwrap();
            }
            told.send(head).unwrap();
        }
    });
    (address, heads)
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn chain(url: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("chain:{}", URL_SAFE_NO_PAD.encode(url))))
}

#[tokio::test]
async fn answers_for_names_of_aws_inside_a_tunnel() {
    let server = Server::dev();
    let name = "cognito-idp.us-east-1.amazonaws.com";
    let target = format!("{name}:443");
    let stream = server.encrypt(tunnel(&server, &target, &[]).await.unwrap(), name, &[]).await;
    assert_eq!(send(stream, get("localhost", "/_claviger/health")).await.status, StatusCode::OK);

    let stream = server.encrypt(tunnel(&server, &target, &[]).await.unwrap(), name, &["h2"]).await;
    let request = Request::get("https://localhost/_claviger/health").body(Empty::new()).unwrap();
    assert_eq!(send_http2(stream, request).await.status, StatusCode::OK);

    let stream = tunnel(&server, &format!("{name}:80"), &[]).await.unwrap();
    assert_eq!(send(stream, get("localhost", "/_claviger/health")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn answers_for_registered_custom_domains_inside_a_tunnel() {
    let server = Server::dev();
    let pool = server.cognito("CreateUserPool", json!({ "PoolName": "tokens" })).await;
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
    let domain = json!({ "UserPoolId": pool["UserPool"]["Id"], "Domain": "tokens.example.org",
        "CustomDomainConfig": { "CertificateArn": certificate } });
    server.cognito("CreateUserPoolDomain", domain).await;
    let name = "tokens.example.org";
    let stream = server.encrypt(tunnel(&server, "tokens.example.org:443", &[]).await.unwrap(), name, &[]).await;
    assert_eq!(send(stream, get(name, "/oauth2/token")).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn answers_for_names_of_aws_in_absolute_form() {
    let server = Server::dev();
    let request = Request::get("https://p.auth.us-east-1.amazoncognito.com/nothing").body(Empty::new()).unwrap();
    assert_eq!(send(server.connect().await, request).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tunnels_other_hosts_untouched() {
    let server = Server::dev();
    let echo = echo_server().await;
    let mut stream = tunnel(&server, &echo.to_string(), &[]).await.unwrap();
    stream.write_all(b"\x16 no TLS, no HTTP\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "echo \x16 no TLS, no HTTP\n");
}

#[tokio::test]
async fn reaches_its_own_address_through_a_tunnel() {
    let server = Server::dev();
    let stream = tunnel(&server, &server.address.to_string(), &[]).await.unwrap();
    assert_eq!(send(stream, get("localhost", "/_claviger/health")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn refuses_a_tunnel_within_a_tunnel_that_ends_here() {
    let server = Server::dev();
    let stream = tunnel(&server, "sts.amazonaws.com:80", &[]).await.unwrap();
    let request = Request::connect("sts.amazonaws.com:80").header("host", "sts.amazonaws.com:80");
    assert_eq!(send(stream, request.body(Empty::new()).unwrap()).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn forwards_absolute_form_without_what_belongs_to_one_hop() {
    let server = Server::dev();
    let web = web_server().await;
    let request = Request::get(format!("http://{web}/x?y=1"))
        .header("host", web.to_string())
        .header("proxy-connection", "keep-alive")
        .header("connection", "x-secret")
        .header("x-secret", "1")
        .header("x-kept", "1")
        .body(Empty::new())
        .unwrap();
    let answer = send(server.connect().await, request).await;
    let head = answer.body.to_ascii_lowercase();
    assert!(head.starts_with(&format!("get /x?y=1 http/1.1\r\nhost: {web}\r\n")), "{head}");
    assert!(head.contains("x-kept: 1") && !head.contains("proxy-connection") && !head.contains("x-secret"), "{head}");
}

#[tokio::test]
async fn says_which_server_it_cannot_reach() {
    let server = Server::dev();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(tunnel(&server, &closed.to_string(), &[]).await.unwrap_err(), StatusCode::BAD_GATEWAY);
    let request = Request::get(format!("http://{closed}/")).body(Empty::new()).unwrap();
    let answer = send(server.connect().await, request).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.body.contains(&format!("cannot connect to {closed}")), "{}", answer.body);
}

#[tokio::test]
async fn chains_the_proxy_that_was_set_before() {
    let server = Server::dev();
    let echo = echo_server().await;
    let (proxy, mut heads) = other_proxy().await;
    let authorization = chain(&format!("http://user:p%40ss@{proxy}"));
    let headers = [("proxy-authorization", &*authorization)];

    let mut stream = tunnel(&server, &echo.to_string(), &headers).await.unwrap();
    stream.write_all(b"hello\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "echo hello\n");
    let head = heads.recv().await.unwrap();
    let credentials = format!("proxy-authorization: Basic {}", STANDARD.encode("user:p@ss"));
    assert!(head.starts_with(&format!("CONNECT {echo} HTTP/1.1\r\n")) && head.contains(&credentials), "{head}");

    let request = Request::get("http://elsewhere.example/x").header("proxy-authorization", &authorization);
    let answer = send(server.connect().await, request.body(Empty::new()).unwrap()).await;
    assert_eq!(answer.body, "other");
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET http://elsewhere.example/x HTTP/1.1\r\n") && head.contains(&credentials), "{head}");

    // Names of AWS are answered here all the same.
    assert!(tunnel(&server, "sts.amazonaws.com:443", &headers).await.is_ok());
    assert!(heads.try_recv().is_err());
}

#[tokio::test]
async fn serves_nobody_outside_dev() {
    let server = Server::start(false, Limits::default());
    let echo = echo_server().await;
    for target in [echo.to_string(), "sts.amazonaws.com:443".to_owned()] {
        assert_eq!(tunnel(&server, &target, &[]).await.unwrap_err(), StatusCode::FORBIDDEN, "{target}");
    }
    let request = Request::get(format!("http://{echo}/")).body(Empty::new()).unwrap();
    assert_eq!(send(server.connect().await, request).await.status, StatusCode::FORBIDDEN);
}
