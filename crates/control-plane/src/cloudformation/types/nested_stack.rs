//! `AWS::CloudFormation::Stack`: a stack as a resource of another.

use async_trait::async_trait;
use serde_json::Value;

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work};
use crate::cloudformation::nested::{self, Done, Failed};
use crate::cloudformation::source::{GivenParameter, Tag, Wanted};

/// A stack as a resource of another.
pub(super) struct NestedStack;

/// What the stack is made from. It may do what its parent may.
fn wanted(preparation: &Preparation<'_>, desired: &Desired<'_>) -> Wanted {
    let definition = &preparation.resource.place.operation.definition;
    let parameters = desired.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters = parameters.map(|(key, value)| GivenParameter {
        parameter_key: key.clone(),
        parameter_value: Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        use_previous_value: false,
    });
    let tags = desired.tags("Tags").into_iter();
    let tags = tags.map(|(key, value)| Tag { key, value: value.as_str().unwrap_or_default().to_owned() });
    let topics = desired.get("NotificationARNs").and_then(Value::as_array);
    let topics = topics.map(|topics| topics.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect());
    Wanted {
        template_url: desired.text("TemplateURL").map(str::to_owned),
        parameters: parameters.collect(),
        capabilities: definition.capabilities.clone(),
        tags: Some(tags.collect()),
        notification_arns: Some(topics.unwrap_or_default()),
        role_arn: definition.role_arn.clone(),
        ..Wanted::default()
    }
}

fn timeout(desired: &Desired<'_>) -> Option<u32> {
    desired.get("TimeoutInMinutes").and_then(Value::as_u64).and_then(|minutes| minutes.try_into().ok())
}

impl From<Done> for Made {
    fn from(done: Done) -> Self {
        Self { reference: Some(done.arn.clone()), id: done.arn, attributes: done.attributes }
    }
}

impl From<Failed> for HandlerFailure {
    fn from(failed: Failed) -> Self {
        let failure = Self::unsupported(failed.reason);
        match failed.remains {
            Some(arn) => failure.leaving(Made::id(arn)),
            None => failure,
        }
    }
}

#[async_trait]
impl Handler for NestedStack {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let (services, caller) = (preparation.services, preparation.caller);
        preparation.prepared.made = match change {
            Change::Create(desired) => {
                let (wanted, place) = (wanted(preparation, desired), preparation.resource.place);
                Some(nested::create(services, caller, place, wanted, timeout(desired)).await?.into())
            }
            Change::Update(current, desired) => {
                let wanted = wanted(preparation, desired);
                Some(nested::update(services, caller, &current.id, wanted).await?.into())
            }
            Change::Delete(current) => {
                nested::delete(services, caller, &current.id).await?;
                None
            }
        };
        Ok(())
    }

    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn update(&self, work: &mut Work<'_, '_>, _: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}
