//! Limits that are fixed, each with the page that documents it; those an operator can change are in [`crate::quotas`].

use crate::rate::RateLimit;

/// Active secrets per app client (Amazon Cognito, "Quotas in Amazon Cognito").
pub const SECRETS_PER_APP_CLIENT: usize = 2;
/// Sessions of a user at a time: more than people need, so that a user who signs in without end cannot fill the store.
pub const SESSIONS_PER_USER: usize = 100;
/// Messages kept for each user; ours, AWS sends them.
pub const MESSAGES_PER_USER: usize = 5;
/// Messages kept for all users of a pool; ours.
pub const MESSAGES_PER_USER_POOL: usize = 1_000;

/// Bytes of a function's result (AWS Lambda, "Lambda quotas", synchronous invocations).
pub const FUNCTION_RESULT_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Bytes of an event that a caller waits for (same page; the text of `RequestTooLargeException` has a little more than 6 MiB).
pub const EVENT_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;
/// Bytes of an event that nobody waits for (same page, asynchronous invocations).
pub const ASYNCHRONOUS_EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a zip that comes with a call (same page, deployment package).
pub const FUNCTION_ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Bytes of a zip's files together (same page).
pub const FUNCTION_UNZIPPED_BYTES_MAX: u64 = 250 * 1024 * 1024;
/// Files and directories in a zip; ours.
pub const FUNCTION_FILES_MAX: usize = 65_535;
/// Bytes of all names and values of a function's environment variables (same page).
pub const FUNCTION_ENVIRONMENT_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a function's resource policy (same page).
pub const FUNCTION_POLICY_BYTES_MAX: usize = 20 * 1024;
/// Seconds that a function may take (same page).
pub const FUNCTION_TIMEOUT_SECONDS_MAX: u32 = 900;
/// MiB of memory that a function may have (same page).
pub const FUNCTION_MEMORY_MIB_MAX: u32 = 10_240;

/// REST APIs per account and region: the quota of regional ones (API Gateway, "Amazon API Gateway quotas").
pub const REST_APIS_PER_REGION: usize = 600;
/// Stages per API (same page).
pub const STAGES_PER_API: usize = 10;
/// Authorizers per API (same page).
pub const AUTHORIZERS_PER_API: usize = 10;
/// Models per API that is imported; ours.
pub const MODELS_PER_API: usize = 2_000;
/// Request validators per API that is imported; ours.
pub const REQUEST_VALIDATORS_PER_API: usize = 1_000;
/// Characters of an API's resource policy (same page).
pub const RESOURCE_POLICY_CHARACTERS_MAX: usize = 8_192;
/// Documentation parts per API (same page).
pub const DOCUMENTATION_PARTS_PER_API: usize = 2_000;
/// Bytes of the properties of all documentation parts of an API; ours: as much as a document that has them.
pub const DOCUMENTATION_BYTES_MAX: usize = IMPORT_BYTES_MAX;
/// Documentation versions per API; ours: each holds a copy of the parts.
pub const DOCUMENTATION_VERSIONS_PER_API: usize = 100;
/// Bytes of an OpenAPI document to import (same page).
pub const IMPORT_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Bytes of a request or response body through the gateway (same page).
pub const GATEWAY_BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Bytes of all headers of a request through the gateway (same page); those of an HTTP API count the request line, too.
pub const GATEWAY_HEADER_BYTES_MAX: usize = 10_240;
/// Bytes of path and query of a request through the gateway (same page, URL length of Regional APIs).
pub const GATEWAY_URL_BYTES_MAX: usize = 10_240;
/// Bytes of the ARN of a method that needs authorization, with the request's path (same page).
pub const METHOD_ARN_BYTES_MAX: usize = 1_600;
/// Seconds for which an authorizer's decision may be kept (same page).
pub const AUTHORIZER_RESULT_TTL_SECONDS_MAX: u32 = 3_600;
/// Bytes of what a Lambda authorizer answers; ours: what it answers is kept in memory.
pub const AUTHORIZER_ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a mapping template (same page).
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;
/// Milliseconds an integration may take (same page).
pub const INTEGRATION_TIMEOUT_MILLISECONDS_MAX: u32 = 29_000;
/// Milliseconds an answer may take that is passed on as it comes (API Gateway, "Stream the integration response for your proxy
/// integrations").
pub const STREAM_TIMEOUT_MILLISECONDS_MAX: u32 = 900_000;
/// Milliseconds such an answer may pause at a Regional or private endpoint (same page).
pub const STREAM_PAUSE_MILLISECONDS_MAX: u32 = 300_000;
/// Milliseconds such an answer may pause at an edge-optimized endpoint (same page).
pub const STREAM_PAUSE_MILLISECONDS_MAX_EDGE: u32 = 30_000;
/// Milliseconds an integration must at least be given (same page).
pub const INTEGRATION_TIMEOUT_MILLISECONDS_MIN: u32 = 50;
/// API keys per account and region (same page).
pub const API_KEYS_PER_REGION: usize = 10_000;
/// Client certificates per account and region (same page).
pub const CLIENT_CERTIFICATES_PER_REGION: usize = 60;
/// Usage plans per account and region (same page).
pub const USAGE_PLANS_PER_REGION: usize = 300;
/// Usage plans that an API key may be in (same page).
pub const USAGE_PLANS_PER_API_KEY: usize = 10;
/// Bytes of a model's schema (same page).
pub const MODEL_BYTES_MAX: usize = 400 * 1024;
/// What all APIs of an account in a region may take together (same page): the steady rate and the burst.
pub const API_GATEWAY_ACCOUNT_RATE: RateLimit = RateLimit { rate: 10_000.0, burst: 5_000 };
/// Page size of a list of API Gateway when the caller names none (API Gateway API reference, `limit`).
pub const API_GATEWAY_PAGE_DEFAULT: usize = 25;
/// Largest page of a list of API Gateway (same page).
pub const API_GATEWAY_PAGE_MAX: usize = 500;
/// HTTP APIs per account and region (same page as [`REST_APIS_PER_REGION`]).
pub const HTTP_APIS_PER_REGION: usize = 600;
/// Custom domain names per account and region (same page).
pub const DOMAIN_NAMES_PER_REGION: usize = 120;
/// API mappings per custom domain name (same page).
pub const API_MAPPINGS_PER_DOMAIN: usize = 200;
/// Characters of an API mapping's key (same page).
pub const API_MAPPING_KEY_LENGTH_MAX: usize = 300;
/// Integrations per HTTP API (same page).
pub const INTEGRATIONS_PER_API: usize = 300;
/// Audiences per JWT authorizer (same page).
pub const AUDIENCES_PER_AUTHORIZER: usize = 50;
/// Scopes per route (same page).
pub const SCOPES_PER_ROUTE: usize = 10;
/// Milliseconds an integration of an HTTP API may take (same page).
pub const HTTP_API_TIMEOUT_MILLISECONDS_MAX: u32 = 30_000;
/// Bytes of an issuer's key set (API Gateway, "Control access to HTTP APIs with JWT authorizers").
pub const JWKS_BYTES_MAX: usize = 150_000;

/// Roles of a role mapping; ours, as are those below.
pub const ROLES_MAX: usize = 100;
/// Scopes of a role mapping.
pub const ROLE_SCOPES_MAX: usize = 500;
/// Rules of all roles of a mapping together.
pub const ROLE_RULES_MAX: usize = 2_000;
/// Access keys of an account.
pub const ACCESS_KEYS_MAX: usize = 1_000;
/// Authorization policies of a server.
pub const AUTHORIZATION_POLICIES_MAX: usize = 1_000;

/// Parameters of Systems Manager per account and region (AWS, "Systems Manager endpoints and quotas").
pub const SSM_PARAMETERS_MAX: u64 = 10_000;
/// Versions of a parameter that are kept (same page).
pub const SSM_PARAMETER_VERSIONS_MAX: u64 = 100;
/// Secrets per account and region; ours, because lists are sorted in memory.
pub const SECRETS_MAX: u64 = 10_000;
/// Versions of a secret that are kept beside those with labels (AWS, "Secrets Manager quotas").
pub const SECRET_VERSIONS_MAX: usize = 100;
/// Staging labels that a secret may have (same page).
pub const SECRET_LABELS_MAX: usize = 20;
/// Log groups per account and region (AWS, "CloudWatch Logs quotas").
pub const LOG_GROUPS_MAX: u64 = 1_000_000;
