//! The command line: one file per command.
//!
//! Results go to stdout, progress and complaints to stderr. Exit status: 0 success, 1 the work failed, 2 wrong usage.

mod address;
mod app_client;
mod backup;
mod call;
mod credentials;
mod demo;
mod dev;
mod doctor;
mod endpoint;
mod env;
mod environment;
mod exec;
mod explain;
mod inspect;
mod keys;
mod messages;
mod policy;
mod restore;
mod revoke;
mod role_mapping;
mod roles;
mod serve;
mod signing_keys;
mod stacks;
mod stop;
mod token;
mod trust;
mod usage;
mod whole_store;

use std::io::Write;
use std::process::ExitCode;

use self::endpoint::Endpoint;
use anyhow::Context;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use claviger_runtime::functions::guard;
use tracing_subscriber::EnvFilter;

/// A machine-to-machine OAuth 2.0 stack compatible with Amazon Cognito and API Gateway.
#[derive(Debug, Parser)]
#[command(name = "claviger", version, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Where help shows an option of every command: below the command's own.
const LAST: usize = 900;

/// What every command understands.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// Where the server is.
    #[arg(long, global = true, display_order = LAST, env = "CLAVIGER_ENDPOINT", value_name = "URL", default_value = "http://127.0.0.1:4566",
        value_parser = Endpoint::parse)]
    endpoint: Endpoint,
    /// How results are written.
    #[arg(long, global = true, display_order = LAST, env = "CLAVIGER_OUTPUT", value_enum, default_value = "text")]
    output: Output,
    /// Say more on stderr; twice, still more.
    #[arg(short, long, global = true, display_order = LAST, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Arguments),
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Exec(exec::Arguments),
    Env(env::Arguments),
    Deploy(stacks::deploy::Arguments),
    Plan(stacks::plan::Arguments),
    Destroy(stacks::destroy::Arguments),
    Token(token::Arguments),
    Inspect(inspect::Arguments),
    AppClient(app_client::Arguments),
    RoleMapping(role_mapping::Arguments),
    Policy(policy::Arguments),
    SigningKeys(signing_keys::Arguments),
    Revoke(revoke::Arguments),
    Keys(keys::Arguments),
    Messages(messages::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Doctor(doctor::Arguments),
    Explain(explain::Arguments),
    Usage(usage::Arguments),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    // What stands before a function's program is nothing for people, and reads no variables: they could be the function's.
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let [word, words @ ..] = &*words
        && word == guard::COMMAND
    {
        return guard::run(words);
    }
    let arguments = Arguments::parse();
    if !matches!(arguments.command, Command::Serve(_)) {
        start_logging(arguments.global.verbose, None, false);
    }
    let result = match arguments.command {
        Command::Dev(command) => dev::run(&arguments.global, command),
        Command::Demo(command) => demo::run(&arguments.global, &command),
        Command::Serve(command) => serve::run(&arguments.global, &command),
        Command::Exec(command) => exec::run(&arguments.global, &command),
        Command::Env(command) => env::run(&arguments.global, &command),
        Command::Deploy(command) => stacks::deploy::run(&arguments.global, &command),
        Command::Plan(command) => stacks::plan::run(&arguments.global, &command),
        Command::Destroy(command) => stacks::destroy::run(&arguments.global, &command),
        Command::Token(command) => token::run(&arguments.global, command),
        Command::Inspect(command) => inspect::run(&arguments.global, command),
        Command::AppClient(command) => app_client::run(&arguments.global, &command),
        Command::RoleMapping(command) => role_mapping::run(&arguments.global, &command),
        Command::Policy(command) => policy::run(&arguments.global, &command),
        Command::Revoke(command) => revoke::run(&arguments.global, command),
        Command::SigningKeys(command) => signing_keys::run(&arguments.global, &command),
        Command::Keys(command) => keys::run(&arguments.global, &command),
        Command::Messages(command) => messages::run(&arguments.global, &command),
        Command::Backup(command) => backup::run(&arguments.global, &command),
        Command::Restore(command) => restore::run(&arguments.global, &command),
        Command::Doctor(command) => doctor::run(&arguments.global, &command),
        Command::Explain(command) => explain::run(&arguments.global, &command),
        Command::Usage(command) => usage::run(&arguments.global, &command),
    };
    result.unwrap_or_else(|error| {
        eprintln!("claviger: {error:#}");
        if error.is::<WrongUsage>() { ExitCode::from(WRONG_USAGE) } else { ExitCode::FAILURE }
    })
}

/// A command line that cannot be followed, where clap could not tell.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongUsage(String);

/// The exit status of wrong usage, as clap has it too.
const WRONG_USAGE: u8 = 2;

/// Runs the asynchronous part of a command that serves nobody.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(work)
}

/// Writes a result to stdout; a reader that has seen enough is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write the result"),
        _ => Ok(()),
    }
}

/// Sends log lines to stderr: what is told of, else what `CLAVIGER_LOG` says, else the level of `-v`.
fn start_logging(verbose: u8, told: Option<&str>, as_json: bool) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let told = told.and_then(|told| EnvFilter::try_new(told).ok());
    let filter = told.or_else(|| EnvFilter::try_from_env("CLAVIGER_LOG").ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if as_json { lines.json().try_init() } else { lines.try_init() };
}
