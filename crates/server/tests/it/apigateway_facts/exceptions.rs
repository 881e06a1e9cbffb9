//! Facts without a case, and why.

const LOG: &str = "execution logs are not written; `claviger explain` tells the reason";

/// Facts that no answer of this server can show.
#[rustfmt::skip]
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("s1_4_edge", "there is no content network in front"),
    ("s1_4_name_case", "HTTP gives names of headers no case: they are written in lower case in every version"),
    ("s1_7_ping", "health checks of AWS's own front; the paths are the API's own here"),
    ("s1_8_log_order", LOG),
    ("s3_3_what_there_is_not", "operations that HTTP APIs do not have"),
    ("s4_5_header_case", "names are compared without regard to case on purpose: HTTP/2 has only lower case"),
    ("s5_4_function_throttled", "functions behind URLs are never throttled; the mapping has a test of its own"),
    ("s5_4_longer_timeouts", "a quota that AWS raises on request"),
    ("s6_resource_not_found", "nothing that a request can do leads there"),
    ("s6_waf_filtered", "there is no firewall in front"),
    ("s7_best_effort", "what AWS does not promise; limits are exact here"),
    ("s7_log", LOG),
    ("s8_1_header_case", "names are compared without regard to case on purpose: HTTP/2 has only lower case"),
];

/// Facts whose case waits for work that is under way.
#[rustfmt::skip]
pub(super) const WAITING: &[(&str, &str)] = &[
];
