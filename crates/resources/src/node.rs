//! Nodes: the servers that share a store, as they tell each other of themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A node's word that it is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its id, made when it starts.
    pub id: String,
    /// When it started, by its own clock.
    pub started: Timestamp,
    /// The version of its program.
    pub version: String,
    /// How often it has said so. Whoever sees this grow knows that it lives; nobody compares clocks.
    pub beats: u64,
    /// How often those of its rate limits were asked lately that are asked most, by their names: requests a minute.
    #[serde(default)]
    pub demand: BTreeMap<String, u64>,
}
