//! AWS Systems Manager's Parameter Store (`ssm`, version 2014-11-06), as far as deploy tools go.
//!
//! Values of type `SecureString` are sealed by the vault, whatever key is named for them. Labels, policies and public
//! parameters of AWS are not served. One parameter is there before anyone puts it: the one by which the AWS CDK sees
//! whether an environment is bootstrapped ([`bootstrap`]).

mod bootstrap;
mod errors;
mod filter;
mod name;
pub mod operations;
mod output;
pub mod output_shapes;
pub mod parameter;
pub mod parameter_history;
pub mod parameter_list;
pub mod shapes;
pub mod tags;

pub use errors::Error;
