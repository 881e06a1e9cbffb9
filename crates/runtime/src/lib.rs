//! What both planes run on: the vault, the snapshot, issuance, signing-key making, functions, outbound HTTP.
//!
//! The [`snapshot`] is everything requests are decided from; the store's feed keeps it up to date. [`issuance`] is the one
//! way to a token, [`hook`] the one thing it may wait for; [`limits`] says how many there may be. The [`token_cache`] keeps
//! what was verified, so that a token is verified once. [`trials`] is where the planes meet when something is tried out. The [`vault`] is the only place where secrets are sealed and opened.

pub mod access_keys;
pub mod access_logs;
pub mod audit;
pub mod blobs;
mod forgetting;
pub mod functions;
#[doc(hidden)]
pub mod fuzzing;
pub mod hold;
pub mod hook;
pub mod ids;
pub mod issuance;
pub mod issuer_keys;
pub mod issuers;
pub mod key_keeper;
pub mod key_maker;
pub mod limits;
pub mod log_events;
pub mod metrics;
pub mod nodes;
pub mod outbound;
pub mod passwords;
pub mod refusals;
pub mod revocations;
pub mod roles;
pub mod sessions;
pub mod signing_keys;
pub mod snapshot;
pub mod temporary_credentials;
pub mod token_cache;
pub mod token_counts;
pub mod trials;
pub mod vault;
mod writer_queue;
