//! Beginning to make or change a stack: `CreateStack`, `UpdateStack`.

use claviger_resources::random;
use claviger_resources::stack::{
    Definition, OnFailure, OperationKind, Phase, Stack, StackOperation, StackResource, StackStatus, StackTemplate,
};
use claviger_store::{StoreError, TransactionExt};
use serde::Deserialize;

use super::policy::{GivenPolicy, GivenPolicyDuringUpdate, Policies, check_names};
use super::{Look, StackIdOutput, busy, check_can_update, check_name, find, new_id, shell};
use crate::cloudformation::engine::Journal;
use crate::cloudformation::errors::Error;
use crate::cloudformation::source::{self, Prepared, Wanted};
use crate::cloudformation::{lookups, plan};
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Makes a stack.
pub struct CreateStack;
/// Changes a stack.
pub struct UpdateStack;

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
    #[serde(flatten)]
    policy: GivenPolicy,
    #[serde(flatten)]
    policy_during_update: GivenPolicyDuringUpdate,
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
        let on_failure = match (input.disable_rollback, input.on_failure) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("You can specify either DisableRollback or OnFailure, but not both."));
            }
            (Some(true), None) => OnFailure::DoNothing,
            (_, on_failure) => on_failure.unwrap_or_default(),
        };
        let shell = Stack {
            termination_protection: input.enable_termination_protection.unwrap_or_default(),
            policy: input.policy.text(services, caller).await?,
            ..shell(&tenant, &input.stack_name, new_id(services), services.clock.now())
        };
        let (id, arn) = (shell.id.clone(), shell.arn());
        let new = NewStack {
            shell,
            wanted: &input.wanted,
            on_failure,
            timeout_minutes: input.timeout_in_minutes,
            token: input.client_request_token,
        };
        new.begin(services, caller).await?;
        services.stacks.carry_out(&tenant, &id).await;
        Ok(StackIdOutput { stack_id: arn })
    }
}

/// A stack that is about to be made.
pub(in crate::cloudformation) struct NewStack<'a> {
    /// The stack, of which there is nothing yet.
    pub(in crate::cloudformation) shell: Stack,
    /// What it is made from.
    pub(in crate::cloudformation) wanted: &'a Wanted,
    /// What happens when something fails.
    pub(in crate::cloudformation) on_failure: OnFailure,
    /// Minutes that it may take.
    pub(in crate::cloudformation) timeout_minutes: Option<u32>,
    /// What its caller calls the operation by.
    pub(in crate::cloudformation) token: Option<String>,
}

impl NewStack<'_> {
    /// Checks all that can be checked, and begins to make it.
    pub(in crate::cloudformation) async fn begin(self, services: &Services, caller: &Caller) -> Result<(), Error> {
        let Self { shell, wanted, on_failure, timeout_minutes, token } = self;
        let prepared = source::prepare(services, caller, wanted, &shell.name, &shell.arn(), &shell.id, None).await?;
        check_names(shell.policy.as_deref(), |logical_id| prepared.instance.resource(logical_id).is_some())?;
        let definition =
            Definition { timeout_minutes, disable_rollback: on_failure == OnFailure::DoNothing, ..prepared.definition };
        let begin = Begin {
            stack: shell,
            is_new: true,
            kind: OperationKind::Create,
            definition,
            text: Some(prepared.text),
            token,
            on_failure,
            change_set: None,
            policies: Policies::default(),
        };
        perform(services, &caller.tenant(), &begin).await
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
        let on_failure = if input.disable_rollback == Some(true) { OnFailure::DoNothing } else { OnFailure::Rollback };
        let Self::Input { stack_name, wanted, client_request_token: token, .. } = &input;
        let policies = Policies {
            during_update: input.policy_during_update.text(services, caller).await?,
            next: input.policy.text(services, caller).await?,
        };
        let stack = begin_update(services, caller, stack_name, wanted, on_failure, token.clone(), policies).await?;
        services.stacks.carry_out(&stack.tenant, &stack.id).await;
        Ok(StackIdOutput { stack_id: stack.arn() })
    }
}

/// What an update is told that would change nothing; tools look for these words.
pub(in crate::cloudformation) const NO_UPDATES: &str = "No updates are to be performed.";

/// Checks all that can be checked, and begins to change a stack.
pub(in crate::cloudformation) async fn begin_update(
    services: &Services,
    caller: &Caller,
    name: &str,
    wanted: &Wanted,
    on_failure: OnFailure,
    token: Option<String>,
    policies: Policies,
) -> Result<Stack, Error> {
    let tenant = caller.tenant();
    let (stack, resources) = perform(services, &tenant, &Look(name)).await?;
    check_can_update(&stack)?;
    let arn = stack.arn();
    let prepared = source::prepare(services, caller, wanted, &stack.name, &arn, &stack.id, Some(&stack)).await?;
    if !is_change(services, caller, &stack, &resources, &prepared).await? {
        return Err(Error::invalid(NO_UPDATES));
    }
    for policy in [&policies.during_update, &policies.next] {
        let is_there = |logical_id: &str| {
            prepared.instance.resource(logical_id).is_some() || resources.iter().any(|it| it.logical_id == logical_id)
        };
        check_names(policy.as_deref(), is_there)?;
    }
    let begin = Begin {
        stack,
        is_new: false,
        kind: OperationKind::Update,
        definition: prepared.definition,
        text: Some(prepared.text),
        token,
        on_failure,
        change_set: None,
        policies,
    };
    perform(services, &tenant, &begin).await?;
    Ok(begin.stack)
}

/// Whether what is wanted differs from what there is.
pub(in crate::cloudformation) async fn is_change(
    services: &Services,
    caller: &Caller,
    stack: &Stack,
    resources: &[StackResource],
    prepared: &Prepared,
) -> Result<bool, Error> {
    let (known, _) = lookups::all(services, caller, &prepared.instance).await;
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

/// Begins an operation on a stack.
pub(in crate::cloudformation) struct Begin {
    pub(in crate::cloudformation) stack: Stack,
    pub(in crate::cloudformation) is_new: bool,
    pub(in crate::cloudformation) kind: OperationKind,
    pub(in crate::cloudformation) definition: Definition,
    /// The template's text, unless it is stored already.
    pub(in crate::cloudformation) text: Option<String>,
    pub(in crate::cloudformation) token: Option<String>,
    pub(in crate::cloudformation) on_failure: OnFailure,
    /// The ARN of the change set that is carried out.
    pub(in crate::cloudformation) change_set: Option<String>,
    pub(in crate::cloudformation) policies: Policies,
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
                id: random::uuid(cx.random),
                text: text.clone(),
            };
            cx.tx.insert(&template).await?;
            definition.template = Some(template.id);
        }
        let operation = StackOperation {
            id: random::uuid(cx.random),
            kind: self.kind,
            phase: Phase::Forward,
            // Until it begins, it is this node's to begin.
            worker: cx.services.nodes.id().to_owned(),
            token: self.token.clone(),
            definition,
            on_failure: self.on_failure,
            skipped: Vec::new(),
            failure: None,
            is_halted: false,
            policy: self.policies.during_update.clone(),
            next_policy: self.policies.next.clone(),
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
