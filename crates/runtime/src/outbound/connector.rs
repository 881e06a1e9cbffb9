//! Connections to other servers: made in time, and with a note of whether they have served before.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{
    DefaultServerNameResolver, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream, ResolveServerName as _,
};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Connections, Http2, Tls};

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    connect_max: Duration,
}

/// What has happened on a connection.
#[derive(Debug, Default)]
pub(super) struct Usage {
    answered: AtomicBool,
    /// Whether anything was received since something was sent.
    received: AtomicBool,
}

/// A connection that notes what happens on it.
pub(super) struct Noted {
    stream: TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>,
    usage: Arc<Usage>,
}

impl Connector {
    pub(super) fn new(connections: Connections, tls: &Tls) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connections.connect_max));
        let name = tls.name();
        let resolve = move |uri: &Uri| match &name {
            Some(name) => Ok(name.clone()),
            None => DefaultServerNameResolver::default().resolve(uri),
        };
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls.config());
        let builder = builder.https_or_http().with_server_name_resolver(resolve);
        let inner = match connections.http2 {
            Http2::Negotiated => builder.enable_all_versions().wrap_connector(tcp),
            Http2::PriorKnowledge => builder.enable_http2().wrap_connector(tcp),
            Http2::Off => builder.enable_http1().wrap_connector(tcp),
        };
        Self { inner, connect_max: connections.connect_max }
    }
}

impl Usage {
    /// Notes an answer.
    pub(super) fn has_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether the connection had served before, and brought nothing since the last request went out. On HTTP/2, where other
    /// answers may have come meanwhile, the first is enough: there was none to this request.
    pub(super) fn is_given_up(&self, http2: bool) -> bool {
        self.answered.load(Ordering::Relaxed) && (http2 || !self.received.load(Ordering::Relaxed))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Noted>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Noted>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, connect_max) = (self.inner.call(uri), self.connect_max);
        Box::pin(async move {
            let late = || io::Error::new(io::ErrorKind::TimedOut, "the connection did not come about in time");
            let stream = tokio::time::timeout(connect_max, connecting).await.map_err(|_| late())??;
            Ok(TokioIo::new(Noted { stream: TokioIo::new(stream), usage: Arc::default() }))
        })
    }
}

impl Connection for Noted {
    fn connected(&self) -> Connected {
        self.stream.inner().connected().extra(Arc::clone(&self.usage))
    }
}

impl AsyncRead for Noted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let room = buffer.remaining();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.remaining() < room {
            this.usage.received.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Noted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.usage.received.store(false, Ordering::Relaxed);
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.usage.received.store(false, Ordering::Relaxed);
        Pin::new(&mut this.stream).poll_write_vectored(cx, slices)
    }
}
