//! AWS Identity and Access Management (`iam`, version 2010-05-08), as far as deploy tools go: roles and managed policies.
//!
//! Both are kept and described; what they allow is not enforced. IAM is in no region, so what an account has is filed under
//! the first. Users, groups and instance profiles are not served, but for the one user there is: the account's root.

mod document;
mod errors;
pub mod managed_policy;
pub mod operations;
pub mod output_shapes;
pub mod role;
pub mod role_attachment;
pub mod role_policy;
pub mod role_tags;
pub mod shapes;
pub mod user;

pub use errors::Error;

use claviger_resources::{Region, Tenant};

/// Where what an account has of IAM is filed.
fn global(tenant: &Tenant) -> Tenant {
    Tenant { account: tenant.account, region: Region::us_east_1() }
}
