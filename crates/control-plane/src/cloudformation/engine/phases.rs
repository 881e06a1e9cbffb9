//! The phases that an operation moves through, and which comes next.

use std::sync::Arc;

use claviger_resources::Tenant;
use claviger_resources::stack::{OperationKind, Phase, StackStatus};

use super::forward::CREATION_CANCELLED;
use super::job::{Claim, Job};
use super::order::Done;
use super::outcomes::{Emptied, Finish, Settle, Stop, TurnBack, Undone};
use super::removal::Removal;
use super::{forward, removal, undo};
use crate::cloudformation::errors::Error;
use crate::cloudformation::outputs;
use crate::operation::perform;
use crate::services::Services;

/// Carries an operation on, phase by phase, until there is nothing left to do.
pub(super) async fn carry_out(services: &Arc<Services>, tenant: &Tenant, stack: &str) -> Result<(), Error> {
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
    let is_over = job.is_over().await?;
    let done = forward::make_all(job, is_over).await;
    let is_broken_off = is_over || done.failed.values().any(|reason| reason == CREATION_CANCELLED);
    let failure = if is_broken_off && job.is_late() {
        "Stack creation time exceeded the specified timeout. ".to_owned()
    } else if is_over {
        "User Initiated".to_owned()
    } else if done.failed.is_empty() {
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
        failed_to(verb, &done)
    };
    job.write(&TurnBack { job, failure }).await
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

/// Deletes what had been made of a stack that could not be made.
async fn unmake(job: &Arc<Job>) -> Result<(), Error> {
    let done = removal::remove_all(job, everything(job, true)).await;
    if !done.failed.is_empty() {
        return job.write(&Stop { job, status: StackStatus::RollbackFailed, reason: failed_to("delete", &done) }).await;
    }
    job.write(&Emptied { job, status: StackStatus::RollbackComplete }).await
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
