//! How long a group keeps its events: `PutRetentionPolicy`, `DeleteRetentionPolicy`.

use claviger_store::TransactionExt;
use serde::Deserialize;

use super::errors::Error;
use super::group::{GroupInput, find};
use crate::operation::{Access, Context, Operation};

/// Says how long events are kept.
pub struct PutRetentionPolicy;
/// Has events kept for as long as there is room.
pub struct DeleteRetentionPolicy;

/// Days for which events can be kept (CloudWatch Logs API, `PutRetentionPolicy`).
const DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The members of `PutRetentionPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRetentionPolicyInput {
    log_group_name: String,
    retention_in_days: i64,
}

impl Operation for PutRetentionPolicy {
    const NAME: &'static str = "PutRetentionPolicy";
    const ACCESS: Access = Access::Write;
    type Input = PutRetentionPolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        put(cx, &input.log_group_name, Some(input.retention_in_days)).await
    }
}

impl Operation for DeleteRetentionPolicy {
    const NAME: &'static str = "DeleteRetentionPolicy";
    const ACCESS: Access = Access::Write;
    type Input = GroupInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        put(cx, &input.log_group_name, None).await
    }
}

/// Says for how many days a group keeps its events; `None` for as long as there is room.
pub async fn put(cx: &mut Context<'_>, group: &str, days: Option<i64>) -> Result<(), Error> {
    let days = match days {
        None => None,
        Some(given) => {
            let known = DAYS.into_iter().find(|days| i64::from(*days) == given);
            Some(known.ok_or_else(|| {
                let values: Vec<_> = DAYS.iter().map(u32::to_string).collect();
                Error::InvalidParameter(format!(
                    "1 validation error detected: Value '{given}' at 'retentionInDays' failed to satisfy constraint: \
                     Member must satisfy enum value set: [{}]",
                    values.join(", ")
                ))
            })?)
        }
    };
    let mut group = find(cx, group).await?;
    group.retention_days = days;
    Ok(cx.tx.replace(&group).await?)
}
