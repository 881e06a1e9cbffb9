//! Drives the listener in-process with real TLS and HTTP clients.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand, as tests do")]

mod exec;
mod listener;
mod proxy;
mod support;
