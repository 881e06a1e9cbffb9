//! AWS Security Token Service (`sts`, version 2011-06-15): who calls, and temporary credentials.
//!
//! Roles are not asked whom they trust: whoever may call `AssumeRole` may assume any role, also one that nobody made, because
//! deploy tools assume those of a bootstrap that need not have run. A session never has more rights than whoever made it
//! has. Tokens of identity providers are not taken.

pub mod access_key;
pub mod assumed_role;
pub mod caller_identity;
mod credentials;
mod errors;
pub mod operations;
pub mod output_shapes;
pub mod session_token;
pub mod shapes;

pub use errors::Error;
