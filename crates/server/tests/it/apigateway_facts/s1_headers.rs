//! Section 1.4: the headers that every answer of a REST API has.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::cases;
use super::world::{World, mock, operation};

const TRACE: &str = "x-amzn-trace-id";

cases! { |w|
    s1_4_request_id => {
        let api = w.template("$context.requestId").await;
        let first = api.get("/x", &[]).await;
        assert_eq!(first.header("x-amzn-requestid"), Some(&*first.body));
        assert!(first.body.parse::<uuid::Uuid>().is_ok(), "{first:?}");
        let own = "0e5fb841-32a4-4c06-8f0c-2c9d3f0a4a55";
        let kept = api.get("/x", &[("x-amzn-RequestId", own)]).await;
        assert_eq!((kept.header("x-amzn-requestid"), &*kept.body), (Some(own), own));
        let replaced = api.get("/x", &[("x-amzn-RequestId", "my-request")]).await;
        assert!(replaced.body.parse::<uuid::Uuid>().is_ok(), "{replaced:?}");
        assert_eq!(replaced.header("x-amzn-requestid"), Some(&*replaced.body));
    };
    s1_4_apigw_id => {
        let api = w.template("$context.extendedRequestId").await;
        let reply = api.get("/x", &[]).await;
        assert_eq!(reply.header("x-amz-apigw-id"), Some(&*reply.body));
        assert!(reply.body.len() == 16 && reply.body.ends_with('='), "{reply:?}");
        assert_ne!(api.get("/x", &[]).await.body, reply.body);
    };
    s1_4_trace_id => {
        let mocked = w.method(mock(&json!({}))).await;
        assert_eq!(mocked.get("/x", &[]).await.header(TRACE), None);
        assert_eq!(mocked.get("/y", &[]).await.header(TRACE), None);
        let mapped = w.method(operation(w.http(json!({})))).await;
        let trace = mapped.get("/x", &[]).await.header(TRACE).unwrap().to_owned();
        assert!(trace.starts_with("Root=1-"), "{trace}");
        assert_eq!(w.backend.seen().header(TRACE), Some(trace));
        let passed = w.method(operation(w.http_proxy(json!({})))).await;
        assert_eq!(passed.get("/x", &[]).await.header(TRACE), None);
        w.backend.answers("200 OK\r\nX-Amzn-Trace-Id: Root=own", "");
        assert_eq!(passed.get("/x", &[]).await.header(TRACE), Some("Root=own"));
        w.backend.answers("200 OK", "{}");
    };
    s1_4_order => {
        let mapped = w.method(operation(w.http(json!({})))).await;
        let common = ["Date", "Content-Type", "Content-Length", "Connection", "x-amzn-RequestId"];
        let traced = [&common[..], &["x-amz-apigw-id", "X-Amzn-Trace-Id"]].concat();
        assert_eq!(lower(&names(&w, &mapped.host(), "/prod/x").await), lower(&traced));
        let refused = [&common[..], &["x-amzn-ErrorType", "x-amz-apigw-id"]].concat();
        assert_eq!(lower(&names(&w, &mapped.host(), "/prod/y").await), lower(&refused));
    };
}

/// The names of an answer's headers over HTTP/1.1, as they stand on the wire.
async fn names(w: &World, host: &str, target: &str) -> Vec<String> {
    let mut stream = w.server.connect().await;
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
}

fn lower(names: &[impl AsRef<str>]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_ascii_lowercase()).collect()
}
