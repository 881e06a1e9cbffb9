//! The control plane of Amazon Cognito user pools (`cognito-idp`, version 2016-04-18).
//!
//! Each noun has its file: its operations, thin, and beside them the functions that do the work, which a stack deploy
//! calls too. Inputs arrive checked against AWS's shapes; what is decided here is what the shapes cannot say. Tokens are not
//! here: the data plane grants them from what these operations write.
//!
//! A pool or app client keeps the settings that decide something in fields of its own and all others as they came, under
//! AWS's names (see [`configuration`]); a description merges AWS's defaults in.

pub mod app_client;
pub mod app_client_settings;
pub mod categories;
pub mod client_secret;
pub mod configuration;
mod errors;
pub mod mfa;
pub mod operations;
#[cfg(test)]
pub(crate) mod output_shapes;
pub mod pagination;
pub mod provisioned_limit;
mod quota;
pub mod resource_server;
pub mod schema;
pub mod shapes;
pub mod tags;
pub mod user;
pub mod user_pool;
pub mod user_pool_domain;
pub mod user_pool_settings;
#[cfg(test)]
mod wire_names;

pub use errors::{Error, InvalidTags};
