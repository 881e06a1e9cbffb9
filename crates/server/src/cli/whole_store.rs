//! The store that a command works on by itself, without asking a server.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::WrongUsage;
use crate::config::{self, Config, ConfigError};
use crate::node::Place;

/// How often the line on the terminal moves.
const TICK: Duration = Duration::from_millis(120);

/// Which store it is.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct WholeStore {
    /// The store of the server with this configuration
    #[arg(long, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,
    /// The store of the `claviger dev` with this directory
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
}

impl WholeStore {
    /// Where it is.
    pub(super) fn place(&self) -> anyhow::Result<Place> {
        Ok(self.place_and_config().map_err(|error| WrongUsage(error.to_string()))?.0)
    }

    /// The same with the configuration that says so, if one does.
    pub(super) fn place_and_config(&self) -> Result<(Place, Option<Config>), ConfigError> {
        match self {
            Self { data_dir: Some(directory), .. } => Ok((Place::Directory(directory.clone()), None)),
            Self { config, .. } => {
                let config = config::read_undated(&config.clone().unwrap_or_default())?;
                Ok((Place::served(&config), Some(config)))
            }
        }
    }
}

/// A line on the terminal that says how many records there were so far; elsewhere nothing is drawn.
pub(super) fn counting(what: &'static str) -> (ProgressBar, impl Fn(u64)) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(TICK);
    let told = bar.clone();
    (bar, move |records| told.set_message(format!("{what}: {} records", HumanCount(records))))
}
