//! `claviger doctor`: looks over a server's configuration, machine and store, and says what is wrong.

use std::fmt::Write as _;
use std::process::ExitCode;

use claviger_resources::Clock;

use super::call::printable;
use super::whole_store::{WholeStore, counting};
use super::{Global, Output, block_on};
use crate::clock::MovableClock;
use crate::doctor::{Check, Outcome, examine};

/// Look over everything that a server needs and holds, and say what is wrong and what to do about it
///
/// It only reads, beside a running server too. It ends with status 1 when a check has failed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: WholeStore,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    const CONFIGURATION: &str = "configuration";
    let checks = match arguments.store.place_and_config() {
        Ok((place, config)) => {
            let (bar, progress) = counting("looking");
            let now = MovableClock::default().now();
            let made = block_on(async { Ok(examine(&place, config.as_ref(), now, progress).await) });
            bar.finish_and_clear();
            let mut checks = Vec::new();
            if config.is_some() {
                checks.push(Check::ok(CONFIGURATION, "a server would start with it"));
            }
            checks.extend(made?);
            checks
        }
        Err(error) => {
            let next = "correct these lines; docs/configuration.md lists what may stand in it";
            vec![Check::failed(CONFIGURATION, error.to_string(), next)]
        }
    };
    let text = match global.output {
        Output::Text => checks.iter().map(line).collect(),
        Output::Json => serde_json::to_string_pretty(&checks)? + "\n",
    };
    super::print(&text)?;
    let has_failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn line(check: &Check) -> String {
    let outcome = match check.outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Failed => "failed",
    };
    let found: Vec<String> = check.found.lines().map(printable).collect();
    let mut text = format!("{outcome:8} {}: {}\n", check.name, found.join("\n         "));
    if let Some(next) = check.next {
        let _ = writeln!(text, "         → {next}");
    }
    text
}
