//! A closed-loop load generator: each connection sends its next request when the last one is answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http;

/// What a run of load showed.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    /// Answers per second.
    pub(super) per_second: f64,
    /// Half of the answers came within this many milliseconds.
    pub(super) p50: f64,
    /// 99 of 100 answers came within this many milliseconds.
    pub(super) p99: f64,
}

/// Sends `request` over `connections` keep-alive connections for `duration`; every answer must be a 200.
pub(super) fn run(
    address: SocketAddr,
    request: &[u8],
    connections: usize,
    duration: Duration,
) -> anyhow::Result<Outcome> {
    // One thread drives all connections, so that the generator takes as little of the machine as it can.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        let (request, started) = (std::sync::Arc::<[u8]>::from(request), Instant::now());
        for _ in 0..connections {
            tasks.spawn(connection(address, std::sync::Arc::clone(&request), started + duration));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        let elapsed = started.elapsed().as_secs_f64();
        ensure!(!latencies.is_empty(), "nothing was answered");
        latencies.sort_unstable();
        let percentile = |hundredths: usize| {
            let index = (latencies.len() * hundredths / 100).min(latencies.len() - 1);
            latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of a few seconds")]
        let per_second = latencies.len() as f64 / elapsed;
        Ok(Outcome { per_second, p50: percentile(50), p99: percentile(99) })
    })
}

async fn connection(
    address: SocketAddr,
    request: std::sync::Arc<[u8]>,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await.context("cannot connect to the server")?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::with_capacity(4096);
    let mut received = Vec::with_capacity(8192);
    // The answers to one request are alike: once the first is read with care, the others only need their length.
    let mut length = 0;
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(&request).await?;
        received.clear();
        loop {
            ensure!(stream.read_buf(&mut received).await? > 0, "the server closed the connection");
            if received.len() == length && received.starts_with(b"HTTP/1.1 200") {
                break;
            }
            if let Some((status, _, end)) = http::whole(&received)? {
                ensure!(status == 200, "answered {status}: {}", String::from_utf8_lossy(&received));
                length = end;
                break;
            }
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}
