//! Amazon API Gateway's control plane for HTTP APIs (`apigatewayv2`, version 2018-11-29).
//!
//! Each noun has its file: its operations, thin, and beside them the functions that do the work, which a stack deploy calls
//! too. What changes an API ends in [`deployment::deploy_automatically`], so that stages with automatic deployment serve it.

pub mod api;
pub mod api_mapping;
pub mod authorizer;
pub mod authorizer_cache;
pub mod deployment;
pub mod domain_name;
mod errors;
pub mod import;
pub mod integration;
pub mod operations;
pub mod output_shapes;
mod page;
pub mod route;
pub mod shapes;
mod shown;
pub mod stage;
pub mod tags;

pub use errors::Error;

/// What is for WebSocket APIs alone: operations whose names end so are refused in words of their own.
pub(crate) const OF_WEBSOCKET_APIS: [&str; 7] = [
    "IntegrationResponse",
    "IntegrationResponses",
    "RouteResponse",
    "RouteResponses",
    "Model",
    "Models",
    "ModelTemplate",
];
