//! Users sign in, renew and sign out, and look after their own accounts.

mod account;
pub(super) mod goldens;
mod hidden_users;
pub(super) mod inputs;
mod new_password;
mod password;
mod refresh;
pub(super) mod scene;
mod sign_out;
mod srp;
mod srp_client;
mod tokens;
