//! AWS Secrets Manager (`secretsmanager`, version 2017-10-17).
//!
//! Values are sealed by the vault, whatever key is named for them; what is known beside them is a record of its own, so that
//! lists open none. A secret is rotated by its function when `RotateSecret` is called ([`rotation`]); no schedule is kept.
//! Resource policies are kept and not enforced. Replicas in other regions and accounts are not served.

mod errors;
mod filter;
pub mod operations;
pub mod output_shapes;
pub mod password;
pub mod policy;
pub mod rotation;
pub mod secret;
pub mod secret_list;
pub mod shapes;
pub mod tags;
pub mod value;
pub mod version;

pub use errors::Error;
