//! Backends: the pooled HTTP client that integrations call.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use claviger_gateway::refusal::Refusal;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use crate::body::Body;

/// How long a connection to a backend may stay unused.
const IDLE_MAX: Duration = Duration::from_mins(1);
/// Unused connections kept for one backend.
const IDLE_CONNECTIONS_MAX: usize = 256;
/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(10);

type Backends = Client<HttpsConnector<HttpConnector>, Body>;

/// The client for backends. The system's root certificates are read when the first backend is called, not at start.
#[derive(Default)]
pub(crate) struct Upstream(OnceLock<Backends>);

impl Upstream {
    /// Sends a request and gives the head of the answer; its body is still to come.
    pub(crate) async fn send(
        &self,
        request: Request<Body>,
        timeout_milliseconds: u32,
    ) -> Result<Response<Incoming>, Refusal> {
        let answer = self.0.get_or_init(client).request(request);
        let duration_max = Duration::from_millis(timeout_milliseconds.into());
        match tokio::time::timeout(duration_max, answer).await {
            Ok(answer) => answer.map_err(|error| in_gateway_words(&error)),
            Err(_) => Err(Refusal::IntegrationTimeout { milliseconds: timeout_milliseconds }),
        }
    }
}

fn client() -> Backends {
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

/// A name that does not resolve is an endpoint that cannot be; all else that goes wrong is the network's fault.
fn in_gateway_words(error: &ClientError) -> Refusal {
    let mut reason = error.to_string();
    let mut source = error.source();
    let mut unresolved = false;
    while let Some(cause) = source {
        let text = cause.to_string();
        unresolved |= text.starts_with("dns error") || text.starts_with("failed to lookup address");
        reason = format!("{reason}: {text}");
        source = cause.source();
    }
    if unresolved { Refusal::InvalidEndpoint(reason) } else { Refusal::Network(reason) }
}
