//! Amazon API Gateway's control plane for REST APIs (`apigateway`, version 2015-07-09).
//!
//! Each noun has its file: its operations, thin, and beside them the functions that do the work, which a stack deploy
//! calls too. What the gateway serves is not here: a deployment freezes an API's definition, and the data plane compiles it.

pub mod account;
pub mod api_key;
pub mod api_key_import;
pub mod authorizer;
pub mod authorizer_cache;
pub mod base_path_mapping;
mod canary;
pub mod client_certificate;
pub mod deployment;
pub mod documentation_part;
pub mod documentation_version;
pub mod domain_name;
mod errors;
pub mod export;
pub mod gateway_response;
pub mod import;
pub mod integration;
mod jwt_configuration;
pub mod method;
pub mod model;
pub mod operations;
pub mod output_shapes;
pub mod page;
pub mod patch;
pub mod request_validator;
pub mod resource;
pub mod rest_api;
pub mod shapes;
pub mod stage;
pub mod tags;
pub mod trial;
pub mod usage;
pub mod usage_plan;
pub mod usage_plan_key;

pub use errors::Error;
