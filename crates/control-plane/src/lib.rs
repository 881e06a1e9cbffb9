//! What AWS calls do: one file per noun, one table of operations per service.
//!
//! An operation is a type ([`operation::Operation`]), a service is a table of rows. Routing, transactions and retries,
//! coverage and "is it tested?" all read the tables; nothing repeats the list.

mod access_log_settings;
pub mod apigateway;
pub mod apigatewayv2;
pub mod claviger;
pub mod cloudformation;
pub mod cognito;
pub mod dispatch;
mod domain_name;
mod host_name;
pub mod lambda;
pub mod operation;
mod role_mapping;
pub mod s3;
mod self_signed;
pub mod services;
#[cfg(test)]
mod shape_tables;
pub mod ssm;
pub mod sts;
