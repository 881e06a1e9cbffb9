//! Provisioned limits: the request rates that an account has set for itself (`UpdateProvisionedLimit`).

use serde::{Deserialize, Serialize};

use crate::Tenant;

/// The rate of one category in one account and region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionedLimit {
    /// The account and region.
    pub tenant: Tenant,
    /// AWS's name of the category.
    pub category: String,
    /// Requests a second.
    pub requests_per_second: u32,
}
