//! Whether a node on PostgreSQL serves 1,000,000 app clients as it serves 1,000: filled by `claviger restore`, started, asked
//! for tokens. What is measured is held to the performance budget.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::comparison::Comparison;
use crate::load::{self, Requests, machine};
use crate::nodes::Nodes;
use crate::postgres::cluster::Cluster;
use crate::project::{cargo, run as start};
use crate::server::{binary, token};

/// App clients of the small and of the large store.
const SMALL: usize = 1_000;
const LARGE: usize = 1_000_000;
/// How many of them ask for tokens, spread over all.
const ASKING: usize = 1_000;
/// The most that the large store may be slower.
const RATIO_MAX: f64 = 1.3;
/// What the slowest hundredth may differ by without any reason.
const NOISE_MILLISECONDS: f64 = 0.5;
/// The most memory of a node, and the longest from its start until it is ready.
const MEMORY_MEBIBYTES_MAX: f64 = 1024.0;
const START_MAX: Duration = Duration::from_secs(5);
/// How long tokens are asked for, for the percentiles.
const DURATION: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 8;

/// A node on a store of so many clients.
struct Filled {
    nodes: Nodes,
    requests: Requests,
    ready: Duration,
    memory: f64,
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn run(rounds: usize) -> anyhow::Result<()> {
    let program = binary()?;
    println!("  {}", machine());
    start(&mut cargo(&["build", "--quiet", "--release", "--package", "claviger-server", "--example", "app_clients"]))?;
    let cluster = Cluster::start(&["shared_buffers = '512MB'", "max_wal_size = '4GB'"])?;
    let mut filled = Vec::new();
    for clients in [SMALL, LARGE] {
        filled.push(Filled::new(&program, &format!("{}&schema=clients_{clients}", cluster.url()), clients)?);
    }
    let [small, large] = filled.first_chunk().context("two stores")?;
    let mut p99 = Vec::new();
    for filled in [small, large] {
        let outcome = load::run(filled.address()?, &filled.requests, CONNECTIONS, DURATION)?;
        println!(
            "  tokens: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms over {CONNECTIONS} connections",
            outcome.per_second, outcome.p50, outcome.p99
        );
        p99.push(outcome.p99);
    }
    let mut comparison = Comparison::new([SMALL, LARGE], rounds);
    comparison.measure("a token", [(small.address()?, &small.requests), (large.address()?, &large.requests)])?;
    comparison.check(RATIO_MAX)?;
    if let [small, large] = *p99 {
        ensure!(
            large < small * RATIO_MAX + NOISE_MILLISECONDS,
            "the slowest hundredth takes {large:.2} ms, not {small:.2} ms"
        );
    }
    ensure!(large.ready <= START_MAX, "the node is ready {:.1} s after its start", large.ready.as_secs_f64());
    ensure!(large.memory <= MEMORY_MEBIBYTES_MAX, "the node takes {:.0} MiB", large.memory);
    Ok(())
}

impl Filled {
    #[expect(clippy::print_stdout, reason = "the figures are the command's result")]
    fn new(program: &Path, store: &str, clients: usize) -> anyhow::Result<Self> {
        let mut nodes = Nodes::unstarted(program, &[store.to_owned()], "")?;
        let folder = tempfile::tempdir()?;
        let (backup, list) = (folder.path().join("clients.tar.gz"), folder.path().join("clients"));
        let mut generator = Command::new(program.with_file_name("examples").join("app_clients"));
        generator.arg("--master-key").arg(nodes.master_key()).args(["--clients", &clients.to_string()]);
        let begun = Instant::now();
        start(generator.arg("--list").arg(&list).arg(&backup))?;
        let generated = begun.elapsed();
        let begun = Instant::now();
        let mut restore = Command::new(program);
        start(restore.arg("restore").arg(&backup).arg("--config").arg(nodes.node(0)?.configuration()))?;
        let restored = begun.elapsed();
        let node = nodes.node(0)?;
        let begun = Instant::now();
        node.start()?;
        node.wait_until_ready()?;
        let ready = begun.elapsed();
        let memory = node.pss_mebibytes()?;
        println!(
            "  {clients} clients: made in {:.1} s, {:.0} MiB as a backup, restored in {:.1} s; ready {:.2} s after the start, {memory:.0} MiB (PSS)",
            generated.as_secs_f64(),
            f64::from(u32::try_from(fs::metadata(&backup)?.len() >> 10)?) / 1024.0,
            restored.as_secs_f64(),
            ready.as_secs_f64(),
        );
        let list = fs::read_to_string(&list)?;
        let requests = list.lines().step_by(clients / ASKING).filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some(token(words.next()?, words.next()?))
        });
        Ok(Self { requests: requests.collect(), nodes, ready, memory })
    }

    fn address(&self) -> anyhow::Result<std::net::SocketAddr> {
        self.nodes.addresses().first().copied().context("no node")
    }
}
