//! A request as bytes, and what is done to it before it is sent.

use claviger_testkit::generated::{json_text, text};
use proptest::prelude::*;
use proptest::sample::Index;

/// A request in parts, none of which needs to be allowed.
#[derive(Clone)]
pub(super) struct Message {
    method: String,
    target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// What becomes of a message.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Nothing,
    Method(&'static str),
    Target(String),
    /// More of the target, mostly of its query.
    TargetEnd(String),
    /// A header is added, to one of the same name perhaps.
    Header(&'static str, Vec<u8>),
    HeaderValue(Index, Vec<u8>),
    RemoveHeader(Index),
    Body(Vec<u8>),
    /// A parameter of a form, or a member that stands first.
    BodyStart(String),
    BodyEnd(String),
    /// One byte of the message becomes another.
    Byte(Index, u8),
    /// The message ends early.
    End(Index),
    /// It is sent twice, the second before the first is answered.
    Twice,
    /// Some bytes take its place.
    Bytes(Vec<u8>),
}

/// The kinds of changes, for counting.
pub(super) const KINDS: [&str; 3] = ["as it is", "one part changed", "its bytes changed"];
/// The kind that must be half of all.
pub(super) const ONE: usize = 1;

const METHODS: &[&str] = &["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY", "post", "!", ""];

const HEADERS: &[(&str, &str)] = &[
    ("Content-Length", "0"),
    ("Content-Length", "5"),
    ("Content-Length", "-1"),
    ("Content-Length", "18446744073709551616"),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip, chunked"),
    ("Transfer-Encoding", "x"),
    ("Content-Encoding", "gzip"),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json; charset=utf-16"),
    ("Host", ""),
    ("Host", "cognito-idp.us-east-1.amazonaws.com"),
    ("Host", "weather.auth.us-east-1.amazoncognito.com"),
    ("Host", "[::1"),
    ("Host", "a:99999"),
    ("Expect", "100-continue"),
    ("Expect", "x"),
    ("Upgrade", "h2c"),
    ("Upgrade", "websocket"),
    ("Connection", "upgrade"),
    ("Connection", "close"),
    ("Origin", "https://a.example"),
    ("Origin", "null"),
    ("X-Amz-Date", "20260101T000000Z"),
    ("X-Amz-Security-Token", "x"),
    ("X-Amz-Target", "AWSCognitoIdentityProviderService.Fly"),
    ("X-Amz-Target", "."),
    ("X-Amz-Target", "x"),
    ("Authorization", "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=;, Signature="),
    ("Authorization", "AWS4-HMAC-SHA256"),
    ("Authorization", "Basic"),
    ("Authorization", "Basic Og=="),
    ("Authorization", "Bearer a.b.c"),
    ("Range", "bytes=9-1"),
    ("If-None-Match", "*"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Trailer", "Content-Length"),
    ("Accept", "\u{e9}"),
];

/// How connections begin: with HTTP/2, TLS, HTTP/1.1, or nothing of the kind.
const STARTS: &[&[u8]] = &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01", b"GET /", b""];

impl Message {
    pub(super) fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut all = vec![("Host".to_owned(), b"localhost".to_vec())];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
        Self { method: method.to_owned(), target: target.to_owned(), headers: all, body: body.as_bytes().to_vec() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !self.body.is_empty() {
            bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

impl Change {
    /// Its place in [`KINDS`].
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Byte(..) | Self::End(_) | Self::Twice | Self::Bytes(_) => 2,
            _ => ONE,
        }
    }

    /// The bytes that are sent instead of `message`.
    pub(super) fn apply(&self, message: &Message) -> Vec<u8> {
        let mut message = message.clone();
        match self {
            Self::Nothing => {}
            Self::Method(method) => (*method).clone_into(&mut message.method),
            Self::Target(target) => message.target.clone_from(target),
            Self::TargetEnd(end) => message.target += end,
            Self::Header(name, value) => message.headers.push(((*name).to_owned(), value.clone())),
            Self::HeaderValue(place, value) => {
                let place = place.index(message.headers.len());
                message.headers[place].1.clone_from(value);
            }
            Self::RemoveHeader(place) => drop(message.headers.remove(place.index(message.headers.len()))),
            Self::Body(body) => message.body.clone_from(body),
            Self::BodyStart(start) => drop(message.body.splice(..0, start.bytes())),
            Self::BodyEnd(end) => message.body.extend(end.bytes()),
            Self::Byte(place, byte) => {
                let mut bytes = message.bytes();
                let place = place.index(bytes.len());
                bytes[place] = *byte;
                return bytes;
            }
            Self::End(end) => {
                let mut bytes = message.bytes();
                bytes.truncate(end.index(bytes.len()));
                return bytes;
            }
            Self::Twice => return message.bytes().repeat(2),
            Self::Bytes(bytes) => return bytes.clone(),
        }
        message.bytes()
    }
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let header =
        prop::sample::select(HEADERS).prop_map(|(name, value)| Change::Header(name, value.as_bytes().to_vec()));
    let name = prop::sample::select(HEADERS).prop_map(|(name, _)| name);
    let bytes = || prop::collection::vec(any::<u8>(), 0..64);
    let target = prop_oneof!["/[a-zA-Z0-9_/.%?&=+-]{0,40}", "[*/]{1,3}", text().prop_map(|text| format!("/{text}"))];
    let parameter = prop_oneof![
        "(grant_type|client_id|client_secret|scope|token|aws_client_metadata|x)=[a-zA-Z0-9%+=/.-]{0,24}&?",
        text(),
        json_text(),
    ];
    let start = prop::sample::select(STARTS);
    prop_oneof![
        3 => Just(Change::Nothing),
        2 => prop::sample::select(METHODS).prop_map(Change::Method),
        1 => target.prop_map(Change::Target),
        2 => "[?&/%a-z0-9_=.]{1,30}".prop_map(Change::TargetEnd),
        3 => header,
        2 => (name, bytes()).prop_map(|(name, value)| Change::Header(name, value)),
        2 => (any::<Index>(), prop_oneof![bytes(), text().prop_map(String::into_bytes)])
            .prop_map(|(place, value)| Change::HeaderValue(place, value)),
        1 => any::<Index>().prop_map(Change::RemoveHeader),
        2 => prop_oneof![
            bytes(),
            text().prop_map(String::into_bytes),
            json_text().prop_map(String::into_bytes),
        ].prop_map(Change::Body),
        2 => parameter.prop_map(Change::BodyStart),
        2 => text().prop_map(Change::BodyEnd),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
        1 => any::<Index>().prop_map(Change::End),
        1 => Just(Change::Twice),
        1 => (start, bytes()).prop_map(|(start, bytes)| Change::Bytes([start, &bytes].concat())),
    ]
}
