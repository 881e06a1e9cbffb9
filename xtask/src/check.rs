//! `cargo xtask check`: formatting, lints, dependencies and the rules of the house.

use crate::project::{cargo, has_program, run as start};
use crate::stages::Stages;
use crate::tidy;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut stages = Stages::default();
    add_stages(&mut stages);
    stages.finish()
}

/// The stages of `check`, for this command and for `ci`.
pub(crate) fn add_stages(stages: &mut Stages) {
    stages.run("tidy", tidy::run);
    stages.run("format", || start(&mut cargo(&["fmt", "--all", "--check"])));
    stages.run("lints", || {
        start(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
        // All targets are those that run by themselves.
        let tests =
            ["clippy", "-p", "claviger-store-postgres", "--test", "postgres", "--quiet", "--", "-D", "warnings"];
        start(&mut cargo(&tests))
    });
    // Its bans and sources are checked by tidy as well, so that nobody needs the tool to be told.
    if has_program("cargo-deny") {
        stages.run("dependencies", || start(&mut cargo(&["deny", "check", "bans", "licenses", "sources"])));
    }
}
