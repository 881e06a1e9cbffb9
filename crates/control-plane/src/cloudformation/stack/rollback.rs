//! Undoing what stopped half-way: `ContinueUpdateRollback`, `RollbackStack`.

use claviger_resources::stack::{OnFailure, OperationKind, Phase, StackStatus};
use serde::Deserialize;

use super::{Look, StackIdOutput, find};
use crate::cloudformation::engine::Journal;
use crate::cloudformation::errors::Error;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Undoes what could not be undone before.
pub struct ContinueUpdateRollback;
/// Undoes what a failed operation left.
pub struct RollbackStack;

/// The members of `ContinueUpdateRollback` and `RollbackStack`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RollbackInput {
    stack_name: String,
    #[serde(default)]
    resources_to_skip: Vec<String>,
    client_request_token: Option<String>,
}

impl Procedure for ContinueUpdateRollback {
    const NAME: &'static str = "ContinueUpdateRollback";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = RollbackInput;
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
    type Input = RollbackInput;
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
    input: &'a RollbackInput,
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
        // Whoever stopped it has gone on to other things; it is this node's to go on.
        cx.services.nodes.id().clone_into(&mut operation.worker);
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
