//! A closed-loop load generator: each connection sends its next request when the last one is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::http;

/// What a run of load showed.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    /// Answers per second.
    pub(crate) per_second: f64,
    /// Half of the answers came within this many milliseconds.
    pub(crate) p50: f64,
    /// 99 of 100 answers came within this many milliseconds.
    pub(crate) p99: f64,
}

/// Requests that connections take in turn, each beginning at another, and the status of every answer.
#[derive(Clone)]
pub(crate) struct Requests {
    texts: Arc<[Vec<u8>]>,
    status: u16,
}

impl Requests {
    /// The same requests, whose answers have another status than 200.
    pub(crate) fn answered_with(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn iter(&self) -> std::slice::Iter<'_, Vec<u8>> {
        self.texts.iter()
    }
}

impl FromIterator<Vec<u8>> for Requests {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(requests: I) -> Self {
        Self { texts: requests.into_iter().collect(), status: 200 }
    }
}

/// Sends `requests` over `connections` keep-alive connections for `duration`.
pub(crate) fn run(
    address: SocketAddr,
    requests: &Requests,
    connections: usize,
    duration: Duration,
) -> anyhow::Result<Outcome> {
    runtime()?.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        let started = Instant::now();
        for number in 0..connections {
            let (requests, until) = (requests.clone(), started + duration);
            tasks.spawn(async move {
                let mut connection = Connection::of(address, &requests).await?;
                let mut latencies = Vec::with_capacity(4096);
                for request in requests.iter().cycle().skip(number * requests.len() / connections) {
                    latencies.push(connection.send(request).await?);
                    if Instant::now() >= until {
                        break;
                    }
                }
                anyhow::Ok(latencies)
            });
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

/// Sends requests to two servers in turn for `duration`, so that whatever else the machine does meets both alike; tells
/// within how many milliseconds each gave half of its answers.
pub(crate) fn in_turn(servers: [(SocketAddr, &Requests); 2], duration: Duration) -> anyhow::Result<[f64; 2]> {
    let [(one, one_requests), (other, other_requests)] = servers;
    runtime()?.block_on(async {
        let (mut one, mut other) =
            (Connection::of(one, one_requests).await?, Connection::of(other, other_requests).await?);
        let (mut one_latencies, mut other_latencies) = (Vec::new(), Vec::new());
        let started = Instant::now();
        for (one_request, other_request) in one_requests.iter().cycle().zip(other_requests.iter().cycle()) {
            one_latencies.push(one.send(one_request).await?.as_secs_f64() * 1e3);
            other_latencies.push(other.send(other_request).await?.as_secs_f64() * 1e3);
            if started.elapsed() > duration {
                break;
            }
        }
        Ok([median(&one_latencies), median(&other_latencies)])
    })
}

/// Loads two servers in turn for `duration`, each for a [`SLICE`] at a time and over `connections` that are kept, so that
/// whatever else the machine does meets both alike; tells how many answers a second each gives while it is loaded.
pub(crate) fn in_slices(
    servers: [(SocketAddr, &Requests); 2],
    connections: usize,
    duration: Duration,
) -> anyhow::Result<[f64; 2]> {
    runtime()?.block_on(async {
        let [(one, one_requests), (other, other_requests)] = servers;
        let mut one = Load::open(one, one_requests, connections).await?;
        let mut other = Load::open(other, other_requests, connections).await?;
        let started = Instant::now();
        while started.elapsed() < duration {
            one.run_slice().await?;
            other.run_slice().await?;
        }
        Ok([one.per_second(), other.per_second()])
    })
}

/// How long one of two servers is loaded before it is the other's turn.
const SLICE: Duration = Duration::from_millis(20);

/// Connections to a server, each with the place it has come to among the requests.
struct Load {
    requests: Requests,
    connections: Vec<(Connection, usize)>,
    answers: u32,
    elapsed: Duration,
}

impl Load {
    async fn open(address: SocketAddr, requests: &Requests, connections: usize) -> anyhow::Result<Self> {
        let mut opened = Vec::new();
        for number in 0..connections {
            opened.push((Connection::of(address, requests).await?, number * requests.len() / connections));
        }
        Ok(Self { requests: requests.clone(), connections: opened, answers: 0, elapsed: Duration::ZERO })
    }

    async fn run_slice(&mut self) -> anyhow::Result<()> {
        let (started, mut tasks) = (Instant::now(), tokio::task::JoinSet::new());
        for (mut connection, mut place) in self.connections.drain(..) {
            let requests = self.requests.clone();
            tasks.spawn(async move {
                let mut answers = 0;
                while started.elapsed() < SLICE {
                    connection.send(requests.texts.get(place % requests.len()).context("no request")?).await?;
                    (place, answers) = (place + 1, answers + 1);
                }
                anyhow::Ok((connection, place, answers))
            });
        }
        while let Some(done) = tasks.join_next().await {
            let (connection, place, answers) = done??;
            self.connections.push((connection, place));
            self.answers += answers;
        }
        self.elapsed += started.elapsed();
        Ok(())
    }

    fn per_second(&self) -> f64 {
        f64::from(self.answers) / self.elapsed.as_secs_f64()
    }
}

/// A runtime whose one thread drives all connections, so that the load takes as little of the machine as it can.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// The length of the last answer: one that is as long is whole, which saves looking at its head.
    length: usize,
    /// The status that every answer must have, and how such an answer begins.
    status: u16,
    begins: [u8; 12],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Self::expecting(address, 200).await
    }

    async fn of(address: SocketAddr, requests: &Requests) -> anyhow::Result<Self> {
        Self::expecting(address, requests.status).await
    }

    async fn expecting(address: SocketAddr, status: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect to the server")?;
        stream.set_nodelay(true)?;
        let begins = format!("HTTP/1.1 {status}").into_bytes();
        let begins = begins.try_into().ok().context("a status has three digits")?;
        Ok(Self { stream, received: Vec::with_capacity(8192), length: 0, status, begins })
    }

    /// Sends a request and tells how long its answer took.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Duration> {
        let sent = Instant::now();
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the server closed the connection");
            if self.received.len() == self.length && self.received.starts_with(&self.begins) {
                return Ok(sent.elapsed());
            }
            if let Some((status, _, end)) = http::whole(&self.received)? {
                ensure!(status == self.status, "answered {status}: {}", String::from_utf8_lossy(&self.received));
                self.length = end;
                return Ok(sent.elapsed());
            }
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> anyhow::Result<&[u8]> {
        let (_, start, end) = http::whole(&self.received)?.context("no answer")?;
        self.received.get(start..end).context("no body")
    }
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The machine in a line.
pub(crate) fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        information
            .lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim())
    };
    let ifma = field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "avx512ifma"));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{cores} cores of {}, AVX-512 IFMA {}",
        field("model name").unwrap_or("an unnamed processor"),
        if ifma { "present" } else { "absent" }
    )
}
