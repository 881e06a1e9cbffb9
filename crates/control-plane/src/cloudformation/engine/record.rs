//! What each step leaves behind: the resource as it is now, the events that tell of it, the stack.

use claviger_resources::stack::{
    Physical, ResourceStatus, Stack, StackEvent, StackOperation, StackResource, StackStatus,
};
use claviger_resources::{Sealed, Timestamp};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cloudformation::errors::Error;
use crate::cloudformation::types::Current;
use crate::operation::Context;

/// What the type of a stack is called in events.
pub(in crate::cloudformation) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";

/// What is known of a thing that stands for a resource; kept sealed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(in crate::cloudformation) struct State {
    /// The properties it was made with.
    pub(in crate::cloudformation) properties: Map<String, Value>,
    /// What `Ref` gives.
    #[serde(rename = "ref")]
    pub(in crate::cloudformation) reference: String,
    /// What `Fn::GetAtt` gives.
    pub(in crate::cloudformation) attributes: Map<String, Value>,
}

impl State {
    /// Seals it for a resource of this stack.
    pub(in crate::cloudformation) fn seal(&self, cx: &mut Context<'_>, stack: &str) -> Result<Sealed, Error> {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        Ok(cx.services.vault.seal(SealedFor::StackResource(stack), &plain, cx.random)?)
    }

    /// Opens it again.
    pub(in crate::cloudformation) fn open(
        services: &crate::services::Services,
        stack: &str,
        physical: &Physical,
    ) -> Result<Self, Error> {
        let plain = services.vault.open_sealed(SealedFor::StackResource(stack), &physical.state)?;
        Ok(serde_json::from_slice(plain.expose()).unwrap_or_default())
    }

    /// As handlers see it.
    pub(in crate::cloudformation) fn current(self, id: &str) -> Current {
        Current { id: id.to_owned(), properties: self.properties, attributes: self.attributes }
    }
}

/// A stack that is being written, and the events that tell of it.
pub(in crate::cloudformation) struct Journal {
    /// The stack, as it is stored.
    pub(in crate::cloudformation) stack: Stored<Stack>,
}

/// What an event is about.
pub(in crate::cloudformation) struct About<'a> {
    /// The resource's logical id, or the stack's name.
    pub(in crate::cloudformation) logical_id: &'a str,
    /// What stands for it.
    pub(in crate::cloudformation) physical_id: &'a str,
    /// Its type.
    pub(in crate::cloudformation) resource_type: &'a str,
}

impl Journal {
    /// The stack of this id, when `operation` is still what is being done to it, and by the same worker.
    pub(in crate::cloudformation) async fn open(
        cx: &mut Context<'_>,
        stack: &str,
        operation: &StackOperation,
    ) -> Result<Self, Error> {
        let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", stack).await?;
        let is_same = |it: &StackOperation| it.id == operation.id && it.worker == operation.worker;
        let stack = stack.filter(|stack| stack.operation.as_ref().is_some_and(is_same));
        Ok(Self { stack: stack.ok_or(Error::TakenOver)? })
    }

    /// Adds an event, later than every one before.
    pub(in crate::cloudformation) async fn event(
        &mut self,
        cx: &mut Context<'_>,
        about: About<'_>,
        status: &str,
        reason: Option<&str>,
    ) -> Result<Timestamp, Error> {
        let stack = &mut self.stack.record;
        let after = Timestamp::from_milliseconds(stack.last_event.milliseconds().saturating_add(1));
        let time = cx.now.max(after);
        let operation = stack.operation.as_ref();
        let event = StackEvent {
            stack: stack.id.clone(),
            tenant: stack.tenant.clone(),
            place: StackEvent::place(stack.events),
            event_id: uuid(cx),
            time,
            logical_id: about.logical_id.to_owned(),
            physical_id: about.physical_id.to_owned(),
            resource_type: about.resource_type.to_owned(),
            status: status.to_owned(),
            reason: reason.map(|reason| reason.chars().take(REASON_CHARACTERS_MAX).collect()),
            token: operation.and_then(|operation| operation.token.clone()),
            operation: operation.map(|operation| operation.id.clone()).unwrap_or_default(),
        };
        stack.events += 1;
        stack.last_event = time;
        cx.tx.insert(&event).await?;
        Ok(time)
    }

    /// Sets where the stack stands, and tells.
    pub(in crate::cloudformation) async fn stack_status(
        &mut self,
        cx: &mut Context<'_>,
        status: StackStatus,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        self.stack.record.status = status;
        self.stack.record.status_reason = reason.map(str::to_owned);
        let (name, arn) = (self.stack.name.clone(), self.stack.arn());
        let about = About { logical_id: &name, physical_id: &arn, resource_type: STACK_TYPE };
        self.event(cx, about, status.as_str(), reason).await.map(drop)
    }

    /// Sets where a resource stands, and tells.
    pub(in crate::cloudformation) async fn resource_status(
        &mut self,
        cx: &mut Context<'_>,
        resource: &mut StackResource,
        status: ResourceStatus,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        resource.status = status;
        resource.reason = reason.map(str::to_owned);
        let about = About {
            logical_id: &resource.logical_id,
            physical_id: &resource.physical_id,
            resource_type: &resource.resource_type,
        };
        resource.updated = self.event(cx, about, status.as_str(), reason).await?;
        Ok(())
    }

    /// Writes the stack.
    pub(in crate::cloudformation) async fn close(self, cx: &mut Context<'_>) -> Result<(), Error> {
        Ok(cx.tx.replace(&self.stack).await?)
    }
}

/// Characters of the longest reason that is kept.
const REASON_CHARACTERS_MAX: usize = 2_048;

/// Writes a resource, whether or not it was there.
pub(in crate::cloudformation) async fn put(cx: &mut Context<'_>, resource: &StackResource) -> Result<(), Error> {
    let stored: Option<Stored<StackResource>> = cx.tx.find(cx.tenant, &resource.stack, &resource.logical_id).await?;
    match stored {
        Some(mut stored) => {
            stored.record = resource.clone();
            cx.tx.replace(&stored).await?;
        }
        None => cx.tx.insert(resource).await?,
    }
    Ok(())
}

/// A new UUID.
pub(in crate::cloudformation) fn uuid(cx: &mut Context<'_>) -> String {
    let mut bytes = [0; 16];
    cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
