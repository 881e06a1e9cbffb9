//! `cargo xtask fuzz`: libFuzzer on the targets in `fuzz/`, from the inputs that are kept for each.
//!
//! The compiler's counters, which lead libFuzzer, work on the pinned toolchain. There is no address sanitizer: our crates
//! have no `unsafe`. What is newly reached stays under `target/fuzz/`, unless `--save` keeps the least of it that reaches
//! the same.

mod run;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};

use crate::project::{cargo, command, has_program, output, root, run as start};
use crate::stages::Stages;

use run::Outcome;

/// What to try, and for how long.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these targets
    targets: Vec<String>,
    /// Seconds for each
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Targets at a time
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Keep what was newly reached among the inputs under version control
    #[arg(long)]
    save: bool,
    /// Try this one input again instead
    #[arg(long, value_name = "FILE", requires = "targets")]
    input: Option<PathBuf>,
}

/// What the compiler is told, beside what it always is: to count what is reached, and to tell what values are compared with.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    if let (Some(file), [target]) = (&arguments.input, &*arguments.targets) {
        let program = build()?;
        return run::once(&program, target, file);
    }
    add_stages(&mut stages, arguments)?;
    stages.finish()
}

fn add_stages(stages: &mut Stages, arguments: &Arguments) -> anyhow::Result<()> {
    if !has_program("c++") {
        bail!("`c++` is not on the path (compiles libFuzzer); install it and run this again");
    }
    let targets = targets(&arguments.targets)?;
    let mut program = None;
    stages.run("build of the fuzz targets", || {
        program = Some(build()?);
        Ok(())
    });
    let Some(program) = program else { return Ok(()) };
    stages.run_telling("fuzz targets", |told| {
        let outcomes = run_all(&program, &targets, arguments);
        let mut failed = Vec::new();
        for (target, outcome) in outcomes {
            match outcome {
                Ok(outcome) => told.push(format!("{target:<24} {outcome}")),
                Err(error) => {
                    told.push(format!("{target:<24} FAILED"));
                    failed.push(format!("{target}: {error:#}"));
                }
            }
        }
        if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n\n")) }
    });
    Ok(())
}

/// The targets that are asked for, all when none is.
fn targets(asked: &[String]) -> anyhow::Result<Vec<String>> {
    let mut known = Vec::new();
    for entry in root().join("fuzz/src/targets").read_dir().context("cannot read fuzz/src/targets")? {
        let name = entry?.file_name();
        known.extend(name.to_str().and_then(|name| name.strip_suffix(".rs")).map(str::to_owned));
    }
    known.sort_unstable();
    if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
        bail!("there is no target `{unknown}`; there are {}", known.join(", "));
    }
    Ok(if asked.is_empty() { known } else { asked.to_vec() })
}

/// Builds the program and tells where it is. The machine is named, so that programs which run while building are not counted.
fn build() -> anyhow::Result<PathBuf> {
    let version = output(&mut command("rustc", &["--version", "--verbose"]))?;
    let machine = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let arguments = ["build", "--package", "fuzz", "--profile", "fuzz", "--target", machine, "--quiet"];
    start(cargo(&arguments).env("RUSTFLAGS", RUSTFLAGS))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(machine).join("fuzz/fuzz"))
}

/// Runs the targets, some at a time, and gives what each came to in their order.
fn run_all(
    program: &std::path::Path,
    targets: &[String],
    arguments: &Arguments,
) -> Vec<(String, anyhow::Result<Outcome>)> {
    let waiting = Mutex::new(targets.iter());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let Some(target) = waiting.lock().unwrap_or_else(PoisonError::into_inner).next() else { break };
                    let outcome = run::target(program, target, arguments.seconds, arguments.save);
                    match &outcome {
                        Ok(outcome) => eprintln!("{target}: {outcome}"),
                        Err(error) => eprintln!("{target}: {error:#}"),
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((target.clone(), outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    done
}
