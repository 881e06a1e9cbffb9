//! `cargo xtask tidy`: the rules of the house that no other tool checks, because rules that no tool checks drift.

mod dependencies;
mod sources;

use anyhow::bail;

use crate::project::{root, tracked_files};

/// What tidy found: errors fail the run, warnings only ask for a look.
#[derive(Default)]
pub(crate) struct Findings {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    pub(crate) fn error(&mut self, text: String) {
        self.errors.push(text);
    }

    pub(crate) fn warning(&mut self, text: String) {
        self.warnings.push(text);
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    let mut findings = Findings::default();
    dependencies::check(&mut findings)?;
    for path in tracked_files()? {
        // Pictures and other binary files have no lines to look at.
        if let Ok(text) = std::fs::read_to_string(root().join(&path)) {
            sources::check(&path, &text, &mut findings);
        }
    }
    for warning in &findings.warnings {
        eprintln!("warning: {warning}");
    }
    for error in &findings.errors {
        eprintln!("error: {error}");
    }
    if !findings.errors.is_empty() {
        bail!("{} rules of the house are broken", findings.errors.len());
    }
    Ok(())
}
