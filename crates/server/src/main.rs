//! The `claviger` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    claviger_server::cli::run()
}
