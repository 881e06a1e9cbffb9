//! Lambda layers: zips that functions share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::function::Code;
use crate::{Tenant, Timestamp};

/// A layer with its versions.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// The number of the newest version there ever was.
    pub versions_made: u64,
    /// Its versions.
    pub versions: BTreeMap<u64, LayerVersion>,
}

/// A version of a layer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerVersion {
    /// Its content.
    pub code: Code,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// When it was made.
    pub created: Timestamp,
    /// Under which terms it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The runtimes it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<String>,
    /// The processors it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
}

impl Layer {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        arn(&self.tenant, &self.name)
    }
}

/// The Amazon Resource Name of the layer `name` of `tenant`.
pub fn arn(tenant: &Tenant, name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:layer:{name}", tenant.region, tenant.account)
}
