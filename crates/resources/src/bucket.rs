//! Buckets of S3.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp};

/// A bucket. Its objects are records of their own, and their contents files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Its name, unique over all accounts and regions.
    pub name: String,
    /// Whose it is, and where.
    pub tenant: Tenant,
    /// When it was made.
    pub created: Timestamp,
    /// What was put of each sub-resource, such as `encryption`, as it came. Empty for one that was deleted.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

impl Bucket {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}
