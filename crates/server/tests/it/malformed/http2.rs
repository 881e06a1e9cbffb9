//! HTTP/2, frame by frame: pseudo-header fields, names and values that HTTP/1.1 would read as something else (RFC 9113,
//! sections 8.2 and 8.3).

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::World;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What becomes of the one request of a connection.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// An answer with this status.
    Answered(u16),
    /// The stream or the connection is ended.
    Ended,
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
    frame.extend(payload);
    frame
}

/// Fields as literals without indexing (RFC 7541, section 6.2.2).
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap());
            block.extend(text.as_bytes());
        }
    }
    block
}

impl World {
    async fn ask_in_frames(&self, given: &[(&str, &str)], body: &[u8]) -> Outcome {
        let mut stream = self.server.connect().await;
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.replace("{host}", &self.host))).collect();
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let end = if body.is_empty() { END_STREAM } else { 0 };
        let mut sent = PREFACE.to_vec();
        sent.extend(frame(SETTINGS, 0, 0, &[]));
        sent.extend(frame(HEADERS, END_HEADERS | end, 1, &fields(&given)));
        if !body.is_empty() {
            sent.extend(frame(DATA, END_STREAM, 1, body));
        }
        let _ = stream.write_all(&sent).await;
        super::soon(async {
            loop {
                let mut head = [0; 9];
                if stream.read_exact(&mut head).await.is_err() {
                    return Outcome::Ended;
                }
                let mut payload = vec![0; usize::from(head[1]) * 256 + usize::from(head[2])];
                if stream.read_exact(&mut payload).await.is_err() {
                    return Outcome::Ended;
                }
                match head[3] {
                    HEADERS => return Outcome::Answered(status(&payload)),
                    RESET_STREAM | GO_AWAY => return Outcome::Ended,
                    _ => {}
                }
            }
        })
        .await
    }

    async fn check_frames(&self, name: &str, given: &[(&str, &str)], body: &str, expected: Outcome, seen: &[&str]) {
        let outcome = self.ask_in_frames(given, body.as_bytes()).await;
        let requests = self.backend.take();
        let what: Vec<&str> = requests.iter().map(|request| request.what.as_str()).collect();
        assert_eq!((outcome, what.as_slice()), (expected, seen), "{name}");
        for request in &requests {
            request.check(name);
        }
    }

    /// Asserts that a request is refused, in whatever way, and that the backend sees nothing of it.
    async fn refuses_frames(&self, name: &str, given: &[(&str, &str)], body: &str) {
        let outcome = self.ask_in_frames(given, body.as_bytes()).await;
        assert!(matches!(outcome, Outcome::Ended | Outcome::Answered(400 | 404)), "{name}: {outcome:?}");
        assert!(self.backend.take().is_empty(), "{name}");
    }
}

/// The status that begins a block of fields: one of those with an index of their own (RFC 7541, appendix A), else 0.
fn status(block: &[u8]) -> u16 {
    match block.first() {
        Some(0x88) => 200,
        Some(0x8c) => 400,
        Some(0x8d) => 404,
        _ => 0,
    }
}

const METHOD: (&str, &str) = (":method", "GET");
const POST: (&str, &str) = (":method", "POST");
const SCHEME: (&str, &str) = (":scheme", "http");
const AUTHORITY: (&str, &str) = (":authority", "{host}");
const PATH: (&str, &str) = (":path", "/prod/x");

#[tokio::test]
async fn a_request_in_frames_is_written_anew() {
    let world = World::start().await;
    let (ok, get) = (Outcome::Answered(200), ["GET /x"]);
    world.check_frames("as it should be", &[METHOD, SCHEME, AUTHORITY, PATH], "", ok, &get).await;
    let trailers = [METHOD, SCHEME, AUTHORITY, PATH, ("te", "trailers")];
    world.check_frames("trailers", &trailers, "", Outcome::Answered(200), &get).await;
    let host = [METHOD, SCHEME, PATH, ("host", "{host}")];
    world.check_frames("a host without an authority", &host, "", Outcome::Answered(200), &get).await;
    let length = [POST, SCHEME, AUTHORITY, PATH, ("content-length", "3")];
    world.check_frames("a length", &length, "abc", Outcome::Answered(200), &["POST /x abc"]).await;
    let body = "0\r\n\r\nGET /prod/evil HTTP/1.1\r\nhost: x\r\n\r\n";
    let seen = format!("POST /x {}", body.trim_end());
    let none = [POST, SCHEME, AUTHORITY, PATH];
    world.check_frames("a body like a request", &none, body, Outcome::Answered(200), &[&seen]).await;
    let dots = [METHOD, SCHEME, AUTHORITY, (":path", "/prod/%2e%2e/secret")];
    world.check_frames("dots", &dots, "", Outcome::Answered(400), &[]).await;
    let differing = [METHOD, SCHEME, AUTHORITY, PATH, ("host", "other.example")];
    world.check_frames("two hosts", &differing, "", Outcome::Answered(400), &[]).await;
}

#[tokio::test]
async fn fields_that_http_1_would_read_otherwise_are_refused() {
    let world = World::start().await;
    let all = [METHOD, SCHEME, AUTHORITY, PATH];
    let with =
        |more: &[(&'static str, &'static str)]| all.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>();
    for (name, given) in [
        ("no method", vec![SCHEME, AUTHORITY, PATH]),
        ("no path", vec![METHOD, SCHEME, AUTHORITY]),
        ("an empty path", vec![METHOD, SCHEME, AUTHORITY, (":path", "")]),
        ("a path without a slash", vec![METHOD, SCHEME, AUTHORITY, (":path", "prod/x")]),
        ("a path with a space", vec![METHOD, SCHEME, AUTHORITY, (":path", "/prod/x HTTP/1.1")]),
        ("a path with a line end", vec![METHOD, SCHEME, AUTHORITY, (":path", "/prod/x\r\nx-evil: 1")]),
        ("a path with a NUL", vec![METHOD, SCHEME, AUTHORITY, (":path", "/prod/x\0")]),
        ("a method with a space", vec![(":method", "GET /evil HTTP/1.1"), SCHEME, AUTHORITY, PATH]),
        ("a method with a line end", vec![(":method", "GET\r\n"), SCHEME, AUTHORITY, PATH]),
        ("an authority with a user", vec![METHOD, SCHEME, (":authority", "user@{host}"), PATH]),
        ("an authority with a line end", vec![METHOD, SCHEME, (":authority", "{host}\r\nx-evil: 1"), PATH]),
        ("an authority with a path", vec![METHOD, SCHEME, (":authority", "{host}/evil"), PATH]),
        ("two paths", with(&[(":path", "/prod/y")])),
        ("two methods", with(&[(":method", "POST")])),
        ("two authorities", with(&[(":authority", "other.example")])),
        ("a status", with(&[(":status", "200")])),
        ("an unknown pseudo-header field", with(&[(":evil", "1")])),
        ("a pseudo-header field behind others", vec![METHOD, SCHEME, AUTHORITY, ("x-a", "b"), PATH]),
        ("a name in upper case", with(&[("X-A", "b")])),
        ("a name with a space", with(&[("x a", "b")])),
        ("a name with a colon", with(&[("x:a", "b")])),
        ("a name with a line end", with(&[("x-a\r\nx-evil", "b")])),
        ("an empty name", with(&[("", "b")])),
        ("a value with a line end", with(&[("x-a", "b\r\nx-evil: 1")])),
        ("a value with a line feed", with(&[("x-a", "b\nx-evil: 1")])),
        ("a value with a NUL", with(&[("x-a", "b\0")])),
        ("connection", with(&[("connection", "close")])),
        ("transfer-encoding", with(&[("transfer-encoding", "chunked")])),
        ("upgrade", with(&[("upgrade", "websocket")])),
        ("keep-alive", with(&[("keep-alive", "1")])),
        ("proxy-connection", with(&[("proxy-connection", "close")])),
        ("te with more than trailers", with(&[("te", "gzip")])),
        ("two hosts", with(&[("host", "{host}"), ("host", "{host}")])),
        ("a length without a body", with(&[("content-length", "5")])),
        ("a length that is none", with(&[("content-length", "x")])),
        ("two lengths", with(&[("content-length", "1"), ("content-length", "2")])),
    ] {
        world.refuses_frames(name, &given, "").await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_never_becomes_a_request() {
    let world = World::start().await;
    for (name, length, body) in
        [("too long", "3", "abcdef"), ("too short", "9", "abc"), ("not empty", "0", "GET / HTTP/1.1\r\n\r\n")]
    {
        let given = [POST, SCHEME, AUTHORITY, PATH, ("content-length", length)];
        let outcome = world.ask_in_frames(&given, body.as_bytes()).await;
        assert_ne!(outcome, Outcome::Answered(200), "{name}");
        assert!(world.backend.take().is_empty(), "{name}");
    }
}
