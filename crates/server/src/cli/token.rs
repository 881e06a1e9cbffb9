//! `claviger token`.

use std::process::ExitCode;

use super::Global;

/// Fetch a token as a client
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_global: &Global, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`claviger token` is not part of this version")
}
