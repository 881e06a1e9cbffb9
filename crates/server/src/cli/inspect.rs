//! `claviger inspect`.

use std::process::ExitCode;

use super::Global;

/// Decode a token and verify it
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_global: &Global, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`claviger inspect` is not part of this version")
}
