//! The table of targets, one row each.

use crate::Target;

mod access_log;
mod api_key_file;
mod aws_chunked;
mod aws_json;
mod aws_query;
mod certificate;
mod config;
mod database_url;
mod filter;
mod function_zip;
mod hook_answer;
mod http_api_openapi;
mod json_path;
mod json_schema;
mod jwks;
mod jwt;
mod lambda_answer;
mod lambda_authorizer_answer;
mod openapi;
mod parameter_mapping;
mod policy;
mod rest_json;
mod route;
mod routing;
mod s3_xml;
mod sealed_token;
mod sigv4;
mod stack_policy;
mod template;
mod token_request;
mod vtl;

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "access_log", run: access_log::run },
    Target { name: "api_key_file", run: api_key_file::run },
    Target { name: "aws_chunked", run: aws_chunked::run },
    Target { name: "aws_json", run: aws_json::run },
    Target { name: "aws_query", run: aws_query::run },
    Target { name: "certificate", run: certificate::run },
    Target { name: "config", run: config::run },
    Target { name: "database_url", run: database_url::run },
    Target { name: "filter", run: filter::run },
    Target { name: "function_zip", run: function_zip::run },
    Target { name: "hook_answer", run: hook_answer::run },
    Target { name: "http_api_openapi", run: http_api_openapi::run },
    Target { name: "json_path", run: json_path::run },
    Target { name: "json_schema", run: json_schema::run },
    Target { name: "jwks", run: jwks::run },
    Target { name: "jwt", run: jwt::run },
    Target { name: "lambda_answer", run: lambda_answer::run },
    Target { name: "lambda_authorizer_answer", run: lambda_authorizer_answer::run },
    Target { name: "openapi", run: openapi::run },
    Target { name: "parameter_mapping", run: parameter_mapping::run },
    Target { name: "policy", run: policy::run },
    Target { name: "rest_json", run: rest_json::run },
    Target { name: "route", run: route::run },
    Target { name: "routing", run: routing::run },
    Target { name: "s3_xml", run: s3_xml::run },
    Target { name: "sealed_token", run: sealed_token::run },
    Target { name: "sigv4", run: sigv4::run },
    Target { name: "stack_policy", run: stack_policy::run },
    Target { name: "template", run: template::run },
    Target { name: "token_request", run: token_request::run },
    Target { name: "vtl", run: vtl::run },
];
