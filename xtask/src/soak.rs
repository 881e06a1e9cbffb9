//! `cargo xtask soak`: proofs that take longer than CI may. Each stage can be run alone.

mod clients;
mod comparison;
mod faults;
mod functions;
mod overload;
mod routes;
mod scale;
mod world;

use std::process::Command;

use anyhow::anyhow;
use aws_lc_rs::rand;

use crate::project::{cargo, run as start};
use crate::stages::Stages;

/// What to prove, and how much of it.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run this stage alone
    #[arg(value_enum)]
    stage: Option<Stage>,
    /// Inputs to try
    #[arg(long, default_value_t = 100_000)]
    cases: usize,
    /// Where chance begins, to see a failure again; another place in every run when it is left out
    #[arg(long)]
    seed: Option<u64>,
    /// Seconds to try templates for, instead of so many of them
    #[arg(long)]
    duration: Option<u64>,
    /// Rounds in which what is large is measured beside what is small
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How often the secret is rotated
    #[arg(long, default_value_t = 500)]
    rotations: usize,
    /// Only the faults with this in their names
    #[arg(long)]
    fault: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// No input makes a 5xx or a panic
    Inputs,
    /// No mapping template panics, or takes up more than it may
    Templates,
    /// 100,000 app clients are served as fast as 10
    Scale,
    /// 10,000 routes are served as fast as 10
    Routes,
    /// No request fails while a secret is rotated
    Rotation,
    /// A warm function is called within two milliseconds
    Functions,
    /// 1,000,000 app clients on PostgreSQL are served as fast as 1,000
    Clients,
    /// One core is asked for four times what it can answer
    Overload,
    /// Nodes, databases, disks and clocks fail, and nothing is lost
    Faults,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    let chosen = |stage| arguments.stage.is_none_or(|chosen| chosen == stage);
    let seed = arguments.seed.map_or_else(any_seed, Ok)?;
    if chosen(Stage::Inputs) {
        let inputs = |package, filter| {
            let mut test = test(package, filter);
            test.env("CLAVIGER_CASES", arguments.cases.to_string()).env("CLAVIGER_SEED", seed.to_string());
            start(&mut test)
        };
        stages.run("inputs of operations", || inputs("claviger-control-plane", "cognito::inputs::"));
        stages.run("requests to the server", || inputs("claviger-server", "inputs::"));
    }
    if chosen(Stage::Templates) {
        let mut test = unit_test("claviger-gateway", "vtl::tests::generated::");
        test.env("CLAVIGER_CASES", arguments.cases.to_string()).env("CLAVIGER_SEED", seed.to_string());
        if let Some(seconds) = arguments.duration {
            test.env("CLAVIGER_SECONDS", seconds.to_string());
        }
        stages.run("mapping templates", || start(&mut test));
    }
    if chosen(Stage::Scale) {
        stages.run("100,000 app clients", || scale::run(arguments.rounds));
    }
    if chosen(Stage::Routes) {
        stages.run("10,000 routes", || routes::run(arguments.rounds));
    }
    if chosen(Stage::Rotation) {
        stages.run("rotation under load", || {
            start(test("claviger-server", "rotation::").env("CLAVIGER_ROTATIONS", arguments.rotations.to_string()))
        });
    }
    if chosen(Stage::Functions) {
        stages.run("a warm function", functions::run);
    }
    if chosen(Stage::Clients) {
        stages.run("1,000,000 app clients on PostgreSQL", || clients::run(arguments.rounds));
    }
    if chosen(Stage::Overload) {
        stages.run("overload", overload::run);
    }
    if chosen(Stage::Faults) {
        faults::add_stages(&mut stages, arguments.fault.as_deref().unwrap_or_default());
    }
    stages.finish()
}

/// The tests of a package that `filter` names, with what they print. They are built as CI builds them, overflow checks and
/// all.
fn test(package: &str, filter: &str) -> Command {
    cargo(&["test", "--quiet", "--package", package, "--test", "it", "--", "--nocapture", filter])
}

/// The same of a crate's own tests.
fn unit_test(package: &str, filter: &str) -> Command {
    cargo(&["test", "--quiet", "--package", package, "--lib", "--", "--nocapture", filter])
}

fn any_seed() -> anyhow::Result<u64> {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).map_err(|_| anyhow!("no randomness"))?;
    Ok(u32::from_le_bytes(bytes).into())
}
