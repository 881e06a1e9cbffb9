//! The disk under the embedded store is full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::{Scene, go_on_for};
use crate::project::run;

/// Mebibytes of the disk, and of what fills it but for a little.
const DISK_MEBIBYTES: u64 = 48;
const LEFT_BYTES: u64 = 2 * 1024 * 1024;
/// How long calls are made while there is no room.
const FULL: Duration = Duration::from_secs(10);

/// A small disk in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> anyhow::Result<Self> {
        let size = format!("size={DISK_MEBIBYTES}m,mode=0700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "claviger"]).arg(folder))
            .context("a small disk can be mounted by root only")?;
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn full(program: &Path) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = Disk::mount(folder.path())?;
    let store = format!("sqlite:{}", folder.path().join("claviger.db").display());
    let scene = Scene::begin(program, &[store])?;
    let filler = folder.path().join("filler");
    let free = rustix::fs::statvfs(folder.path())?;
    let bytes = (free.f_bavail * free.f_frsize).saturating_sub(LEFT_BYTES);
    fs::write(&filler, vec![0; usize::try_from(bytes)?])?;
    go_on_for(FULL);
    fs::remove_file(&filler)?;
    let room = Instant::now();
    go_on_for(Duration::from_secs(3));
    let ended = scene.end()?;
    ensure!(!ended.written.failures.is_empty(), "the disk was never full");
    println!(
        "  the first call was done {:.1} s after there was room again",
        ended.written.first_after(room)?.as_secs_f64()
    );
    drop(disk);
    Ok(())
}
