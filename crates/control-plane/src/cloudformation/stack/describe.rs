//! What stacks are: `DescribeStacks`, `ListStacks`.

use claviger_resources::stack::{Definition, Stack, StackStatus};
use claviger_store::Stored;
use serde::{Deserialize, Serialize};

use super::find;
use crate::cloudformation::errors::Error;
use crate::cloudformation::outputs::Outputs;
use crate::cloudformation::page::Page;
use crate::cloudformation::source::Tag;
use crate::operation::{Access, Context, Operation};
use crate::services::Services;

/// Shows stacks.
pub struct DescribeStacks;
/// Lists stacks, deleted ones too.
pub struct ListStacks;

/// Which stack is meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackKey {
    stack_name: Option<String>,
    next_token: Option<String>,
}

/// The members of `ListStacks`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStacksInput {
    #[serde(default)]
    stack_status_filter: Vec<String>,
    next_token: Option<String>,
}

/// A stack as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StackOutput {
    stack_id: String,
    stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_set_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parameters: Vec<ParameterOutput>,
    creation_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_time: Option<f64>,
    rollback_configuration: Empty,
    stack_status: StackStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_status_reason: Option<String>,
    disable_rollback: bool,
    #[serde(rename = "NotificationARNs")]
    notification_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_in_minutes: Option<u32>,
    capabilities: Vec<String>,
    outputs: Vec<OutputOutput>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    tags: Vec<Tag>,
    enable_termination_protection: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_id: Option<String>,
    drift_information: Drift,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Drift {
    stack_drift_status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::cloudformation) struct ParameterOutput {
    parameter_key: String,
    parameter_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_value: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutputOutput {
    output_key: String,
    output_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_name: Option<String>,
}

/// What `DescribeStacks` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStacksOutput {
    stacks: Vec<StackOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Parameters as callers see them.
pub(in crate::cloudformation) fn shown_parameters(definition: &Definition) -> Vec<ParameterOutput> {
    use claviger_resources::stack::ParameterValue;
    let show = |value: &ParameterValue| match value {
        ParameterValue::Shown(text) => text.clone(),
        ParameterValue::Hidden(_) => "****".to_owned(),
    };
    let parameters = definition.parameters.iter().map(|it| ParameterOutput {
        parameter_key: it.key.clone(),
        parameter_value: show(&it.value),
        resolved_value: it.resolved.as_ref().map(show),
    });
    parameters.collect()
}

/// Tags as callers see them.
pub(in crate::cloudformation) fn shown_tags(definition: &Definition) -> Vec<Tag> {
    definition.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

impl StackOutput {
    fn new(services: &Services, stack: &Stack) -> Result<Self, Error> {
        let outputs = Outputs::of(services, stack)?;
        // What is being done is shown already.
        let definition = stack.operation.as_ref().map_or(&stack.definition, |operation| &operation.definition);
        Ok(Self {
            stack_id: stack.arn(),
            stack_name: stack.name.clone(),
            change_set_id: stack.change_set_arn.clone(),
            description: definition.description.clone(),
            parameters: shown_parameters(definition),
            creation_time: stack.created.fractional_seconds(),
            last_updated_time: stack.updated.map(claviger_resources::Timestamp::fractional_seconds),
            deletion_time: stack.deleted.map(claviger_resources::Timestamp::fractional_seconds),
            rollback_configuration: Empty {},
            stack_status: stack.status,
            stack_status_reason: stack.status_reason.clone(),
            disable_rollback: definition.disable_rollback,
            notification_arns: definition.notification_arns.clone(),
            timeout_in_minutes: definition.timeout_minutes,
            capabilities: definition.capabilities.clone(),
            outputs: outputs
                .0
                .into_iter()
                .map(|it| OutputOutput {
                    output_key: it.key,
                    output_value: it.value,
                    description: it.description,
                    export_name: it.export,
                })
                .collect(),
            role_arn: definition.role_arn.clone(),
            tags: shown_tags(definition),
            enable_termination_protection: stack.termination_protection,
            parent_id: stack.parent_arn.clone(),
            root_id: stack.root_arn.clone(),
            drift_information: Drift { stack_drift_status: "NOT_CHECKED" },
        })
    }
}

impl Operation for DescribeStacks {
    const NAME: &'static str = "DescribeStacks";
    const ACCESS: Access = Access::Read;
    type Input = StackKey;
    type Output = DescribeStacksOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if let Some(name) = input.stack_name.as_deref().filter(|name| !name.is_empty()) {
            let stack = find(cx, name).await?;
            let stacks = vec![StackOutput::new(cx.services, &stack)?];
            return Ok(DescribeStacksOutput { stacks, next_token: None });
        }
        let page = Page::read(cx, "", input.next_token.as_deref()).await?;
        let live = page.records.iter().filter(|stack: &&Stored<Stack>| stack.is_live());
        let stacks = live.map(|stack| StackOutput::new(cx.services, stack)).collect::<Result<_, _>>()?;
        Ok(DescribeStacksOutput { stacks, next_token: page.next_token })
    }
}

/// What `ListStacks` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStacksOutput {
    stack_summaries: Vec<StackSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StackSummary {
    stack_id: String,
    stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_description: Option<String>,
    creation_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_time: Option<f64>,
    stack_status: StackStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_id: Option<String>,
    drift_information: Drift,
}

impl Operation for ListStacks {
    const NAME: &'static str = "ListStacks";
    const ACCESS: Access = Access::Read;
    type Input = ListStacksInput;
    type Output = ListStacksOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let page = Page::<Stack>::read(cx, "", input.next_token.as_deref()).await?;
        let wanted = |stack: &&Stored<Stack>| {
            let filter = &input.stack_status_filter;
            filter.is_empty() || filter.iter().any(|status| status == stack.status.as_str())
        };
        let summaries = page.records.iter().filter(wanted).map(|stack| StackSummary {
            stack_id: stack.arn(),
            stack_name: stack.name.clone(),
            template_description: stack.definition.description.clone(),
            creation_time: stack.created.fractional_seconds(),
            last_updated_time: stack.updated.map(claviger_resources::Timestamp::fractional_seconds),
            deletion_time: stack.deleted.map(claviger_resources::Timestamp::fractional_seconds),
            stack_status: stack.status,
            stack_status_reason: stack.status_reason.clone(),
            parent_id: stack.parent_arn.clone(),
            root_id: stack.root_arn.clone(),
            drift_information: Drift { stack_drift_status: "NOT_CHECKED" },
        });
        Ok(ListStacksOutput { stack_summaries: summaries.collect(), next_token: page.next_token })
    }
}
