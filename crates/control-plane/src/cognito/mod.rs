//! The control plane of Amazon Cognito user pools (`cognito-idp`, version 2016-04-18).
//!
//! Each noun has its file: its operations, thin, and beside them the functions that do the work, which a stack deploy
//! calls too. Inputs arrive checked against AWS's shapes; what is decided here is what the shapes cannot say. How
//! tokens are issued is not here: the runtime decides that from what these operations write.
//!
//! A pool or app client keeps the settings that decide something in fields of its own and all others as they came, under
//! AWS's names (see [`configuration`]); a description merges AWS's defaults in.

pub mod app_client;
pub mod app_client_settings;
mod calling_client;
pub mod categories;
pub mod client_secret;
pub mod client_token;
pub mod configuration;
mod confirmation_code;
mod delivery;
mod errors;
mod explanation;
pub mod group;
pub mod group_member;
pub mod identity_provider;
pub mod log_delivery;
pub mod managed_login_branding;
pub mod message;
pub mod mfa;
pub mod operations;
pub mod output_shapes;
pub mod pagination;
pub mod password_policy;
pub mod password_reset;
mod pre_token_generation;
pub mod provisioned_limit;
mod quota;
pub mod resource_server;
pub mod risk;
pub mod schema;
pub mod shapes;
pub mod sign_in;
mod sign_in_name;
pub mod sign_up;
pub mod signing_certificate;
pub mod tags;
pub mod user;
pub mod user_attributes;
pub mod user_creation;
mod user_error;
pub(crate) mod user_filter;
pub mod user_list;
pub mod user_password;
pub mod user_pool;
pub mod user_pool_domain;
pub mod user_pool_settings;
pub mod user_update;
#[cfg(test)]
mod wire_names;

pub use errors::{Error, InvalidTags};
pub use user_error::{PasswordFlaw, UserError};
