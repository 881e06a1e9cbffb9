//! What has happened to a stack.

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp};

/// One thing that has happened to a stack or to a resource of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackEvent {
    /// The id of the stack.
    pub stack: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Where it stands among the stack's events: the newest comes first (see [`StackEvent::place`]).
    pub place: String,
    /// What callers know it by.
    pub event_id: String,
    /// When it happened; later than every event before it.
    pub time: Timestamp,
    /// The resource, or the stack's name.
    pub logical_id: String,
    /// What stands for it.
    pub physical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Where it stands now.
    pub status: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What callers call the operation by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The id of the operation.
    #[serde(default)]
    pub operation: String,
}

impl StackEvent {
    /// The place of the event after `before` others: greater numbers sort before smaller ones.
    pub fn place(before: u64) -> String {
        format!("{:016x}", u64::MAX - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_events_sort_first() {
        let places: Vec<_> = [0, 1, 2, 1_000_000, u64::MAX - 1].map(StackEvent::place).to_vec();
        assert!(places.iter().zip(places.iter().skip(1)).all(|(earlier, later)| later < earlier));
    }
}
