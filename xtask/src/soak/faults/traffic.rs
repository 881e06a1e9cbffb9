//! Traffic while something goes wrong: requests at a steady rate, whatever became of those before, to nodes in turn. A request
//! whose connection breaks is sent to another node, as a load balancer does it; one that is answered is never sent again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http;
use crate::load::runtime;
use crate::soak::world::Kind;

/// Requests a second of each kind.
const RATE: u32 = 100;
/// How long an answer may take before it counts as none.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Failures that are told.
const TOLD_MAX: usize = 5;

/// Traffic under way.
pub(super) struct Traffic {
    stopping: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
    kinds: Vec<Kind>,
}

/// What came of the requests of one kind.
#[derive(Clone, Default)]
struct Seen {
    latencies: Vec<Duration>,
    /// Requests that another node answered than the one that was asked first.
    moved: usize,
    failed: usize,
    told: Vec<String>,
}

/// What came of all of them.
pub(super) struct Report(Vec<(Kind, Seen)>);

impl Traffic {
    /// Begins to ask these nodes in turn.
    pub(super) fn start(addresses: Vec<SocketAddr>, kinds: Vec<Kind>) -> Self {
        let seen = Arc::new(Mutex::new(vec![Seen::default(); kinds.len()]));
        let stopping = Arc::<AtomicBool>::default();
        let thread = {
            let (stopping, seen, kinds) = (Arc::clone(&stopping), Arc::clone(&seen), kinds.clone());
            std::thread::spawn(move || runtime()?.block_on(ask(addresses, kinds, seen, stopping)))
        };
        Self { stopping, seen, thread: Some(thread), kinds }
    }

    /// Requests that failed so far.
    pub(super) fn failed(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|seen| seen.failed).sum()
    }

    /// Ends it, and tells what was seen.
    pub(super) fn stop(mut self) -> anyhow::Result<Report> {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().map_err(|_| anyhow!("the traffic's thread panicked"))??;
        }
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Report(self.kinds.iter().cloned().zip(seen).collect()))
    }
}

impl Report {
    /// Prints a line for each kind.
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    pub(super) fn print(&mut self) {
        for (kind, seen) in &mut self.0 {
            seen.latencies.sort_unstable();
            let at = |hundredths: usize| {
                let place = (seen.latencies.len() * hundredths / 100).min(seen.latencies.len().saturating_sub(1));
                seen.latencies.get(place).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
            };
            println!(
                "  {:5} {} answered rightly, {} of them by another node, {} failed; p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
                kind.name,
                seen.latencies.len(),
                seen.moved,
                seen.failed,
                at(50),
                at(99),
                at(100),
            );
            for told in &seen.told {
                println!("        {told}");
            }
        }
    }

    /// Holds it to no failure at all.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (kind, seen) in &self.0 {
            ensure!(!seen.latencies.is_empty(), "no {} request was answered", kind.name);
            ensure!(seen.failed == 0, "{} {} requests failed", seen.failed, kind.name);
        }
        Ok(())
    }
}

/// Connections that nothing is on at the moment, of one node.
type Idle = Arc<Mutex<Vec<TcpStream>>>;

async fn ask(
    addresses: Vec<SocketAddr>,
    kinds: Vec<Kind>,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopping: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let nodes: Arc<[(SocketAddr, Idle)]> = addresses.into_iter().map(|address| (address, Idle::default())).collect();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut tasks = tokio::task::JoinSet::new();
    let mut turn: usize = 0;
    while !stopping.load(Ordering::Relaxed) {
        tick.tick().await;
        while tasks.try_join_next().is_some() {}
        turn += 1;
        for (place, kind) in kinds.iter().enumerate() {
            let (nodes, seen, request) = (Arc::clone(&nodes), Arc::clone(&seen), kind.request.clone());
            let turn = turn + place;
            tasks.spawn(async move {
                let started = Instant::now();
                let (mut moved, mut broken) = (false, None);
                // Each node once, beginning with the one whose turn it is.
                for (address, idle) in nodes.iter().cycle().skip(turn % nodes.len()).take(nodes.len()) {
                    match timeout(ANSWER_MAX, exchange(*address, idle, &request)).await {
                        Ok(Ok(200)) => {
                            note(&seen, place, |seen| {
                                seen.latencies.push(started.elapsed());
                                seen.moved += usize::from(moved);
                            });
                            return;
                        }
                        Ok(Ok(status)) => {
                            broken = Some(format!("answered {status}"));
                            break;
                        }
                        Ok(Err(error)) => broken = Some(format!("{error:#}")),
                        Err(_) => {
                            broken = Some("no answer in time".to_owned());
                            break;
                        }
                    }
                    moved = true;
                }
                note(&seen, place, |seen| {
                    seen.failed += 1;
                    if seen.told.len() < TOLD_MAX {
                        seen.told.extend(broken);
                    }
                });
            });
        }
    }
    while tasks.join_next().await.is_some() {}
    Ok(())
}

fn note(seen: &Mutex<Vec<Seen>>, place: usize, note: impl FnOnce(&mut Seen)) {
    if let Some(seen) = seen.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
        note(seen);
    }
}

/// Sends a request over a connection that is idle, or a new one; the status of the answer.
async fn exchange(address: SocketAddr, idle: &Idle, request: &[u8]) -> anyhow::Result<u16> {
    loop {
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let is_kept = kept.is_some();
        let mut stream = match kept {
            Some(stream) => stream,
            None => TcpStream::connect(address).await?,
        };
        stream.set_nodelay(true)?;
        match send(&mut stream, request).await {
            Ok(status) => {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
                return Ok(status);
            }
            // The server may have closed it meanwhile.
            Err(_) if is_kept => {}
            Err(error) => return Err(error),
        }
    }
}

async fn send(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<u16> {
    stream.write_all(request).await?;
    let mut received = Vec::with_capacity(4096);
    loop {
        ensure!(stream.read_buf(&mut received).await? > 0, "the connection was closed");
        if let Some((status, ..)) = http::whole(&received)? {
            return Ok(status);
        }
    }
}
