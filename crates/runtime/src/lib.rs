//! What both planes run on: the vault, the snapshot, issuance, signing-key making.
//!
//! The [`snapshot`] is everything requests are decided from; the store's feed keeps it up to date. [`issuance`] is the one
//! way to a token; [`limits`] says how many there may be. The [`vault`] is the only place where secrets are sealed and opened.

pub mod ids;
pub mod issuance;
pub mod issuers;
pub mod key_maker;
pub mod limits;
pub mod passwords;
pub mod snapshot;
pub mod vault;
