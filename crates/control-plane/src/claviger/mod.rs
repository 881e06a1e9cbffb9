//! The control plane of what AWS does not have, spoken like Cognito's: awsJson, with the targets `Claviger.…`.
//!
//! It is for those who run the server. An app client's id is unique over all accounts and regions, and so it alone names
//! the client here.

pub mod app_client;
mod errors;
pub mod operations;
pub mod shapes;

pub use errors::Error;
