//! Amazon CloudWatch Logs: log groups.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members, tag_map};
use super::noun::retag;
use crate::dispatch::Api;
use crate::logs::group;

/// A log group.
pub(super) struct LogGroup;

/// Characters of the longest name.
const NAME_MAX: usize = 512;

/// Sets for how long events are kept; for ever when the template says nothing.
async fn retain(work: &mut Work<'_, '_>, group: &str, days: Option<&Value>) -> Result<(), HandlerFailure> {
    let mut input = members! {"logGroupName": group};
    let operation = match days {
        Some(days) => {
            input.insert("retentionInDays".to_owned(), days.clone());
            "PutRetentionPolicy"
        }
        None => "DeleteRetentionPolicy",
    };
    work.call(Api::Logs, operation, input).await.map(drop)
}

#[async_trait]
impl Handler for LogGroup {
    /// Its events lie in files, so it goes before the transaction that says so.
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let Change::Delete(current) = change else { return Ok(()) };
        match group::delete(preparation.services, &preparation.caller.tenant(), &current.id).await {
            Ok(()) | Err(crate::logs::Error::GroupNotFound) => Ok(()),
            Err(error) => Err(HandlerFailure::new(Api::Logs, error.into())),
        }
    }

    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&["RetentionInDays", "Tags"]);
        let name = desired.text("LogGroupName").map_or_else(|| work.name(desired, NAME_MAX), str::to_owned);
        input.insert("LogGroupName".to_owned(), Value::from(name.as_str()));
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("Tags".to_owned(), Value::Object(tags));
        }
        work.call(Api::Logs, "CreateLogGroup", input).await?;
        if let Some(days) = desired.get("RetentionInDays") {
            retain(work, &name, Some(days)).await?;
        }
        let tenant = work.cx.tenant;
        let arn = format!("arn:aws:logs:{}:{}:log-group:{name}:*", tenant.region, tenant.account);
        Ok(Made::id(name).with("Arn", arn))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let beside = |properties: &Map<String, Value>| {
            let mut beside = properties.clone();
            beside.retain(|name, _| !["RetentionInDays", "Tags", "LogGroupName"].contains(&name.as_str()));
            beside
        };
        if beside(&current.properties) != beside(desired.properties) {
            return Err(HandlerFailure::unsupported("Only RetentionInDays and Tags of a log group can be changed"));
        }
        if current.get("RetentionInDays") != desired.get("RetentionInDays") {
            retain(work, &current.id, desired.get("RetentionInDays")).await?;
        }
        let arn = current.attributes.get("Arn").and_then(Value::as_str).unwrap_or_default();
        let arn = arn.trim_end_matches(":*").to_owned();
        retag(work, Api::Logs, &arn, &tag_map(current.get("Tags")), &desired.tags("Tags")).await?;
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}
