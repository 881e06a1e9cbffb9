//! Deleting a stack: `DeleteStack`.

use claviger_resources::stack::{OnFailure, OperationKind, Phase, Stack, StackOperation, StackStatus};
use claviger_resources::{Tenant, random};
use claviger_store::Stored;
use serde::Deserialize;

use super::find;
use crate::cloudformation::engine::Journal;
use crate::cloudformation::errors::Error;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Deletes a stack.
pub struct DeleteStack;

/// The members of `DeleteStack`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteStackInput {
    stack_name: String,
    #[serde(default)]
    retain_resources: Vec<String>,
    client_request_token: Option<String>,
}

impl Procedure for DeleteStack {
    const NAME: &'static str = "DeleteStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = DeleteStackInput;
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

/// Begins to delete a stack that another made as a resource; whether there is one.
pub(in crate::cloudformation) async fn begin_delete(
    services: &Services,
    tenant: &Tenant,
    arn: &str,
) -> Result<bool, Error> {
    let input =
        DeleteStackInput { stack_name: arn.to_owned(), retain_resources: Vec::new(), client_request_token: None };
    Ok(perform(services, tenant, &BeginDelete(&input)).await?.is_some())
}

/// Begins to delete a stack; that there is none is no failure.
struct BeginDelete<'a>(&'a DeleteStackInput);

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
        if !stack.status.can_delete() {
            return Err(Error::invalid(format!(
                "Stack [{}] cannot be deleted while in status {}",
                stack.arn(),
                stack.status
            )));
        }
        if stack.status.is_in_progress()
            && let Some(operation) = &mut stack.record.operation
        {
            // It is being made, or undone: whoever does so goes on to delete it.
            operation.is_halted = operation.phase == Phase::Forward;
            operation.on_failure = OnFailure::Delete;
            operation.token.clone_from(&input.client_request_token);
            return deleted(cx, stack).await.map(Some);
        }
        stack.record.operation = Some(StackOperation {
            id: random::uuid(cx.random),
            kind: OperationKind::Delete,
            phase: Phase::Forward,
            // Until it begins, it is this node's to begin.
            worker: cx.services.nodes.id().to_owned(),
            token: input.client_request_token.clone(),
            definition: stack.definition.clone(),
            on_failure: OnFailure::DoNothing,
            skipped: input.retain_resources.clone(),
            failure: None,
            is_halted: false,
            policy: None,
            next_policy: None,
        });
        deleted(cx, stack).await.map(Some)
    }
}

/// Tells that a stack is being deleted.
async fn deleted(cx: &mut Context<'_>, stack: Stored<Stack>) -> Result<String, Error> {
    let mut journal = Journal { stack };
    journal.stack_status(cx, StackStatus::DeleteInProgress, Some("User Initiated")).await?;
    let id = journal.stack.id.clone();
    journal.close(cx).await?;
    Ok(id)
}
