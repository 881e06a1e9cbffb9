//! Stacks that other stacks make as resources (`AWS::CloudFormation::Stack`).
//!
//! The id of such a stack follows from its parent's operation, so that whoever goes on with that operation after a crash
//! finds the stack instead of making a second one.

use claviger_resources::stack::{OnFailure, Stack, StackEvent, StackOperation, StackStatus};
use claviger_resources::{Tenant, random};
use claviger_store::{Stored, TransactionExt};
use serde_json::{Map, Value};

use super::engine::CREATION_CANCELLED;
use super::errors::Error;
use super::outputs::Outputs;
use super::source::Wanted;
use super::stack::{self, Look, NewStack, Policies};
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::services::Services;

/// Stacks within stacks within stacks.
const DEPTH_MAX: usize = 8;
/// Characters of chance in a name.
const NAME_RANDOM: usize = 12;
/// Characters of the longest name.
const NAME_MAX: usize = 128;

/// Where a stack is made as a resource.
#[derive(Clone, Copy)]
pub(super) struct Parent<'a> {
    /// The stack that makes it.
    pub(super) stack: &'a Stack,
    /// In which operation.
    pub(super) operation: &'a StackOperation,
    /// As which resource.
    pub(super) logical_id: &'a str,
}

/// A stack that is done, with what it hands on.
pub(super) struct Done {
    pub(super) arn: String,
    /// Its outputs, as `Fn::GetAtt` names them.
    pub(super) attributes: Map<String, Value>,
}

/// Makes a stack, or goes on waiting for it, and tells what it has become.
pub(super) async fn create(
    services: &Services,
    caller: &Caller,
    parent: Parent<'_>,
    wanted: Wanted,
    timeout_minutes: Option<u32>,
) -> Result<Done, Failed> {
    let tenant = caller.tenant();
    check_depth(services, &tenant, parent.stack).await?;
    let mut source = Seeded::of(services, parent);
    let id = random::uuid(&mut source);
    let suffix = random::text(&mut source, random::LOWER_ALPHANUMERIC, NAME_RANDOM).to_ascii_uppercase();
    let room = NAME_MAX.saturating_sub(NAME_RANDOM + parent.logical_id.len() + 2);
    let begin: String = parent.stack.name.chars().take(room).collect();
    let name = format!("{begin}-{}-{suffix}", parent.logical_id);
    let mut shell = stack::shell(&tenant, &name, id, services.clock.now());
    shell.parent_arn = Some(parent.stack.arn());
    shell.root_arn = Some(parent.stack.root_arn.clone().unwrap_or_else(|| parent.stack.arn()));
    let arn = shell.arn();
    if perform(services, &tenant, &Find(&arn)).await?.is_none() {
        let new = NewStack { shell, wanted: &wanted, on_failure: OnFailure::Rollback, timeout_minutes, token: None };
        new.begin(services, caller).await?;
    }
    let done = loop {
        let (stack, _) = perform(services, &tenant, &Look(&arn)).await?;
        if !stack.status.is_in_progress() {
            break stack;
        }
        if is_over(services, parent).await? {
            return Err(Failed { reason: CREATION_CANCELLED.to_owned(), remains: Some(arn) });
        }
        services.stacks.carry_out(&tenant, &stack.id).await;
    };
    if done.status == StackStatus::CreateComplete {
        return Ok(Done::of(services, &done)?);
    }
    Err(Failed { remains: Some(arn), ..failed(services, &done, "created").await })
}

/// Changes a stack, if there is anything to change.
pub(super) async fn update(services: &Services, caller: &Caller, arn: &str, wanted: Wanted) -> Result<Done, Failed> {
    let tenant = caller.tenant();
    // What a worker before this one began.
    wait(services, &tenant, arn).await?;
    let is_changed =
        match stack::begin_update(services, caller, arn, &wanted, OnFailure::Rollback, None, Policies::default()).await
        {
            Ok(_) => true,
            Err(Error::Validation(message)) if message == stack::NO_UPDATES => false,
            Err(error) => return Err(error.into()),
        };
    let done = wait(services, &tenant, arn).await?;
    if is_changed && done.status != StackStatus::UpdateComplete {
        return Err(failed(services, &done, "updated").await);
    }
    Ok(Done::of(services, &done)?)
}

/// Deletes a stack; that it is gone already is no failure.
pub(super) async fn delete(services: &Services, caller: &Caller, arn: &str) -> Result<(), Failed> {
    let tenant = caller.tenant();
    loop {
        let (stack, _) = perform(services, &tenant, &Look(arn)).await?;
        if stack.status.can_delete() {
            break;
        }
        services.stacks.carry_out(&tenant, &stack.id).await;
    }
    if !stack::begin_delete(services, &tenant, arn).await? {
        return Ok(());
    }
    let done = wait(services, &tenant, arn).await?;
    if done.status == StackStatus::DeleteComplete {
        return Ok(());
    }
    Err(failed(services, &done, "deleted").await)
}

/// Waits until nothing is being done to a stack.
async fn wait(services: &Services, tenant: &Tenant, arn: &str) -> Result<Stack, Failed> {
    loop {
        let (stack, _) = perform(services, tenant, &Look(arn)).await?;
        if !stack.status.is_in_progress() {
            return Ok(stack);
        }
        services.stacks.carry_out(tenant, &stack.id).await;
    }
}

/// Whether what makes a stack as a resource goes no further itself.
async fn is_over(services: &Services, parent: Parent<'_>) -> Result<bool, Failed> {
    let is_late = parent.operation.deadline(parent.stack.created).is_some_and(|it| services.clock.now() >= it);
    let (stack, _) = perform(services, &parent.stack.tenant, &Look(&parent.stack.arn())).await?;
    Ok(is_late || stack.operation.is_some_and(|operation| operation.is_halted))
}

/// Why a stack is not what it should be: what its last event of a failure says.
async fn failed(services: &Services, stack: &Stack, verb: &str) -> Failed {
    let why = match perform(services, &stack.tenant, &LastFailure(stack)).await {
        Ok(Some(why)) => why,
        Ok(None) => format!("it is in {} state", stack.status),
        Err(error) => super::engine::reason_of(error),
    };
    Failed { reason: format!("Embedded stack {} was not successfully {verb}: {why}", stack.arn()), remains: None }
}

struct LastFailure<'a>(&'a Stack);

impl Step for LastFailure<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let events: Vec<Stored<StackEvent>> = cx.tx.list_all(cx.tenant, &self.0.id).await?;
        let arn = self.0.arn();
        let of_stack = events.into_iter().filter(|event| event.physical_id == arn);
        let mut failed =
            of_stack.filter(|it| it.status.contains("ROLLBACK_IN_PROGRESS") || it.status.ends_with("_FAILED"));
        let reason = failed.find_map(|event| event.record.reason);
        Ok(reason.map(|reason| reason.trim_end_matches("Rollback requested by user.").to_owned()))
    }
}

async fn check_depth(services: &Services, tenant: &Tenant, parent: &Stack) -> Result<(), Failed> {
    let mut above = parent.parent_arn.clone();
    for _ in 0..DEPTH_MAX {
        let Some(arn) = above else { return Ok(()) };
        above = perform(services, tenant, &Look(&arn)).await?.0.parent_arn;
    }
    Err(Error::invalid(format!("Stacks can be nested at most {DEPTH_MAX} deep")).into())
}

struct Find<'a>(&'a str);

impl Step for Find<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<Stack>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        match stack::find(cx, self.0).await {
            Ok(stack) => Ok(Some(stack.record)),
            Err(Error::Validation(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Done {
    fn of(services: &Services, stack: &Stack) -> Result<Self, Error> {
        let outputs = Outputs::of(services, stack)?.0.into_iter();
        let attributes = outputs.map(|it| (format!("Outputs.{}", it.key), Value::from(it.value))).collect();
        Ok(Self { arn: stack.arn(), attributes })
    }
}

/// Why a stack is not what it should be.
pub(super) struct Failed {
    pub(super) reason: String,
    /// The ARN of the stack that stays behind.
    pub(super) remains: Option<String>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { reason: super::engine::reason_of(error), remains: None }
    }
}

/// Chance that comes out the same each time for one resource in one operation.
struct Seeded<'a> {
    services: &'a Services,
    seed: String,
    drawn: u64,
}

impl<'a> Seeded<'a> {
    fn of(services: &'a Services, parent: Parent<'_>) -> Self {
        Self { services, seed: format!("{}/{}", parent.operation.id, parent.logical_id), drawn: 0 }
    }
}

impl claviger_resources::Random for Seeded<'_> {
    fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let name = format!("{}/{}", self.seed, self.drawn);
            self.drawn += 1;
            let digest = self.services.vault.digest_key().digest("nested stack", name.as_bytes()).0;
            for (byte, drawn) in chunk.iter_mut().zip(digest) {
                *byte = drawn;
            }
        }
    }
}
