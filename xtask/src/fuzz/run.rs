//! One target's run: the folders it reads and writes, and what libFuzzer says of it.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::project::root;

/// Bytes of the longest input that is made.
const INPUT_BYTES_MAX: u32 = 8192;
/// Seconds that one input may take, on a machine that does much beside.
const INPUT_SECONDS_MAX: u32 = 20;
/// KiB of stack, as the server's threads have.
const STACK_KIB: u32 = 2048;
/// MiB of memory.
const MEMORY_MIB: u32 = 2048;

/// What a run without a failure came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    executions: u64,
    /// Edges of the program that inputs go along.
    edges: u64,
    /// Inputs that reach them, those under version control among them.
    inputs: u64,
    seconds: u32,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, edges, inputs, seconds } = self;
        write!(f, "{executions:>10} executions in {seconds} s {edges:>7} edges {inputs:>6} inputs")
    }
}

/// Runs a target for so long. Its cases and its corpus come first; what is newly reached goes to `target/fuzz/`.
pub(super) fn target(program: &Path, target: &str, seconds: u32, save: bool) -> anyhow::Result<Outcome> {
    let kept = root().join("fuzz/corpus").join(target);
    let cases = root().join("fuzz/cases").join(target);
    let work = root().join("target/fuzz").join(target);
    let (new, findings) = (work.join("new"), work.join("findings"));
    fs::create_dir_all(&new)?;
    fs::create_dir_all(&findings)?;
    let log = work.join("log");
    let mut command = fuzzer(program, target);
    command.arg(&new).arg(&kept).args(cases.is_dir().then_some(&cases)).args([
        format!("-max_total_time={seconds}"),
        format!("-artifact_prefix={}/", findings.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    let status = command
        .stdout(File::create(work.join("output"))?)
        .stderr(File::create(&log)?)
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        bail!("{}", finding(target, &said, &log));
    }
    let outcome = outcome(&said, seconds).with_context(|| format!("cannot understand {}", log.display()))?;
    if save {
        keep(program, target, &kept, &new, &work)?;
    }
    Ok(outcome)
}

/// Tries one input again, and shows what it does.
pub(super) fn once(program: &Path, target: &str, file: &Path) -> anyhow::Result<()> {
    crate::project::run(fuzzer(program, target).arg(file.canonicalize()?))
}

/// The fuzzer of a target. A shell bounds its stack, so that what nests too deeply for the server does so here.
fn fuzzer(program: &Path, target: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -s {STACK_KIB} && exec \"$0\" \"$@\"")]).arg(program);
    command.args([
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
    ]);
    command.env("CLAVIGER_FUZZ_TARGET", target).current_dir(root());
    command
}

/// Puts the least number of inputs that reach all that the kept and the new ones reach in the place of the kept ones.
fn keep(program: &Path, target: &str, kept: &Path, new: &Path, work: &Path) -> anyhow::Result<()> {
    let least = work.join("least");
    if least.exists() {
        fs::remove_dir_all(&least)?;
    }
    fs::create_dir_all(&least)?;
    let mut merge = fuzzer(program, target);
    // Each edge once, and not how often: many inputs fewer.
    merge.args(["-merge=1", "-use_counters=0"]).args([&*least, kept, new]);
    let status = merge.stderr(File::create(work.join("merge.log"))?).status()?;
    if !status.success() {
        bail!("merging inputs ended with {status}; see {}", work.join("merge.log").display());
    }
    fs::create_dir_all(kept)?;
    for entry in kept.read_dir()? {
        fs::remove_file(entry?.path())?;
    }
    for entry in least.read_dir()? {
        let entry = entry?;
        fs::copy(entry.path(), kept.join(entry.file_name()))?;
    }
    Ok(())
}

/// What to do about an input that failed.
fn finding(target: &str, said: &str, log: &Path) -> String {
    let reason = said.lines().find(|line| line.contains(" panicked at ") || line.contains("ERROR: libFuzzer"));
    let after = said.lines().skip_while(|line| Some(*line) != reason).nth(1).unwrap_or_default();
    let reason = format!("{}\n  {after}", reason.unwrap_or("it ended without a word"));
    let Some(file) = said.lines().find_map(|line| line.split("Test unit written to ").nth(1)).map(PathBuf::from) else {
        return format!("{reason}\n  all it said: {}", log.display());
    };
    let file = file.display();
    format!(
        "{reason}\n  the input: {file}\n  again: cargo xtask fuzz {target} --input {file}\n  to keep it, under a name that \
         says what is wrong: mkdir -p fuzz/cases/{target} && cp {file} fuzz/cases/{target}/NAME\n  all it said: {}",
        log.display()
    )
}

/// Reads the last status line, such as `#4096 DONE cov: 210 ft: 300 corp: 12/340b …`, and the final counts.
fn outcome(said: &str, seconds: u32) -> Option<Outcome> {
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let status = said.lines().rev().find(|line| line.contains("DONE") && line.contains(" cov: "))?;
    let after = |line: &str, word: &str| number(line.split(word).nth(1)?.trim_start());
    let executions = said.lines().find_map(|line| after(line, "stat::number_of_executed_units:"))?;
    Some(Outcome { executions, edges: after(status, " cov: ")?, inputs: after(status, " corp: ")?, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_libfuzzer_counted() {
        let said = "#2\tINITED cov: 12 ft: 12 corp: 1/1b exec/s: 0 rss: 31Mb\n\
                    #8192\tDONE   cov: 210 ft: 300 corp: 12/340b lim: 80 exec/s: 4096 rss: 40Mb\n\
                    Done 8192 runs in 2 second(s)\nstat::number_of_executed_units: 8192\n";
        let expected = Outcome { executions: 8192, edges: 210, inputs: 12, seconds: 20 };
        assert_eq!(outcome(said, 20), Some(expected));
        assert_eq!(outcome("#2\tINITED cov: 12", 20), None);
    }

    #[test]
    fn says_what_to_do_with_a_finding() {
        let said = "thread '<unnamed>' panicked at crates/a.rs:1:1:\nno number\nstack\n\
                    artifact_prefix='x/'; Test unit written to x/crash-1\n";
        let told = finding("sigv4", said, Path::new("log"));
        for expected in ["crates/a.rs:1:1:\n  no number", "fuzz sigv4 --input x/crash-1", "fuzz/cases/sigv4/NAME"] {
            assert!(told.contains(expected), "{told}");
        }
    }
}
