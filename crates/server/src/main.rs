//! The `claviger` binary: command line, configuration, listeners, TLS, routing, wiring, shutdown.

fn main() {}
