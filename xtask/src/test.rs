//! `cargo xtask test`: every Rust test, on the embedded store. It needs nothing but the toolchain and the programs named
//! in [`PROGRAMS`]; the real AWS clients are driven by `cargo xtask compat`.

use anyhow::bail;

use crate::project::{cargo, has_program, run as start};
use crate::stages::Stages;

/// Programs that tests start, each with what it is for.
const PROGRAMS: &[(&str, &str)] = &[
    ("cc", "compiles the cryptography library and SQLite"),
    #[cfg(target_os = "linux")]
    ("strace", "shows that writes are synced before they are acknowledged"),
];

pub(crate) fn run() -> anyhow::Result<()> {
    let mut stages = Stages::default();
    add_stages(&mut stages)?;
    stages.finish()
}

/// The stages of `test`, for this command and for `ci`.
pub(crate) fn add_stages(stages: &mut Stages) -> anyhow::Result<()> {
    for (program, purpose) in PROGRAMS {
        if !has_program(program) {
            bail!("`{program}` is not on the path ({purpose}); install it and run this again");
        }
    }
    stages.run("build", || start(&mut cargo(&["test", "--workspace", "--all-targets", "--no-run", "--quiet"])));
    stages.run("tests", || {
        if has_program("cargo-nextest") {
            start(&mut cargo(&["nextest", "run", "--workspace", "--all-targets", "--no-fail-fast"]))
        } else {
            start(&mut cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"]))
        }
    });
    stages.run("documentation tests", || start(&mut cargo(&["test", "--workspace", "--doc", "--quiet"])));
    Ok(())
}
