//! The clock of one of two nodes is moved by an hour while it runs (by libfaketime, which only moves the wall clock).

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::{QUOTAS, Scene, database, go_on_for};
use crate::nodes::Nodes;

/// Where Debian's package puts it.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

pub(super) fn ahead(program: &Path) -> anyhow::Result<()> {
    moved(program, "+3600")
}

pub(super) fn behind(program: &Path) -> anyhow::Result<()> {
    moved(program, "-3600")
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
fn moved(program: &Path, by: &str) -> anyhow::Result<()> {
    ensure!(fs::exists(LIBRARY)?, "{LIBRARY} is missing; install faketime (Debian: faketime) and run this again");
    let (_cluster, stores) = database(2)?;
    let folder = tempfile::tempdir()?;
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0\n")?;
    let mut nodes = Nodes::unstarted(program, &stores, QUOTAS)?;
    let moved = nodes.node(1)?;
    moved.environment = [
        ("LD_PRELOAD", LIBRARY),
        ("FAKETIME_TIMESTAMP_FILE", &clock.display().to_string()),
        ("FAKETIME_CACHE_DURATION", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    nodes.start_all()?;
    // Calls are signed with the true time: they go to the node that has it.
    let scene = Scene::on(nodes, 1)?;
    let [right, wrong] = *scene.nodes.addresses().first_chunk().context("two nodes")?;
    let before = scene.world.bearer(wrong)?;
    fs::write(&clock, format!("{by}\n"))?;
    go_on_for(Duration::from_secs(15));
    let (here, there) = (scene.world.bearer(wrong)?, scene.world.bearer(right)?);
    let mut seen = Vec::new();
    for (whose, bearer) in [("the moved node's", &here), ("the other's", &there), ("an older one", &before)] {
        seen.push(format!("{whose} {} and {}", scene.world.gate(wrong, bearer)?, scene.world.gate(right, bearer)?));
    }
    println!("  tokens at the moved node and at the other: {}", seen.join("; "));
    ensure!(seen.iter().all(|seen| seen.ends_with("200 and 200")), "a token that has not expired is refused");
    fs::write(&clock, "+0\n")?;
    go_on_for(Duration::from_secs(5));
    for address in [right, wrong] {
        ensure!(
            scene.world.gate(address, &scene.world.bearer(address)?)? == 200,
            "the gate is shut when the time is right again"
        );
    }
    scene.end().map(drop)
}
