//! Having an update turn back: `CancelUpdateStack`.

use claviger_resources::stack::{OnFailure, StackStatus};
use serde::Deserialize;

use super::find;
use crate::cloudformation::engine::Journal;
use crate::cloudformation::errors::Error;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Has an update in progress undone.
pub struct CancelUpdateStack;

/// The members of `CancelUpdateStack`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelUpdateStackInput {
    stack_name: String,
    client_request_token: Option<String>,
}

impl Procedure for CancelUpdateStack {
    const NAME: &'static str = "CancelUpdateStack";
    const ACCESS: Access = Access::Write;
    const AWAITS_SNAPSHOT: bool = true;
    type Input = CancelUpdateStackInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let stack = perform(services, &tenant, &Cancel(&input)).await?;
        services.stacks.carry_out(&tenant, &stack).await;
        Ok(())
    }
}

struct Cancel<'a>(&'a CancelUpdateStackInput);

impl Step for Cancel<'_> {
    const ACCESS: Access = Access::Write;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        let Self(input) = self;
        let mut stack = find(cx, &input.stack_name).await?;
        let is_updated = stack.status == StackStatus::UpdateInProgress;
        let Some(operation) = stack.record.operation.as_mut().filter(|_| is_updated) else {
            return Err(Error::invalid("CancelUpdateStack cannot be called from current stack status"));
        };
        // Whoever carries it out finds this before its next step.
        operation.is_halted = true;
        operation.on_failure = OnFailure::Rollback;
        if let Some(token) = &input.client_request_token {
            operation.token = Some(token.clone());
        }
        let mut journal = Journal { stack };
        journal.stack_status(cx, StackStatus::UpdateRollbackInProgress, Some("User Initiated")).await?;
        let id = journal.stack.id.clone();
        journal.close(cx).await?;
        Ok(id)
    }
}
