//! Stacks: `CreateStack`, `UpdateStack`, `DeleteStack`, `DescribeStacks`, `ListStacks`, and what else is asked of a whole
//! stack.

use claviger_resources::Tenant;
use claviger_resources::stack::{
    Definition, OnFailure, OperationKind, Phase, Stack, StackOperation, StackResource, StackStatus, StackTemplate,
};
use claviger_store::{StoreError, Stored, TransactionExt, stack_name};
use serde::{Deserialize, Serialize};

use super::engine::{Journal, uuid};
use super::errors::Error;
use super::outputs::Outputs;
use super::page::Page;
use super::plan;
use super::source::{self, Prepared, Tag, Wanted};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Makes a stack.
pub struct CreateStack;
/// Changes a stack.
pub struct UpdateStack;
/// Deletes a stack.
pub struct DeleteStack;
/// Shows stacks.
pub struct DescribeStacks;
/// Lists stacks, deleted ones too.
pub struct ListStacks;
/// Keeps a stack from being deleted, or no longer.
pub struct UpdateTerminationProtection;
/// Undoes what could not be undone before.
pub struct ContinueUpdateRollback;
/// Undoes what a failed operation left.
pub struct RollbackStack;

/// The members of `CreateStack` and `UpdateStack`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackInput {
    stack_name: String,
    #[serde(flatten)]
    wanted: Wanted,
    #[serde(default)]
    disable_rollback: Option<bool>,
    on_failure: Option<OnFailure>,
    timeout_in_minutes: Option<u32>,
    enable_termination_protection: Option<bool>,
    client_request_token: Option<String>,
    stack_policy_body: Option<String>,
}

/// Which stack is meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackKey {
    stack_name: Option<String>,
    next_token: Option<String>,
}

/// The members of `DeleteStack`, `ContinueUpdateRollback` and `RollbackStack`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EndInput {
    stack_name: String,
    #[serde(default)]
    retain_resources: Vec<String>,
    #[serde(default)]
    resources_to_skip: Vec<String>,
    client_request_token: Option<String>,
}

/// The members of `ListStacks`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStacksInput {
    #[serde(default)]
    stack_status_filter: Vec<String>,
    next_token: Option<String>,
}

/// The members of `UpdateTerminationProtection`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TerminationProtectionInput {
    enable_termination_protection: bool,
    stack_name: String,
}

/// A stack's id.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackIdOutput {
    stack_id: String,
}

impl Procedure for CreateStack {
    const NAME: &'static str = "CreateStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = StackInput;
    type Output = StackIdOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        check_name(&input.stack_name)?;
        let id = new_id(services);
        let shell = shell(&tenant, &input.stack_name, id, services.clock.now());
        let arn = shell.arn();
        let prepared =
            source::prepare(services, caller, &input.wanted, &input.stack_name, &arn, &shell.id, None).await?;
        let on_failure = match (input.disable_rollback, input.on_failure) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("You can specify either DisableRollback or OnFailure, but not both."));
            }
            (Some(true), None) => OnFailure::DoNothing,
            (_, on_failure) => on_failure.unwrap_or_default(),
        };
        let begin = Begin {
            stack: Stack {
                termination_protection: input.enable_termination_protection.unwrap_or_default(),
                policy: input.stack_policy_body,
                ..shell
            },
            is_new: true,
            kind: OperationKind::Create,
            definition: Definition {
                timeout_minutes: input.timeout_in_minutes,
                disable_rollback: on_failure == OnFailure::DoNothing,
                ..prepared.definition
            },
            text: Some(prepared.text),
            token: input.client_request_token,
            on_failure,
            change_set: None,
        };
        perform(services, &tenant, &begin).await?;
        services.stacks.carry_out(&tenant, &begin.stack.id).await;
        Ok(StackIdOutput { stack_id: arn })
    }
}

impl Procedure for UpdateStack {
    const NAME: &'static str = "UpdateStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = StackInput;
    type Output = StackIdOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let (stack, resources) = perform(services, &tenant, &Look(&input.stack_name)).await?;
        check_can_update(&stack)?;
        let arn = stack.arn();
        let prepared =
            source::prepare(services, caller, &input.wanted, &stack.name, &arn, &stack.id, Some(&stack)).await?;
        if !is_change(services, caller, &stack, &resources, &prepared).await? {
            return Err(Error::invalid("No updates are to be performed."));
        }
        let on_failure = if input.disable_rollback == Some(true) { OnFailure::DoNothing } else { OnFailure::Rollback };
        let begin = Begin {
            stack,
            is_new: false,
            kind: OperationKind::Update,
            definition: prepared.definition,
            text: Some(prepared.text),
            token: input.client_request_token,
            on_failure,
            change_set: None,
        };
        perform(services, &tenant, &begin).await?;
        services.stacks.carry_out(&tenant, &begin.stack.id).await;
        Ok(StackIdOutput { stack_id: arn })
    }
}

/// Whether what is wanted differs from what there is.
pub(super) async fn is_change(
    services: &Services,
    caller: &Caller,
    stack: &Stack,
    resources: &[StackResource],
    prepared: &Prepared,
) -> Result<bool, Error> {
    let (known, _) = super::lookups::all(services, caller, &prepared.instance).await;
    let changes = plan::changes(services, &stack.id, &prepared.instance, resources, &known)?;
    if !changes.is_empty() || prepared.definition.tags != stack.definition.tags {
        return Ok(true);
    }
    let before = source::stored_text(services, stack, &stack.definition).await?;
    if before == prepared.text {
        return Ok(false);
    }
    // Outputs and policies may differ where no resource does.
    let before = source::stored_instance(services, stack, &stack.definition).await?;
    Ok(source::beside_resources(&before) != source::beside_resources(&prepared.instance))
}

impl Procedure for DeleteStack {
    const NAME: &'static str = "DeleteStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = EndInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        if let Some(stack) = perform(services, &tenant, &BeginDelete(&input)).await? {
            services.stacks.carry_out(&tenant, &stack).await;
        }
        Ok(())
    }
}

/// Begins to delete a stack; that there is none is no failure.
struct BeginDelete<'a>(&'a EndInput);

impl Step for BeginDelete<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let Self(input) = self;
        let mut stack = match find(cx, &input.stack_name).await {
            Ok(stack) if stack.is_live() => stack,
            Ok(_) | Err(Error::Validation(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if stack.termination_protection {
            return Err(Error::invalid(format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            )));
        }
        if !input.retain_resources.is_empty() && stack.status != StackStatus::DeleteFailed {
            return Err(Error::invalid(format!(
                "Invalid operation on stack [{}]. RetainResources can only be used when the stack is in the DELETE_FAILED state.",
                stack.name
            )));
        }
        if stack.status == StackStatus::DeleteInProgress {
            return Ok(Some(stack.id.clone()));
        }
        if stack.status.is_in_progress() {
            return Err(busy(&stack, "deleted"));
        }
        stack.record.operation = Some(StackOperation {
            id: uuid(cx),
            kind: OperationKind::Delete,
            phase: Phase::Forward,
            worker: String::new(),
            token: input.client_request_token.clone(),
            definition: stack.definition.clone(),
            on_failure: OnFailure::DoNothing,
            skipped: input.retain_resources.clone(),
            failure: None,
        });
        let mut journal = Journal { stack };
        journal.stack_status(cx, StackStatus::DeleteInProgress, Some("User Initiated")).await?;
        let id = journal.stack.id.clone();
        journal.close(cx).await?;
        Ok(Some(id))
    }
}

fn busy(stack: &Stack, verb: &str) -> Error {
    Error::invalid(format!("Stack:{} is in {} state and can not be {verb}.", stack.arn(), stack.status))
}

/// Refuses an update of a stack that cannot be updated as it stands.
pub(super) fn check_can_update(stack: &Stack) -> Result<(), Error> {
    if !stack.is_live() {
        return Err(Error::invalid(format!("Stack [{}] does not exist", stack.name)));
    }
    if stack.status.can_update() { Ok(()) } else { Err(busy(stack, "updated")) }
}

impl Procedure for ContinueUpdateRollback {
    const NAME: &'static str = "ContinueUpdateRollback";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = EndInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let step = Resume { input: &input, from: &[StackStatus::UpdateRollbackFailed] };
        let stack = perform(services, &tenant, &step).await?;
        services.stacks.carry_out(&tenant, &stack).await;
        Ok(())
    }
}

impl Procedure for RollbackStack {
    const NAME: &'static str = "RollbackStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = EndInput;
    type Output = StackIdOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let step = Resume { input: &input, from: &[StackStatus::CreateFailed, StackStatus::UpdateFailed] };
        let stack = perform(services, &tenant, &step).await?;
        services.stacks.carry_out(&tenant, &stack).await;
        let (stack, _) = perform(services, &tenant, &Look(&input.stack_name)).await?;
        Ok(StackIdOutput { stack_id: stack.arn() })
    }
}

/// Has a stack that stopped half-way undone.
struct Resume<'a> {
    input: &'a EndInput,
    from: &'a [StackStatus],
}

impl Step for Resume<'_> {
    const ACCESS: Access = Access::Write;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        let mut stack = find(cx, &self.input.stack_name).await?;
        let is_resumable = self.from.contains(&stack.status);
        let Some(operation) = stack.record.operation.as_mut().filter(|_| is_resumable) else {
            return Err(Error::invalid(format!(
                "Stack:{} is in {} state and can not be rolled back.",
                stack.arn(),
                stack.status
            )));
        };
        operation.phase = Phase::Rollback;
        operation.on_failure = OnFailure::Rollback;
        operation.skipped.clone_from(&self.input.resources_to_skip);
        operation.token.clone_from(&self.input.client_request_token);
        let status = match operation.kind {
            OperationKind::Create => StackStatus::RollbackInProgress,
            _ => StackStatus::UpdateRollbackInProgress,
        };
        let id = stack.id.clone();
        let mut journal = Journal { stack };
        journal.stack_status(cx, status, Some("User Initiated")).await?;
        journal.close(cx).await?;
        Ok(id)
    }
}

impl Operation for UpdateTerminationProtection {
    const NAME: &'static str = "UpdateTerminationProtection";
    const ACCESS: Access = Access::Write;
    type Input = TerminationProtectionInput;
    type Output = StackIdOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut stack = find(cx, &input.stack_name).await?;
        if !stack.is_live() {
            return Err(Error::no_stack(&input.stack_name));
        }
        stack.record.termination_protection = input.enable_termination_protection;
        cx.tx.replace(&stack).await?;
        Ok(StackIdOutput { stack_id: stack.arn() })
    }
}

/// A stack as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackOutput {
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
pub(super) struct ParameterOutput {
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
pub(super) fn shown_parameters(definition: &Definition) -> Vec<ParameterOutput> {
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
pub(super) fn shown_tags(definition: &Definition) -> Vec<Tag> {
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

/// The stack of this name or ARN; deleted ones are found by their ARN alone.
pub(super) async fn find(cx: &mut Context<'_>, name: &str) -> Result<Stored<Stack>, Error> {
    let stack: Option<Stored<Stack>> = match name.strip_prefix("arn:") {
        Some(arn) => {
            let id = arn.rsplit('/').next().unwrap_or_default();
            let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", id).await?;
            stack.filter(|stack| stack.arn() == name)
        }
        None => cx.tx.find_named(&stack_name(cx.tenant, name)).await?,
    };
    stack.ok_or_else(|| Error::no_stack(name))
}

/// A stack with its resources.
pub(super) struct Look<'a>(pub(super) &'a str);

impl Step for Look<'_> {
    const ACCESS: Access = Access::Read;
    type Output = (Stack, Vec<StackResource>);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stack = find(cx, self.0).await?;
        let resources: Vec<Stored<StackResource>> = cx.tx.list_all(cx.tenant, &stack.id).await?;
        Ok((stack.record, resources.into_iter().map(|it| it.record).collect()))
    }
}

/// A stack's id that nobody has yet.
pub(super) fn new_id(services: &Services) -> String {
    let mut bytes = [0; 16];
    services.random().fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A stack of which there is nothing yet.
pub(super) fn shell(tenant: &Tenant, name: &str, id: String, now: claviger_resources::Timestamp) -> Stack {
    Stack {
        id,
        name: name.to_owned(),
        tenant: tenant.clone(),
        status: StackStatus::ReviewInProgress,
        status_reason: None,
        definition: Definition::default(),
        outputs: None,
        exports: Vec::new(),
        imports: Vec::new(),
        termination_protection: false,
        policy: None,
        parent_arn: None,
        root_arn: None,
        change_set_arn: None,
        created: now,
        updated: None,
        deleted: None,
        operation: None,
        events: 0,
        last_event: claviger_resources::Timestamp::default(),
    }
}

/// Characters of the longest name.
const NAME_MAX: usize = 128;

/// Refuses a name that no stack can have (AWS CloudFormation API, `CreateStack`).
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    if begins && characters.all(|it| it.is_ascii_alphanumeric() || it == '-') && name.len() <= NAME_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// Begins an operation on a stack.
pub(super) struct Begin {
    pub(super) stack: Stack,
    pub(super) is_new: bool,
    pub(super) kind: OperationKind,
    pub(super) definition: Definition,
    /// The template's text, unless it is stored already.
    pub(super) text: Option<String>,
    pub(super) token: Option<String>,
    pub(super) on_failure: OnFailure,
    /// The ARN of the change set that is carried out.
    pub(super) change_set: Option<String>,
}

impl Step for Begin {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut definition = self.definition.clone();
        if let Some(text) = &self.text {
            let template = StackTemplate {
                stack: self.stack.id.clone(),
                tenant: cx.tenant.clone(),
                id: uuid(cx),
                text: text.clone(),
            };
            cx.tx.insert(&template).await?;
            definition.template = Some(template.id);
        }
        let operation = StackOperation {
            id: uuid(cx),
            kind: self.kind,
            phase: Phase::Forward,
            worker: String::new(),
            token: self.token.clone(),
            definition,
            on_failure: self.on_failure,
            skipped: Vec::new(),
            failure: None,
        };
        if self.is_new {
            match cx.tx.insert(&self.stack).await {
                Err(StoreError::NameTaken { .. } | StoreError::AlreadyExists) => {
                    return Err(Error::StackExists(self.stack.name.clone()));
                }
                outcome => outcome?,
            }
        }
        let mut stack = find(cx, &self.stack.arn()).await?;
        if !self.is_new && stack.status.is_in_progress() {
            return Err(busy(&stack, "updated"));
        }
        stack.record.operation = Some(operation);
        if let Some(arn) = &self.change_set {
            stack.record.change_set_arn = Some(arn.clone());
        }
        let status = if self.kind == OperationKind::Create {
            stack.record.created = cx.now;
            StackStatus::CreateInProgress
        } else {
            stack.record.updated = Some(cx.now);
            StackStatus::UpdateInProgress
        };
        let mut journal = Journal { stack };
        journal.stack_status(cx, status, Some("User Initiated")).await?;
        journal.close(cx).await
    }
}
