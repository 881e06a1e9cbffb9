//! Connections to other servers, straight or through the proxy that the client used before ours.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The user name under which `claviger exec` hands over the proxy that was set before.
pub(crate) const CHAIN_USER: &str = "chain";

/// How long a connection, handshake included, may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// A connection to another server.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why another server cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    #[error("the request target names no server")]
    Target,
    #[error("the chained proxy in Proxy-Authorization cannot be read; expected http://[user:password@]host:port")]
    Chain,
    #[error("cannot connect to {host}:{port}")]
    Connect {
        host: String,
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("the chained proxy answered {0} when asked for a tunnel")]
    Refused(StatusCode),
    #[error("this machine has no usable root certificates")]
    Roots(#[source] rustls::Error),
    #[error("the other server does not speak HTTP as expected")]
    Http(#[from] hyper::Error),
}

/// A proxy that stands between this server and the world.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

impl Upstream {
    /// Reads the proxy that the client chains in `Proxy-Authorization`; other credentials are not for us to judge.
    pub(crate) fn chained(headers: &HeaderMap) -> Result<Option<Self>, OutboundError> {
        let Some(credentials) = headers
            .get(header::PROXY_AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .and_then(|text| STANDARD.decode(text.trim()).ok())
        else {
            return Ok(None);
        };
        let Some(url) = credentials.strip_prefix(CHAIN_USER.as_bytes()).and_then(|rest| rest.strip_prefix(b":")) else {
            return Ok(None);
        };
        let url = URL_SAFE_NO_PAD.decode(url).map_err(|_| OutboundError::Chain)?;
        Self::parse(std::str::from_utf8(&url).map_err(|_| OutboundError::Chain)?).map(Some)
    }

    /// Reads `http://[user[:password]@]host[:port]`.
    pub(crate) fn parse(url: &str) -> Result<Self, OutboundError> {
        let url: Uri = url.parse().map_err(|_| OutboundError::Chain)?;
        let authority = url.authority().filter(|_| url.scheme_str() == Some("http")).ok_or(OutboundError::Chain)?;
        let authorization = match authority.as_str().rsplit_once('@') {
            Some((user, _)) => {
                let decoded: Vec<u8> = percent_decode_str(user).collect();
                let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(decoded)))
                    .map_err(|_| OutboundError::Chain)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: authority.port_u16().unwrap_or(80), authorization })
    }

    /// `host:port`, an IPv6 address in brackets.
    pub(crate) fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// The header that this proxy wants.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Connects to this proxy.
    pub(crate) async fn connect(&self) -> Result<Box<dyn Stream>, OutboundError> {
        straight(&self.host, self.port).await
    }

    async fn tunnel(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, OutboundError> {
        let stream = self.connect().await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        let target = authority(host, port);
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = Method::CONNECT;
        request.headers_mut().insert(header::HOST, HeaderValue::try_from(&*target).map_err(|_| OutboundError::Target)?);
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        *request.uri_mut() = Uri::try_from(target).map_err(|_| OutboundError::Target)?;
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(OutboundError::Refused(response.status()));
        }
        Ok(Box::new(TokioIo::new(hyper::upgrade::on(response).await?)))
    }
}

/// Opens a connection to `host`, through the upstream proxy where there is one.
pub(crate) async fn tunnel(
    host: &str,
    port: u16,
    upstream: Option<&Upstream>,
) -> Result<Box<dyn Stream>, OutboundError> {
    let Some(upstream) = upstream else { return straight(host, port).await };
    tokio::time::timeout(CONNECT_MAX, upstream.tunnel(host, port)).await.unwrap_or_else(|_| Err(timed_out(host, port)))
}

/// Puts TLS on a connection, trusting the roots of this machine.
pub(crate) async fn encrypt(stream: Box<dyn Stream>, host: &str) -> Result<Box<dyn Stream>, OutboundError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| OutboundError::Target)?;
    let handshake = TlsConnector::from(client_config()?).connect(name, stream);
    let connected = tokio::time::timeout(CONNECT_MAX, handshake).await.unwrap_or_else(|_| Err(timeout_error()));
    let failed = |source| OutboundError::Connect { host: host.to_owned(), port: 443, source };
    Ok(Box::new(connected.map_err(failed)?))
}

async fn straight(host: &str, port: u16) -> Result<Box<dyn Stream>, OutboundError> {
    let connecting = async {
        match host.parse::<IpAddr>() {
            Ok(address) => TcpStream::connect((address, port)).await,
            Err(_) => TcpStream::connect((host, port)).await,
        }
    };
    let stream = tokio::time::timeout(CONNECT_MAX, connecting).await.unwrap_or_else(|_| Err(timeout_error()));
    let stream = stream.map_err(|source| OutboundError::Connect { host: host.to_owned(), port, source })?;
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

/// `host:port`, an IPv6 address in brackets.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn timed_out(host: &str, port: u16) -> OutboundError {
    OutboundError::Connect { host: host.to_owned(), port, source: timeout_error() }
}

fn timeout_error() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// The TLS configuration for other servers; the roots are read once, when first needed.
fn client_config() -> Result<Arc<rustls::ClientConfig>, OutboundError> {
    static CONFIG: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(OutboundError::Roots)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chained(credentials: &str) -> Result<Option<Upstream>, OutboundError> {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(credentials));
        headers.insert(header::PROXY_AUTHORIZATION, HeaderValue::try_from(value).unwrap());
        Upstream::chained(&headers)
    }

    #[test]
    fn reads_the_chained_proxy() {
        let check = |url: &str, host: &str, port: u16, authorization: Option<&str>| {
            let upstream = chained(&format!("chain:{}", URL_SAFE_NO_PAD.encode(url))).unwrap().unwrap();
            let expected = authorization.map(|text| format!("Basic {}", STANDARD.encode(text)));
            assert_eq!((&*upstream.host, upstream.port), (host, port), "{url}");
            assert_eq!(upstream.authorization().map(|value| value.to_str().unwrap().to_owned()), expected, "{url}");
        };
        check("http://proxy.example:3128", "proxy.example", 3128, None);
        check("http://proxy.example/", "proxy.example", 80, None);
        check("http://[::1]:3128", "::1", 3128, None);
        check("http://user:p%40ss@proxy.example:3128", "proxy.example", 3128, Some("user:p@ss"));
        check("http://user@proxy.example:3128", "proxy.example", 3128, Some("user"));
    }

    #[test]
    fn refuses_chains_it_cannot_follow_and_ignores_foreign_credentials() {
        assert_eq!(chained("user:password").unwrap(), None);
        assert_eq!(chained("chain").unwrap(), None);
        for url in ["socks5://proxy.example:1080", "https://proxy.example", "proxy.example:3128", ""] {
            let credentials = format!("chain:{}", URL_SAFE_NO_PAD.encode(url));
            assert!(matches!(chained(&credentials), Err(OutboundError::Chain)), "{url}");
        }
        assert!(matches!(chained("chain:???"), Err(OutboundError::Chain)));
    }
}
