//! An API behind its authorizer, through every form of address and with every kind of token.

use bytes::Bytes;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use http::{Request, Version};
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stack::{Reply, STORMS, UNAUTHORIZED, request};
use crate::support::{Server, send_http2};

const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const MISSING: &str = r#"{"message":"Missing Authentication Token"}"#;

#[tokio::test]
async fn tells_the_story_of_the_demo() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let call = async |method: &str, token: Option<&str>| -> Reply {
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        let headers: &[_] = if token.is_some() { &[("Authorization", &*bearer)] } else { &[] };
        server.ask(request(method, &format!("/_aws/execute-api/{api}/weather"), headers, "")).await
    };
    let all = machine.token(&server, "").await;
    assert_eq!(call("GET", Some(&all)).await.said(), (200, STORMS));
    let post = machine.token(&server, "weather-api/post").await;
    let refused = call("GET", Some(&post)).await;
    assert_eq!(refused.said(), (401, UNAUTHORIZED));
    assert_eq!(refused.header("x-amzn-errortype"), Some("UnauthorizedException"));
    assert_eq!(call("POST", Some(&post)).await.said(), (200, r#"{"storm": "Malik"}"#));
    assert_eq!(machine.ask(&server, "&scope=weather-api/delete").await.said(), (400, r#"{"error":"invalid_grant"}"#));
    assert_eq!(call("GET", None).await.said(), (401, UNAUTHORIZED));
    let (signed, signature) = all.rsplit_once('.').unwrap();
    let other = machine.token(&server, "").await;
    let forged = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    assert_ne!(forged.rsplit_once('.').unwrap().0, signed);
    assert_eq!(call("GET", Some(&forged)).await.said(), (401, UNAUTHORIZED));
    server.advance(3_500).await;
    assert_eq!(call("GET", Some(&all)).await.said(), (200, STORMS));
    server.advance(101).await;
    let expired = call("GET", Some(&all)).await;
    assert_eq!(expired.said(), (401, r#"{"message":"The incoming token has expired"}"#));
    assert_eq!(expired.header("x-amzn-errortype"), Some("UnauthorizedException"));
}

#[tokio::test]
async fn is_reached_by_every_form_of_address() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let by_name = format!("{api}.execute-api.us-east-1.amazonaws.com");
    let local = format!("{api}.execute-api.localhost:4566");
    let ours = server.address.to_string();
    for (host, target, expected) in [
        (&*by_name, "/weather".to_owned(), (200, STORMS)),
        (&by_name, "/weather/".to_owned(), (200, STORMS)),
        (&by_name, "/weather?a=b".to_owned(), (200, STORMS)),
        (&local, "/weather".to_owned(), (200, STORMS)),
        (&ours, format!("/_aws/execute-api/{api}/weather"), (200, STORMS)),
        (&ours, format!("/_aws/execute-api/{api}/weather/"), (200, STORMS)),
        (&ours, format!("/restapis/{api}/weather/_user_request_"), (200, STORMS)),
        (&ours, format!("/restapis/{api}/weather/_user_request_/"), (200, STORMS)),
        (&by_name, "/storms".to_owned(), (403, FORBIDDEN)),
        (&by_name, "/".to_owned(), (403, FORBIDDEN)),
        (&by_name, "/Weather".to_owned(), (403, FORBIDDEN)),
        ("unknown999.execute-api.us-east-1.amazonaws.com", "/weather".to_owned(), (403, FORBIDDEN)),
        (&ours, "/_aws/execute-api/unknown999/weather".to_owned(), (403, FORBIDDEN)),
        (&ours, format!("/restapis/{api}/other/_user_request_/"), (403, FORBIDDEN)),
    ] {
        let headers = [("Host", host), ("Authorization", &*token)];
        let reply = server.ask(request("GET", &target, &headers, "")).await;
        assert_eq!(reply.said(), expected, "{host} {target}");
        assert!(reply.header("x-amzn-requestid").unwrap().parse::<uuid::Uuid>().is_ok(), "{host} {target}");
        assert!(reply.header("x-amz-apigw-id").is_some(), "{host} {target}");
    }
}

#[tokio::test]
async fn implies_no_method_from_another() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let bearer = format!("Bearer {token}");
    for (method, path) in
        [("OPTIONS", "/weather"), ("PUT", "/weather"), ("DELETE", "/weather/"), ("GET", "/weather/other")]
    {
        let target = format!("/_aws/execute-api/{api}{path}");
        // What is not there is told before anybody asks who is there. A token is then taken for a signature.
        for (authorization, error_type, message) in [
            (None, "MissingAuthenticationTokenException", MISSING),
            (Some(&bearer), "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign)"),
            (Some(&token), "IncompleteSignatureException", "Authorization header requires 'Credential' parameter."),
        ] {
            let headers: Vec<_> = authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
            let reply = server.ask(request(method, &target, &headers, "")).await;
            assert_eq!(reply.status, 403, "{method} {path}");
            assert_eq!(reply.header("x-amzn-errortype"), Some(error_type), "{method} {path}");
            assert!(reply.body.contains(message), "{method} {path}: {}", reply.body);
        }
    }
    // HEAD is no GET, and its answer has no body, only the length of one.
    let reply = server.ask(request("HEAD", &format!("/_aws/execute-api/{api}/weather"), &[], "")).await;
    assert_eq!((reply.said(), reply.header("content-length")), ((403, ""), Some("42")));
}

#[tokio::test]
async fn answers_over_http_2() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let host = format!("{api}.execute-api.us-east-1.amazonaws.com");
    let ask = |authorization: Option<&str>| {
        let mut request = Request::get(format!("https://{host}/weather"));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        request.body(Empty::<Bytes>::new()).unwrap()
    };
    for (authorization, expected) in [(Some(&*token), (200, STORMS)), (None, (401, UNAUTHORIZED))] {
        let stream = server.encrypt(server.connect().await, &host, &["h2"]).await;
        let answer = send_http2(stream, ask(authorization)).await;
        assert_eq!((answer.version, answer.status.as_u16(), &*answer.body), (Version::HTTP_2, expected.0, expected.1));
    }
}

#[tokio::test]
async fn refuses_bodies_that_are_too_large() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let target = format!("/_aws/execute-api/{api}/weather");
    let headers = [("Authorization", &*token), ("Content-Type", "application/json")];
    let just_right = format!("\"{}\"", "x".repeat(GATEWAY_BODY_BYTES_MAX - 2));
    assert_eq!(server.ask(request("POST", &target, &headers, &just_right)).await.status, 200);
    // The length alone decides; the body is never sent, and so never waited for.
    let mut stream = server.connect().await;
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        GATEWAY_BODY_BYTES_MAX + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with(r#"{"message":"Request Too Long"}"#), "{answer}");
    assert!(answer.contains("RequestTooLargeException"), "{answer}");
    // A body that does not tell its length is read up to the bound, and no further.
    let mut stream = server.connect().await;
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    for _ in 0..GATEWAY_BODY_BYTES_MAX.div_ceil(0x10_0000) {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.write_all(b"1\r\nx\r\n").await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}
