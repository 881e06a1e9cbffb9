//! The usage of usage plans: `GetUsage`, `UpdateUsage`.
//!
//! What is shown is what the node has counted up to now. A grant is part of the key's place in the plan, so that it reaches
//! traffic and outlives the node as all other settings do.

use std::collections::BTreeMap;

use claviger_resources::usage_plan::{Grant, UsagePlan, UsagePlanKey};
use claviger_resources::usage_quota::{day_of, day_text, parse_day};
use claviger_resources::{ApiKeyId, Timestamp, UsagePlanId};
use claviger_runtime::limits::plan_usage::{DAYS_KEPT, remaining};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::PageInput;
use super::patch::{PatchOperation, apply_all};
use super::{usage_plan, usage_plan_key};
use crate::operation::{Access, Context, Operation};

/// Shows what the keys of a plan have used, day by day.
pub struct GetUsage;
/// Grants a key of a plan more or fewer requests until its quota begins anew.
pub struct UpdateUsage;

const DAY_SECONDS: i64 = 86_400;

/// The members of `GetUsage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetUsageInput {
    usage_plan_id: String,
    key_id: Option<String>,
    start_date: String,
    end_date: String,
    #[serde(flatten)]
    page: PageInput,
}

/// The members of `UpdateUsage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUsageInput {
    usage_plan_id: String,
    key_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// Usage as callers see it: for each key a list of days, each with what was used and what then remained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageOutput {
    usage_plan_id: UsagePlanId,
    start_date: String,
    end_date: String,
    values: BTreeMap<ApiKeyId, Vec<[i64; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl Operation for GetUsage {
    const NAME: &'static str = "GetUsage";
    const ACCESS: Access = Access::Read;
    type Input = GetUsageInput;
    type Output = UsageOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let plan = usage_plan::find(cx, &input.usage_plan_id).await?;
        let days = days(&input.start_date, &input.end_date)?;
        let places: Vec<Stored<UsagePlanKey>> = match &input.key_id {
            Some(key) => vec![usage_plan_key::find(cx, plan.id.as_str(), key).await?.1],
            None => cx.tx.list_all(cx.tenant, plan.id.as_str()).await?,
        };
        let page = input.page.newest_first(places, |place| place.number, |place| place.key.as_str().to_owned())?;
        let usage = &cx.services.issuance.limits().plan_usage;
        let of = |place: &Stored<UsagePlanKey>| {
            let counts = usage.days(&plan.id, &place.key);
            let on = |day: &Timestamp| usage_on(&plan, place.grant, *day, &counts);
            (place.key.clone(), days.iter().map(on).collect())
        };
        Ok(UsageOutput {
            usage_plan_id: plan.id.clone(),
            start_date: input.start_date.clone(),
            end_date: input.end_date.clone(),
            values: page.items().iter().map(of).collect(),
            position: page.position().map(str::to_owned),
        })
    }
}

impl Operation for UpdateUsage {
    const NAME: &'static str = "UpdateUsage";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUsageInput;
    type Output = UsageOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (plan, mut place) = usage_plan_key::find(cx, &input.usage_plan_id, &input.key_id).await?;
        let mut wanted = None;
        apply_all(&input.patch_operations, |patch| match patch.path().as_slice() {
            ["remaining"] if patch.op() == "replace" => {
                wanted = Some(patch.number::<u32>()?);
                Ok(())
            }
            _ => Err(patch.invalid_replace(if patch.op() == "replace" { &["/remaining"] } else { &[] })),
        })?;
        let counts = cx.services.issuance.limits().plan_usage.days(&plan.id, &place.key);
        if let Some(wanted) = wanted {
            let quota = plan.quota.ok_or_else(|| Error::bad("Usage Plan has no quota"))?;
            let left = remaining(quota, None, cx.now, &counts);
            place.grant =
                Some(Grant { start: quota.span(cx.now).start, requests: i64::from(wanted).saturating_sub(left) });
            cx.tx.replace(&place).await?;
        }
        let today = day_of(cx.now);
        let value = usage_on(&plan, place.grant, today, &counts);
        Ok(UsageOutput {
            usage_plan_id: plan.id.clone(),
            start_date: day_text(today),
            end_date: day_text(today),
            values: BTreeMap::from([(place.key.clone(), vec![value])]),
            position: None,
        })
    }
}

/// The first moments of the days from one date to another.
fn days(start: &str, end: &str) -> Result<Vec<Timestamp>, Error> {
    let parse = |text: &str| parse_day(text).ok_or_else(|| Error::bad(format!("Invalid date specified: {text}")));
    let (start, end) = (parse(start)?.seconds(), parse(end)?.seconds());
    if end < start {
        return Err(Error::bad("Usage start date must not be after the end date"));
    }
    let count = (end - start) / DAY_SECONDS + 1;
    if usize::try_from(count).is_ok_and(|count| count > DAYS_KEPT) {
        return Err(Error::bad(format!("Usage can be shown for at most {DAYS_KEPT} days")));
    }
    Ok((0..count).map(|day| Timestamp::from_seconds(start + day * DAY_SECONDS)).collect())
}

/// What was used on a day, and what remained of the quota at its end; nothing remains where there is no quota.
fn usage_on(plan: &UsagePlan, grant: Option<Grant>, day: Timestamp, counts: &BTreeMap<Timestamp, u64>) -> [i64; 2] {
    let used = counts.get(&day).copied().unwrap_or_default();
    let until: BTreeMap<Timestamp, u64> = counts.range(..=day).map(|(day, count)| (*day, *count)).collect();
    let left = plan.quota.map_or(0, |quota| remaining(quota, grant, day, &until).max(0));
    [i64::try_from(used).unwrap_or(i64::MAX), left]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_first_to_the_last() {
        let check = |start: &str, end: &str, expected: Result<usize, &str>| {
            let found = days(start, end).map(|days| days.len()).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{start} {end}");
        };
        check("2030-01-01", "2030-01-01", Ok(1));
        check("2030-01-01", "2030-03-31", Ok(90));
        check("2030-01-01", "2030-04-01", Err("Usage can be shown for at most 90 days"));
        check("2030-01-02", "2030-01-01", Err("Usage start date must not be after the end date"));
        check("2030-1-2", "2030-01-01", Err("Invalid date specified: 2030-1-2"));
        check("2030-02-30", "2030-03-01", Err("Invalid date specified: 2030-02-30"));
    }
}
