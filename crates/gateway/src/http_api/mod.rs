//! HTTP APIs: from an API's definition to its route table, and from a request to what the integration gets and the
//! client hears.
//!
//! [`compile`](compile()) turns a definition into a [`CompiledHttpApi`]; [`CompiledHttpApi::find`] finds a request's route.
//! [`Refusal`] is what an HTTP API says when it refuses, which has its own words, statuses and headers. What HTTP APIs
//! share with REST APIs (exchange, context, sources of mapped values) is the parent's.

pub mod answer;
mod arn;
mod compile;
pub mod cors;
pub mod export;
pub mod http_proxy;
pub mod import;
pub mod lambda;
pub mod lambda_authorizer;
pub mod parameter_mapping;
pub mod refusal;
mod route_table;
pub mod throttle;
mod value;

pub use compile::{
    Authorization, CompiledHttpApi, CompiledIntegration, CompiledRoute, Found, IdentitySource, JwtAuthorization,
    JwtAuthorizer, compile,
};
pub use refusal::Refusal;
