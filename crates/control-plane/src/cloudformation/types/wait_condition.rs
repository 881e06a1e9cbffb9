//! Wait conditions: resources that are there once others have said so at the URL of a handle.

use std::time::Duration;

use async_trait::async_trait;
use claviger_resources::random;

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work};
use crate::cloudformation::signals;

/// The URL that others signal at.
pub(super) struct WaitConditionHandle;
/// The wait for their signals.
pub(super) struct WaitCondition;

/// Characters of the word at the end of the URL. Nobody guesses it, so whoever knows it may signal.
const WORD: usize = 40;
/// The longest wait (AWS CloudFormation, `AWS::CloudFormation::WaitCondition`).
const TIMEOUT_SECONDS_MAX: u64 = 43_200;

#[async_trait]
impl Handler for WaitConditionHandle {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let Change::Create(_) = change else { return Ok(()) };
        let (services, place) = (preparation.services, preparation.resource.place);
        let word = random::text(&mut *services.random(), random::ALPHANUMERIC, WORD);
        let tenant = &place.stack.tenant;
        let url = format!(
            "{}{}{}/{}/{}/{}/{word}",
            services.settings.endpoint.as_deref().unwrap_or_default(),
            signals::PATH,
            tenant.account,
            tenant.region,
            place.stack.id,
            place.logical_id
        );
        preparation.prepared.made = Some(Made::id(url));
        Ok(())
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}

/// A number that a property gives, as such or as text.
fn number(desired: &Desired<'_>, name: &str) -> Option<u64> {
    desired.get(name).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

#[async_trait]
impl Handler for WaitCondition {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let Change::Create(desired) = change else { return Ok(()) };
        let needed = |name: &str| {
            HandlerFailure::unsupported(format!("Properties validation failed: #: required key [{name}] not found"))
        };
        let handle = desired.text("Handle").ok_or_else(|| needed("Handle"))?;
        let seconds = number(desired, "Timeout").ok_or_else(|| needed("Timeout"))?;
        if seconds > TIMEOUT_SECONDS_MAX {
            return Err(HandlerFailure::unsupported(format!(
                "#/Timeout: {seconds} is not less or equal to {TIMEOUT_SECONDS_MAX}"
            )));
        }
        let count = usize::try_from(number(desired, "Count").unwrap_or(1)).unwrap_or(usize::MAX);
        let services = preparation.services;
        let said = signals::wait(services, handle, count, Duration::from_secs(seconds)).await;
        let said = said.map_err(HandlerFailure::unsupported)?;
        let id = preparation.name(desired, 255);
        preparation.prepared.made = Some(Made::id(id.clone()).with("Id", id).with("Data", said));
        Ok(())
    }

    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn update(
        &self,
        _: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let differs = ["Count", "Handle", "Timeout"].into_iter().any(|name| current.get(name) != desired.get(name));
        if differs {
            return Err(HandlerFailure::unsupported(
                "Update to resource type AWS::CloudFormation::WaitCondition is not supported.",
            ));
        }
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_be_texts() {
        let properties = json!({"Timeout": "60", "Count": 2}).as_object().cloned().unwrap();
        let tags = std::collections::BTreeMap::new();
        let desired = Desired {
            logical_id: "Wait",
            stack_name: "weather",
            stack_tags: &tags,
            resource_type: "AWS::CloudFormation::WaitCondition",
            properties: &properties,
        };
        assert_eq!((number(&desired, "Timeout"), number(&desired, "Count")), (Some(60), Some(2)));
        assert_eq!(number(&desired, "Other"), None);
    }
}
