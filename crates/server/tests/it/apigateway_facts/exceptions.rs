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
    ("s5_1_content_encoding", "kept on purpose: a body that passes as it came could not be read without it"),
    ("s5_4_function_throttled", "functions behind URLs are never throttled; the mapping has a test of its own"),
    ("s5_4_longer_timeouts", "a quota that AWS raises on request"),
    ("s6_resource_not_found", "nothing that a request can do leads there"),
    ("s6_waf_filtered", "there is no firewall in front"),
    ("s7_best_effort", "what AWS does not promise; limits are exact here"),
    ("s7_log", LOG),
    ("s8_1_header_case", "names are compared without regard to case on purpose: HTTP/2 has only lower case"),
];

const CANARY: &str = "canary settings";
const DOMAINS: &str = "custom domain names";
const HTTP_APIS: &str = "HTTP APIs";
const LIMITS: &str = "API Gateway's own bound on headers";

/// Facts whose case waits for work that is under way.
#[rustfmt::skip]
pub(super) const WAITING: &[(&str, &str)] = &[
    ("s1_6_domain_without_mapping", DOMAINS),
    ("s3_1_identity_source", HTTP_APIS),
    ("s3_1_keys", HTTP_APIS),
    ("s3_1_issuer", HTTP_APIS),
    ("s3_1_audience", HTTP_APIS),
    ("s3_1_times", HTTP_APIS),
    ("s3_1_scopes", HTTP_APIS),
    ("s3_1_kinds_of_token", HTTP_APIS),
    ("s3_1_cognito", HTTP_APIS),
    ("s3_1_key_cache", HTTP_APIS),
    ("s3_1_quotas", HTTP_APIS),
    ("s3_2_no_token", HTTP_APIS),
    ("s3_2_garbage", HTTP_APIS),
    ("s3_2_audience", HTTP_APIS),
    ("s3_2_issuer", HTTP_APIS),
    ("s3_2_expired", HTTP_APIS),
    ("s3_2_keys_out_of_reach", HTTP_APIS),
    ("s3_2_scope_absent", HTTP_APIS),
    ("s3_3_request_id", HTTP_APIS),
    ("s3_3_no_content_type", HTTP_APIS),
    ("s3_3_404", HTTP_APIS),
    ("s3_3_401_and_403", HTTP_APIS),
    ("s3_3_429", HTTP_APIS),
    ("s3_3_500", HTTP_APIS),
    ("s3_3_503", HTTP_APIS),
    ("s3_3_413", HTTP_APIS),
    ("s3_4_event", HTTP_APIS),
    ("s3_4_request_context", HTTP_APIS),
    ("s3_4_jwt", HTTP_APIS),
    ("s3_4_claims", HTTP_APIS),
    ("s3_4_raw_path", HTTP_APIS),
    ("s3_4_response", HTTP_APIS),
    ("s3_4_format_1_0", HTTP_APIS),
    ("s3_5_match", HTTP_APIS),
    ("s3_5_route_keys", HTTP_APIS),
    ("s3_5_auto_deploy", HTTP_APIS),
    ("s3_5_route_settings", HTTP_APIS),
    ("s3_5_http_proxy_path", HTTP_APIS),
    ("s3_5_forwarded", HTTP_APIS),
    ("s3_5_parameter_mapping", HTTP_APIS),
    ("s3_5_reserved_headers", HTTP_APIS),
    ("s3_6_preflight", HTTP_APIS),
    ("s3_6_backend_headers", HTTP_APIS),
    ("s3_6_default_route", HTTP_APIS),
    ("s3_6_origin", HTTP_APIS),
    ("s3_6_credentials", HTTP_APIS),
    ("s3_7_format_version", HTTP_APIS),
    ("s3_7_event_2_0", HTTP_APIS),
    ("s3_7_event_1_0", HTTP_APIS),
    ("s3_7_simple_response", HTTP_APIS),
    ("s3_7_context", HTTP_APIS),
    ("s3_7_identity_source_missing", HTTP_APIS),
    ("s3_7_denied", HTTP_APIS),
    ("s3_7_failure", HTTP_APIS),
    ("s3_7_cache", HTTP_APIS),
    ("s3_7_timeout", HTTP_APIS),
    ("s4_4_firewall_and_canary", CANARY),
    ("s5_4_headers_too_large", LIMITS),
    ("s11_formats_http", HTTP_APIS),
    ("s11_integrations_by_reference", HTTP_APIS),
    ("s11_http_requirements", HTTP_APIS),
    ("s11_http_jwt", HTTP_APIS),
];
