//! Stacks: how they are found, and who may do what with one as it stands. What is asked of them is in the modules beside.

mod begin;
mod cancel;
mod delete;
mod describe;
mod policy;
mod rollback;

use claviger_resources::stack::{Definition, Stack, StackResource, StackStatus};
use claviger_resources::{Tenant, random};
use claviger_store::{Stored, TransactionExt, stack_name};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation, Step};
use crate::services::Services;

pub(super) use self::begin::{Begin, NO_UPDATES, NewStack, begin_update, is_change};
pub use self::begin::{CreateStack, UpdateStack};
pub use self::cancel::CancelUpdateStack;
pub use self::delete::DeleteStack;
pub(super) use self::delete::begin_delete;
pub use self::describe::{DescribeStacks, ListStacks};
pub(super) use self::describe::{ParameterOutput, shown_parameters, shown_tags};
pub(super) use self::policy::Policies;
pub use self::policy::{GetStackPolicy, SetStackPolicy};
pub use self::rollback::{ContinueUpdateRollback, RollbackStack};

/// Keeps a stack from being deleted, or no longer.
pub struct UpdateTerminationProtection;

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
    random::uuid(&mut *services.random())
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
