//! Cognito, operation by operation and rule by rule.

mod app_client_settings;
mod app_clients;
mod client_secrets;
mod client_tokens;
mod domains;
mod golden_users;
mod goldens;
mod inputs;
mod managed_login_branding;
mod protocol;
mod provisioned_limits;
mod quotas;
mod request_rates;
mod resource_servers;
mod schema;
mod settings;
mod sign_in;
mod signing_certificate;
mod tags;
mod user_inputs;
mod user_pool_settings;
mod user_pools;
