//! Outbound HTTP: the pooled client for other servers, whoever needs one.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

/// How long a connection may stay unused.
const IDLE_MAX: Duration = Duration::from_mins(1);
/// Unused connections kept for one server.
const IDLE_CONNECTIONS_MAX: usize = 256;
/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A client that sends bodies of one kind. The system's root certificates are read when the first request goes out, not at
/// start.
pub struct Outbound<B>(OnceLock<Client<HttpsConnector<HttpConnector>, B>>);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The server's name leads nowhere.
    #[error("the name of the server cannot be resolved")]
    Unresolved(#[source] ClientError),
    /// There is no connection, so nothing was sent.
    #[error("the server cannot be reached")]
    Unreachable(#[source] ClientError),
    /// The connection broke, or what came is not HTTP.
    #[error("the server does not answer as expected")]
    Broken(#[source] ClientError),
}

impl<B> Default for Outbound<B> {
    fn default() -> Self {
        Self(OnceLock::new())
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
        self.0.get_or_init(client).request(request).await.map_err(OutboundError::new)
    }
}

fn client<B>() -> Client<HttpsConnector<HttpConnector>, B>
where
    B: Body + Send,
    B::Data: Send,
{
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in system.errors {
        tracing::warn!(error = &error as &dyn std::error::Error, "some root certificates of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_MAX));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .build(connector)
}

impl OutboundError {
    fn new(error: ClientError) -> Self {
        if texts(&error).any(|text| text.starts_with("dns error") || text.starts_with("failed to lookup address")) {
            Self::Unresolved(error)
        } else if error.is_connect() {
            Self::Unreachable(error)
        } else {
            Self::Broken(error)
        }
    }

    /// Whether the server may have seen the request.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Broken(_))
    }

    /// What happened and everything that caused it, for operators.
    pub fn reason(&self) -> String {
        let (Self::Unresolved(error) | Self::Unreachable(error) | Self::Broken(error)) = self;
        texts(error).fold(error.to_string(), |reason, text| format!("{reason}: {text}"))
    }
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
