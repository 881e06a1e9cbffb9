//! Undoing: what an operation changed becomes what it was, in the reverse order of how it was changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use claviger_resources::stack::{Physical, ResourceStatus, StackResource};

use super::forward::reason_of;
use super::job::Job;
use super::order::{Done, in_order};
use super::record::{State, put};
use crate::cloudformation::errors::Error;
use crate::cloudformation::types::{self, Change, Prepared, Work};
use crate::operation::{Access, Context, Step};

/// Gives every resource that the operation changed or replaced back what stood for it before; answers what failed.
pub(super) async fn undo_all(job: &Arc<Job>) -> Done {
    let touched: Vec<StackResource> = job
        .resources()
        .into_iter()
        .filter(|it| it.operation == job.operation.id && it.previous.is_some() && !it.undone)
        .filter(|it| !job.operation.skipped.contains(&it.logical_id))
        .collect();
    let mut waits: BTreeMap<String, BTreeSet<String>> =
        touched.iter().map(|resource| (resource.logical_id.clone(), BTreeSet::new())).collect();
    for resource in &touched {
        for needed in resource.current.iter().flat_map(|it| &it.depends_on) {
            if let Some(waits) = waits.get_mut(needed) {
                waits.insert(resource.logical_id.clone());
            }
        }
    }
    in_order(waits, false, |logical_id| {
        let job = Arc::clone(job);
        async move {
            let outcome = match job.resource(&logical_id) {
                Some(resource) => undo(&job, resource).await,
                None => Ok(()),
            };
            (logical_id, outcome)
        }
    })
    .await
}

/// Whether two things are the same thing in the same state.
fn is_same(one: &Physical, other: &Physical) -> bool {
    one.id == other.id && one.resource_type == other.resource_type && one.state == other.state
}

async fn undo(job: &Job, resource: StackResource) -> Result<(), String> {
    match try_undo(job, &resource).await {
        Ok(resource) => {
            job.note(resource);
            Ok(())
        }
        Err(error) => {
            let reason = reason_of(error);
            match job.write(&Failed { job, resource, reason: &reason }).await {
                Ok(resource) => job.note(resource),
                Err(error) => return Err(reason_of(error)),
            }
            Err(reason)
        }
    }
}

async fn try_undo(job: &Job, resource: &StackResource) -> Result<StackResource, Error> {
    let (Some(previous), current) = (&resource.previous, &resource.current) else { return Ok(resource.clone()) };
    let in_place = current.as_ref().filter(|it| it.id == previous.id && it.resource_type == previous.resource_type);
    let Some(current) = in_place.filter(|it| !is_same(it, previous)) else {
        // Replaced, and the new thing goes in the clean-up; or never changed.
        return job.write(&Restored { job, resource, changed: None, prepared: &Prepared::default() }).await;
    };
    let before = State::open(&job.services, &job.stack.id, previous)?;
    let now = State::open(&job.services, &job.stack.id, current)?.current(&current.id);
    let desired = job.desired(&resource.logical_id, &previous.resource_type, &before.properties);
    let mut preparation = job.preparation(&resource.logical_id, &previous.resource_type);
    if let Some(kind) = types::find(&previous.resource_type) {
        kind.handler.prepare(&mut preparation, &Change::Update(&now, &desired)).await?;
    }
    let changed = Some((&now, &desired));
    job.write(&Restored { job, resource, changed, prepared: &preparation.prepared }).await
}

/// Gives a resource back what stood for it.
struct Restored<'a> {
    job: &'a Job,
    resource: &'a StackResource,
    changed: Option<(&'a types::Current, &'a types::Desired<'a>)>,
    prepared: &'a Prepared,
}

impl Step for Restored<'_> {
    const ACCESS: Access = Access::Write;
    type Output = StackResource;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<StackResource, Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        let mut resource = self.resource.clone();
        let Some(previous) = resource.previous.take() else { return Ok(resource) };
        let is_untouched = resource.current.as_ref().is_some_and(|current| is_same(current, &previous))
            && !resource.status.is_failed()
            && !resource.status.is_in_progress();
        if !is_untouched {
            journal.resource_status(cx, &mut resource, ResourceStatus::UpdateInProgress, None).await?;
        }
        if let Some((now, desired)) = self.changed
            && let Some(kind) = types::find(&previous.resource_type)
        {
            let mut work = Work { cx: &mut *cx, caller: &job.caller, prepared: self.prepared };
            kind.handler.update(&mut work, now, desired).await?;
        }
        // What had replaced it is what goes now.
        resource.previous = resource.current.take().filter(|new| new.id != previous.id);
        resource.physical_id.clone_from(&previous.id);
        resource.resource_type.clone_from(&previous.resource_type);
        resource.current = Some(previous);
        if !is_untouched {
            journal.resource_status(cx, &mut resource, ResourceStatus::UpdateComplete, None).await?;
        }
        resource.undone = true;
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok(resource)
    }
}

/// Tells that a step could not be undone.
struct Failed<'a> {
    job: &'a Job,
    resource: StackResource,
    reason: &'a str,
}

impl Step for Failed<'_> {
    const ACCESS: Access = Access::Write;
    type Output = StackResource;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<StackResource, Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        let mut resource = self.resource.clone();
        journal.resource_status(cx, &mut resource, ResourceStatus::UpdateInProgress, None).await?;
        journal.resource_status(cx, &mut resource, ResourceStatus::UpdateFailed, Some(self.reason)).await?;
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok(resource)
    }
}
