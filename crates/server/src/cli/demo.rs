//! `claviger demo`.

use std::process::ExitCode;

use super::Global;

/// Run the weather tutorial on an ephemeral server and show every request and answer
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_global: &Global, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`claviger demo` is not part of this version")
}
