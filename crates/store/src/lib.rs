//! The storage port: what the rest of the program may ask of a database, and the contract every backend passes.
//!
//! A store keeps [`Record`]s: values with a kind, an owner ([`Tenant`]), a parent and an id. Which nouns exist is written in
//! one place, [`records`]; backends know none of them, so a new noun needs no storage code and no migration. Records may
//! claim names that are unique over everything ([`Name`]), are counted as they come and go, and every commit that changes
//! one bumps the store's revision and leaves behind what it changed: the feed from which nodes keep their snapshots.
//!
//! Start with [`Transaction`] for the verbs and [`TransactionExt`] for their typed form; [`Backend`] is for those who look
//! after a database as a whole. `contract` (feature `contract`) is the suite that each backend runs.

mod backend;
mod collision;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod described;
mod error;
mod key;
mod record;
mod records;
mod revision;
mod transaction;

pub use backend::{Backend, Examination, FillError, Filling, NamedRow};
pub use collision::retried;
pub use described::Described;
pub use error::StoreError;
pub use key::{Key, Kind, Name, Namespace};
pub use record::{Record, Stored, TransactionExt};
pub use records::{
    API_GATEWAY_ACCOUNT_ID, KEYRING_ID, ROLE_MAPPING_ID, blob_tenant, keyring_tenant, node_tenant, policy_tenant,
    stack_name,
};
pub use revision::{Change, Changes, FEED_REVISIONS, Revision};
pub use transaction::{Listing, Row, Store, Transaction};
