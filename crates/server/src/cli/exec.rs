//! `claviger exec`.

use std::process::ExitCode;

use super::Global;

/// Run a command whose AWS calls reach the server
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_global: &Global, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`claviger exec` is not part of this version")
}
