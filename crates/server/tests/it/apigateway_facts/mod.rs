//! What API Gateway answers, fact by fact: one case for each fact that is known, named after it.
//!
//! [`rows`] lists every fact, section by section: the user pool authorizer, headers and routes (1), Lambda authorizers
//! (2), HTTP APIs (3), MOCK, templates and mappings (4), the other integrations (5), gateway responses (6), keys and
//! usage plans (7), validation and CORS (8), import (11). A fact has a case in its section's file, or a reason in
//! [`exceptions`]; a test here holds the three lists against each other.

#![expect(clippy::needless_pass_by_value, reason = "literal documents read best where they are used")]

mod backend;
mod exceptions;
mod rows;
mod s11_import;
mod s11_import_methods;
mod s1_headers;
mod s1_routes;
mod s1_user_pools;
mod s2_lambda_authorizers;
mod s3_http_apis;
mod s3_jwt;
mod s3_lambda;
mod s3_lambda_authorizers;
mod s4_mappings;
mod s4_mock;
mod s4_templates;
mod s5_failures;
mod s5_functions;
mod s5_requests;
mod s5_responses;
mod s6_control_plane;
mod s6_gateway_responses;
mod s6_signatures;
mod s7_functions;
mod s7_keys;
mod s8_cors;
mod s8_validation;
mod world;

use crate::facts::{List, cases};
use exceptions::{LEFT_OUT, WAITING};
use rows::ROWS;

/// Every case there is.
const CASES: &[&[&str]] = &[
    s11_import::NAMES,
    s11_import_methods::NAMES,
    s1_headers::NAMES,
    s1_routes::NAMES,
    s1_user_pools::NAMES,
    s2_lambda_authorizers::NAMES,
    s3_http_apis::NAMES,
    s3_jwt::NAMES,
    s3_lambda::NAMES,
    s3_lambda_authorizers::NAMES,
    s4_mappings::NAMES,
    s4_mock::NAMES,
    s4_templates::NAMES,
    s5_failures::NAMES,
    s5_functions::NAMES,
    s5_requests::NAMES,
    s5_responses::NAMES,
    s6_control_plane::NAMES,
    s6_gateway_responses::NAMES,
    s6_signatures::NAMES,
    s7_functions::NAMES,
    s7_keys::NAMES,
    s8_cors::NAMES,
    s8_validation::NAMES,
];

#[test]
fn every_fact_has_a_case_or_a_reason() {
    List { rows: ROWS, cases: CASES, left_out: LEFT_OUT, waiting: WAITING }.check();
}
