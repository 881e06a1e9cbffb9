//! What both planes run on: the vault, the snapshot, issuance, signing-key making.

pub mod vault;
