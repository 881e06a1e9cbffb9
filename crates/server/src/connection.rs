//! A connection: what is known of it, and the stream that ends it when nothing happens on it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What is known of a connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The other end.
    pub peer: SocketAddr,
    /// The address the client reached.
    pub local: SocketAddr,
    /// Whether the request came over TLS that ends here.
    pub tls: bool,
    /// The name the client asked for in its TLS greeting.
    pub server_name: Option<Arc<str>>,
    /// Whether it runs inside a tunnel of the proxy.
    pub tunnelled: bool,
}

impl Connection {
    /// Whether the other end is on this machine.
    pub fn is_local(&self) -> bool {
        self.peer.ip().to_canonical().is_loopback()
    }
}

/// Counts the requests of a connection that are being answered; while there are any, silence is not idleness.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<AtomicUsize>);

impl Requests {
    /// Counts one request until the guard is dropped.
    pub fn start(&self) -> RequestGuard<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self)
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// One request that is being answered.
#[derive(Debug)]
pub struct RequestGuard<'a>(&'a Requests);

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that fails with `TimedOut` when a client sends no whole request, or takes no answer, for too long.
///
/// Received bytes do not prolong the time, so a head that trickles in ends it as silence does; bytes that the client
/// takes do. It touches its one timer only where it would wait, and never sets or clears it per request.
pub struct Watched<S> {
    stream: S,
    requests: Requests,
    idle_max: Duration,
    reads_count: bool,
    progress: bool,
    since: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    /// Watches `stream`; `requests` counts what is being answered on it.
    pub fn new(stream: S, requests: Requests, idle_max: Duration) -> Self {
        Self { stream, requests, idle_max, reads_count: false, progress: false, since: Instant::now(), sleep: None }
    }

    /// Watches `stream` for silence in both directions, as a tunnel needs.
    pub fn both_ways(stream: S, idle_max: Duration) -> Self {
        Self { reads_count: true, ..Self::new(stream, Requests::default(), idle_max) }
    }

    /// Called where the stream has to wait: ready when it has waited too long.
    fn poll_idle(&mut self, cx: &mut Context<'_>, answering_counts: bool) -> Poll<io::Error> {
        if self.progress || (answering_counts && self.requests.any()) {
            self.progress = false;
            self.since = Instant::now();
        }
        let deadline = self.since + self.idle_max;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Pending => this.poll_idle(cx, true).map(Err),
            ready @ Poll::Ready(_) => {
                this.progress |= this.reads_count;
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(cx, bytes) {
            Poll::Pending => this.poll_idle(cx, false).map(Err),
            ready @ Poll::Ready(_) => {
                this.progress = true;
                ready
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write_vectored(cx, slices) {
            Poll::Pending => this.poll_idle(cx, false).map(Err),
            ready @ Poll::Ready(_) => {
                this.progress = true;
                ready
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
