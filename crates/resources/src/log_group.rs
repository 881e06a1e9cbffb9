//! Log groups of CloudWatch Logs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Tenant, Timestamp};

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// A log group. Its streams and events are no records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// When it was made.
    pub created: Timestamp,
    /// Days for which events are kept; `None` for as long as there is room.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// `STANDARD`, or another kind, which makes no difference here.
    pub class: String,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl LogGroup {
    /// A group that was just made.
    pub fn new(tenant: Tenant, name: String, created: Timestamp) -> Self {
        Self { name, tenant, created, retention_days: None, class: "STANDARD".to_owned(), tags: BTreeMap::new() }
    }

    /// Its Amazon Resource Name, as other services take it; its own API often has `:*` behind it.
    pub fn arn(&self) -> String {
        let Tenant { account, region } = &self.tenant;
        format!("arn:aws:logs:{region}:{account}:log-group:{}", self.name)
    }

    /// When the oldest events are from that are kept.
    pub fn oldest(&self, now: Timestamp) -> Option<Timestamp> {
        let kept = i64::from(self.retention_days?) * DAY_MILLISECONDS;
        Some(Timestamp::from_milliseconds(now.milliseconds().saturating_sub(kept)))
    }
}
