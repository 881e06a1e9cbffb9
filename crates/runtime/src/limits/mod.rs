//! Limits on requests: AWS's request rates, and what is set for single app clients.
//!
//! What is counted lives beside the snapshot, keyed by id, so that a change of configuration does not reset it. Where
//! nothing is limited, a request pays one branch.

pub mod request_rates;
mod shards;
pub mod usage;

pub use request_rates::RequestRates;
pub use usage::Usage;

/// The limits of a node.
pub struct Limits {
    /// AWS's request rates; `None` while they are not enforced.
    pub rates: Option<RequestRates>,
    /// The limits of single app clients.
    pub usage: Usage,
}
