//! Deleting what a stack no longer needs, in the reverse order of how it was made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use claviger_resources::stack::{Physical, ResourceStatus, StackResource};
use claviger_store::TransactionExt;

use super::forward::reason_of;
use super::job::Job;
use super::order::{Done, in_order};
use super::record::{State, put};
use crate::cloudformation::errors::Error;
use crate::cloudformation::types::{self, Change, Prepared, ResourceType, Work};
use crate::operation::{Access, Context, Step};

/// What is to be deleted of a resource.
#[derive(Clone)]
pub(super) struct Removal {
    /// The resource.
    pub(super) logical_id: String,
    /// What stands or stood for it.
    pub(super) physical: Physical,
    /// Whether it is kept: its policy says so, or the caller.
    pub(super) is_retained: bool,
    /// Whether it stood for the resource before, which stays.
    pub(super) is_previous: bool,
    /// Whether its resource goes with it.
    pub(super) ends_resource: bool,
}

/// Deletes all of these; answers what failed.
pub(super) async fn remove_all(job: &Arc<Job>, removals: Vec<Removal>) -> Done {
    let removals: BTreeMap<String, Removal> =
        removals.into_iter().map(|removal| (removal.logical_id.clone(), removal)).collect();
    // A resource goes after everything that was made after it.
    let mut waits: BTreeMap<String, BTreeSet<String>> =
        removals.keys().map(|logical_id| (logical_id.clone(), BTreeSet::new())).collect();
    for removal in removals.values() {
        for needed in &removal.physical.depends_on {
            if let Some(waits) = waits.get_mut(needed) {
                waits.insert(removal.logical_id.clone());
            }
        }
    }
    let removals = Arc::new(removals);
    in_order(waits, false, |logical_id| {
        let (job, removals) = (Arc::clone(job), Arc::clone(&removals));
        async move {
            let outcome = match removals.get(&logical_id) {
                Some(removal) => remove(&job, removal).await,
                None => Ok(()),
            };
            (logical_id, outcome)
        }
    })
    .await
}

async fn remove(job: &Job, removal: &Removal) -> Result<(), String> {
    match try_remove(job, removal).await {
        Ok(()) => Ok(()),
        Err(error) => {
            let reason = reason_of(error);
            let step = Tell { job, removal, status: ResourceStatus::DeleteFailed, reason: Some(&reason) };
            match job.write(&step).await {
                Ok(resource) => job.note(resource),
                Err(error) => return Err(reason_of(error)),
            }
            Err(reason)
        }
    }
}

async fn try_remove(job: &Job, removal: &Removal) -> Result<(), Error> {
    if removal.is_retained {
        return finish(job, removal, None, &Prepared::default()).await;
    }
    let kind = types::find(&removal.physical.resource_type);
    let mut preparation = job.preparation(&removal.logical_id, &removal.physical.resource_type);
    if let Some(kind) = kind.filter(|kind| kind.handler.is_slow()) {
        let step = Tell { job, removal, status: ResourceStatus::DeleteInProgress, reason: None };
        job.note(job.write(&step).await?);
        let state = State::open(&job.services, &job.stack.id, &removal.physical)?;
        let current = state.current(&removal.physical.id);
        kind.handler.prepare(&mut preparation, &Change::Delete(&current)).await?;
    }
    finish(job, removal, kind, &preparation.prepared).await
}

async fn finish(
    job: &Job,
    removal: &Removal,
    kind: Option<&'static ResourceType>,
    prepared: &Prepared,
) -> Result<(), Error> {
    match job.write(&Remove { job, removal, kind, prepared }).await? {
        Some(resource) => job.note(resource),
        None => job.forget(&removal.logical_id),
    }
    Ok(())
}

/// Tells where a deletion stands.
struct Tell<'a> {
    job: &'a Job,
    removal: &'a Removal,
    status: ResourceStatus,
    reason: Option<&'a str>,
}

impl Step for Tell<'_> {
    const ACCESS: Access = Access::Write;
    type Output = StackResource;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<StackResource, Error> {
        let Self { job, removal, .. } = self;
        let mut journal = job.journal(cx).await?;
        let mut resource = job.resource(&removal.logical_id).ok_or(Error::TakenOver)?;
        let is_told = resource.status == ResourceStatus::DeleteInProgress;
        let mut shown = shown(&resource, removal);
        if self.status == ResourceStatus::DeleteFailed && !is_told {
            journal.resource_status(cx, &mut shown, ResourceStatus::DeleteInProgress, None).await?;
        }
        if self.status != ResourceStatus::DeleteInProgress || !is_told {
            journal.resource_status(cx, &mut shown, self.status, self.reason).await?;
        }
        if !removal.is_previous {
            resource = shown;
        }
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok(resource)
    }
}

/// The resource with the thing that is deleted, for events to show.
fn shown(resource: &StackResource, removal: &Removal) -> StackResource {
    let mut shown = resource.clone();
    shown.physical_id.clone_from(&removal.physical.id);
    shown.resource_type.clone_from(&removal.physical.resource_type);
    shown
}

/// Deletes it, and tells.
struct Remove<'a> {
    job: &'a Job,
    removal: &'a Removal,
    kind: Option<&'static ResourceType>,
    prepared: &'a Prepared,
}

impl Step for Remove<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Option<StackResource>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let Self { job, removal, .. } = self;
        let mut journal = job.journal(cx).await?;
        let Some(mut resource) = job.resource(&removal.logical_id) else { return Ok(None) };
        let mut shown = shown(&resource, removal);
        if removal.is_retained {
            journal.resource_status(cx, &mut shown, ResourceStatus::DeleteSkipped, None).await?;
        } else {
            if resource.status != ResourceStatus::DeleteInProgress {
                journal.resource_status(cx, &mut shown, ResourceStatus::DeleteInProgress, None).await?;
            }
            if let Some(kind) = self.kind {
                let state = State::open(cx.services, &job.stack.id, &removal.physical)?;
                let current = state.current(&removal.physical.id);
                let mut work = Work { cx: &mut *cx, caller: &job.caller, prepared: self.prepared };
                kind.handler.delete(&mut work, &current).await?;
            }
            journal.resource_status(cx, &mut shown, ResourceStatus::DeleteComplete, None).await?;
        }
        let kept = if removal.is_previous {
            resource.previous = None;
            put(cx, &resource).await?;
            Some(resource)
        } else if removal.ends_resource {
            cx.tx.delete(&resource).await?;
            None
        } else {
            shown.current = None;
            shown.previous = None;
            put(cx, &shown).await?;
            Some(shown)
        };
        journal.close(cx).await?;
        Ok(kept)
    }
}
