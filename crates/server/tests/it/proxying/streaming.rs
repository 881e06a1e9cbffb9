//! Answers that are passed on as they come (`responseTransferMode`).

use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use serde_json::json;

use super::{Proxied, RawBackend, said};
use crate::stack::request;
use crate::support::Server;

#[tokio::test]
async fn each_piece_goes_out_at_once_and_uncoded() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let members = json!({ "responseTransferMode": "STREAM", "timeoutInMillis": 900_000 });
    let api = Proxied::rest(&server, &backend, members).await;
    let patch = json!({ "patchOperations": [{ "op": "replace", "path": "/minimumCompressionSize", "value": "0" }] });
    let changed = server.ask(request("PATCH", &format!("/restapis/{}", api.id), &[], &patch.to_string())).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let target = format!("/restapis/{}/deployments", api.id);
    assert_eq!(server.ask(request("POST", &target, &[], r#"{"stageName":"prod"}"#)).await.status, 201);

    let mut client = api.begin("GET", "Accept-Encoding: gzip\r\n").await;
    let mut asked = backend.accept().await;
    asked.head().await;
    asked.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let head = client.head().await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200") && !head.contains("content-encoding"), "{head}");
    for piece in ["data: one\n\n", "data: two\n\n"] {
        asked.send(format!("{:x}\r\n{piece}\r\n", piece.len())).await;
        client.until(piece).await;
    }
    asked.send("0\r\n\r\n").await;
    client.until("0\r\n\r\n").await;
}

#[tokio::test]
async fn it_may_be_larger_than_others() {
    let server = Server::dev();
    let backend = RawBackend::start();
    let length = GATEWAY_BODY_BYTES_MAX + 1;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let ask = async |mode: &str| {
        let api = Proxied::rest(&server, &backend, json!({ "responseTransferMode": mode })).await;
        let client = api.begin("GET", "Connection: close\r\n").await;
        let mut asked = backend.accept().await;
        asked.head().await;
        asked.send(&head).await;
        (client, asked)
    };
    let (mut client, mut asked) = ask("STREAM").await;
    let body = "x".repeat(length);
    let (answer, ()) = tokio::join!(client.rest(), asked.send(&body));
    assert_eq!(said(&answer), (200, &*body));
    // A kept connection would be used again.
    drop(asked);
    let (mut client, _asked) = ask("BUFFERED").await;
    assert_eq!(said(&client.rest().await).0, 500);
}
