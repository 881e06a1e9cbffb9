//! What AWS calls do: one file per noun, one table of operations per service.
//!
//! An operation is a type ([`operation::Operation`]), a service is a table of rows. Routing, transactions and retries,
//! coverage and "is it tested?" all read the tables; nothing repeats the list.

pub mod access;
mod access_log_settings;
pub mod apigateway;
pub mod apigatewayv2;
pub mod audited;
pub mod claviger;
pub mod cloudformation;
pub mod cognito;
pub mod dispatch;
mod domain_name;
pub mod ecr;
#[doc(hidden)]
pub mod fuzzing;
mod host_name;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod operation;
mod role_mapping;
pub mod s3;
pub mod secrets_manager;
mod self_signed;
pub mod services;
#[cfg(test)]
mod shape_tables;
pub mod ssm;
pub mod sts;
