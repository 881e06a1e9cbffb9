//! The one Python environment of the project, with the pinned packages of `compat/python/requirements.txt`: the clients
//! that the compatibility tests drive, and AWS's service descriptions, which botocore carries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::project::{command, root, run};

/// The environment, ready for use: made when it is missing or when the list of packages has changed.
pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    pub(crate) fn ready() -> anyhow::Result<Self> {
        let python = Self { folder: root().join("target/compat/python") };
        let requirements = root().join("compat/python/requirements.txt");
        install_when_changed(&requirements, &python.folder.join("installed"), || {
            run(command("python3", &["-m", "venv", "--clear"]).arg(&python.folder))
                .context("Python 3 with its `venv` module is needed")?;
            run(python.program("pip").args(["install", "--quiet", "--requirement"]).arg(&requirements))
        })?;
        Ok(python)
    }

    /// A program of the environment, as `python` or `pip`.
    pub(crate) fn program(&self, name: &str) -> Command {
        command(self.folder.join("bin").join(name), &[])
    }
}

/// Installs unless `stamp` says that exactly this list of packages has been installed before.
pub(crate) fn install_when_changed(
    list: &Path,
    stamp: &Path,
    install: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let wanted = fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
