//! Gateway rules: compile an API to a route table, match, map requests and responses, refuse in API Gateway's words.
//!
//! [`compile`] turns an API's definition into a [`CompiledApi`], which the data plane asks for the method of a request
//! ([`CompiledApi::find`]) and for the answer of its integration. What a template, a mapping or a gateway response may
//! know of a request is an [`exchange::Exchange`]; what the gateway says when it refuses is a [`refusal::Refusal`].
//!
//! Nothing here does I/O: tokens are judged by the `oauth` crate, backends are called by the data plane.

pub mod access_log;
mod arn;
pub mod authorization_policy;
pub mod backend_verification;
pub mod claims;
pub mod compile;
pub mod compression;
pub mod content_handling;
pub mod context;
pub mod exchange;
pub mod execution_log;
pub mod gateway_response;
mod header_rules;
pub mod http_api;
pub mod http_integration;
pub mod integration_response;
pub mod json_path;
pub mod json_schema;
pub mod lambda;
pub mod lambda_authorizer;
pub mod mapping;
pub mod mock;
pub mod model_template;
pub mod openapi;
pub mod pattern;
pub mod policy;
pub mod refusal;
pub mod rendering;
pub mod request;
pub mod request_head;
mod request_mapping;
pub mod request_validation;
pub mod response;
pub mod roles;
pub mod route;
pub mod signature_refusal;
pub mod template;
pub mod throttle;
pub mod trial;
pub mod vtl;

pub use compile::{CompileError, CompiledApi, compile};
