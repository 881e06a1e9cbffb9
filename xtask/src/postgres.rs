//! `cargo xtask test --postgres`: the tests of the PostgreSQL backend, against a server that is started for them.

#[expect(dead_code, reason = "the tests that kill servers use the rest")]
pub(crate) mod cluster;

use std::time::Instant;

use self::cluster::Cluster;
use crate::project::{cargo, has_program, run as start};
use crate::stages::Stages;

/// Tells the tests where the server is: for stores, and for looking at what stores do.
const URL: &str = "CLAVIGER_POSTGRES_URL";
const SOCKET: &str = "CLAVIGER_POSTGRES_SOCKET";

pub(crate) fn run(name: Option<&str>) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    add_stages(&mut stages, name);
    stages.finish()
}

/// The stages of `test --postgres`, for this command and for `ci`; `name` is in the names of the tests to run.
pub(crate) fn add_stages(stages: &mut Stages, name: Option<&str>) {
    const TESTS: [&str; 4] = ["--package", "claviger-store-postgres", "--test", "postgres"];
    stages.run("build for PostgreSQL", || start(cargo(&["test"]).args(TESTS).args(["--no-run", "--quiet"])));
    stages.run("tests on PostgreSQL", || {
        let started = Instant::now();
        let mut server = Cluster::start(&[])?;
        eprintln!("PostgreSQL listens on port {} after {:.1} s", server.port(), started.elapsed().as_secs_f64());
        let mut tests = if has_program("cargo-nextest") { cargo(&["nextest", "run"]) } else { cargo(&["test"]) };
        let outcome = start(
            tests.args(TESTS).args(name).arg("--no-fail-fast").env(URL, server.url()).env(SOCKET, server.socket_url()),
        );
        server.stop()?;
        outcome
    });
}
