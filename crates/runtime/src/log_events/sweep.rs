//! What is not kept: events that are older than their group says, groups that are gone, and, over a bound of all bytes,
//! what was not written to for longest.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_resources::Timestamp;
use claviger_resources::log_group::LogGroup;
use claviger_store::{Kind, StoreError, Stored};

use super::Keeper;
use super::stream::{self, group_folder};

/// Bytes of all files.
const BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Files of a group; of more, those that were not written to for longest go.
const FILES_MAX: usize = 10_000;
/// Bytes that are written between two sweeps at most.
const BYTES_BETWEEN: u64 = 64 * 1024 * 1024;
/// Milliseconds between two sweeps at most.
const MILLISECONDS_BETWEEN: i64 = 60 * 60 * 1000;
/// Groups read at a time.
const PAGE: usize = 1_000;

/// Removes what is not kept.
pub(super) struct Sweeper {
    folder: PathBuf,
    keeper: Keeper,
    swept: Timestamp,
    written_bytes: u64,
}

impl Sweeper {
    pub(super) fn new(folder: PathBuf, keeper: Keeper) -> Self {
        // The first sweep comes with the first event, for what an earlier run left.
        Self { folder, keeper, swept: Timestamp::default(), written_bytes: 0 }
    }

    /// Counts what is written.
    pub(super) fn count(&mut self, bytes: u64) {
        self.written_bytes = self.written_bytes.saturating_add(bytes);
    }

    /// Whether it is time.
    pub(super) fn is_due(&self) -> bool {
        let since = self.keeper.clock.now().milliseconds().saturating_sub(self.swept.milliseconds());
        self.written_bytes > BYTES_BETWEEN || !(0..MILLISECONDS_BETWEEN).contains(&since)
    }

    pub(super) fn sweep(&mut self) {
        (self.swept, self.written_bytes) = (self.keeper.clock.now(), 0);
        let store = Arc::clone(&self.keeper.store);
        let groups = self.keeper.threads.block_on(async move {
            let (mut tx, mut groups) = (store.read().await?, Vec::new());
            let mut after = None;
            loop {
                let rows = tx.rows_of_kind(Kind::LogGroup, after.as_ref(), PAGE).await?;
                for row in &rows {
                    groups.push(Stored::<LogGroup>::from_row(row)?.record);
                }
                after = rows.last().map(|row| row.key.clone());
                if rows.len() < PAGE {
                    return Ok::<_, StoreError>(groups);
                }
            }
        });
        let swept = groups.map_err(io::Error::other).and_then(|groups| {
            let groups =
                groups.into_iter().map(|group| (group_folder(&self.folder, &group.tenant, &group.name), group));
            sweep(&self.folder, &groups.collect(), self.swept, BYTES_MAX)
        });
        if let Err(error) = swept {
            tracing::warn!(error = &error as &dyn std::error::Error, "log events that are not kept cannot be removed");
        }
    }
}

fn sweep(folder: &Path, groups: &HashMap<PathBuf, LogGroup>, now: Timestamp, bytes_max: u64) -> io::Result<()> {
    let mut kept = Vec::new();
    for of_group in stream::files(folder)? {
        let Some(group) = groups.get(&of_group) else {
            stream::delete_group(&of_group)?;
            continue;
        };
        let mut paths = stream::files(&of_group)?;
        if paths.len() > FILES_MAX {
            paths.sort_by_key(|path| fs::metadata(path).and_then(|found| found.modified()).ok());
            let beyond = paths.len() - FILES_MAX;
            for path in paths.drain(..beyond) {
                stream::remove_if_there(&path)?;
            }
        }
        for path in paths {
            let last = stream::last_event(&path)?.map(|event| event.1);
            if last.zip(group.oldest(now)).is_some_and(|(last, oldest)| last < oldest) {
                stream::empty(&path)?;
                continue;
            }
            let bytes = fs::metadata(&path)?.len();
            kept.push((last, bytes, path));
        }
    }
    let mut bytes: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
    kept.sort();
    for (last, of_file, path) in kept {
        if bytes <= bytes_max {
            break;
        }
        if last.is_some() {
            stream::empty(&path)?;
            bytes -= of_file;
        }
    }
    Ok(())
}
