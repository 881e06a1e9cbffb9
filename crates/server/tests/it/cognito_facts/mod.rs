//! What Cognito answers, fact by fact: one case for each fact that is known, named after it.
//!
//! [`rows`] lists every fact, section by section: the token endpoint (1), tokens (2), keys and discovery (3), formats
//! (4), scopes and quotas (5), the JSON API (6). A fact has a case in its section's file, or a reason in [`exceptions`];
//! a test here holds the three lists against each other.

mod exceptions;
mod rows;
mod s1_hook;
mod s1_token_endpoint;
mod s2_tokens;
mod s2_users;
mod s3_keys_and_discovery;
mod s4_formats;
mod s5_rates;
mod s5_scopes_and_quotas;
mod s6_app_clients;
mod s6_client_token;
mod s6_others;
mod s6_protocol;
mod s6_user_pools;
mod world;

use crate::facts::{List, cases};
use exceptions::{LEFT_OUT, WAITING};
use rows::ROWS;

/// Every case there is.
const CASES: &[&[&str]] = &[
    s1_hook::NAMES,
    s1_token_endpoint::NAMES,
    s2_tokens::NAMES,
    s2_users::NAMES,
    s3_keys_and_discovery::NAMES,
    s4_formats::NAMES,
    s5_rates::NAMES,
    s5_scopes_and_quotas::NAMES,
    s6_app_clients::NAMES,
    s6_client_token::NAMES,
    s6_others::NAMES,
    s6_protocol::NAMES,
    s6_user_pools::NAMES,
];

#[test]
fn every_fact_has_a_case_or_a_reason() {
    List { rows: ROWS, cases: CASES, left_out: LEFT_OUT, waiting: WAITING }.check();
}
