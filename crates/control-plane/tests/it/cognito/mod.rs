//! Cognito, operation by operation and rule by rule.

mod app_client_settings;
mod app_clients;
mod client_secrets;
mod domains;
mod golden_users;
mod goldens;
mod inputs;
mod protocol;
mod resource_servers;
mod schema;
mod settings;
mod sign_ups;
mod tags;
mod user_inputs;
mod user_lists;
mod user_pool_settings;
mod user_pools;
mod users;
