//! `claviger backup`: saves everything that a store holds as one file, while servers go on.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use claviger_resources::Clock;
use indicatif::{HumanBytes, HumanCount};
use serde_json::json;
use tempfile::NamedTempFile;

use super::whole_store::{WholeStore, counting};
use super::{Global, Output, WrongUsage, block_on};
use crate::backup::{Manifest, Source, save};
use crate::clock::MovableClock;
use crate::node::Place;

/// Save everything that a store holds as one file, while servers go on working on it
///
/// The file can be restored into any empty store, be it SQLite or PostgreSQL, with the same master key. That key is not in
/// the file: keep it, and keep it elsewhere.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to make, or - for stdout
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    store: WholeStore,
}

/// How much is written at a time.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (started, place) = (Instant::now(), arguments.store.place()?);
    let file = &*arguments.file;
    if file == Path::new("-") {
        let manifest = saved(&place, io::stdout().lock())?.1;
        eprintln!("{}", told(&manifest, None, started));
        return Ok(ExitCode::SUCCESS);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if file.exists() {
        return Err(WrongUsage(format!("{} is there already; name another file", file.display())).into());
    }
    // It gets its name when it is whole.
    let unnamed = NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    let (unnamed, manifest) = saved(&place, unnamed)?;
    unnamed.as_file().sync_all().context("the backup cannot be written")?;
    let bytes = unnamed.as_file().metadata()?.len();
    unnamed.persist_noclobber(file).with_context(|| format!("cannot make {}", file.display()))?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("the backup cannot be written")?;
    let text = match global.output {
        Output::Text => told(&manifest, Some((file, bytes)), started) + "\n",
        Output::Json => {
            let whole = json!({ "file": file, "bytes": bytes, "holds": manifest });
            serde_json::to_string_pretty(&whole)? + "\n"
        }
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn saved<W: Write>(place: &Place, out: W) -> anyhow::Result<(W, Manifest)> {
    let (bar, progress) = counting("saving");
    let saved = block_on(async {
        let source = Source { store: place.open_for_reading().await?, contents: place.contents() };
        let out = BufWriter::with_capacity(BUFFER_BYTES, out);
        let (out, manifest) = save(&source, out, MovableClock::default().now(), progress).await?;
        let out = out.into_inner().map_err(io::IntoInnerError::into_error).context("the backup cannot be written")?;
        Ok((out, manifest))
    });
    bar.finish_and_clear();
    saved
}

fn told(manifest: &Manifest, file: Option<(&Path, u64)>, started: Instant) -> String {
    let file = file.map(|(file, bytes)| format!(" in {} ({})", file.display(), HumanBytes(bytes))).unwrap_or_default();
    format!("Saved {}{file} in {:.1} s.", contents(manifest), started.elapsed().as_secs_f64())
}

/// What a backup holds, in words.
pub(super) fn contents(manifest: &Manifest) -> String {
    let mut text = format!("revision {}: {} records", manifest.revision, HumanCount(manifest.records()));
    for (amount, what) in [(manifest.objects, "files of objects"), (manifest.functions, "functions' zips")] {
        if amount.files > 0 {
            text = format!("{text}, {} {what} ({})", HumanCount(amount.files), HumanBytes(amount.bytes));
        }
    }
    text
}
