//! Change sets: `CreateChangeSet`, `DescribeChangeSet`, `ExecuteChangeSet`, `DeleteChangeSet`, `ListChangeSets`.

use claviger_resources::Timestamp;
use claviger_resources::stack::{
    ChangeSet, ChangeSetStatus, ChangeSetType, ExecutionStatus, OnFailure, OperationKind, Stack, StackStatus,
    StackTemplate,
};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::engine::{Journal, uuid};
use super::errors::Error;
use super::page::Page;
use super::plan::{self, ResourceChange};
use super::source::{self, Prepared, Tag, Wanted};
use super::stack::{self, Begin, Look, ParameterOutput, shown_parameters, shown_tags};
use super::{lookups, outputs};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Finds out what a template would change.
pub struct CreateChangeSet;
/// Shows what it would change.
pub struct DescribeChangeSet;
/// Changes it.
pub struct ExecuteChangeSet;
/// Forgets about it.
pub struct DeleteChangeSet;
/// Lists the change sets of a stack.
pub struct ListChangeSets;

/// The members of `CreateChangeSet`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateChangeSetInput {
    stack_name: String,
    change_set_name: String,
    change_set_type: Option<String>,
    description: Option<String>,
    #[serde(flatten)]
    wanted: Wanted,
    #[serde(default)]
    include_nested_stacks: bool,
    #[serde(default)]
    import_existing_resources: bool,
    on_stack_failure: Option<String>,
}

/// Which change set is meant.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeSetKey {
    change_set_name: String,
    stack_name: Option<String>,
    client_request_token: Option<String>,
    disable_rollback: Option<bool>,
    #[serde(default)]
    include_property_values: bool,
}

/// The members of `ListChangeSets`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListChangeSetsInput {
    stack_name: String,
    next_token: Option<String>,
}

/// What `CreateChangeSet` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateChangeSetOutput {
    id: String,
    stack_id: String,
}

/// Why a change set that would change nothing has failed: tools look for these words.
const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

impl Procedure for CreateChangeSet {
    const NAME: &'static str = "CreateChangeSet";
    const ACCESS: Access = Access::Write;
    type Input = CreateChangeSetInput;
    type Output = CreateChangeSetOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let tenant = caller.tenant();
        let kind = match input.change_set_type.as_deref() {
            None | Some("UPDATE") => ChangeSetType::Update,
            Some("CREATE") => ChangeSetType::Create,
            Some(other) => {
                return Err(Error::invalid(format!("ChangeSetType {other} is not served; use CREATE or UPDATE")));
            }
        };
        let found = match perform(services, &tenant, &Look(&input.stack_name)).await {
            Ok(found) => Some(found),
            Err(Error::Validation(_)) => None,
            Err(error) => return Err(error),
        };
        let (stack, resources, is_new) = match (kind, found) {
            (ChangeSetType::Create, None) => {
                stack::check_name(&input.stack_name)?;
                let id = stack::new_id(services);
                (stack::shell(&tenant, &input.stack_name, id, services.clock.now()), Vec::new(), true)
            }
            (ChangeSetType::Create, Some((stack, resources))) if stack.status == StackStatus::ReviewInProgress => {
                (stack, resources, false)
            }
            (ChangeSetType::Create, Some((stack, _))) => {
                return Err(Error::invalid(format!(
                    "Stack [{}] already exists and cannot be created again with the changeSet [{}].",
                    stack.name, input.change_set_name
                )));
            }
            (ChangeSetType::Update, Some((stack, resources))) => {
                if stack.status == StackStatus::ReviewInProgress {
                    return Err(Error::invalid(format!(
                        "Stack:{} is in {} state and can not be updated.",
                        stack.arn(),
                        stack.status
                    )));
                }
                stack::check_can_update(&stack)?;
                (stack, resources, false)
            }
            (ChangeSetType::Update, None) => {
                return Err(Error::invalid(format!("Stack [{}] does not exist", input.stack_name)));
            }
        };
        let before = (kind == ChangeSetType::Update).then_some(&stack);
        let arn = stack.arn();
        let prepared = source::prepare(services, caller, &input.wanted, &stack.name, &arn, &stack.id, before).await?;
        let (known, missing) = lookups::all(services, caller, &prepared.instance).await;
        let outcome = if let Some(reason) = missing.first() {
            Err(reason.clone())
        } else {
            let changes = plan::changes(services, &stack.id, &prepared.instance, &resources, &known)?;
            let is_change = !changes.is_empty()
                || kind == ChangeSetType::Create
                || stack::is_change(services, caller, &stack, &resources, &prepared).await?;
            if is_change { Ok(changes) } else { Err(NO_CHANGES.to_owned()) }
        };
        let step = Keep { input: &input, kind, stack: &stack, is_new, prepared: &prepared, outcome: &outcome };
        let id = perform(services, &tenant, &step).await?;
        Ok(CreateChangeSetOutput { id, stack_id: arn })
    }
}

struct Keep<'a> {
    input: &'a CreateChangeSetInput,
    kind: ChangeSetType,
    stack: &'a Stack,
    is_new: bool,
    prepared: &'a Prepared,
    outcome: &'a Result<Vec<ResourceChange>, String>,
}

impl Step for Keep<'_> {
    const ACCESS: Access = Access::Write;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        if self.is_new {
            match cx.tx.insert(self.stack).await {
                Err(StoreError::NameTaken { .. }) => return Err(Error::StackExists(self.stack.name.clone())),
                outcome => outcome?,
            }
            let stack = stack::find(cx, &self.stack.arn()).await?;
            let mut journal = Journal { stack };
            journal.stack_status(cx, StackStatus::ReviewInProgress, Some("User Initiated")).await?;
            journal.close(cx).await?;
        }
        let template = StackTemplate {
            stack: self.stack.id.clone(),
            tenant: cx.tenant.clone(),
            id: uuid(cx),
            text: self.prepared.text.clone(),
        };
        cx.tx.insert(&template).await?;
        let mut definition = self.prepared.definition.clone();
        definition.template = Some(template.id);
        let changes = self.outcome.as_ref().ok().map(|changes| serde_json::to_vec(changes).unwrap_or_default());
        let set = ChangeSet {
            stack: self.stack.id.clone(),
            tenant: cx.tenant.clone(),
            id: uuid(cx),
            name: self.input.change_set_name.clone(),
            description: self.input.description.clone(),
            kind: self.kind,
            status: if changes.is_some() { ChangeSetStatus::CreateComplete } else { ChangeSetStatus::Failed },
            status_reason: self.outcome.as_ref().err().cloned(),
            execution_status: if changes.is_some() { ExecutionStatus::Available } else { ExecutionStatus::Unavailable },
            definition,
            changes: changes.map(|changes| outputs::seal(cx, &self.stack.id, &changes)).transpose()?,
            on_failure: self.input.on_stack_failure.as_deref().and_then(|it| match it {
                "DELETE" => Some(OnFailure::Delete),
                "DO_NOTHING" => Some(OnFailure::DoNothing),
                "ROLLBACK" => Some(OnFailure::Rollback),
                _ => None,
            }),
            include_nested_stacks: self.input.include_nested_stacks,
            import_existing_resources: self.input.import_existing_resources,
            created: cx.now,
        };
        match cx.tx.insert(&set).await {
            Err(StoreError::NameTaken { .. }) => Err(Error::ChangeSetExists(set.name)),
            outcome => {
                outcome?;
                Ok(set.arn())
            }
        }
    }
}

/// The change set of this ARN, or of this name of a stack.
async fn find(cx: &mut Context<'_>, key: &ChangeSetKey) -> Result<(Stored<ChangeSet>, Stored<Stack>), Error> {
    let not_found = || Error::ChangeSetNotFound(key.change_set_name.clone());
    let set: Option<Stored<ChangeSet>> = if key.change_set_name.starts_with("arn:") {
        find_by_arn(cx, key).await?
    } else {
        let name = key.stack_name.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
            Error::invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        })?;
        let stack = match stack::find(cx, name).await {
            Ok(stack) => stack,
            Err(Error::Validation(_)) => return Err(Error::invalid(format!("Stack [{name}] does not exist"))),
            Err(error) => return Err(error),
        };
        let name = format!("{}/{}", stack.id, key.change_set_name);
        cx.tx.find_named(&Name::new(Namespace::ChangeSetName, name)).await?
    };
    let set = set.ok_or_else(not_found)?;
    let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", &set.stack).await?;
    Ok((set, stack.ok_or_else(not_found)?))
}

/// A change set's ARN does not name its stack, which callers mostly do.
async fn find_by_arn(cx: &mut Context<'_>, key: &ChangeSetKey) -> Result<Option<Stored<ChangeSet>>, Error> {
    let id = key.change_set_name.rsplit('/').next().unwrap_or_default();
    let name = key.change_set_name.rsplit('/').nth(1).unwrap_or_default();
    if let Some(stack_name) = key.stack_name.as_deref().filter(|name| !name.is_empty()) {
        let stack = match stack::find(cx, stack_name).await {
            Ok(stack) => stack,
            Err(Error::Validation(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        return Ok(cx.tx.find(cx.tenant, &stack.id, id).await?);
    }
    let stacks: Vec<Stored<Stack>> = cx.tx.list_all(cx.tenant, "").await?;
    for stack in stacks.iter().filter(|stack| stack.is_live()) {
        let named = Name::new(Namespace::ChangeSetName, format!("{}/{name}", stack.id));
        let set: Option<Stored<ChangeSet>> = cx.tx.find_named(&named).await?;
        if let Some(set) = set.filter(|set| set.id == id) {
            return Ok(Some(set));
        }
    }
    Ok(None)
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

impl Procedure for ExecuteChangeSet {
    const NAME: &'static str = "ExecuteChangeSet";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = ChangeSetKey;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let stack = perform(services, &tenant, &Execute(&input)).await?;
        services.stacks.carry_out(&tenant, &stack).await;
        Ok(())
    }
}

struct Execute<'a>(&'a ChangeSetKey);

impl Step for Execute<'_> {
    const ACCESS: Access = Access::Write;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        let (set, stack) = find(cx, self.0).await?;
        if set.execution_status != ExecutionStatus::Available {
            let execution = serde_json::to_value(set.execution_status).unwrap_or_default();
            return Err(Error::ChangeSetStatus(format!(
                "ChangeSet [{}] cannot be executed in its current status of [{}]",
                set.arn(),
                execution.as_str().unwrap_or_default()
            )));
        }
        let on_failure = match self.0.disable_rollback {
            Some(true) => OnFailure::DoNothing,
            _ => set.on_failure.unwrap_or_default(),
        };
        let begin = Begin {
            stack: stack.record.clone(),
            is_new: false,
            kind: match set.kind {
                ChangeSetType::Create => OperationKind::Create,
                ChangeSetType::Update => OperationKind::Update,
            },
            definition: set.definition.clone(),
            text: None,
            token: self.0.client_request_token.clone(),
            on_failure,
            change_set: Some(set.arn()),
        };
        begin.run(cx).await?;
        // A change set is carried out once, and what others of the stack say no longer holds.
        let sets: Vec<Stored<ChangeSet>> = cx.tx.list_all(cx.tenant, &set.stack).await?;
        for mut other in sets {
            other.record.execution_status =
                if other.id == set.id { ExecutionStatus::ExecuteComplete } else { ExecutionStatus::Obsolete };
            cx.tx.replace(&other).await?;
        }
        Ok(stack.id.clone())
    }
}

impl Operation for DeleteChangeSet {
    const NAME: &'static str = "DeleteChangeSet";
    const ACCESS: Access = Access::Write;
    type Input = ChangeSetKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        // That there is none is no failure, nor that there is no stack.
        let (set, stack) = match find(cx, input).await {
            Ok(found) => found,
            Err(Error::ChangeSetNotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        if let Some(id) = set.definition.template.as_ref().filter(|id| !is_used(&stack, id)) {
            let template: Option<Stored<StackTemplate>> = cx.tx.find(cx.tenant, &set.stack, id).await?;
            if let Some(template) = template {
                cx.tx.delete(&template.record).await?;
            }
        }
        cx.tx.delete(&set.record).await?;
        Ok(())
    }
}

/// Whether a stack is, or is being, made from this template.
fn is_used(stack: &Stack, template: &str) -> bool {
    let operation = stack.operation.as_ref().and_then(|operation| operation.definition.template.as_deref());
    stack.definition.template.as_deref() == Some(template) || operation == Some(template)
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
