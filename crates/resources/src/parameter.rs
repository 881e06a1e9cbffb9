//! Parameters of Systems Manager's Parameter Store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp};

/// A parameter: its newest version, and what is true of all of them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name, which starts with `/` when it has several parts.
    pub name: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its newest version.
    pub latest: Version,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// An older version of a parameter.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OlderVersion {
    /// The parameter's name.
    pub parameter: String,
    /// Its number, written so that texts are in the order of numbers.
    pub id: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// What it was.
    pub version: Version,
}

/// What a parameter is at one version.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Counts from 1.
    pub number: u64,
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: ParameterValue,
    /// The key that is named for a `SecureString`; it is sealed by the vault whatever its name.
    #[serde(default)]
    pub key_id: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// What values must match.
    #[serde(default)]
    pub allowed_pattern: Option<String>,
    /// `Standard`, `Advanced` or `Intelligent-Tiering`.
    pub tier: String,
    /// `text`, or what AWS would look for in the value.
    pub data_type: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// By whom, as an ARN.
    pub last_modified_user: String,
}

/// A value, in clear or not.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterValue {
    /// In clear.
    Plain(String),
    /// Sealed by the vault.
    Sealed(Sealed),
}

impl Parameter {
    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        arn(&self.tenant, &self.name)
    }
}

/// The Amazon Resource Name of the parameter `name` of `tenant`.
pub fn arn(Tenant { account, region }: &Tenant, name: &str) -> String {
    let slash = if name.starts_with('/') { "" } else { "/" };
    format!("arn:aws:ssm:{region}:{account}:parameter{slash}{name}")
}

impl OlderVersion {
    /// The id of the version with this number.
    pub fn id(number: u64) -> String {
        format!("{number:010}")
    }

    /// A version that is not the newest any more.
    pub fn of(parameter: &Parameter) -> Self {
        Self {
            parameter: parameter.name.clone(),
            id: Self::id(parameter.latest.number),
            tenant: parameter.tenant.clone(),
            version: parameter.latest.clone(),
        }
    }
}
