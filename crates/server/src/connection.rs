//! A connection: what is known of it, and the stream that ends it when nothing happens on it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use claviger_runtime::audit::Encryption;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::planes::Planes;

/// What is known of a connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The other end.
    pub peer: SocketAddr,
    /// The address the client reached.
    pub local: SocketAddr,
    /// Whether the request came over TLS that ends here.
    pub tls: bool,
    /// How that TLS encrypts.
    pub encryption: Option<Encryption>,
    /// The name the client asked for in its TLS greeting.
    pub server_name: Option<Arc<str>>,
    /// Whether it runs inside a tunnel of the proxy.
    pub tunnelled: bool,
    /// What is answered at the address that the client reached.
    pub planes: Planes,
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const IDLE_MAX: Duration = Duration::from_secs(10);

    // Time stands still in these tests and jumps to the next timer when nothing else can happen.

    #[tokio::test(start_paused = true)]
    async fn ends_silence_and_requests_that_trickle_in() {
        let start = Instant::now();
        let (mut client, server) = duplex(64);
        let mut server = Watched::new(server, Requests::default(), IDLE_MAX);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if client.write_all(b"x").await.is_err() {
                    break;
                }
            }
        });
        let error = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (io::ErrorKind::TimedOut, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn ends_answers_that_nobody_takes() {
        let (_client, server) = duplex(64);
        let mut server = Watched::new(server, Requests::default(), IDLE_MAX);
        let error = server.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_while_a_request_is_answered() {
        let start = Instant::now();
        let (mut client, server) = duplex(64);
        let requests = Requests::default();
        let mut server = Watched::new(server, requests.clone(), IDLE_MAX);
        let reading = tokio::spawn(async move { server.read_u8().await });
        let answering = requests.start();
        tokio::time::sleep(IDLE_MAX * 5).await;
        assert!(!reading.is_finished());
        drop(answering);
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= IDLE_MAX * 5);
        assert!(client.write_all(b"x").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn counts_both_directions_of_a_tunnel() {
        let start = Instant::now();
        let (mut client, server) = duplex(64);
        let mut server = Watched::both_ways(server, IDLE_MAX);
        tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(8)).await;
                client.write_all(b"x").await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let error = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (io::ErrorKind::TimedOut, 50));
    }
}
