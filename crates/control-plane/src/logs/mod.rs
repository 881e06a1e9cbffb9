//! Amazon CloudWatch Logs (`logs`, version 2014-03-28), as far as functions, access logs and deploy tools go.
//!
//! Groups are records of the store; streams and events are files that the runtime keeps (`runtime/src/log_events/`), so what
//! touches them is a procedure whose transactions only look for the group. Keys, metric filters, subscriptions and queries
//! are not served.

mod errors;
pub mod event;
pub mod event_search;
pub(crate) mod filter_pattern;
pub mod group;
pub mod operations;
pub mod output_shapes;
pub mod retention;
pub mod shapes;
pub mod stream;
pub mod tags;

pub use errors::Error;
