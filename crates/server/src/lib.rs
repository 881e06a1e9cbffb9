//! The outer half of the `claviger` binary: command line, listener, TLS, the local certificate authority, the proxy and
//! the function that decides where a request goes.
//!
//! It holds no product rule: what a token, an API or an AWS operation answers is decided in the crates below. Start with
//! [`routing`] for the map of addresses and with [`listener`] for the way of a connection.

pub mod application;
pub mod backup;
mod certificates;
pub mod cli;
pub mod clock;
mod config;
pub mod connection;
mod control;
mod cors;
mod doctor;
mod explain;
mod failpoint;
#[doc(hidden)]
pub mod fuzzing;
pub mod listener;
pub mod local_ca;
pub mod master_key;
mod messages;
pub mod node;
mod outbound;
mod overload;
mod own;
pub mod planes;
pub mod proxy;
mod random;
pub mod routing;
mod s3;
