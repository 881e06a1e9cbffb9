//! Proxying: a client and a backend on raw sockets, both led by the test, and the gate between them.

mod backends;
mod bodies;
mod broken_answers;
mod draining;
mod streaming;
mod time;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use claviger_data_plane::upstream::UpstreamRules;
use claviger_server::node::{Options, Place};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::facts::with;
use crate::http_apis::HttpApi;
use crate::stack::request;
use crate::support::Server;

pub(crate) const NETWORK: &str = r#"{"message": "Network error communicating with endpoint"}"#;

/// What a future comes to, which must not take long.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("it hangs"))
}

/// A backend on a raw socket.
pub(crate) struct RawBackend {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl RawBackend {
    pub(crate) fn start() -> Self {
        // What the system takes in on its behalf must stay less than the bodies that the tests send.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(128).unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next connection to it.
    pub(crate) async fn accept(&self) -> Wire {
        Wire::new(soon(self.listener.accept()).await.unwrap().0)
    }

    /// Whether nobody connects, as far as a moment tells.
    pub(crate) async fn is_left_alone(&self) -> bool {
        tokio::time::timeout(Duration::from_millis(50), self.listener.accept()).await.is_err()
    }
}

/// One end of a connection, byte by byte.
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon(self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Sends as much as the other side takes before it makes no progress for a moment; says how much that was.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match tokio::time::timeout(Duration::from_millis(300), self.stream.write(rest)).await {
                Ok(written) => sent += written.unwrap(),
                Err(_) => break,
            }
        }
        sent
    }

    /// Reads up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let found = |unread: &[u8]| unread.windows(end.len()).position(|window| window == end.as_bytes());
        loop {
            if let Some(place) = found(&self.unread) {
                let rest = self.unread.split_off(place + end.len());
                return String::from_utf8(std::mem::replace(&mut self.unread, rest)).unwrap();
            }
            let read = soon(self.stream.read_buf(&mut self.unread)).await.unwrap();
            let so_far = String::from_utf8_lossy(&self.unread);
            assert_ne!(read, 0, "the connection ended without {end:?} after {so_far:?}");
        }
    }

    /// The head of the next message.
    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// Takes what is there, and says how much that is.
    pub(crate) async fn some(&mut self) -> usize {
        if self.unread.is_empty() {
            let read = soon(self.stream.read_buf(&mut self.unread)).await.unwrap();
            assert_ne!(read, 0, "the connection ended");
        }
        std::mem::take(&mut self.unread).len()
    }

    /// Everything until the other side ends the connection, gently or not.
    pub(crate) async fn rest(&mut self) -> String {
        while let Ok(read) = soon(self.stream.read_buf(&mut self.unread)).await {
            if read == 0 {
                break;
            }
        }
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    /// Whether nothing comes, as far as a moment tells.
    pub(crate) async fn is_silent(&mut self) -> bool {
        self.is_silent_for(50).await
    }

    /// Whether nothing comes for so many milliseconds.
    pub(crate) async fn is_silent_for(&mut self, milliseconds: u64) -> bool {
        let was_read = self.unread.is_empty();
        let reading = tokio::time::timeout(Duration::from_millis(milliseconds), self.stream.read_buf(&mut self.unread));
        was_read && reading.await.is_err()
    }
}

/// An API whose requests all go to one backend.
pub(crate) struct Proxied<'a> {
    pub(crate) server: &'a Server,
    pub(crate) id: String,
    /// What comes before the paths of its requests.
    pub(crate) stage: &'static str,
}

impl<'a> Proxied<'a> {
    /// A REST API with `HTTP_PROXY` methods, the members of their integration changed by these.
    pub(crate) async fn rest(server: &'a Server, backend: &RawBackend, members: Value) -> Self {
        Self::rest_with(server, &backend.url(), json!({}), members).await
    }

    /// The same with these members of the method.
    pub(crate) async fn rest_with(server: &'a Server, backend: &str, method: Value, members: Value) -> Self {
        let path = json!({ "integration.request.path.proxy": "method.request.path.proxy" });
        let integration = json!({
            "type": "http_proxy", "httpMethod": "ANY", "uri": format!("{backend}/{{proxy}}"), "requestParameters": path,
        });
        let proxy = json!({
            "parameters": [{ "name": "proxy", "in": "path", "required": true, "schema": { "type": "string" } }],
            "x-amazon-apigateway-integration": with(integration, members),
        });
        let paths = json!({ "/{proxy+}": { "x-amazon-apigateway-any-method": with(proxy, method) } });
        let document = json!({ "openapi": "3.0.1", "info": { "title": "proxied", "version": "1" }, "paths": paths });
        let made = server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let target = format!("/restapis/{id}/deployments");
        let deployed = server.ask(request("POST", &target, &[], r#"{"stageName":"prod"}"#)).await;
        assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
        Self { server, id, stage: "/prod" }
    }

    /// An HTTP API with one `HTTP_PROXY` route.
    pub(crate) async fn http(server: &'a Server, backend: &RawBackend, members: Value) -> Self {
        let api = HttpApi::new(server).await;
        let target = api.proxy(&backend.url(), members).await;
        api.route("$default", &target, json!({})).await;
        Self { server, id: api.id, stage: "" }
    }

    pub(crate) fn host(&self) -> String {
        format!("{}.execute-api.us-east-1.amazonaws.com", self.id)
    }

    /// Sends the head of a request to `/x` on a connection of its own; a host line is added.
    pub(crate) async fn begin(&self, method: &str, headers: &str) -> Wire {
        let mut client = Wire::new(self.server.connect().await);
        client.send(format!("{method} {}/x HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.stage, self.host())).await;
        client
    }
}

/// A server whose operator has set this for backends.
pub(crate) fn with_settings(settings: &[&str]) -> Server {
    let upstreams = UpstreamRules::parse(settings.iter().copied()).unwrap();
    Server::with_node(&Place::Memory, Options { upstreams, ..Options::default() })
}

/// The status line's code, and the body of an answer that is here as a whole.
pub(crate) fn said(answer: &str) -> (u16, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head[9..12].parse().unwrap(), body)
}
