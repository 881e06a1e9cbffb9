//! Contents that stand in the store itself, for nodes that share no disk: a head, and pieces in their order.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// That there is such a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlob {
    /// Its name.
    pub id: String,
    /// When somebody last began to write it, or asked for it to stay.
    pub wanted_at: Timestamp,
    /// Whether all of its pieces are there.
    pub is_whole: bool,
}

/// A piece of what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPiece {
    /// The blob's name.
    pub blob: String,
    /// Its place, from [`BlobPiece::number`]: texts of one length, so that they sort as numbers do.
    pub number: String,
    /// The bytes, in Base64.
    pub content: String,
}

impl BlobPiece {
    /// The text of a place, from 0.
    pub fn number(place: u64) -> String {
        format!("{place:08}")
    }
}
