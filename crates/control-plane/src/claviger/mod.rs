//! The control plane of what AWS does not have, spoken like Cognito's: awsJson, with the targets `Claviger.…`.
//!
//! It is for those who run the server. The id of an app client or an API is unique over all accounts and regions, and so it
//! alone names the client or the API here; authorization policies belong to no account.

pub mod access_key;
pub mod app_client;
pub mod authorization_policy;
mod errors;
pub mod operations;
pub mod revocation;
pub mod role_mapping;
pub mod shapes;
pub mod signing_keys;
pub mod token_count;

pub use errors::Error;
