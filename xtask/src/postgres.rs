//! `cargo xtask test --postgres`: the tests of the PostgreSQL backend, and real clients against two nodes that share one; on
//! servers that are started for them.

#[expect(dead_code, reason = "the tests of the backend use the rest")]
pub(crate) mod cluster;
mod moving;

use std::time::Instant;

use self::cluster::Cluster;
use crate::compat;
use crate::project::{cargo, run as start};
use crate::python::Python;
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
    let mut is_built = false;
    stages.run("build for PostgreSQL", || {
        start(cargo(&["test"]).args(TESTS).args(["--no-run", "--quiet"]))?;
        is_built = true;
        Ok(())
    });
    if !is_built {
        return;
    }
    stages.run("tests on PostgreSQL", || {
        let started = Instant::now();
        let mut server = Cluster::start(&[])?;
        eprintln!("PostgreSQL listens on port {} after {:.1} s", server.port(), started.elapsed().as_secs_f64());
        // All in one process, which prints what the tests have measured.
        let mut tests = cargo(&["test"]);
        tests.args(TESTS).args(["--", "--show-output"]).args(name);
        let outcome = start(tests.env(URL, server.url()).env(SOCKET, server.socket_url()));
        server.stop()?;
        outcome
    });
    if name.is_some_and(|name| name != "moving") {
        return;
    }
    stages.run("binary", || start(&mut cargo(&["build", "--workspace", "--all-targets", "--quiet"])));
    stages.run("moving between SQLite and PostgreSQL", || {
        let mut server = Cluster::start(&[])?;
        let outcome = moving::run(&server.url());
        server.stop()?;
        outcome
    });
    if name.is_some() {
        return;
    }
    stages.run("Python clients: install", || Python::ready().map(|_| ()));
    stages.run("two nodes on PostgreSQL", || {
        compat::check_programs()?;
        let mut server = Cluster::start(&[])?;
        let outcome = compat::on_nodes(&server.url());
        server.stop()?;
        outcome
    });
}
