//! The project's own commands: `cargo xtask` lists them. One file or folder per command.

mod bench;
mod check;
mod ci;
mod compat;
mod fuzz;
mod generate;
mod http;
mod load;
mod nodes;
mod postgres;
mod project;
mod python;
mod server;
mod soak;
mod stages;
mod test;
mod tidy;

use std::process::ExitCode;

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
    Test {
        /// Instead the tests that need PostgreSQL, on a server started for them.
        #[arg(long)]
        postgres: bool,
        /// Of these only the tests with this in their names.
        #[arg(requires = "postgres")]
        name: Option<String>,
    },
    /// What this machine reaches, as ratios to its own ceilings.
    Bench(bench::Arguments),
    /// What takes longer than CI may: generated inputs by the hundred thousand, many app clients, rotation under load.
    Soak(soak::Arguments),
    /// Looks for inputs that make a parser fail, led by what they reach.
    Fuzz(fuzz::Arguments),
    /// Real clients against the real binary, and the coverage page made from their runs.
    Compat(compat::Arguments),
    /// The files a program can derive, from what they derive from.
    Generate {
        /// Write nothing, and fail when a file is stale.
        #[arg(long)]
        check: bool,
    },
    /// Exactly what CI runs.
    Ci,
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Check => check::run(),
        Command::Tidy => tidy::run(),
        Command::Test { postgres: false, .. } => test::run(),
        Command::Test { postgres: true, name } => postgres::run(name.as_deref()),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Compat(arguments) => compat::run(&arguments),
        Command::Generate { check } => generate::run(check),
        Command::Ci => ci::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
