//! A backend of the user's own: it answers as it is told and remembers what it was asked, byte for byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The backend. Cases run one after another, so what it was asked last is the case's own.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
    /// The answer; none at all while there is none.
    answer: Arc<Mutex<Option<String>>>,
    seen: Arc<Mutex<Option<Seen>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Method and target.
    pub(super) line: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Backend {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new(None)),
            seen: Arc::new(Mutex::new(None)),
        };
        backend.answers("200 OK\r\nContent-Type: application/json", "{}");
        let (answer, seen) = (Arc::clone(&backend.answer), Arc::clone(&backend.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&answer), Arc::clone(&seen)));
            }
        });
        backend
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on it answers with this status and these headers, as in `200 OK\r\nX-Own: 1`, and this body.
    pub(super) fn answers(&self, head: &str, body: &str) {
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        *self.answer.lock().unwrap() = Some(answer);
    }

    /// From now on it takes requests and says nothing.
    pub(super) fn says_nothing(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// What it was asked last.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().take().unwrap_or_else(|| panic!("the backend was not asked"))
    }

    /// Whether it has been asked since the last [`Self::seen`].
    pub(super) fn was_asked(&self) -> bool {
        self.seen.lock().unwrap().is_some()
    }
}

impl Seen {
    /// The values of a header, joined; `None` when there is no such header.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let of_name = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let values: Vec<&str> = of_name.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The names of all headers in lower case, sorted.
    pub(super) fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        names
    }
}

/// Answers the requests of one connection; the stream is dropped with it.
async fn converse(mut stream: TcpStream, answer: Arc<Mutex<Option<String>>>, seen: Arc<Mutex<Option<Seen>>>) {
    while let Some(request) = read(&mut stream).await {
        *seen.lock().unwrap() = Some(request);
        let Some(answer) = answer.lock().unwrap().clone() else {
            // Until the gateway gives up.
            let _ = stream.read_u8().await;
            return;
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Seen { line, headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
