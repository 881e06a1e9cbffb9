//! A server on a free port, and clients that know nothing of it but its address and its authority.

use std::net::SocketAddr;
use std::process::Output;
use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::AccountId;
use claviger_runtime::functions::{FunctionUrl, Functions};
use claviger_runtime::issuers::Issuers;
use claviger_server::application::{Application, Settings};
use claviger_server::listener::{Front, Limits, Listener};
use claviger_server::local_ca::LocalAuthority;
use claviger_server::node::{Node, Options, Place};
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    authority: Arc<LocalAuthority>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Starts `claviger dev`'s listener.
    pub(crate) fn dev() -> Self {
        Self::start(true, Limits::default())
    }

    /// Starts `claviger dev`'s listener with this URL behind the ARN of a function.
    pub(crate) fn dev_with_function(arn: &str, url: &str) -> Self {
        let function = FunctionUrl::parse(&format!("{arn}={url}")).unwrap();
        Self::with_node(&Place::Memory, Options { functions: Functions::new([function]), ..Options::default() })
    }

    pub(crate) fn start(dev: bool, limits: Limits) -> Self {
        Self::over(&Place::Memory, Options::default(), dev, limits)
    }

    /// Starts `claviger dev`'s listener with this choice of `--issuer`.
    pub(crate) fn issuing(issuers: Issuers) -> Self {
        Self::with_node(&Place::Memory, Options { issuers, ..Options::default() })
    }

    /// Starts `claviger dev`'s listener on a node of its own kind.
    pub(crate) fn with_node(place: &Place, options: Options) -> Self {
        Self::over(place, options, true, Limits::default())
    }

    /// Starts a server that is locked, its clock so many seconds off.
    pub(crate) fn locked(place: &Place, options: Options, seconds_off: i64) -> Self {
        Self::with_clock(place, options, false, Limits::default(), seconds_off)
    }

    fn over(place: &Place, options: Options, dev: bool, limits: Limits) -> Self {
        Self::with_clock(place, options, dev, limits, 0)
    }

    fn with_clock(place: &Place, options: Options, dev: bool, limits: Limits, seconds_off: i64) -> Self {
        let authority = Arc::new(LocalAuthority::ephemeral().unwrap());
        let tls = authority.tls().unwrap();
        let settings = Settings { dev, account: AccountId::DEFAULT, suffixes: Vec::new() };
        // A node opens its store on threads of its own and must not do so from within an async task.
        let place = place.clone();
        let options = Options { program: Some(env!("CARGO_BIN_EXE_claviger").into()), ..options };
        let node = std::thread::spawn(move || Node::start(&place, options)).join().unwrap().unwrap();
        node.clock().set_offset_milliseconds(seconds_off * 1000);
        let front = Front::new(Application::new(settings, Some(Arc::clone(&authority)), node), Some(tls), limits);
        let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(listener.serve(front, async {
            let _ = stopped.await;
        }));
        Self { address, authority, stop, serving }
    }

    /// Tells the server to stop and waits until it has.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.serving.await.unwrap();
    }

    /// Tells the server to stop; the task ends when it has.
    pub(crate) fn stop_in_background(self) -> JoinHandle<()> {
        let _ = self.stop.send(());
        self.serving
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// TLS over `stream`, for `name`, trusting the server's authority alone.
    pub(crate) async fn encrypt<S>(&self, stream: S, name: &str, protocols: &[&str]) -> TlsStream<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.certificate_pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) body: String,
}

/// Sends one request without a body over HTTP/1.1.
pub(crate) async fn send<S>(stream: S, request: Request<Empty<Bytes>>) -> Answer
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    collect(sender.send_request(request).await.unwrap()).await
}

/// Sends one request without a body over HTTP/2.
pub(crate) async fn send_http2<S>(stream: S, request: Request<Empty<Bytes>>) -> Answer
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    collect(sender.send_request(request).await.unwrap()).await
}

async fn collect(response: http::Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, version: parts.version, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A `GET` of `target`, with `host` as its `Host`.
pub(crate) fn get(host: &str, target: &str) -> Request<Empty<Bytes>> {
    Request::get(target).header("host", host).body(Empty::new()).unwrap()
}

/// The binary with nothing in its environment but `PATH`.
pub(crate) fn claviger(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap());
    command.env("CLAVIGER_ENDPOINT", format!("http://{}", server.address));
    command
}

/// Runs a command to its end: its status, stdout and stderr.
pub(crate) async fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
