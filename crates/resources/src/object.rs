//! Objects of S3, and those that are still being uploaded in parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp};

/// An object. What it holds stands in files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Whose the bucket is, and where.
    pub tenant: Tenant,
    /// What it holds, one file after the other.
    pub blobs: Vec<Blob>,
    /// Its entity tag, without quotation marks.
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// What it was written with.
    #[serde(flatten)]
    pub description: Description,
    /// The checksum that was asked for.
    #[serde(default)]
    pub checksum: Option<Checksum>,
}

/// What is said of an object when it is written, and told when it is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Headers such as `content-type`.
    pub headers: BTreeMap<String, String>,
    /// Metadata of the user's own: what follows `x-amz-meta-`.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A file that holds an object, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Its name.
    pub id: String,
    /// Its length.
    pub bytes: u64,
}

/// A checksum of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// `CRC32`, `SHA256` and so on.
    pub algorithm: String,
    /// In base64; of an object in parts with their number behind a hyphen.
    pub value: String,
}

/// An upload in parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The bucket.
    pub bucket: String,
    /// The key of the object to be.
    pub key: String,
    /// Whose the bucket is, and where.
    pub tenant: Tenant,
    /// When it began.
    pub initiated: Timestamp,
    /// What the object is to be written with.
    #[serde(flatten)]
    pub description: Description,
    /// The algorithm of its checksums, where one was asked for.
    #[serde(default)]
    pub checksum_algorithm: Option<String>,
}

/// A part of an upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The upload's id.
    pub upload: String,
    /// Its number, written so that texts are in the order of numbers.
    pub id: String,
    /// Whose the bucket is, and where.
    pub tenant: Tenant,
    /// What it holds.
    pub blob: Blob,
    /// Its entity tag, without quotation marks.
    pub etag: String,
    /// When it was written.
    pub last_modified: Timestamp,
    /// The checksum that was asked for.
    #[serde(default)]
    pub checksum: Option<Checksum>,
}

impl Object {
    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.bytes).sum()
    }
}

impl Part {
    /// The id of the part with this number.
    pub fn id(number: u32) -> String {
        format!("{number:05}")
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.id.parse().unwrap_or_default()
    }
}
