//! A backend that reads requests by the letter of RFC 9112 and records them. It answers each with 200.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The backend.
pub(super) struct Recorder {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Recorded>>>,
}

/// A request that came whole.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    /// Method, target, and the body when there is one.
    pub(super) what: String,
    /// The header lines, their names in lower case.
    pub(super) headers: Vec<String>,
    host: String,
    line: String,
}

impl Recorder {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, address, Arc::clone(&record)));
            }
        });
        Self { address, requests }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked since this was asked last.
    pub(super) fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Recorded {
    /// Asserts what holds of every request that the gate sends, whatever the client sent.
    pub(super) fn check(&self, name: &str) {
        let of = |header: &str| {
            let start = format!("{header}: ");
            self.headers.iter().filter_map(|line| line.strip_prefix(&start)).collect::<Vec<_>>()
        };
        assert!(self.line.ends_with(" HTTP/1.1"), "{name}: {self:?}");
        assert_eq!(of("host"), [self.host.as_str()], "{name}");
        assert!(of("content-length").len() + of("transfer-encoding").len() <= 1, "{name}: {self:?}");
        assert!(of("transfer-encoding").iter().all(|coding| *coding == "chunked"), "{name}: {self:?}");
        assert_eq!(of("x-amzn-apigateway-api-id").len(), 1, "{name}: {self:?}");
        for header in ["connection", "te", "upgrade", "trailer", "expect", "keep-alive", "proxy-connection"] {
            assert_eq!(of(header), [""; 0], "{name}");
        }
        let is_clean = |line: &String| line.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control());
        assert!(is_clean(&self.line) && self.headers.iter().all(is_clean), "{name}: {self:?}");
    }
}

async fn converse(mut stream: TcpStream, address: SocketAddr, record: Arc<Mutex<Vec<Recorded>>>) {
    while let Some(request) = read(&mut stream, address).await {
        record.lock().unwrap().push(request);
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.is_err() {
            return;
        }
    }
}

/// Reads a request; `None` when the connection ends before the request does.
async fn read(stream: &mut TcpStream, address: SocketAddr) -> Option<Recorded> {
    let head = until(stream, b"\r\n\r\n").await?;
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<String> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, "no colon"));
            format!("{}: {}", name.to_ascii_lowercase(), value.trim())
        })
        .collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = Vec::new();
    if headers.iter().any(|line| line.starts_with("transfer-encoding: ")) {
        loop {
            let size = until(stream, b"\r\n").await?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim_end(), 16).ok()? + 2];
            stream.read_exact(&mut chunk).await.ok()?;
            assert!(chunk.ends_with(b"\r\n"));
            chunk.truncate(chunk.len() - 2);
            if chunk.is_empty() {
                break;
            }
            body.extend(chunk);
        }
    } else if let Some(length) = length {
        body = vec![0; length.parse().ok()?];
        stream.read_exact(&mut body).await.ok()?;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let what = format!("{} {body}", line.trim_end_matches(" HTTP/1.1")).trim_end().to_owned();
    Some(Recorded { what, headers, host: address.to_string(), line })
}

async fn until(stream: &mut TcpStream, end: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(end) {
        text.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}
