//! Drives a whole node in-process with real TLS and HTTP clients, and the binary as a shell does.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail where they stand, as tests do"
)]

mod access_logs;
mod apigateway_facts;
mod audit;
mod authorization_policies;
mod aws_iam;
mod backup;
mod canaries;
mod claims_hook;
mod cognito_facts;
mod commands;
mod compression;
mod cors;
mod custom_domains;
mod doctor;
mod exec;
mod explain;
mod facts;
mod functions;
mod gate;
mod http_apis;
mod inputs;
mod jwt_authorizers;
mod lambda;
mod limits;
mod listener;
mod locked;
mod locked_calls;
mod malformed;
mod messages;
mod metrics;
mod mutations;
mod oauth_documents;
mod own;
mod proxy;
mod proxying;
mod request_validation;
mod revocation;
mod role_mappings;
mod rotation;
mod serve;
mod signing_keys;
mod stack;
mod support;
mod tenancy;
mod token_counts;
mod token_endpoint;
mod trials;
mod usage_plans;
mod users;
