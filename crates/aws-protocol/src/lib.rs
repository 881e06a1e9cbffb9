//! The wire: SigV4, awsJson, awsQuery, restJson, error envelopes, shape validation. Knows no product noun.
//!
//! A call passes through in this order: [`json_rpc`], [`query`] or [`rest_json`] names the operation and turns the request
//! into one JSON object, [`shape`] holds that object to AWS's service description, the control plane answers, and the answer
//! goes out through the same protocol module, or through [`failure`] when it is a refusal.
//!
//! There is no I/O here: bodies arrive read, time arrives as an argument.

pub mod failure;
pub mod json;
pub mod json_rpc;
pub mod protocol;
pub mod query;
pub mod rest_json;
pub mod s3;
pub mod shape;
pub mod sigv4;
