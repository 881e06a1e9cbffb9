//! What becomes of events that nobody waits for, when a function fails.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Timestamp;

/// The settings of a qualifier of a function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventInvokeConfig {
    /// How often an event is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries_max: Option<u32>,
    /// How long an event is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds_max: Option<u32>,
    /// Where results would go; it decides nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destinations: Option<Value>,
    /// When it was last changed.
    pub last_modified: Timestamp,
}
