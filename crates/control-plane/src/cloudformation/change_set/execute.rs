//! Carrying a change set out: `ExecuteChangeSet`.

use claviger_resources::stack::{ChangeSet, ChangeSetType, ExecutionStatus, OnFailure, OperationKind};
use claviger_store::{Stored, TransactionExt};

use super::{ChangeSetKey, find};
use crate::cloudformation::errors::Error;
use crate::cloudformation::stack::{Begin, Policies};
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Changes it.
pub struct ExecuteChangeSet;

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
            policies: Policies::default(),
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
