//! Runs named stages one after the other and tells at the end how each ended and how long it took.

use std::time::{Duration, Instant};

use anyhow::bail;

/// The stages of one command, in the order they ran.
#[derive(Default)]
pub(crate) struct Stages {
    finished: Vec<Finished>,
}

struct Finished {
    name: String,
    time: Duration,
    passed: bool,
    /// What the table says below it.
    told: Vec<String>,
}

impl Stages {
    /// Runs a stage. A failure is told at once and counted; later stages still run, so that one run tells everything.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) {
        self.run_telling(name, |_| work());
    }

    /// The same of a stage that has lines for the table, whether it passes or fails.
    pub(crate) fn run_telling(&mut self, name: &str, work: impl FnOnce(&mut Vec<String>) -> anyhow::Result<()>) {
        eprintln!("\n== {name}");
        let (started, mut told) = (Instant::now(), Vec::new());
        let result = work(&mut told);
        if let Err(error) = &result {
            eprintln!("{name} failed: {error:#}");
        }
        self.finished.push(Finished { name: name.to_owned(), time: started.elapsed(), passed: result.is_ok(), told });
    }

    /// Whether no stage has failed yet.
    pub(crate) fn all_passed(&self) -> bool {
        self.finished.iter().all(|stage| stage.passed)
    }

    /// Prints the table of stages and a closing line of counts; an error when any stage failed.
    #[expect(clippy::print_stdout, reason = "the report is what the command is run for")]
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        print!("{}", self.report());
        let failed: Vec<_> = self.finished.iter().filter(|stage| !stage.passed).map(|stage| &*stage.name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }

    fn report(&self) -> String {
        let line = |time: Duration, text: String| format!("{:>8.1} s  {text}\n", time.as_secs_f64());
        let outcome = |stage: &Finished| if stage.passed { "" } else { "  FAILED" };
        let told =
            |stage: &Finished| stage.told.iter().flat_map(|line| ["            ", line, "\n"]).collect::<String>();
        let each: String = self
            .finished
            .iter()
            .map(|stage| line(stage.time, format!("{}{}", stage.name, outcome(stage))) + &told(stage))
            .collect();
        let total = line(self.finished.iter().map(|stage| stage.time).sum(), "in all".to_owned());
        let passed = self.finished.iter().filter(|stage| stage.passed).count();
        format!("\n{each}{total}stages: {passed} passed, {} failed\n", self.finished.len() - passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_every_stage_its_time_and_the_counts() {
        let finished = |name: &str, seconds, passed, told: &[&str]| Finished {
            name: name.to_owned(),
            time: Duration::from_secs(seconds),
            passed,
            told: told.iter().map(|line| (*line).to_owned()).collect(),
        };
        let stages =
            Stages { finished: vec![finished("format", 2, true, &[]), finished("lints", 100, false, &["1", "2"])] };
        assert_eq!(
            stages.report(),
            "\n     2.0 s  format\n   100.0 s  lints  FAILED\n            1\n            2\n   102.0 s  in all\nstages: 1 passed, 1 failed\n"
        );
    }

    #[test]
    fn goes_on_after_a_failed_stage_and_fails_at_the_end() {
        let mut stages = Stages::default();
        let mut second_ran = false;
        stages.run("first", || bail!("no"));
        stages.run("second", || {
            second_ran = true;
            Ok(())
        });
        assert!(second_ran);
        assert_eq!(stages.finish().unwrap_err().to_string(), "failed: first");
    }
}
