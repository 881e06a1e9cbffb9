//! Request smuggling, header injection and path confusion: malformed requests over a raw socket, each refused or passed on
//! safely, and what the backend sees of it.
//!
//! The API has `/secret`, which asks for a token, and `/{proxy+}`, which does not; the backend stands behind both.

mod backend;
mod framing;
mod headers;
mod http2;
mod paths;
mod request_lines;

use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::backend::Recorder;
use crate::proxying::soon;
use crate::stack::{Machine, request};
use crate::support::Server;

/// A server, and an API before a backend that records what it is asked.
struct World {
    server: Server,
    backend: Recorder,
    host: String,
}

impl World {
    async fn start() -> Self {
        let server = Server::dev();
        let machine = server.machine().await;
        let backend = Recorder::start().await;
        let api = import(&server, &machine, &backend.url()).await;
        Self { server, backend, host: format!("{api}.execute-api.us-east-1.amazonaws.com") }
    }

    /// Sends these bytes, `{host}` being the API's, and gives the statuses of the answers that come until the connection
    /// ends. The client has said all it has to say, so that nothing waits for more.
    async fn send(&self, bytes: &[u8]) -> Vec<u16> {
        let mut stream = self.server.connect().await;
        let text = replaced(bytes, b"{host}", self.host.as_bytes());
        // What is refused early is not read to its end.
        let _ = stream.write_all(&text).await;
        let _ = stream.shutdown().await;
        let mut answers = Vec::new();
        let _ = soon(stream.read_to_end(&mut answers)).await;
        let answers = String::from_utf8_lossy(&answers).into_owned();
        answers.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5)?.parse().ok()).collect()
    }

    /// Asserts the statuses of the answers, and which requests reach the backend, each as `METHOD target` and its body.
    async fn check(&self, name: &str, bytes: impl AsRef<[u8]>, statuses: &[u16], seen: &[&str]) {
        let answers = self.send(bytes.as_ref()).await;
        let requests = self.backend.take();
        let what: Vec<&str> = requests.iter().map(|request| request.what.as_str()).collect();
        assert_eq!((answers.as_slice(), what.as_slice()), (statuses, seen), "{name}");
        for request in &requests {
            request.check(name);
        }
    }

    /// Asserts that a request which passes brings the backend these header lines and none that contain those.
    async fn brings(&self, name: &str, headers: &str, brought: &[&str], withheld: &[&str]) {
        let bytes = format!("GET /prod/x HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{headers}\r\n");
        assert_eq!(self.send(bytes.as_bytes()).await, [200], "{name}");
        let requests = self.backend.take();
        let [request] = requests.as_slice() else { panic!("{name}: {requests:?}") };
        request.check(name);
        for line in brought {
            assert!(request.headers.iter().any(|header| header == line), "{name}: no {line:?} in {request:?}");
        }
        for text in withheld {
            assert!(!request.headers.iter().any(|header| header.contains(text)), "{name}: {text:?} in {request:?}");
        }
    }
}

async fn import(server: &Server, machine: &Machine, backend: &str) -> String {
    let scheme = json!({
        "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": [machine.arn] },
    });
    let integration = |uri: &str, parameters: serde_json::Value| json!({ "type": "http_proxy", "httpMethod": "ANY", "uri": format!("{backend}{uri}"), "requestParameters": parameters });
    let path = json!({ "integration.request.path.proxy": "method.request.path.proxy" });
    let document = json!({
        "openapi": "3.0.1", "info": { "title": "malformed", "version": "1" },
        "paths": {
            "/secret": { "x-amazon-apigateway-any-method": {
                "security": [{ "pool": ["weather-api/get"] }],
                "x-amazon-apigateway-integration": integration("/secret", json!({})),
            } },
            "/{proxy+}": { "x-amazon-apigateway-any-method": {
                "parameters": [{ "name": "proxy", "in": "path", "required": true, "schema": { "type": "string" } }],
                "x-amazon-apigateway-integration": integration("/{proxy}", path),
            } },
        },
        "components": { "securitySchemes": { "pool": scheme } },
    });
    let made = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let target = format!("/restapis/{id}/deployments");
    let deployed = server.ask(request("POST", &target, &[], r#"{"stageName":"prod"}"#)).await;
    assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
    id
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut text = bytes.to_vec();
    while let Some(place) = text.windows(from.len()).position(|window| window == from) {
        text.splice(place..place + from.len(), to.iter().copied());
    }
    text
}
