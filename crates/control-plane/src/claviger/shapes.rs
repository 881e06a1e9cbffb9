//! What our own operations demand of their inputs, written by hand in the form of AWS's tables.

use claviger_aws_protocol::shape::{
    OperationShape, Pattern, Shape, document, double, integer, list, long, map, one_of, operation, optional, required,
    string, structure,
};

/// Every operation, by name.
pub static OPERATIONS: &[OperationShape] = &[
    operation("CreateAccessKey", &CREATE_ACCESS_KEY_REQUEST),
    operation("DeleteAuthorizationPolicy", &AUTHORIZATION_POLICY_REQUEST),
    operation("DeleteRoleMapping", &ROLE_MAPPING_REQUEST),
    operation("DescribeAppClientExtras", &DESCRIBE_APP_CLIENT_EXTRAS_REQUEST),
    operation("DescribeAuthorizationPolicy", &AUTHORIZATION_POLICY_REQUEST),
    operation("DescribeRoleMapping", &ROLE_MAPPING_REQUEST),
    operation("DescribeSigningKeys", &DESCRIBE_SIGNING_KEYS_REQUEST),
    operation("ListAccessKeys", &LIST_ACCESS_KEYS_REQUEST),
    operation("ListAuthorizationPolicies", &LIST_AUTHORIZATION_POLICIES_REQUEST),
    operation("ListTokenCounts", &LIST_TOKEN_COUNTS_REQUEST),
    operation("PutAuthorizationPolicy", &PUT_AUTHORIZATION_POLICY_REQUEST),
    operation("PutRoleMapping", &PUT_ROLE_MAPPING_REQUEST),
    operation("RetireSigningKey", &RETIRE_SIGNING_KEY_REQUEST),
    operation("RevokeAccessKey", &REVOKE_ACCESS_KEY_REQUEST),
    operation("RevokeTokens", &REVOKE_TOKENS_REQUEST),
    operation("RotateAccessKey", &ROTATE_ACCESS_KEY_REQUEST),
    operation("RotateSigningKeys", &ROTATE_SIGNING_KEYS_REQUEST),
    operation("UpdateAppClientExtras", &UPDATE_APP_CLIENT_EXTRAS_REQUEST),
    operation("UpdateSigningKeyPolicy", &UPDATE_SIGNING_KEY_POLICY_REQUEST),
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

static API_ID_PATTERN: Pattern = Pattern::new(r"[a-z0-9-]+");
static API_ID: Shape = string().min(1).max(64).pattern(&API_ID_PATTERN);
static SCOPE: Shape = string().min(1).max(513);
static ROLE: Shape = string().min(1).max(64);
static ROLE_LIST: Shape = list(&ROLE).max(100);
static SCOPES: Shape = map(&SCOPE, &ROLE_LIST);
static RULE: Shape = string().min(1).max(1024);
static RULES: Shape = list(&RULE).max(2_000);
static ROLES: Shape = map(&ROLE, &RULES);
static ROLE_MAPPING: Shape = structure(&[required("Scopes", &SCOPES), required("Roles", &ROLES)]);
static PUT_ROLE_MAPPING_REQUEST: Shape =
    structure(&[required("ApiId", &API_ID), required("Scopes", &SCOPES), required("Roles", &ROLES)]);
static ROLE_MAPPING_REQUEST: Shape = structure(&[required("ApiId", &API_ID)]);

static POLICY_NAME_PATTERN: Pattern = Pattern::new(r"[A-Za-z0-9_-]+");
static POLICY_NAME: Shape = string().min(1).max(64).pattern(&POLICY_NAME_PATTERN);
static USER_POOL_ID_PATTERN: Pattern = Pattern::new(r"[\w-]+_[0-9a-zA-Z]+");
static USER_POOL_ID: Shape = string().min(1).max(55).pattern(&USER_POOL_ID_PATTERN);
static USER_POOL_IDS: Shape = list(&USER_POOL_ID).min(1).max(50);
static SCOPE_LIST: Shape = list(&SCOPE).max(100);
static TOKEN_USE: Shape = one_of(&["ACCESS", "ID"]);
static REQUEST_SOURCE: Shape = one_of(&["PATH", "FORWARDED", "ORIGINAL"]);
static MAX_RESULTS: Shape = integer().min(1).max(100);
static PUT_AUTHORIZATION_POLICY_REQUEST: Shape = structure(&[
    required("PolicyName", &POLICY_NAME),
    required("UserPoolIds", &USER_POOL_IDS),
    optional("Scopes", &SCOPE_LIST),
    optional("TokenUse", &TOKEN_USE),
    optional("RequestSource", &REQUEST_SOURCE),
    optional("RoleMapping", &ROLE_MAPPING),
]);
static AUTHORIZATION_POLICY_REQUEST: Shape = structure(&[required("PolicyName", &POLICY_NAME)]);
static LIST_AUTHORIZATION_POLICIES_REQUEST: Shape =
    structure(&[optional("MaxResults", &MAX_RESULTS), optional("NextToken", &POLICY_NAME)]);

static TOKEN_ID: Shape = string().min(1).max(256);
static REVOKE_TOKENS_REQUEST: Shape = structure(&[
    optional("UserPoolId", &USER_POOL_ID),
    optional("ClientId", &CLIENT_ID),
    optional("TokenId", &TOKEN_ID),
]);

/// `DAYS_KEPT`.
static DAYS: Shape = integer().min(1).max(400);
static PAGE_TOKEN: Shape = string().min(1).max(512);
static LIST_TOKEN_COUNTS_REQUEST: Shape = structure(&[
    optional("UserPoolId", &USER_POOL_ID),
    optional("ClientId", &CLIENT_ID),
    optional("Days", &DAYS),
    optional("MaxResults", &MAX_RESULTS),
    optional("NextToken", &PAGE_TOKEN),
]);

static KEY_ID: Shape = string().min(1).max(128);
static SIGNING_ALGORITHM: Shape = one_of(&["RS256", "ES256", "EdDSA"]);
/// A week: longer than anybody keeps a key set.
static PUBLICATION_SECONDS: Shape = long().min(0).max(604_800);
/// `ROTATION_DAYS_MAX`, and 0 for never.
static ROTATION_DAYS: Shape = integer().min(0).max(3_650);
static DESCRIBE_SIGNING_KEYS_REQUEST: Shape = structure(&[required("UserPoolId", &USER_POOL_ID)]);
static ROTATE_SIGNING_KEYS_REQUEST: Shape =
    structure(&[required("UserPoolId", &USER_POOL_ID), optional("PublicationSeconds", &PUBLICATION_SECONDS)]);
static RETIRE_SIGNING_KEY_REQUEST: Shape =
    structure(&[required("UserPoolId", &USER_POOL_ID), required("KeyId", &KEY_ID)]);
static UPDATE_SIGNING_KEY_POLICY_REQUEST: Shape = structure(&[
    required("UserPoolId", &USER_POOL_ID),
    optional("Algorithm", &SIGNING_ALGORITHM),
    optional("RotationDays", &ROTATION_DAYS),
]);
static ROLE_NAME_PATTERN: Pattern = Pattern::new(r"[A-Za-z0-9_-]+");
static ROLE_NAME: Shape = string().min(1).max(64).pattern(&ROLE_NAME_PATTERN);
static USER_NAME_PATTERN: Pattern = Pattern::new(r"[\w+=,.@-]+");
static USER_NAME: Shape = string().min(1).max(64).pattern(&USER_NAME_PATTERN);
static DESCRIPTION: Shape = string().min(1).max(256);
static ACCOUNT_ID_PATTERN: Pattern = Pattern::new(r"[0-9]{12}");
static ACCOUNT_ID: Shape = string().min(12).max(12).pattern(&ACCOUNT_ID_PATTERN);
static ACCESS_KEY_ID_PATTERN: Pattern = Pattern::new(r"AKIA[A-Z2-7]{16}");
static ACCESS_KEY_ID: Shape = string().min(20).max(20).pattern(&ACCESS_KEY_ID_PATTERN);
static LIFETIME_SECONDS: Shape = long().min(60).max(315_360_000);
static GRACE_SECONDS: Shape = long().min(0).max(31_536_000);
static CREATE_ACCESS_KEY_REQUEST: Shape = structure(&[
    required("RoleName", &ROLE_NAME),
    optional("UserName", &USER_NAME),
    optional("Description", &DESCRIPTION),
    optional("AccountId", &ACCOUNT_ID),
    optional("ExpiresInSeconds", &LIFETIME_SECONDS),
]);
static LIST_ACCESS_KEYS_REQUEST: Shape = structure(&[
    optional("AccountId", &ACCOUNT_ID),
    optional("MaxResults", &MAX_RESULTS),
    optional("NextToken", &ACCESS_KEY_ID),
]);
static ROTATE_ACCESS_KEY_REQUEST: Shape =
    structure(&[required("AccessKeyId", &ACCESS_KEY_ID), optional("GraceSeconds", &GRACE_SECONDS)]);
static REVOKE_ACCESS_KEY_REQUEST: Shape = structure(&[required("AccessKeyId", &ACCESS_KEY_ID)]);
