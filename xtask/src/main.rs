//! The project's own commands: `cargo xtask` lists them. One file or folder per command.

mod bench;
mod check;
mod ci;
mod project;
mod stages;
mod test;
mod tidy;

use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Command {
    /// Formatting, lints and the rules of the house.
    Check,
    /// The rules of the house that no other tool checks.
    Tidy,
    /// Every Rust test, on the embedded store.
    Test,
    /// What this machine reaches, as ratios to its own ceilings.
    Bench(bench::Arguments),
    /// Exactly what CI runs.
    Ci,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Check => check::run(),
        Command::Tidy => tidy::run(),
        Command::Test => test::run(),
        Command::Ci => ci::run(),
    }
}
