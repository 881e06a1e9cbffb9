//! `claviger env`.

use std::process::ExitCode;

use super::Global;

/// Print what `exec` sets, as export lines
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_global: &Global, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`claviger env` is not part of this version")
}
