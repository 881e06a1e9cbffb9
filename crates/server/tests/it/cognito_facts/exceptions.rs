//! Facts without a case, and why.

const OTHER_GRANT: &str = "the code grant and its pages are not served";
const OF_AWS: &str = "a matter of AWS's own operation that no answer shows";
const CREDENTIALS: &str = "claviger dev takes any credentials; verified signatures have tests of their own";

/// Facts that no answer of this server can show.
#[rustfmt::skip]
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("s1_4_unauthorized_client_redirect", OTHER_GRANT),
    ("s1_4_403", "there is no firewall in front"),
    ("s1_4_5xx", "nothing that a request can do leads there"),
    ("s1_5_order_of_the_code_grant", OTHER_GRANT),
    ("s1_5_cookie", "left out on purpose: nothing ever asks for it back"),
    ("s1_6_managed_login", "there are no login pages"),
    ("s2_2_escaped_slashes", "another way to write the same JSON, which no decoder sees"),
    ("s2_3_partitions", "tokens of other partitions have not been recorded"),
    ("s3_2_rotation", OF_AWS),
    ("s3_2_rate", "key sets are served from memory and not limited"),
    ("s3_5_booleans", OTHER_GRANT),
    ("s4_app_client_arn", "no operation shows it"),
    ("s4_authorization_code", OTHER_GRANT),
    ("s4_stack_attributes", "stacks are not served yet"),
    ("s4_1_cname_in_use", "there is no distribution that another account could have"),
    ("s5_2_identity_providers", "identity providers are not served"),
    ("s5_2_users", "a test does not make forty million users"),
    ("s5_2_terms", "terms documents are not served"),
    ("s5_3_user_federation", "federated sign-in is not served"),
    ("s5_3_per_user", "the rates of single users are not enforced"),
    ("s5_3_code_grant", OTHER_GRANT),
    ("s5_4_firewall", "there is no firewall in front"),
    ("s6_1_reason_code", "recorded as possible, never seen"),
    ("s6_1_server_exceptions", "no request leads to one; the mapping has a test of its own"),
    ("s6_1_access_denied", CREDENTIALS),
    ("s6_1_signature_missing_or_wrong", CREDENTIALS),
    ("s6_2_checks_of_clients", "what clients do before they send"),
    ("s6_7_permissions", CREDENTIALS),
    ("s6_7_audit", OF_AWS),
    ("s6_8_audit", OF_AWS),
    ("s6_10_paginators", "what clients do; the compatibility stories page with theirs"),
];

/// Facts whose case waits for work that is under way.
pub(super) const WAITING: &[(&str, &str)] = &[];
