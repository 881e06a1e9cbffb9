//! Cognito, operation by operation and rule by rule.

mod app_client_settings;
mod app_clients;
mod client_secrets;
mod domains;
mod goldens;
mod inputs;
mod protocol;
mod provisioned_limits;
mod quotas;
mod request_rates;
mod resource_servers;
mod schema;
mod settings;
mod tags;
mod user_pool_settings;
mod user_pools;
