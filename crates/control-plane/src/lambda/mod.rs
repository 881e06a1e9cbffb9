//! AWS Lambda's control plane (`lambda`, version 2015-03-31), and `Invoke`.
//!
//! Each noun has its file: its operations, thin, and beside them the functions that do the work, which a stack deploy
//! calls too. A function's code is on disk before the transaction that names it; how functions run is the business of
//! `claviger_runtime::functions`. Function URLs, event source mappings and provisioned concurrency are not served.

pub mod alias;
mod code;
pub mod concurrency;
mod errors;
pub mod event_invoke_config;
pub mod function;
pub mod function_code;
pub mod function_configuration;
pub mod invoke;
pub mod layer;
pub mod operations;
mod output;
pub mod output_shapes;
pub mod permission;
mod reference;
mod settings;
pub mod shapes;
pub mod tags;
pub mod version;

pub use errors::Error;
