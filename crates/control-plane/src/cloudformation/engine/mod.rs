//! Carrying out what is asked of stacks: a row of short recorded steps, each with what it makes in one transaction, so that
//! a crash at any moment leaves either nothing of a step or all of it.
//!
//! An operation moves through phases ([`Phase`]): forward, clean-up; or, after a failure, rollback and its clean-up. What it
//! has done stands in the store, so whoever finds it half done goes on with it: [`StackWorker::run`] does when it starts.

mod forward;
mod job;
mod order;
mod record;
mod removal;
mod undo;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use claviger_resources::Tenant;
use claviger_resources::stack::{OnFailure, OperationKind, Phase, ResourceStatus, Stack, StackResource, StackStatus};
use claviger_store::{Kind, Stored, TransactionExt};
use tokio::sync::{mpsc, oneshot};

use self::order::Done;
use self::removal::Removal;
use super::errors::Error;
use super::outputs::{self, Outputs};
use crate::operation::{Access, Context, Step, perform};
use crate::services::Services;

pub(super) use self::forward::changed;
pub(super) use self::job::Job;
pub(super) use self::record::{Journal, State, uuid};

/// Where operations on stacks are handed in.
pub struct Stacks(mpsc::Sender<Work>);

/// Carries out what is handed in.
pub struct StackWorker(mpsc::Receiver<Work>);

struct Work {
    tenant: Tenant,
    stack: String,
    done: oneshot::Sender<()>,
}

/// Operations that wait to be taken up; each caller waits for its own, so there are never more than callers.
const WAITING_MAX: usize = 1_024;

/// How long an answer waits for the work to be done: tools poll slowly, and most stacks are done by then.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

impl Stacks {
    /// A place to hand operations in, and the worker that carries them out.
    pub fn new() -> (Self, StackWorker) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self(sender), StackWorker(receiver))
    }

    /// Has what was asked of a stack carried out, and waits for a while until it is done.
    pub(super) async fn carry_out(&self, tenant: &Tenant, stack: &str) {
        let (done, finished) = oneshot::channel();
        let work = Work { tenant: tenant.clone(), stack: stack.to_owned(), done };
        // Nobody takes it when the server stops; whoever starts next finds it in the store.
        if self.0.send(work).await.is_ok() {
            // It goes on when the wait is over.
            drop(tokio::time::timeout(ANSWER_WAIT, finished).await);
        }
    }
}

impl StackWorker {
    /// Goes on with what was left half done, then carries out what is handed in, until nobody can hand anything in.
    pub async fn run(mut self, services: Arc<Services>) {
        let turns = Arc::new(Turns::default());
        match unfinished(&services).await {
            Ok(stacks) => {
                for (tenant, stack) in stacks {
                    tracing::info!(stack, "going on with a stack that was left half done");
                    tokio::spawn(work_off(Arc::clone(&services), Arc::clone(&turns), tenant, stack));
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot look for unfinished stacks");
            }
        }
        while let Some(work) = self.0.recv().await {
            let (services, turns) = (Arc::clone(&services), Arc::clone(&turns));
            tokio::spawn(async move {
                work_off(services, turns, work.tenant, work.stack).await;
                // The caller may have gone on.
                let _ = work.done.send(());
            });
        }
    }
}

/// Whose turn it is at each stack: one operation is carried out once, however often it is found or handed in.
#[derive(Default)]
struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, stack: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for any more are forgotten.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(stack.to_owned()).or_default())
    }
}

/// Stacks that something is being done to.
async fn unfinished(services: &Services) -> Result<Vec<(Tenant, String)>, Error> {
    let mut tx = services.store.read().await?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = tx.rows_of_kind(Kind::Stack, after.as_ref(), 1_000).await?;
        for row in &rows {
            let stack = Stored::<Stack>::from_row(row)?;
            if stack.operation.as_ref().is_some_and(|operation| operation.phase != Phase::Stopped) {
                found.push((stack.tenant.clone(), stack.id.clone()));
            }
        }
        match rows.last() {
            Some(last) => after = Some(last.key.clone()),
            None => return Ok(found),
        }
    }
}

async fn work_off(services: Arc<Services>, turns: Arc<Turns>, tenant: Tenant, stack: String) {
    let turn = turns.of(&stack);
    let _turn = turn.lock().await;
    if let Err(error) = carry_out(&services, &tenant, &stack).await {
        tracing::error!(error = &error as &dyn std::error::Error, stack, "a stack's operation stopped");
    }
}

/// Makes whoever runs this the one that carries out what is being done to a stack; `None` when nothing is.
struct Claim<'a>(&'a str);

impl Step for Claim<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", self.0).await?;
        let Some(mut stack) = stack else { return Ok(None) };
        let worker = uuid(cx);
        let Some(operation) = stack.record.operation.as_mut().filter(|it| it.phase != Phase::Stopped) else {
            return Ok(None);
        };
        operation.worker.clone_from(&worker);
        cx.tx.replace(&stack).await?;
        Ok(Some(worker))
    }
}

/// Carries an operation on, phase by phase, until there is nothing left to do.
async fn carry_out(services: &Arc<Services>, tenant: &Tenant, stack: &str) -> Result<(), Error> {
    let Some(worker) = perform(services, tenant, &Claim(stack)).await? else { return Ok(()) };
    while let Some(job) = Job::load(services, tenant, stack, &worker).await? {
        let job = Arc::new(job);
        match (job.operation.kind, job.operation.phase) {
            (OperationKind::Delete, Phase::Forward) => delete(&job).await?,
            (_, Phase::Forward) => forward(&job).await?,
            (_, Phase::Cleanup) => clean_up(&job).await?,
            (OperationKind::Create, Phase::Rollback) => unmake(&job).await?,
            (_, Phase::Rollback) => undo(&job).await?,
            (_, Phase::RollbackCleanup) => clean_up_undone(&job).await?,
            (_, Phase::Stopped) => return Ok(()),
        }
    }
    Ok(())
}

async fn forward(job: &Arc<Job>) -> Result<(), Error> {
    let done = forward::make_all(job).await;
    let failure = if done.failed.is_empty() {
        match outputs::resolve(job).await {
            Ok(outputs) => match job.write(&Finish { job, outputs }).await {
                Ok(()) => return Ok(()),
                Err(Error::Validation(reason)) => reason,
                Err(error) => return Err(error),
            },
            Err(reason) => reason,
        }
    } else {
        let verb = if job.operation.kind == OperationKind::Create { "create" } else { "update" };
        let names: Vec<&str> = done.failed.keys().map(String::as_str).collect();
        format!("The following resource(s) failed to {verb}: [{}]. ", names.join(", "))
    };
    job.write(&TurnBack { job, failure }).await
}

/// The stack is what its template says.
struct Finish<'a> {
    job: &'a Job,
    outputs: Outputs,
}

impl Step for Finish<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = Journal::open(cx, &job.stack.id, &job.operation).await?;
        self.outputs.store(cx, &mut journal.stack.record, job.imports()).await?;
        for resource in job.resources() {
            if let Some(resource) = forward::with_policies(job, resource) {
                record::put(cx, &resource).await?;
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
    operation: &claviger_resources::stack::StackOperation,
    status: StackStatus,
    reason: Option<&str>,
) -> Result<(), Error> {
    let kept = journal.stack.record.operation.replace(operation.clone());
    let outcome = journal.stack_status(cx, status, reason).await;
    journal.stack.record.operation = kept;
    outcome
}

/// Something failed: what has been done is undone, or left, as the caller wished.
struct TurnBack<'a> {
    job: &'a Job,
    failure: String,
}

impl Step for TurnBack<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = Journal::open(cx, &job.stack.id, &job.operation).await?;
        let creates = job.operation.kind == OperationKind::Create;
        let (phase, status) = match (job.operation.on_failure, creates) {
            (OnFailure::DoNothing, true) => (Phase::Stopped, StackStatus::CreateFailed),
            (OnFailure::DoNothing, false) => (Phase::Stopped, StackStatus::UpdateFailed),
            (OnFailure::Delete, true) => (Phase::Rollback, StackStatus::DeleteInProgress),
            (_, true) => (Phase::Rollback, StackStatus::RollbackInProgress),
            (_, false) => (Phase::Rollback, StackStatus::UpdateRollbackInProgress),
        };
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = phase;
            operation.failure = Some(self.failure.clone());
        }
        let rolls_back = if creates && phase == Phase::Rollback { "Rollback requested by user." } else { "" };
        let reason = format!("{}{rolls_back}", self.failure);
        journal.stack_status(cx, status, Some(&reason)).await?;
        journal.close(cx).await
    }
}

/// Deletes what an update left behind.
async fn clean_up(job: &Arc<Job>) -> Result<(), Error> {
    let removals = job.resources().into_iter().filter_map(|resource| {
        let is_wanted = job.instance.as_ref().is_some_and(|it| it.resource(&resource.logical_id).is_some());
        if is_wanted {
            let current = resource.current.as_ref()?;
            let previous = resource.previous.clone().filter(|it| it.id != current.id)?;
            let is_retained = is_retained(&previous.update_replace_policy, false);
            Some(Removal {
                logical_id: resource.logical_id,
                physical: previous,
                is_retained,
                is_previous: true,
                ends_resource: false,
            })
        } else {
            let physical = resource.current?;
            let is_retained = is_retained(&physical.deletion_policy, false);
            Some(Removal {
                logical_id: resource.logical_id,
                physical,
                is_retained,
                is_previous: false,
                ends_resource: true,
            })
        }
    });
    // What cannot be deleted is told by events, and the update is complete all the same.
    let _ = removal::remove_all(job, removals.collect()).await;
    job.write(&Settle { job, status: StackStatus::UpdateComplete, reason: None }).await
}

/// Gives everything back what it was.
async fn undo(job: &Arc<Job>) -> Result<(), Error> {
    let done = undo::undo_all(job).await;
    if done.failed.is_empty() {
        job.write(&Undone { job }).await
    } else {
        let reason = failed_to("update", &done);
        job.write(&Stop { job, status: StackStatus::UpdateRollbackFailed, reason }).await
    }
}

fn failed_to(verb: &str, done: &Done) -> String {
    let names: Vec<&str> = done.failed.keys().map(String::as_str).collect();
    format!("The following resource(s) failed to {verb}: [{}]. ", names.join(", "))
}

/// Everything is what it was; what the update made is still there.
struct Undone<'a> {
    job: &'a Job,
}

impl Step for Undone<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut journal = Journal::open(cx, &self.job.stack.id, &self.job.operation).await?;
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = Phase::RollbackCleanup;
        }
        journal.stack_status(cx, StackStatus::UpdateRollbackCompleteCleanupInProgress, None).await?;
        journal.close(cx).await
    }
}

/// Deletes what an undone update had made.
async fn clean_up_undone(job: &Arc<Job>) -> Result<(), Error> {
    let removals = job.resources().into_iter().filter(|it| it.operation == job.operation.id).filter_map(|resource| {
        let skipped = job.operation.skipped.contains(&resource.logical_id);
        if resource.undone || resource.previous.is_some() {
            let physical = resource.previous.filter(|_| resource.undone)?;
            return Some(Removal {
                logical_id: resource.logical_id,
                physical,
                is_retained: skipped,
                is_previous: true,
                ends_resource: false,
            });
        }
        let physical = resource.current?;
        let is_retained = skipped || is_retained(&physical.deletion_policy, true);
        Some(Removal {
            logical_id: resource.logical_id,
            physical,
            is_retained,
            is_previous: false,
            ends_resource: true,
        })
    });
    let _ = removal::remove_all(job, removals.collect()).await;
    job.write(&Settle { job, status: StackStatus::UpdateRollbackComplete, reason: None }).await
}

/// Whether a thing is kept that its stack no longer needs.
fn is_retained(policy: &str, is_new: bool) -> bool {
    policy == "Retain" || policy == "RetainExceptOnCreate" && !is_new
}

/// The operation is over; nothing is left to undo.
struct Settle<'a> {
    job: &'a Job,
    status: StackStatus,
    reason: Option<String>,
}

impl Step for Settle<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = Journal::open(cx, &job.stack.id, &job.operation).await?;
        for mut resource in job.resources() {
            if resource.current.is_none() {
                // It was to be made, and never was.
                cx.tx.delete(&resource).await?;
            } else if resource.previous.is_some() || resource.undone {
                resource.previous = None;
                resource.undone = false;
                record::put(cx, &resource).await?;
            }
        }
        journal.stack.record.operation = None;
        tell(&mut journal, cx, &job.operation, self.status, self.reason.as_deref()).await?;
        journal.close(cx).await
    }
}

/// The operation stops half-way.
struct Stop<'a> {
    job: &'a Job,
    status: StackStatus,
    reason: String,
}

impl Step for Stop<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut journal = Journal::open(cx, &self.job.stack.id, &self.job.operation).await?;
        if let Some(operation) = &mut journal.stack.record.operation {
            operation.phase = Phase::Stopped;
        }
        journal.stack_status(cx, self.status, Some(&self.reason)).await?;
        journal.close(cx).await
    }
}

/// Deletes what had been made of a stack that could not be made.
async fn unmake(job: &Arc<Job>) -> Result<(), Error> {
    let goes = job.operation.on_failure == OnFailure::Delete;
    let done = removal::remove_all(job, everything(job, true)).await;
    if !done.failed.is_empty() {
        let status = if goes { StackStatus::DeleteFailed } else { StackStatus::RollbackFailed };
        return job.write(&Stop { job, status, reason: failed_to("delete", &done) }).await;
    }
    let status = if goes { StackStatus::DeleteComplete } else { StackStatus::RollbackComplete };
    job.write(&Emptied { job, status }).await
}

/// Deletes a stack.
async fn delete(job: &Arc<Job>) -> Result<(), Error> {
    if let Some(reason) = outputs::in_use(job).await? {
        return job.write(&Stop { job, status: StackStatus::DeleteFailed, reason }).await;
    }
    let done = removal::remove_all(job, everything(job, false)).await;
    if !done.failed.is_empty() {
        let reason = failed_to("delete", &done);
        return job.write(&Stop { job, status: StackStatus::DeleteFailed, reason }).await;
    }
    job.write(&Emptied { job, status: StackStatus::DeleteComplete }).await
}

fn everything(job: &Job, is_new: bool) -> Vec<Removal> {
    let removals = job.resources().into_iter().filter_map(|resource| {
        let physical = resource.current?;
        let is_retained =
            job.operation.skipped.contains(&resource.logical_id) || is_retained(&physical.deletion_policy, is_new);
        Some(Removal {
            logical_id: resource.logical_id,
            physical,
            is_retained,
            is_previous: false,
            ends_resource: false,
        })
    });
    removals.collect()
}

/// Nothing of the stack is left.
struct Emptied<'a> {
    job: &'a Job,
    status: StackStatus,
}

impl Step for Emptied<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let job = self.job;
        let mut journal = Journal::open(cx, &job.stack.id, &job.operation).await?;
        let unmade = |resource: &StackResource| {
            resource.current.is_none()
                && !matches!(resource.status, ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped)
        };
        for mut resource in job.resources().into_iter().filter(unmade) {
            journal.resource_status(cx, &mut resource, ResourceStatus::DeleteComplete, None).await?;
            record::put(cx, &resource).await?;
        }
        if self.status == StackStatus::DeleteComplete {
            outputs::withdraw(cx, &mut journal.stack.record).await?;
            journal.stack.record.deleted = Some(cx.now);
        } else {
            // What it was to be made from is shown still.
            journal.stack.record.definition.clone_from(&job.operation.definition);
        }
        journal.stack.record.operation = None;
        tell(&mut journal, cx, &job.operation, self.status, None).await?;
        journal.close(cx).await
    }
}
