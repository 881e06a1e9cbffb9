//! Outbound HTTP: the pooled client for other servers, whoever needs one.

mod connector;
mod tls;

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Extensions, Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connector::{Connector, Usage};
pub use self::tls::{Tls, UnusableTls};

/// The most bytes of an answer's head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// What a server may send on one HTTP/2 stream before it is read, and on all of a connection.
const WINDOW_BYTES: (u32, u32) = (256 * 1024, 4 * 1024 * 1024);

/// How connections are made and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// How long a connection may take to come about, TLS included.
    pub connect_max: Duration,
    /// How long a connection may stay unused.
    pub idle_max: Duration,
    /// Unused connections kept for one server.
    pub idle_count_max: usize,
    /// Whether HTTP/2 is spoken.
    pub http2: Http2,
}

/// Whether HTTP/2 is spoken with a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// Where TLS agrees on it (ALPN).
    #[default]
    Negotiated,
    /// Always, also without TLS (RFC 9113, section 3.3).
    PriorKnowledge,
    /// Never.
    Off,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            connect_max: Duration::from_secs(10),
            idle_max: Duration::from_mins(1),
            idle_count_max: 256,
            http2: Http2::Negotiated,
        }
    }
}

/// A client that sends bodies of one kind. The system's root certificates are read when the first request goes out, not at
/// start.
pub struct Outbound<B> {
    connections: Connections,
    tls: Tls,
    client: OnceLock<Client<Connector, B>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The server's name leads nowhere.
    #[error("the name of the server cannot be resolved")]
    Unresolved(#[source] ClientError),
    /// There is no connection, so nothing was sent.
    #[error("the server cannot be reached")]
    Unreachable(#[source] ClientError),
    /// A connection that had served before ended before it brought a byte of an answer: most likely the server had given it
    /// up as unused.
    #[error("the server ended the connection")]
    Stale(#[source] ClientError),
    /// The connection broke, or what came is not HTTP.
    #[error("the server does not answer as expected")]
    Broken(#[source] ClientError),
}

impl<B> Default for Outbound<B> {
    fn default() -> Self {
        Self::new(Connections::default())
    }
}

impl<B> Outbound<B> {
    /// A client with connections of this kind.
    pub fn new(connections: Connections) -> Self {
        Self::with_tls(connections, Tls::default())
    }

    /// The same with TLS of this kind.
    pub fn with_tls(connections: Connections, tls: Tls) -> Self {
        Self { connections, tls, client: OnceLock::new() }
    }
}

impl<B> Outbound<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Sends a request and gives the head of the answer; its body is still to come. How long that may take is for the
    /// caller to say.
    pub async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, OutboundError> {
        let client = self.client.get_or_init(|| client(self.connections, &self.tls));
        let response = client.request(request).await.map_err(OutboundError::new)?;
        if let Some(usage) = response.extensions().get::<Arc<Usage>>() {
            usage.has_answered();
        }
        Ok(response)
    }
}

fn client<B>(connections: Connections, tls: &Tls) -> Client<Connector, B>
where
    B: Body + Send,
    B::Data: Send,
{
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(connections.idle_max)
        .pool_max_idle_per_host(connections.idle_count_max)
        .http1_max_buf_size(HEAD_BYTES_MAX as usize)
        .http2_max_header_list_size(HEAD_BYTES_MAX)
        .http2_initial_stream_window_size(WINDOW_BYTES.0)
        .http2_initial_connection_window_size(WINDOW_BYTES.1)
        .http2_only(connections.http2 == Http2::PriorKnowledge)
        .build(Connector::new(connections, tls))
}

impl OutboundError {
    fn new(error: ClientError) -> Self {
        if texts(&error).any(|text| text.starts_with("dns error") || text.starts_with("failed to lookup address")) {
            Self::Unresolved(error)
        } else if error.is_connect() {
            Self::Unreachable(error)
        } else if was_given_up(&error) {
            Self::Stale(error)
        } else {
            Self::Broken(error)
        }
    }

    /// Whether the server may have seen the request.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Stale(_) | Self::Broken(_))
    }

    /// What happened and everything that caused it, for operators.
    pub fn reason(&self) -> String {
        let (Self::Unresolved(error) | Self::Unreachable(error) | Self::Stale(error) | Self::Broken(error)) = self;
        texts(error).fold(error.to_string(), |reason, text| format!("{reason}: {text}"))
    }
}

/// Whether the connection had served before and brought nothing this time.
fn was_given_up(error: &ClientError) -> bool {
    let Some(connection) = error.connect_info() else { return false };
    let mut extras = Extensions::new();
    connection.get_extras(&mut extras);
    extras.get::<Arc<Usage>>().is_some_and(|usage| usage.is_given_up(connection.is_negotiated_h2()))
}

/// What the causes of an error say, the nearest first.
fn texts(error: &ClientError) -> impl Iterator<Item = String> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause.to_string())
    })
}
