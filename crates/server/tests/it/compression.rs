//! Payload compression of REST APIs over the wire.

use bytes::Bytes;
use claviger_gateway::compression::{Coding, pack, unpack};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::http_apis::backend::Backend;
use crate::stack::request;
use crate::support::Server;

/// What an answer repeats.
const TEXT: &str = "storms,";

/// An API with a backend behind `/proxy` and a template of many bytes behind `/mock`, and whoever asks it.
struct Shop {
    server: Server,
    _backend: Backend,
    api: String,
}

impl Shop {
    /// The minimum is the API's, none when it compresses nothing.
    async fn open(minimum: Value) -> Self {
        let (server, backend) = (Server::dev(), Backend::start().await);
        let text = TEXT.repeat(100);
        let operation = |integration: Value| json!({ "responses": { "200": { "description": "" } }, "x-amazon-apigateway-integration": integration });
        let mock = operation(json!({
            "type": "mock", "requestTemplates": { "application/json": r#"{"statusCode": 200}"# },
            "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": text } } },
        }));
        let proxy =
            operation(json!({ "type": "http_proxy", "httpMethod": "POST", "uri": format!("{}/b", backend.url) }));
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "shop", "version": "1" },
            "x-amazon-apigateway-minimum-compression-size": minimum,
            "paths": { "/mock": { "get": mock }, "/proxy": { "post": proxy } },
        });
        let imported = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        assert_eq!(imported.status, 201, "{imported:?}");
        let api = imported.json()["id"].as_str().unwrap().to_owned();
        let deployments = format!("/restapis/{api}/deployments");
        assert_eq!(server.ask(request("POST", &deployments, &[], r#"{"stageName":"live"}"#)).await.status, 201);
        Self { server, _backend: backend, api }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let target = format!("/_aws/execute-api/{}/live{path}", self.api);
        let mut asked = Request::builder().method(method).uri(target).header("Host", self.server.address.to_string());
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        let stream = TokioIo::new(self.server.connect().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let (parts, body) =
            sender.send_request(asked.body(Full::<Bytes>::from(body)).unwrap()).await.unwrap().into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_packed_for_clients_that_ask() {
    let shop = Shop::open(json!(100)).await;
    let text = TEXT.repeat(100);
    for (accepted, coding) in [
        ("gzip", Some(Coding::Gzip)),
        ("br;q=0.1, deflate", Some(Coding::Deflate)),
        ("br", None),
        ("*", None),
        ("identity", None),
    ] {
        let (status, headers, body) = shop.ask("GET", "/mock", &[("Accept-Encoding", accepted)], Bytes::new()).await;
        let body = match coding {
            Some(coding) => unpack(coding, &body, 10_000).unwrap(),
            None => body,
        };
        assert_eq!(
            (status, headers.get(header::CONTENT_ENCODING)),
            (StatusCode::OK, coding.map(Coding::name).as_ref())
        );
        assert_eq!(body, text, "{accepted}");
    }
    // Without the header, and where the gateway itself answers, nothing is packed.
    assert_eq!(shop.ask("GET", "/mock", &[], Bytes::new()).await.2, text);
    let (status, headers, _) = shop.ask("GET", "/none", &[("Accept-Encoding", "gzip")], Bytes::new()).await;
    assert_eq!((status, headers.get(header::CONTENT_ENCODING)), (StatusCode::FORBIDDEN, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_through_is_packed_on_its_way() {
    let shop = Shop::open(json!(0)).await;
    let sent = Bytes::from("x".repeat(600_000));
    let (status, headers, body) = shop.ask("POST", "/proxy", &[("Accept-Encoding", "gzip")], sent.clone()).await;
    assert_eq!((status, headers[header::CONTENT_ENCODING].to_str().unwrap()), (StatusCode::OK, "gzip"));
    assert!(body.len() < 100_000, "{}", body.len());
    let said: Value = serde_json::from_slice(&unpack(Coding::Gzip, &body, 2_000_000).unwrap()).unwrap();
    assert_eq!(said["body"].as_str().unwrap().len(), sent.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_unpacked_before_the_backend_has_them() {
    // Whether the API packs answers or not.
    for minimum in [json!(10), Value::Null] {
        let shop = Shop::open(minimum).await;
        let text = Bytes::from("storms ".repeat(1_000));
        for (coding, name) in [(Coding::Gzip, "gzip"), (Coding::Deflate, "deflate")] {
            let (status, _, body) =
                shop.ask("POST", "/proxy", &[("Content-Encoding", name)], pack(coding, &text)).await;
            let said: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((status, said["body"].as_str().map(str::len)), (StatusCode::OK, Some(text.len())), "{name}");
            assert_eq!(said["headers"].get("content-encoding"), None, "{said}");
        }
        for (name, body, status) in [
            ("br", text.clone(), 415),
            ("gzip", text.clone(), 415),
            ("gzip", pack(Coding::Gzip, &vec![0; 11_000_000]), 413),
            ("identity", text.clone(), 200),
        ] {
            let (found, _, said) = shop.ask("POST", "/proxy", &[("Content-Encoding", name)], body).await;
            assert_eq!(found.as_u16(), status, "{name}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_below_the_minimum_stays_packed() {
    let shop = Shop::open(json!(1_000)).await;
    let packed = pack(Coding::Gzip, b"storms");
    let (status, _, body) = shop.ask("POST", "/proxy", &[("Content-Encoding", "gzip")], packed).await;
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &said["headers"]["content-encoding"]), (StatusCode::OK, &json!("gzip")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_does_not_compress_answers_with_what_there_is() {
    let shop = Shop::open(Value::Null).await;
    let (_, headers, body) = shop.ask("GET", "/mock", &[("Accept-Encoding", "gzip")], Bytes::new()).await;
    assert_eq!((headers.get(header::CONTENT_ENCODING), body), (None, Bytes::from(TEXT.repeat(100))));
}
