//! `claviger restore`: fills an empty store with what a backup holds.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use claviger_resources::Clock;
use claviger_store::Revision;
use serde_json::json;

use super::backup::contents;
use super::whole_store::{WholeStore, counting};
use super::{Global, Output, block_on};
use crate::backup::{Manifest, Target, restore};
use crate::clock::MovableClock;
use crate::node::Place;
use crate::random::SystemRandom;

/// Fill an empty store with everything that a backup holds: all of it, or nothing
///
/// No server may run on the store, and nothing may be in it. It needs the master key of the store that was saved.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The backup, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: WholeStore,
}

/// How much is read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (started, place) = (Instant::now(), arguments.store.place()?);
    let file: Box<dyn Read> = if arguments.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&arguments.file);
        Box::new(file.with_context(|| format!("cannot open {}", arguments.file.display()))?)
    };
    let (bar, progress) = counting("restoring");
    let restored = block_on(fill(&place, BufReader::with_capacity(BUFFER_BYTES, file), progress));
    bar.finish_and_clear();
    let (manifest, revision) = restored?;
    let text = match global.output {
        Output::Text => {
            format!(
                "Restored {} in {:.1} s; the store is at revision {revision}.\n",
                contents(&manifest),
                started.elapsed().as_secs_f64()
            )
        }
        Output::Json => serde_json::to_string_pretty(&json!({ "revision": revision.0, "holds": manifest }))? + "\n",
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn fill(place: &Place, file: impl Read, progress: impl Fn(u64)) -> anyhow::Result<(Manifest, Revision)> {
    const NO_KEY: &str =
        "a backup is restored with the master key of the store that was saved; put that in its place first";
    place.master_keys().context(NO_KEY)?;
    let (store, master) = place.open_to_fill().await?;
    let target = Target { store, master, contents: place.contents(), now: MovableClock::default().now() };
    Ok(restore(file, &target, &mut SystemRandom, progress).await?)
}
