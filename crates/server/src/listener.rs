//! One port: tells TLS, HTTP/1.1 and HTTP/2 apart by their first bytes and serves them with bounds.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::application::Application;
use crate::connection::{Connection, Requests, Watched};
use crate::planes::Planes;
use crate::proxy;
use claviger_data_plane::body::Body;
use claviger_runtime::audit::Encryption;

/// The first byte of a TLS handshake record (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// The answer to requests without TLS where there must be some.
const TLS_ONLY: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 68\r\nconnection: close\r\n\r\n\
    {\"message\":\"This address speaks TLS only; use an https:// address.\"}";

/// How long the refusal of such a request may take, and how much of the request is thrown away.
const TLS_ONLY_DURATION_MAX: Duration = Duration::from_secs(2);
const TLS_ONLY_BYTES_MAX: u64 = 64 * 1024;

/// The bounds of connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many connections are served at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// How long a client may take for its first byte, its handshake, a head, and the pause between two requests.
    pub idle_max: Duration,
    /// How long a tunnel to another server may be silent.
    pub tunnel_idle_max: Duration,
    /// How long requests may still take once the server is told to stop.
    pub drain_max: Duration,
    /// The most bytes of a request's head.
    pub head_bytes_max: u32,
    /// The most requests of one HTTP/2 connection at once.
    pub streams_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            idle_max: Duration::from_secs(75),
            tunnel_idle_max: Duration::from_mins(15),
            drain_max: Duration::from_secs(10),
            head_bytes_max: 64 * 1024,
            streams_max: 256,
        }
    }
}

/// A bound port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    terms: Terms,
}

/// What is answered at a port, and how.
#[derive(Clone, Copy, Debug)]
struct Terms {
    planes: Planes,
    /// Whether requests without TLS are answered.
    plain: bool,
}

impl Listener {
    /// Binds `address`; port 0 takes a free one. Everything is answered there, with TLS and without.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let socket = socket.listen(4096)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, terms: Terms { planes: Planes::ALL, plain: true } })
    }

    /// The same port for these requests alone.
    #[must_use]
    pub fn answering(self, planes: Planes) -> Self {
        Self { terms: Terms { planes, ..self.terms }, ..self }
    }

    /// The same port for requests over TLS alone.
    #[must_use]
    pub fn encrypted(self) -> Self {
        Self { terms: Terms { plain: false, ..self.terms }, ..self }
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` completes, then lets running requests finish for as long as the limits allow.
    pub async fn serve(self, front: Arc<Front>, stop: impl Future<Output = ()>) {
        serve(vec![self], front, stop).await;
    }

    async fn accept(self, front: Arc<Front>) {
        let connections = Arc::new(Semaphore::new(front.limits.connections_max));
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    let front = Arc::clone(&front);
                    tokio::spawn(async move {
                        serve_tcp(stream, peer, self.terms, front).await;
                        drop(permit);
                    });
                }
                Err(error) => refuse_for_now(&error).await,
            }
        }
    }
}

/// Serves at all of these ports until `stop` completes, then lets running requests finish for as long as the limits allow.
pub async fn serve(listeners: Vec<Listener>, front: Arc<Front>, stop: impl Future<Output = ()>) {
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(listener.accept(Arc::clone(&front)));
    }
    stop.await;
    // The ports are closed when this is done.
    accepting.shutdown().await;
    if tokio::time::timeout(front.limits.drain_max, front.drain()).await.is_err() {
        tracing::warn!("some requests did not finish in time and are cut off");
    }
    front.application.close().await;
}

/// What all connections share.
pub struct Front {
    application: Application,
    http: auto::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stopping: watch::Sender<bool>,
}

impl Front {
    /// Puts `application` behind HTTP and, where there is a configuration for it, TLS.
    pub fn new(application: Application, tls: Option<Arc<rustls::ServerConfig>>, limits: Limits) -> Arc<Self> {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // Timeouts are `Watched`'s business: hyper's own for heads sets and clears a timer with each request, which costs
        // a seventh of a small answer's time. Copying head and body together saves as much as all our bounds cost, and
        // suits TLS; what it costs a large body is nothing beside sending it.
        http.http1()
            .half_close(true)
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .writev(false)
            .max_buf_size(limits.head_bytes_max as usize);
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(limits.head_bytes_max)
            .max_concurrent_streams(limits.streams_max);
        Arc::new(Self {
            application,
            http,
            tls: tls.map(TlsAcceptor::from),
            limits,
            stopping: watch::Sender::new(false),
        })
    }

    /// What answers.
    pub fn application(&self) -> &Application {
        &self.application
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    async fn drain(&self) {
        self.stopping.send_replace(true);
        self.stopping.closed().await;
    }
}

/// One connection and what it shares with the others.
pub(crate) struct Session {
    pub(crate) front: Arc<Front>,
    pub(crate) connection: Connection,
    pub(crate) requests: Requests,
    /// Whether this connection was told that it ends after the requests that are under way.
    pub(crate) ends: AtomicBool,
}

/// Serves a tunnel that ends here: TLS or plain, told by the first byte, as on the port itself.
pub(crate) fn serve_tunnel(upgraded: Upgraded, session: Session) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut stream = TokioIo::new(upgraded);
        let Ok(first) = stream.read_u8().await else { return };
        serve_stream(Prefixed { first: Some(first), stream }, first == TLS_HANDSHAKE, session).await;
    })
}

async fn serve_tcp(mut stream: TcpStream, peer: SocketAddr, terms: Terms, front: Arc<Front>) {
    let Ok(local) = stream.local_addr() else { return };
    // An answer is written in one piece; waiting for more would only delay it.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match tokio::time::timeout(front.limits.idle_max, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    if first != [TLS_HANDSHAKE] && !terms.plain {
        let _ = tokio::time::timeout(TLS_ONLY_DURATION_MAX, refuse_plain(&mut stream)).await;
        return;
    }
    let requests = Requests::default();
    let stream = Watched::new(stream, requests.clone(), front.limits.idle_max);
    let connection = Connection {
        peer,
        local,
        tls: false,
        encryption: None,
        server_name: None,
        tunnelled: false,
        planes: terms.planes,
    };
    serve_stream(
        stream,
        first == [TLS_HANDSHAKE],
        Session { front, connection, requests, ends: AtomicBool::new(false) },
    )
    .await;
}

/// Says that there must be TLS. What was sent is thrown away unread, a little of it: a connection that is closed with bytes
/// unread is reset, and its client would never see the answer.
async fn refuse_plain(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(TLS_ONLY).await?;
    stream.shutdown().await?;
    let mut left = stream.take(TLS_ONLY_BYTES_MAX);
    tokio::io::copy(&mut left, &mut tokio::io::sink()).await.map(drop)
}

async fn serve_stream<S>(stream: S, is_tls: bool, mut session: Session)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    if !is_tls {
        return serve_http(stream, session).await;
    }
    let Some(acceptor) = &session.front.tls else { return };
    match acceptor.accept(stream).await {
        Ok(stream) => {
            let (_, state) = stream.get_ref();
            session.connection.tls = true;
            session.connection.encryption = encryption(state);
            session.connection.server_name = state.server_name().map(Into::into);
            serve_http(stream, session).await;
        }
        Err(error) => tracing::debug!(peer = %session.connection.peer, %error, "TLS handshake failed"),
    }
}

/// How a connection is encrypted, in the names of TLS.
fn encryption(state: &rustls::ServerConnection) -> Option<Encryption> {
    let version = state.protocol_version()?.as_str()?;
    Some(Encryption { version, cipher_suite: state.negotiated_cipher_suite()?.suite().as_str()? })
}

async fn serve_http<S>(stream: S, session: Session)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let session = Arc::new(session);
    let service = {
        // Each request counts a reference of its own connection: one counter for all would be fought over by the cores.
        let session = Arc::clone(&session);
        service_fn(move |request| answer(Arc::clone(&session), request))
    };
    let mut stopping = session.front.stopping.subscribe();
    let mut serving = std::pin::pin!(session.front.http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let result = tokio::select! {
        biased;
        result = serving.as_mut() => result,
        () = told(&mut stopping) => {
            session.ends.store(true, Ordering::Relaxed);
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(peer = %session.connection.peer, error, "connection ended");
    }
}

/// Completes when the server is told to stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn answer(session: Arc<Session>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let _answering = session.requests.start();
    if request.method() == Method::CONNECT {
        return Ok(proxy::connect(&session, request).await);
    }
    let version = request.version();
    let mut response = session.front.application.answer(request, &session.connection).await;
    if session.ends.load(Ordering::Relaxed) && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Waits until accepting makes sense again: a connection that broke off in the queue is nothing, but without a free file
/// descriptor the next attempt would fail at once.
async fn refuse_for_now(error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A stream whose first byte was already read.
struct Prefixed<S> {
    first: Option<u8>,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buffer.remaining() > 0
            && let Some(first) = this.first.take()
        {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
