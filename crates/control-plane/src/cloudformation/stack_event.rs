//! What has happened to a stack: `DescribeStackEvents`, `DescribeEvents`.

use claviger_resources::stack::{Stack, StackEvent};
use claviger_store::Stored;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::Page;
use super::stack;
use crate::operation::{Access, Context, Operation};

/// Shows what has happened to a stack, newest first.
pub struct DescribeStackEvents;
/// The same in the newer form, by operation or change set, or only what failed.
pub struct DescribeEvents;

/// The members of `DescribeStackEvents`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackEventsInput {
    stack_name: Option<String>,
    next_token: Option<String>,
}

/// What `DescribeStackEvents` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackEventsOutput {
    stack_events: Vec<EventOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// An event as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventOutput {
    stack_id: String,
    event_id: String,
    stack_name: String,
    logical_resource_id: String,
    physical_resource_id: String,
    resource_type: String,
    timestamp: f64,
    resource_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<String>,
}

impl Operation for DescribeStackEvents {
    const NAME: &'static str = "DescribeStackEvents";
    const ACCESS: Access = Access::Read;
    type Input = DescribeStackEventsInput;
    type Output = DescribeStackEventsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = input.stack_name.as_deref().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::invalid("StackName is required"))?;
        let stack = match stack::find(cx, name).await {
            Err(Error::Validation(_)) => return Err(Error::invalid(format!("Stack [{name}] does not exist"))),
            found => found?,
        };
        let page = Page::<StackEvent>::read(cx, &stack.id, input.next_token.as_deref()).await?;
        let stack_events = page.records.iter().map(|event| EventOutput::new(&stack, event)).collect();
        Ok(DescribeStackEventsOutput { stack_events, next_token: page.next_token })
    }
}

impl EventOutput {
    fn new(stack: &Stack, event: &StackEvent) -> Self {
        let of_stack = event.logical_id == stack.name && event.physical_id == stack.arn();
        Self {
            stack_id: stack.arn(),
            // A resource's events are named after it and what became of it.
            event_id: if of_stack {
                event.event_id.clone()
            } else {
                format!("{}-{}-{}", event.logical_id, event.status, event.event_id)
            },
            stack_name: stack.name.clone(),
            logical_resource_id: event.logical_id.clone(),
            physical_resource_id: event.physical_id.clone(),
            resource_type: event.resource_type.clone(),
            timestamp: event.time.fractional_seconds(),
            resource_status: event.status.clone(),
            resource_status_reason: event.reason.clone(),
            client_request_token: event.token.clone(),
        }
    }
}

/// The members of `DescribeEvents`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEventsInput {
    stack_name: Option<String>,
    change_set_name: Option<String>,
    operation_id: Option<String>,
    filters: Option<Filters>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filters {
    failed_events: Option<bool>,
}

/// What `DescribeEvents` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeEventsOutput {
    operation_events: Vec<OperationEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OperationEvent {
    event_id: String,
    stack_id: String,
    operation_id: String,
    event_type: &'static str,
    logical_resource_id: String,
    physical_resource_id: String,
    resource_type: String,
    timestamp: f64,
    resource_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_token: Option<String>,
}

impl Operation for DescribeEvents {
    const NAME: &'static str = "DescribeEvents";
    const ACCESS: Access = Access::Read;
    type Input = DescribeEventsInput;
    type Output = DescribeEventsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        // A change set is judged before it is kept, so it has no events of its own.
        let of_change_set = input.change_set_name.as_deref().is_some_and(|name| !name.is_empty());
        let name = input.stack_name.as_deref().filter(|name| !name.is_empty() && !of_change_set);
        let Some(name) = name else {
            return Ok(DescribeEventsOutput { operation_events: Vec::new(), next_token: None });
        };
        let stack = stack::find(cx, name).await?;
        let page = Page::<StackEvent>::read(cx, &stack.id, input.next_token.as_deref()).await?;
        let failed_only = input.filters.as_ref().and_then(|filters| filters.failed_events).unwrap_or_default();
        let wanted = |event: &&Stored<StackEvent>| {
            input.operation_id.as_ref().is_none_or(|id| *id == event.operation)
                && (!failed_only || event.status.ends_with("_FAILED"))
        };
        let events = page.records.iter().filter(wanted).map(|event| OperationEvent {
            event_id: event.event_id.clone(),
            stack_id: stack.arn(),
            operation_id: event.operation.clone(),
            event_type: "STACK_EVENT",
            logical_resource_id: event.logical_id.clone(),
            physical_resource_id: event.physical_id.clone(),
            resource_type: event.resource_type.clone(),
            timestamp: event.time.fractional_seconds(),
            resource_status: event.status.clone(),
            resource_status_reason: event.reason.clone(),
            client_request_token: event.token.clone(),
        });
        Ok(DescribeEventsOutput { operation_events: events.collect(), next_token: page.next_token })
    }
}
