//! API keys: what a client shows to be counted under a usage plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Sealed, Tenant, Timestamp};

/// An API key, as it is stored. Its value is a credential: kept as a digest, under which requests find the key, and sealed,
/// because `GetApiKey` shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id, unique over all accounts and regions.
    pub id: ApiKeyId,
    /// The account and region it belongs to.
    pub tenant: Tenant,
    /// Its place among all keys there have been: a later key has a greater number.
    pub number: u64,
    /// Its name; names need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose it is, in the words of AWS Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Whether requests may use it.
    pub enabled: bool,
    /// The digest of its value.
    pub digest: ApiKeyDigest,
    /// Its value, sealed.
    pub sealed: Sealed,
    /// The stages it was made for (`{api}/{stage}`), from before there were usage plans; they decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stage_keys: Vec<String>,
    /// Its tags; `None` until some were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last changed.
    pub last_updated_date: Timestamp,
}

/// The keyed digest of an API key's value, unique within an account and region.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Sealed", into = "Sealed")]
pub struct ApiKeyDigest(Box<[u8]>);

impl ApiKeyDigest {
    /// Wraps what the vault has digested.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest.into())
    }

    /// The digest in hexadecimal: the name under which the store keeps it unique.
    pub fn to_hexadecimal(&self) -> String {
        Sealed::from_bytes(self.0.clone()).into()
    }
}

impl From<Sealed> for ApiKeyDigest {
    fn from(stored: Sealed) -> Self {
        Self(stored.as_bytes().into())
    }
}

impl From<ApiKeyDigest> for Sealed {
    fn from(digest: ApiKeyDigest) -> Self {
        Self::from_bytes(digest.0)
    }
}
