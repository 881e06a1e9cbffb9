//! What goes wrong in production, while nodes serve and are changed: each fault with its figures, and held to what must not
//! happen. Nothing that was acknowledged is lost, and tokens and the gate go on.

mod clock;
mod database;
mod disk;
mod node;
mod proxy;
mod traffic;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use self::traffic::Traffic;
use super::world::{World, Writer, Written};
use crate::nodes::Nodes;
use crate::postgres::cluster::Cluster;
use crate::server::binary;
use crate::stages::Stages;

/// As many app clients as the faults leave time for.
const QUOTAS: &str = "quotas = ['app-clients-per-user-pool=10000000']";
/// How long traffic flows before something goes wrong, and after it is right again.
const CALM: Duration = Duration::from_secs(3);

/// Runs every fault whose name has this in it.
pub(super) fn add_stages(stages: &mut Stages, part: &str) {
    type Fault = fn(&Path) -> anyhow::Result<()>;
    let faults: [(&str, Fault); 10] = [
        ("a node is killed", node::killed),
        ("PostgreSQL is killed, and back after a minute", database::killed),
        ("the primary is lost, and a standby promoted", database::promoted),
        ("a node is cut off from the database", proxy::cut_off),
        ("a node is cut off, and told to refuse", proxy::cut_off_and_shut),
        ("the disk is full", disk::full),
        ("the clock is an hour ahead", clock::ahead),
        ("the clock is an hour behind", clock::behind),
        ("nodes are killed while they make their tables", node::killed_at_start),
        ("nodes are killed while they carry out stacks", node::killed_in_stacks),
    ];
    let mut program = None;
    for (name, fault) in faults.into_iter().filter(|(name, _)| name.contains(part)) {
        stages.run(name, || {
            let program = match &program {
                Some(program) => program,
                None => program.insert(binary()?),
            };
            fault(program)
        });
    }
}

/// Nodes that share a database, with traffic at all of them and somebody who changes what they serve.
struct Scene {
    nodes: Nodes,
    world: World,
    traffic: Traffic,
    writer: Writer,
}

impl Scene {
    /// Nodes on these stores, calm for a while.
    fn begin(program: &Path, stores: &[String]) -> anyhow::Result<Self> {
        Self::on(Nodes::start(program, stores, QUOTAS)?, stores.len())
    }

    /// The same on nodes that run, of which the first so many are called by who changes things.
    fn on(nodes: Nodes, called: usize) -> anyhow::Result<Self> {
        let addresses = nodes.addresses();
        let first = *addresses.first().context("no node")?;
        let world = World::build(&nodes.key, first)?;
        for address in &addresses {
            // Each has heard of everything before requests count.
            world.wait_until_open(*address)?;
        }
        let traffic = Traffic::start(addresses.clone(), world.kinds(first)?);
        let writer = world.write(addresses.into_iter().take(called).collect());
        let scene = Self { nodes, world, traffic, writer };
        go_on_for(CALM);
        ensure!(scene.traffic.failed() == 0, "requests fail before anything is wrong:\n{}", scene.nodes.logs());
        Ok(scene)
    }

    /// Ends it, tells what was seen, and holds it to what must never happen: a request that fails, a call that hangs, something
    /// acknowledged that a node does not know.
    fn end(self) -> anyhow::Result<Ended> {
        go_on_for(CALM);
        let Self { mut nodes, world, traffic, writer } = self;
        let written = writer.stop()?;
        let mut report = traffic.stop()?;
        report.print();
        let told = written.tell();
        report.check().map_err(|error| error.context(nodes.logs()))?;
        told?;
        for address in nodes.addresses() {
            world.check(address, &written)?;
        }
        for node in &mut nodes.all {
            node.stop()?;
        }
        Ok(Ended { written })
    }
}

/// Lets things go on for a while.
fn go_on_for(duration: Duration) {
    std::thread::sleep(duration);
}

/// What is left of a scene.
struct Ended {
    written: Written,
}

/// A database for each scene, and as many nodes on it.
fn database(nodes: usize) -> anyhow::Result<(Cluster, Vec<String>)> {
    let cluster = Cluster::start(&[])?;
    let stores = vec![cluster.url(); nodes];
    Ok((cluster, stores))
}
