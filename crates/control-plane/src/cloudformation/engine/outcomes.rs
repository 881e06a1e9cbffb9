//! What phases end with: where the stack stands then, and what is told of it.

use claviger_resources::stack::{
    OnFailure, OperationKind, Phase, ResourceStatus, StackOperation, StackResource, StackStatus,
};
use claviger_store::TransactionExt;

use super::forward;
use super::job::Job;
use super::record::{Journal, put};
use crate::cloudformation::errors::Error;
use crate::cloudformation::outputs::{self, Outputs};
use crate::operation::{Access, Context, Step};

/// The stack is what its template says.
pub(super) struct Finish<'a> {
    pub(super) job: &'a Job,
    pub(super) outputs: Outputs,
}

impl Step for Finish<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        if journal.stack.operation.as_ref().is_some_and(|operation| operation.is_halted) {
            return Err(Error::invalid("User Initiated"));
        }
        self.outputs.store(cx, &mut journal.stack.record, job.imports()).await?;
        for resource in job.resources() {
            if let Some(resource) = forward::with_policies(job, resource) {
                put(cx, &resource).await?;
            }
        }
        let stack = &mut journal.stack.record;
        stack.definition.clone_from(&job.operation.definition);
        let status = if job.operation.kind == OperationKind::Create {
            stack.operation = None;
            StackStatus::CreateComplete
        } else {
            if let Some(operation) = &mut stack.operation {
                operation.phase = Phase::Cleanup;
                if let Some(policy) = operation.next_policy.take() {
                    stack.policy = Some(policy);
                }
            }
            stack.updated = Some(cx.now);
            StackStatus::UpdateCompleteCleanupInProgress
        };
        let told = job.operation.clone();
        tell(&mut journal, cx, &told, status, None).await?;
        journal.close(cx).await
    }
}

/// Sets the stack's status, with the operation's token on the event even when it is over.
async fn tell(
    journal: &mut Journal,
    cx: &mut Context<'_>,
    operation: &StackOperation,
    status: StackStatus,
    reason: Option<&str>,
) -> Result<(), Error> {
    let kept = journal.stack.record.operation.replace(operation.clone());
    let outcome = journal.stack_status(cx, status, reason).await;
    journal.stack.record.operation = kept;
    outcome
}

/// Something failed: what has been done is undone, or left, as the caller wished.
pub(super) struct TurnBack<'a> {
    pub(super) job: &'a Job,
    pub(super) failure: String,
}

impl Step for TurnBack<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        let creates = job.operation.kind == OperationKind::Create;
        // Its caller may have wished for something else meanwhile.
        let stored = journal.stack.operation.as_ref();
        let (on_failure, is_halted) =
            stored.map_or((job.operation.on_failure, false), |stored| (stored.on_failure, stored.is_halted));
        let (phase, status) = match (on_failure, creates) {
            (OnFailure::DoNothing, true) => (Phase::Stopped, StackStatus::CreateFailed),
            (OnFailure::DoNothing, false) => (Phase::Stopped, StackStatus::UpdateFailed),
            (OnFailure::Delete, true) => (Phase::Rollback, StackStatus::DeleteInProgress),
            (_, true) => (Phase::Rollback, StackStatus::RollbackInProgress),
            (_, false) => (Phase::Rollback, StackStatus::UpdateRollbackInProgress),
        };
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = phase;
            operation.failure = Some(self.failure.clone());
            operation.is_halted = false;
        }
        if is_halted {
            // The stack's status says so already.
            return journal.close(cx).await;
        }
        let requested = match (on_failure, phase) {
            (OnFailure::Delete, Phase::Rollback) if creates => "Delete requested by user.",
            (_, Phase::Rollback) if creates => "Rollback requested by user.",
            _ => "",
        };
        let reason = format!("{}{requested}", self.failure);
        journal.stack_status(cx, status, Some(&reason)).await?;
        journal.close(cx).await
    }
}

/// Everything is what it was; what the update made is still there.
pub(super) struct Undone<'a> {
    pub(super) job: &'a Job,
}

impl Step for Undone<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut journal = self.job.journal(cx).await?;
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = Phase::RollbackCleanup;
        }
        journal.stack_status(cx, StackStatus::UpdateRollbackCompleteCleanupInProgress, None).await?;
        journal.close(cx).await
    }
}

/// The operation is over; nothing is left to undo.
pub(super) struct Settle<'a> {
    pub(super) job: &'a Job,
    pub(super) status: StackStatus,
    pub(super) reason: Option<String>,
}

impl Step for Settle<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        for mut resource in job.resources() {
            if resource.current.is_none() {
                // It was to be made, and never was.
                cx.tx.delete(&resource).await?;
            } else if resource.previous.is_some() || resource.undone {
                resource.previous = None;
                resource.undone = false;
                put(cx, &resource).await?;
            }
        }
        journal.stack.record.operation = None;
        tell(&mut journal, cx, &job.operation, self.status, self.reason.as_deref()).await?;
        journal.close(cx).await
    }
}

/// The operation stops half-way.
pub(super) struct Stop<'a> {
    pub(super) job: &'a Job,
    pub(super) status: StackStatus,
    pub(super) reason: String,
}

impl Step for Stop<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut journal = self.job.journal(cx).await?;
        let status = ended(&journal, self.status);
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = Phase::Stopped;
        }
        journal.stack_status(cx, status, Some(&self.reason)).await?;
        journal.close(cx).await
    }
}

/// Where a stack stands that could not be made: when it is to go as well, and be it only since it began to be undone, its
/// undoing is its deletion.
fn ended(journal: &Journal, status: StackStatus) -> StackStatus {
    let goes = |it: &StackOperation| it.kind == OperationKind::Create && it.on_failure == OnFailure::Delete;
    match status {
        status if !journal.stack.operation.as_ref().is_some_and(goes) => status,
        StackStatus::RollbackComplete => StackStatus::DeleteComplete,
        StackStatus::RollbackFailed => StackStatus::DeleteFailed,
        status => status,
    }
}

/// Nothing of the stack is left.
pub(super) struct Emptied<'a> {
    pub(super) job: &'a Job,
    pub(super) status: StackStatus,
}

impl Step for Emptied<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        let unmade = |resource: &StackResource| {
            resource.current.is_none()
                && !matches!(resource.status, ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped)
        };
        for mut resource in job.resources().into_iter().filter(unmade) {
            journal.resource_status(cx, &mut resource, ResourceStatus::DeleteComplete, None).await?;
            put(cx, &resource).await?;
        }
        let status = ended(&journal, self.status);
        if status == StackStatus::DeleteComplete {
            outputs::withdraw(cx, &mut journal.stack.record).await?;
            journal.stack.record.deleted = Some(cx.now);
        } else {
            // What it was to be made from is shown still.
            journal.stack.record.definition.clone_from(&job.operation.definition);
        }
        let told = journal.stack.record.operation.take().unwrap_or_else(|| job.operation.clone());
        tell(&mut journal, cx, &told, status, None).await?;
        journal.close(cx).await
    }
}
