//! More requests than one core can answer: the server has one, and the generator, which sends at a steady rate whatever
//! becomes of what it has sent, the other.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use super::world::World;
use crate::http;
use crate::load::{self, Requests, machine, runtime};
use crate::nodes::Nodes;
use crate::server::binary;

/// The cores of the server and of the generator.
const SERVER_CORE: usize = 0;
const GENERATOR_CORE: usize = 1;
/// How much more is asked than can be answered.
const TIMES: f64 = 4.0;
/// The least of the peak that must be answered rightly then.
const GOODPUT_MIN: f64 = 0.8;
/// How long a client waits: an answer after that is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the slowest hundredth of right answers may take.
const P99_MAX: Duration = Duration::from_secs(1);
/// Memory that overload may cost.
const GROWTH_MEBIBYTES_MAX: f64 = 64.0;
/// How long each is measured.
const DURATION: Duration = Duration::from_secs(15);
const PEAK_DURATION: Duration = Duration::from_secs(5);
/// Connections of the peak, and the most that the generator opens.
const PEAK_CONNECTIONS: usize = 32;
const CONNECTIONS_MAX: usize = 8_000;
/// Connections that do nothing, and those that send a byte a second.
const IDLE: usize = 10_000;
const SLOW: usize = 1_000;
/// What connections that are idle or slow may cost the others.
const BESIDE_MIN: f64 = 0.85;

/// What was answered of more than can be.
struct Outcome {
    good_per_second: f64,
    refused: usize,
    late: usize,
    p99: Duration,
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn run() -> anyhow::Result<()> {
    allow_connections()?;
    let folder = tempfile::tempdir()?;
    let store = format!("sqlite:{}", folder.path().join("claviger.db").display());
    let mut nodes = Nodes::unstarted(&binary()?, &[store], "listen.connections_max = 32768")?;
    nodes.node(0)?.wrapper = ["taskset", "-c", &SERVER_CORE.to_string()].map(str::to_owned).to_vec();
    nodes.start_all()?;
    pin(GENERATOR_CORE)?;
    println!("  {}; the server has one core, the generator another", machine());
    let (key, node) = (nodes.key.clone(), nodes.node(0)?);
    let world = World::build(&key, node.address)?;
    let kinds = world.kinds(node.address)?;
    let before = node.pss_mebibytes()?;
    let mut failures = Vec::new();
    let address = node.address;
    let mut compare = |what: &str, request: &[u8]| -> anyhow::Result<f64> {
        let peak = load::run(address, &Requests::from_iter([request.to_vec()]), PEAK_CONNECTIONS, PEAK_DURATION)?;
        let outcome = overload(address, request, peak.per_second * TIMES)?;
        println!(
            "  {what:6} peak {:7.0}/s; asked {:7.0}/s: {:7.0}/s answered rightly ({:.0} % of the peak), {} refused, {} too late, p99 {:.0} ms",
            peak.per_second,
            peak.per_second * TIMES,
            outcome.good_per_second,
            100.0 * outcome.good_per_second / peak.per_second,
            outcome.refused,
            outcome.late,
            outcome.p99.as_secs_f64() * 1e3,
        );
        if outcome.good_per_second < GOODPUT_MIN * peak.per_second {
            failures.push(format!("{what}: less than {GOODPUT_MIN} of the peak is answered rightly"));
        }
        if outcome.p99 > P99_MAX {
            failures.push(format!("{what}: the slowest hundredth takes {:.1} s", outcome.p99.as_secs_f64()));
        }
        Ok(peak.per_second)
    };
    let mut alone = Vec::new();
    for kind in &kinds {
        alone.push(compare(kind.name, &kind.request)?);
    }
    let beside = Beside::open(node.address)?;
    println!("  beside {IDLE} idle and {SLOW} slow connections:");
    let mut others = Vec::new();
    for kind in &kinds {
        others.push(compare(kind.name, &kind.request)?);
    }
    let after = node.pss_mebibytes()?;
    println!("  {} of those connections are open at the end", beside.count());
    drop(beside);
    println!("  memory (PSS) {before:.0} MiB before, {after:.0} MiB after, with all connections open");
    for (alone, beside) in alone.iter().zip(others) {
        if beside < BESIDE_MIN * alone {
            failures.push(format!("beside other connections the peak falls from {alone:.0}/s to {beside:.0}/s"));
        }
    }
    // Each connection that is open has its buffers, as many as there may be of them.
    let connections = f64::from(u32::try_from(IDLE + SLOW + CONNECTIONS_MAX)?) * 16.0 / 1024.0;
    if after - before > GROWTH_MEBIBYTES_MAX + connections {
        failures.push(format!("memory grew by {:.0} MiB", after - before));
    }
    ensure!(failures.is_empty(), "{}", failures.join("; "));
    Ok(())
}

/// Asks so often a second.
fn overload(address: SocketAddr, request: &[u8], per_second: f64) -> anyhow::Result<Outcome> {
    runtime()?.block_on(async {
        let request: Arc<[u8]> = request.into();
        let idle = Arc::<Mutex<Vec<TcpStream>>>::default();
        let opened = Arc::<AtomicUsize>::default();
        let seen = Arc::new(Mutex::new((Vec::<Duration>::new(), 0_usize, 0_usize)));
        let mut tick = interval(Duration::from_millis(5));
        let mut owed = 0.0;
        let started = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        while started.elapsed() < DURATION {
            tick.tick().await;
            owed += per_second * 0.005;
            while owed >= 1.0 {
                owed -= 1.0;
                let (request, idle, opened, seen) =
                    (Arc::clone(&request), Arc::clone(&idle), Arc::clone(&opened), Arc::clone(&seen));
                tasks.spawn(async move {
                    let sent = Instant::now();
                    let answered = timeout(PATIENCE, exchange(address, &request, &idle, &opened)).await;
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    match answered {
                        Ok(Ok(200)) => seen.0.push(sent.elapsed()),
                        Ok(Ok(_)) => seen.1 += 1,
                        Ok(Err(_)) | Err(_) => seen.2 += 1,
                    }
                });
            }
            while tasks.try_join_next().is_some() {}
        }
        let elapsed = started.elapsed().as_secs_f64();
        while tasks.join_next().await.is_some() {}
        let (mut good, refused, late) = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        ensure!(!good.is_empty(), "nothing is answered rightly");
        good.sort_unstable();
        let p99 = good.get(good.len() * 99 / 100).copied().unwrap_or_default();
        Ok(Outcome { good_per_second: f64::from(u32::try_from(good.len())?) / elapsed, refused, late, p99 })
    })
}

/// Sends a request over a connection that is free, or a new one while there may be more.
async fn exchange(
    address: SocketAddr,
    request: &[u8],
    idle: &Mutex<Vec<TcpStream>>,
    opened: &AtomicUsize,
) -> anyhow::Result<u16> {
    let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut open = Open { opened };
    let mut stream = if let Some(stream) = kept {
        stream
    } else {
        ensure!(opened.fetch_add(1, Ordering::Relaxed) < CONNECTIONS_MAX, "as many connections as there may be");
        TcpStream::connect(address).await?
    };
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    let mut received = Vec::with_capacity(4096);
    loop {
        ensure!(stream.read_buf(&mut received).await? > 0, "the connection was closed");
        if let Some((status, ..)) = http::whole(&received)? {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            open.stays();
            return Ok(status);
        }
    }
}

/// A connection that counts until it is closed, which it is when its request is given up.
struct Open<'a> {
    opened: &'a AtomicUsize,
}

impl Open<'_> {
    fn stays(&mut self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.opened.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Connections that do nothing, or send a byte of a request's head a second.
struct Beside {
    stopping: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let (stopping, open) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let runtime = runtime()?;
        let thread = {
            let (stopping, open) = (Arc::clone(&stopping), Arc::clone(&open));
            std::thread::spawn(move || {
                runtime.block_on(async {
                    for number in 0..IDLE + SLOW {
                        tokio::spawn(keep_open(address, number < SLOW, Arc::clone(&open)));
                        // Not more at a time than a listener's queue takes.
                        if number % 100 == 0 {
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                    }
                    while !stopping.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                });
            })
        };
        let started = Instant::now();
        while open.load(Ordering::Relaxed) < IDLE + SLOW {
            ensure!(
                started.elapsed() < Duration::from_secs(30),
                "only {} connections are open",
                open.load(Ordering::Relaxed)
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { stopping, open, thread: Some(thread) })
    }

    fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Keeps a connection open; one that the server closes is opened again.
async fn keep_open(address: SocketAddr, is_slow: bool, open: Arc<AtomicUsize>) {
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { return };
        open.fetch_add(1, Ordering::Relaxed);
        if is_slow {
            for byte in http::request("GET", "/_claviger/health", &[("X-Slow", &"x".repeat(200))], b"") {
                if stream.write_all(&[byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        } else {
            let _ = stream.read(&mut [0]).await;
        }
        open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Room for as many connections as are opened, at both ends.
fn allow_connections() -> anyhow::Result<()> {
    let wanted = u64::try_from(IDLE + SLOW + CONNECTIONS_MAX + 1_000)?;
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let maximum = maximum.map(|maximum| maximum.max(wanted));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
        .with_context(|| format!("{wanted} files must be allowed to be open; raise `ulimit -n`"))
}

/// Keeps this thread, and those that it starts, on one core.
fn pin(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}
