//! `claviger env`: prints what `exec` sets.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::environment::{Choices, Environment};
use super::{Global, Output};

/// Print what `exec` sets, as export lines: eval "$(claviger env)"
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    choices: Choices,
    /// Where the files are kept that the variables name
    #[arg(
        long,
        env = "CLAVIGER_STATE_DIR",
        value_name = "DIR",
        help = "Where the files are kept that the variables \
        name [default: claviger in the user's state directory]"
    )]
    state_dir: Option<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let state = match &arguments.state_dir {
        Some(directory) => std::path::absolute(directory).context("--state-dir")?,
        None => state_directory().context("neither XDG_STATE_HOME nor HOME is set; name a place with --state-dir")?,
    };
    // One place for each server: two of them have two authorities.
    let directory = state.join("env").join(global.endpoint.authority().replace([':', '[', ']'], "-"));
    let environment = super::block_on(Environment::of(&global.endpoint, &arguments.choices, &directory))?;
    environment.write_files()?;
    super::print(&match global.output {
        Output::Json => serde_json::to_string_pretty(&environment.variables)? + "\n",
        Output::Text => environment
            .variables
            .iter()
            .flat_map(|(name, value)| ["export ", name, "='", &value.replace('\'', r"'\''"), "'\n"].map(str::to_owned))
            .collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The XDG base directory for state, or its default.
fn state_directory() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = of("XDG_STATE_HOME").or_else(|| Some(of("HOME")?.join(".local").join("state")))?;
    Some(state.join("claviger"))
}
