//! The nouns: user pool, resource server, app client, domain, user, group, REST API, deployment, stage, authorizer, function.
//!
//! Everything here is a value: ids that can only be well formed, limits with their AWS defaults, and the stored form of
//! each noun (its `serde` form is what the store keeps). Nothing here does I/O, reads a clock or makes randomness;
//! [`Clock`], [`Monotonic`] and [`Random`] are the ways in which time and chance reach the rest of the program.
//!
//! Start with [`id`] for how things are named and with [`user_pool`] or [`rest_api`] for the two halves of the product.

pub mod access_key;
pub mod api_gateway_account;
pub mod api_key;
pub mod api_mapping;
pub mod app_client;
pub mod authorization_policy;
pub mod bucket;
pub mod client_certificate;
pub mod client_limits;
pub mod correspondence;
pub mod domain_name;
pub mod function;
pub mod group;
pub mod http_api;
pub mod id;
pub mod kept_secret;
pub mod key_usage;
pub mod keyring;
pub mod layer;
pub mod limits;
pub mod log_group;
pub mod managed_login_branding;
pub mod node;
pub mod object;
pub mod parameter;
pub mod provisioned_limit;
pub mod quotas;
pub mod random;
pub mod rate;
pub mod request_rates;
pub mod resource_server;
pub mod rest_api;
pub mod revocation;
pub mod role;
pub mod role_mapping;
pub mod secret;
pub mod session;
pub mod signing_certificate;
pub mod signing_key;
pub mod stack;
pub mod stored_blob;
pub mod tenant;
pub mod time;
pub mod token_count;
pub mod token_usage;
pub mod usage_plan;
pub mod usage_quota;
pub mod user;
pub mod user_pool;
pub mod user_pool_domain;
pub mod wildcard;

pub use id::{
    AccessKeyId, ApiKeyId, ApiMappingId, AuthorizerId, ClientCertificateId, ClientId, DeploymentId,
    DocumentationPartId, FunctionName, HttpApiId, HttpStageName, IntegrationId, InvalidId, PolicyName,
    RequestValidatorId, ResourceId, RestApiId, RoleName, RouteId, StageName, UsagePlanId, UserPoolId,
};
pub use random::Random;
pub use secret::{Sealed, Secret};
pub use tenant::{AccountId, Region, Tenant};
pub use time::{Clock, Monotonic, Timestamp};
