//! What change sets would change: `DescribeChangeSet`, `ListChangeSets`.

use claviger_resources::Timestamp;
use claviger_resources::stack::{ChangeSet, ChangeSetStatus, ExecutionStatus, OnFailure};
use serde::{Deserialize, Serialize};

use super::{ChangeSetKey, find};
use crate::cloudformation::errors::Error;
use crate::cloudformation::outputs;
use crate::cloudformation::page::Page;
use crate::cloudformation::plan::ResourceChange;
use crate::cloudformation::source::Tag;
use crate::cloudformation::stack::{self, ParameterOutput, shown_parameters, shown_tags};
use crate::operation::{Access, Context, Operation};

/// Shows what it would change.
pub struct DescribeChangeSet;

/// Lists the change sets of a stack.
pub struct ListChangeSets;

/// The members of `ListChangeSets`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListChangeSetsInput {
    stack_name: String,
    next_token: Option<String>,
}

/// A change set as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeSetOutput {
    change_set_name: String,
    change_set_id: String,
    stack_id: String,
    stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parameters: Vec<ParameterOutput>,
    creation_time: f64,
    execution_status: ExecutionStatus,
    status: ChangeSetStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
    #[serde(rename = "NotificationARNs")]
    notification_arns: Vec<String>,
    rollback_configuration: Empty,
    capabilities: Vec<String>,
    tags: Vec<Tag>,
    changes: Vec<Change>,
    include_nested_stacks: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_stack_failure: Option<OnFailure>,
    import_existing_resources: bool,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    #[serde(rename = "Type")]
    kind: &'static str,
    resource_change: ResourceChange,
}

impl Operation for DescribeChangeSet {
    const NAME: &'static str = "DescribeChangeSet";
    const ACCESS: Access = Access::Read;
    type Input = ChangeSetKey;
    type Output = ChangeSetOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (set, stack) = find(cx, input).await?;
        let changes: Vec<ResourceChange> = match &set.changes {
            Some(sealed) => {
                serde_json::from_str(&outputs::unseal(cx.services, &set.stack, sealed)?).unwrap_or_default()
            }
            None => Vec::new(),
        };
        Ok(ChangeSetOutput {
            change_set_name: set.name.clone(),
            change_set_id: set.arn(),
            stack_id: stack.arn(),
            stack_name: stack.name.clone(),
            description: set.description.clone(),
            parameters: shown_parameters(&set.definition),
            creation_time: set.created.fractional_seconds(),
            execution_status: set.execution_status,
            status: set.status,
            status_reason: set.status_reason.clone(),
            notification_arns: set.definition.notification_arns.clone(),
            rollback_configuration: Empty {},
            capabilities: set.definition.capabilities.clone(),
            tags: shown_tags(&set.definition),
            changes: changes
                .into_iter()
                .map(|change| if input.include_property_values { change } else { change.without_values() })
                .map(|resource_change| Change { kind: "Resource", resource_change })
                .collect(),
            include_nested_stacks: set.include_nested_stacks,
            on_stack_failure: set.on_failure,
            import_existing_resources: set.import_existing_resources,
        })
    }
}

/// What `ListChangeSets` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListChangeSetsOutput {
    summaries: Vec<ChangeSetSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeSetSummary {
    stack_id: String,
    stack_name: String,
    change_set_id: String,
    change_set_name: String,
    execution_status: ExecutionStatus,
    status: ChangeSetStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
    creation_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Operation for ListChangeSets {
    const NAME: &'static str = "ListChangeSets";
    const ACCESS: Access = Access::Read;
    type Input = ListChangeSetsInput;
    type Output = ListChangeSetsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let stack = stack::find(cx, &input.stack_name).await?;
        let page = Page::<ChangeSet>::read(cx, &stack.id, input.next_token.as_deref()).await?;
        let summaries = page.records.iter().map(|set| ChangeSetSummary {
            stack_id: stack.arn(),
            stack_name: stack.name.clone(),
            change_set_id: set.arn(),
            change_set_name: set.name.clone(),
            execution_status: set.execution_status,
            status: set.status,
            status_reason: set.status_reason.clone(),
            creation_time: Timestamp::fractional_seconds(set.created),
            description: set.description.clone(),
        });
        Ok(ListChangeSetsOutput { summaries: summaries.collect(), next_token: page.next_token })
    }
}
