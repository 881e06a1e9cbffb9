//! What our own operations demand of their inputs, written by hand in the form of AWS's tables.

use claviger_aws_protocol::shape::{
    OperationShape, Pattern, Shape, document, double, integer, list, long, map, one_of, operation, optional, required,
    string, structure,
};

/// Every operation, by name.
pub static OPERATIONS: &[OperationShape] = &[
    operation("DescribeAppClientExtras", &DESCRIBE_APP_CLIENT_EXTRAS_REQUEST),
    operation("UpdateAppClientExtras", &UPDATE_APP_CLIENT_EXTRAS_REQUEST),
];

static CLIENT_ID_PATTERN: Pattern = Pattern::new(r"[\w+]+");
static CLIENT_ID: Shape = string().min(1).max(128).pattern(&CLIENT_ID_PATTERN);
static REQUESTS_PER_SECOND: Shape = double();
static BURST: Shape = integer().min(1).max(1_000_000);
static RATE: Shape = structure(&[optional("RequestsPerSecond", &REQUESTS_PER_SECOND), optional("Burst", &BURST)]);
static TOKENS: Shape = long().min(0).max(1_000_000_000_000);
static PERIOD: Shape = one_of(&["DAY", "MONTH"]);
static BUDGET: Shape = structure(&[required("Tokens", &TOKENS), required("Period", &PERIOD)]);
static CLAIM_NAME: Shape = string().min(1).max(256);
static CLAIM: Shape = document();
static CLAIMS: Shape = map(&CLAIM_NAME, &CLAIM);
static CLAIM_NAMES: Shape = list(&CLAIM_NAME).max(50);
static EXTRA: Shape = one_of(&["RATE", "BUDGET", "CLAIMS"]);
static EXTRAS: Shape = list(&EXTRA).max(3);
static DESCRIBE_APP_CLIENT_EXTRAS_REQUEST: Shape = structure(&[required("ClientId", &CLIENT_ID)]);
static UPDATE_APP_CLIENT_EXTRAS_REQUEST: Shape = structure(&[
    required("ClientId", &CLIENT_ID),
    optional("Rate", &RATE),
    optional("Budget", &BUDGET),
    optional("Claims", &CLAIMS),
    optional("Unset", &EXTRAS),
    optional("UnsetClaims", &CLAIM_NAMES),
]);
