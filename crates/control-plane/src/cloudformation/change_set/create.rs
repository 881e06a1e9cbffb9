//! Finding out what a template would change: `CreateChangeSet`.

use claviger_resources::random;
use claviger_resources::stack::{
    ChangeSet, ChangeSetStatus, ChangeSetType, ExecutionStatus, OnFailure, Stack, StackStatus, StackTemplate,
};
use claviger_store::{StoreError, TransactionExt};
use serde::{Deserialize, Serialize};

use crate::cloudformation::engine::Journal;
use crate::cloudformation::errors::Error;
use crate::cloudformation::plan::{self, ResourceChange};
use crate::cloudformation::source::{self, Prepared, Wanted};
use crate::cloudformation::stack::{self, Look};
use crate::cloudformation::{lookups, outputs};
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Finds out what a template would change.
pub struct CreateChangeSet;

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
            id: random::uuid(cx.random),
            text: self.prepared.text.clone(),
        };
        cx.tx.insert(&template).await?;
        let mut definition = self.prepared.definition.clone();
        definition.template = Some(template.id);
        let changes = self.outcome.as_ref().ok().map(|changes| serde_json::to_vec(changes).unwrap_or_default());
        let set = ChangeSet {
            stack: self.stack.id.clone(),
            tenant: cx.tenant.clone(),
            id: random::uuid(cx.random),
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
