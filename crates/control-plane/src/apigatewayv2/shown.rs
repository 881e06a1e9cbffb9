//! Records as callers see them. Their stored form has AWS's own member names, so that showing one means leaving out what
//! only the store needs to know and writing times as AWS does here.

use claviger_resources::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use time::macros::format_description;

/// A record as callers see it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Shown(Map<String, Value>);

impl Shown {
    /// A record that belongs to an API.
    pub(super) fn part(record: &impl Serialize) -> Self {
        Self::of(record).without("apiId")
    }

    /// A record without its tenant. Only what quick creation made is said to be managed.
    pub(super) fn of(record: &impl Serialize) -> Self {
        let mut members = match serde_json::to_value(record) {
            Ok(Value::Object(members)) => members,
            // Records are structs with names for members.
            Ok(_) | Err(_) => Map::new(),
        };
        if members.get("apiGatewayManaged") == Some(&Value::Bool(false)) {
            members.remove("apiGatewayManaged");
        }
        for name in ["createdDate", "lastUpdatedDate"] {
            if let Some(at) = members.get(name).and_then(Value::as_i64) {
                members.insert(name.to_owned(), iso_8601(Timestamp::from_milliseconds(at)).into());
            }
        }
        Self(members).without("tenant")
    }

    /// The same without a member.
    pub(super) fn without(mut self, member: &str) -> Self {
        self.0.remove(member);
        self
    }

    /// The same with another member.
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }
}

/// A time as version 2 of API Gateway's control plane writes it: `2020-03-12T19:03:58Z`.
fn iso_8601(time: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.utc().format(format).unwrap_or_default()
}
