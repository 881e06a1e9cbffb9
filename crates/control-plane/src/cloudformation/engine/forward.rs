//! Making and changing: every resource of the template, in the order of what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use claviger_cloudformation_template::{DeletionPolicy, Instance};
use claviger_resources::stack::policy::UpdateAction;
use claviger_resources::stack::{Physical, ResourceStatus, StackResource};
use serde_json::{Map, Value};

use super::job::Job;
use super::order::{Done, in_order};
use super::record::{STACK_TYPE, State, put};
use crate::cloudformation::errors::Error;
use crate::cloudformation::types::{self, Change, Current, Desired, Made, Prepared, ResourceType, Work};
use crate::operation::{Access, Context, Step};

/// What is told of a creation that is broken off.
pub(in crate::cloudformation) const CREATION_CANCELLED: &str = "Resource creation cancelled";

/// Makes and changes what the template has; answers what failed. When the operation `is_over` nothing is begun: only what is
/// under way is brought to its end, so that it is known what is there.
pub(super) async fn make_all(job: &Arc<Job>, is_over: bool) -> Done {
    let Some(instance) = &job.instance else { return Done { failed: BTreeMap::new() } };
    let denied = deny_removals(job, instance).await;
    if !denied.failed.is_empty() {
        return denied;
    }
    let waits = instance.resources().map(|resource| {
        let needs: BTreeSet<String> = instance.dependencies(&resource.logical_id).map(str::to_owned).collect();
        (resource.logical_id.clone(), needs)
    });
    let mut waits: BTreeMap<String, BTreeSet<String>> = waits.collect();
    if is_over {
        let needed = needed_under_way(job, instance);
        waits.retain(|logical_id, _| needed.contains(logical_id));
    }
    in_order(waits, true, |logical_id| {
        let job = Arc::clone(job);
        async move {
            let outcome = make(&job, &logical_id).await;
            (logical_id, outcome)
        }
    })
    .await
}

/// Refuses to let go of what the stack's policy keeps; answers what that is.
async fn deny_removals(job: &Job, instance: &Instance) -> Done {
    let mut failed = BTreeMap::new();
    for resource in job.resources() {
        let Some(physical) = resource.current.as_ref().filter(|_| instance.resource(&resource.logical_id).is_none())
        else {
            continue;
        };
        if let Some(reason) = job.denial(UpdateAction::Delete, &resource.logical_id, &physical.resource_type) {
            let none = Map::new();
            let desired = job.desired(&resource.logical_id, &physical.resource_type, &none);
            let failure = Failure { is_update: true, reason, remains: None };
            if let Err(reason) = fail(job, &desired, failure).await {
                failed.insert(resource.logical_id.clone(), reason);
            }
        }
    }
    Done { failed }
}

/// What is under way, and all that it was made after.
fn needed_under_way(job: &Job, instance: &Instance) -> BTreeSet<String> {
    let under_way = job.resources().into_iter().filter(|resource| job.is_under_way(resource));
    let mut left: Vec<String> = under_way.map(|resource| resource.logical_id).collect();
    let mut needed = BTreeSet::new();
    while let Some(logical_id) = left.pop() {
        if needed.insert(logical_id.clone()) {
            left.extend(instance.dependencies(&logical_id).map(str::to_owned));
        }
    }
    needed
}

/// What is to be done with a resource.
enum Action {
    /// Nothing: it is as the template wants it.
    Keep(State),
    /// It is made; what stood for it before, if anything, goes later.
    Create,
    /// It is changed in place.
    Update(Current, State),
}

async fn make(job: &Job, logical_id: &str) -> Result<(), String> {
    let definition = job.instance.as_ref().and_then(|instance| instance.resource(logical_id));
    let definition = definition.ok_or_else(|| format!("{logical_id} is not in the template"))?;
    let resource_type = definition.resource_type.as_str();
    let none = Map::new();
    let properties = match job.resolve(&definition.properties).await {
        Ok(Value::Object(properties)) => properties,
        Ok(_) => Map::new(),
        Err(reason) => return fail(job, &job.desired(logical_id, resource_type, &none), reason.into()).await,
    };
    let Some(kind) = types::find(resource_type) else {
        let reason = format!("{resource_type} is not served");
        return fail(job, &job.desired(logical_id, resource_type, &none), reason.into()).await;
    };
    let checked =
        kind.schema().map_or(Ok(Value::Object(properties.clone())), |schema| schema.check(&Value::Object(properties)));
    let properties = match checked {
        Ok(Value::Object(properties)) => properties,
        Ok(_) => Map::new(),
        Err(violations) => {
            let reason = format!(
                "Properties validation failed for resource {logical_id} with message:\n[{}]",
                violations.join(", ")
            );
            return fail(job, &job.desired(logical_id, resource_type, &none), reason.into()).await;
        }
    };
    let resource = job.resource(logical_id);
    let action = decide(job, resource.as_ref(), kind, resource_type, &properties).map_err(|error| error.to_string())?;
    match action {
        // After a crash this is also what has been done already.
        Action::Keep(state) => {
            job.know(logical_id, &state);
            Ok(())
        }
        Action::Create | Action::Update(..) => {
            if !resource.as_ref().is_some_and(|resource| job.is_under_way(resource))
                && job.is_over().await.map_err(reason_of)?
            {
                return Err(CREATION_CANCELLED.to_owned());
            }
            if let Some(reason) = denial(job, logical_id, resource.as_ref(), &action) {
                let failure = Failure { is_update: true, reason, remains: None };
                return fail(job, &job.desired(logical_id, resource_type, &properties), failure).await;
            }
            let is_update = matches!(action, Action::Update(..));
            let desired = job.desired(logical_id, resource_type, &properties);
            match change(job, kind, &desired, resource, action).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    let remains = match &error {
                        Error::Handler(failure) => failure.remains().cloned(),
                        _ => None,
                    };
                    let failure = Failure { is_update, reason: reason_of(error), remains };
                    fail(job, &desired, failure).await
                }
            }
        }
    }
}

/// Why an update may not do this, when the stack's policy says so; new resources are nobody's concern.
fn denial(job: &Job, logical_id: &str, resource: Option<&StackResource>, action: &Action) -> Option<String> {
    let physical = resource?.current.as_ref()?;
    let action = match action {
        Action::Keep(_) => return None,
        Action::Create => UpdateAction::Replace,
        Action::Update(..) => UpdateAction::Modify,
    };
    job.denial(action, logical_id, &physical.resource_type)
}

/// What is told of an error. What is ours to mend is logged, and told as no more than that.
pub(in crate::cloudformation) fn reason_of(error: Error) -> String {
    match error {
        Error::Store(_) | Error::Vault(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a stack's step failed");
            "Internal Failure".to_owned()
        }
        error => error.to_string(),
    }
}

fn decide(
    job: &Job,
    resource: Option<&StackResource>,
    kind: &ResourceType,
    resource_type: &str,
    properties: &Map<String, Value>,
) -> Result<Action, Error> {
    let Some(physical) = resource.and_then(|it| it.current.as_ref()) else { return Ok(Action::Create) };
    if physical.resource_type != resource_type {
        return Ok(Action::Create);
    }
    let state = State::open(&job.services, &job.stack.id, physical)?;
    let changed = changed(&state.properties, properties);
    if changed.is_empty() {
        return Ok(Action::Keep(state));
    }
    let needs_new = changed.iter().any(|property| {
        kind.schema().is_some_and(|schema| {
            schema.replaces(property)
                || schema.may_replace(property)
                    && kind.handler.replaces(property, state.properties.get(property), properties.get(property))
        })
    });
    if needs_new {
        return Ok(Action::Create);
    }
    let current = state.clone().current(&physical.id);
    Ok(Action::Update(current, state))
}

/// The names of the properties that differ.
pub(in crate::cloudformation) fn changed(before: &Map<String, Value>, after: &Map<String, Value>) -> BTreeSet<String> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

async fn change(
    job: &Job,
    kind: &ResourceType,
    desired: &Desired<'_>,
    resource: Option<StackResource>,
    action: Action,
) -> Result<(), Error> {
    let is_told = resource.as_ref().is_some_and(|resource| job.is_under_way(resource));
    let mut resource = resource.unwrap_or_else(|| fresh(job, desired));
    resource.resource_type = desired.resource_type.to_owned();
    let begins = match &action {
        Action::Update(..) => ResourceStatus::UpdateInProgress,
        _ if resource.current.is_some() => ResourceStatus::UpdateInProgress,
        _ => ResourceStatus::CreateInProgress,
    };
    if kind.handler.is_slow() && !is_told {
        let begin = Begin { job, resource: resource.clone(), status: begins };
        resource = job.write(&begin).await?;
        job.note(resource.clone());
    }
    let mut preparation = job.preparation(desired.logical_id, desired.resource_type);
    let of = match &action {
        Action::Update(current, _) => Change::Update(current, desired),
        _ => Change::Create(desired),
    };
    // A stack that is made as a resource tells what is left of it when the time is over.
    let is_broken_off = kind.handler.is_slow() && desired.resource_type != STACK_TYPE;
    tokio::select! {
        prepared = kind.handler.prepare(&mut preparation, &of) => prepared?,
        () = job.lateness(), if is_broken_off => return Err(Error::invalid(CREATION_CANCELLED)),
    }
    let step = Make {
        job,
        kind,
        desired,
        action: &action,
        is_told: is_told || kind.handler.is_slow(),
        begins,
        resource: &resource,
        prepared: &preparation.prepared,
    };
    let (resource, state) = job.write(&step).await?;
    job.note(resource);
    job.know(desired.logical_id, &state);
    Ok(())
}

fn fresh(job: &Job, desired: &Desired<'_>) -> StackResource {
    StackResource {
        stack: job.stack.id.clone(),
        tenant: job.stack.tenant.clone(),
        logical_id: desired.logical_id.to_owned(),
        resource_type: desired.resource_type.to_owned(),
        status: ResourceStatus::CreateInProgress,
        reason: None,
        updated: claviger_resources::Timestamp::default(),
        operation: job.operation.id.clone(),
        current: None,
        previous: None,
        undone: false,
        physical_id: String::new(),
        metadata: None,
    }
}

/// Tells that a slow step begins.
struct Begin<'a> {
    job: &'a Job,
    resource: StackResource,
    status: ResourceStatus,
}

impl Step for Begin<'_> {
    const ACCESS: Access = Access::Write;
    type Output = StackResource;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<StackResource, Error> {
        let mut journal = self.job.journal(cx).await?;
        let mut resource = self.resource.clone();
        take_over(self.job, &mut resource);
        journal.resource_status(cx, &mut resource, self.status, None).await?;
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok(resource)
    }
}

/// Makes the resource this operation's: what stands for it now is what an undoing goes back to.
fn take_over(job: &Job, resource: &mut StackResource) {
    if resource.operation != job.operation.id {
        resource.previous = resource.current.clone();
        resource.operation.clone_from(&job.operation.id);
    }
}

/// Makes or changes a resource, and tells.
struct Make<'a> {
    job: &'a Job,
    kind: &'a ResourceType,
    desired: &'a Desired<'a>,
    action: &'a Action,
    is_told: bool,
    begins: ResourceStatus,
    resource: &'a StackResource,
    prepared: &'a Prepared,
}

impl Step for Make<'_> {
    const ACCESS: Access = Access::Write;
    type Output = (StackResource, State);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let job = self.job;
        let mut journal = job.journal(cx).await?;
        let mut resource = self.resource.clone();
        take_over(job, &mut resource);
        let replaces = matches!(self.action, Action::Create) && resource.current.is_some();
        if !self.is_told {
            let reason = replaces
                .then_some("Requested update requires the creation of a new physical resource; hence creating one.");
            journal.resource_status(cx, &mut resource, self.begins, reason).await?;
        }
        let handler = self.kind.handler;
        let mut work = Work { cx: &mut *cx, caller: &job.caller, prepared: self.prepared };
        let made = match self.action {
            Action::Update(current, _) => handler.update(&mut work, current, self.desired).await?,
            Action::Create | Action::Keep(_) => handler.create(&mut work, self.desired).await?,
        };
        let before = match self.action {
            Action::Update(_, state) => Some(state),
            Action::Create | Action::Keep(_) => None,
        };
        let state = self.state(made.clone(), before);
        resource.physical_id.clone_from(&made.id);
        if !matches!(self.action, Action::Update(..)) {
            journal.resource_status(cx, &mut resource, self.begins, Some("Resource creation Initiated")).await?;
        }
        let Desired { logical_id, resource_type, .. } = *self.desired;
        resource.current = Some(physical(cx, job, logical_id, resource_type, &made.id, &state)?);
        let ends = match self.begins {
            ResourceStatus::UpdateInProgress => ResourceStatus::UpdateComplete,
            _ => ResourceStatus::CreateComplete,
        };
        journal.resource_status(cx, &mut resource, ends, None).await?;
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok((resource, state))
    }
}

impl Make<'_> {
    fn state(&self, made: Made, before: Option<&State>) -> State {
        let reference = made.reference.or_else(|| {
            // What has been changed in place is referred to as before.
            before
                .filter(|_| made.attributes == before.map(|it| it.attributes.clone()).unwrap_or_default())
                .map(|it| it.reference.clone())
        });
        State {
            properties: self.desired.properties.clone(),
            reference: reference.unwrap_or(made.id),
            attributes: made.attributes,
        }
    }
}

/// What stands for a resource now, as it is recorded.
fn physical(
    cx: &mut Context<'_>,
    job: &Job,
    logical_id: &str,
    resource_type: &str,
    id: &str,
    state: &State,
) -> Result<Physical, Error> {
    let mut physical = Physical {
        id: id.to_owned(),
        resource_type: resource_type.to_owned(),
        state: state.seal(cx, &job.stack.id)?,
        depends_on: Vec::new(),
        deletion_policy: String::new(),
        update_replace_policy: String::new(),
    };
    set_policies(job, logical_id, &mut physical);
    Ok(physical)
}

/// Sets what the template says of a resource's end, and what it is made after.
fn set_policies(job: &Job, logical_id: &str, physical: &mut Physical) {
    let Some(instance) = &job.instance else { return };
    let Some(definition) = instance.resource(logical_id) else { return };
    let policy = |policy: Option<DeletionPolicy>| policy.map(|policy| format!("{policy:?}")).unwrap_or_default();
    physical.depends_on = instance.dependencies(logical_id).map(str::to_owned).collect();
    physical.deletion_policy = policy(definition.deletion_policy);
    physical.update_replace_policy = policy(definition.update_replace_policy);
}

/// A resource that stays, when the template says something else of its end than before.
pub(super) fn with_policies(job: &Job, mut resource: StackResource) -> Option<StackResource> {
    let before = resource.current.clone();
    if let Some(physical) = &mut resource.current {
        set_policies(job, &resource.logical_id, physical);
    }
    (resource.current != before).then_some(resource)
}

/// Why a step failed.
struct Failure {
    /// Whether it was a change in place.
    is_update: bool,
    reason: String,
    /// What was made all the same.
    remains: Option<Made>,
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self { is_update: false, reason, remains: None }
    }
}

/// Tells that a step failed.
async fn fail(job: &Job, desired: &Desired<'_>, mut failure: Failure) -> Result<(), String> {
    let resource = job.resource(desired.logical_id);
    failure.is_update |= resource.as_ref().is_some_and(|it| it.current.is_some());
    match job.write(&Fail { job, desired, resource, failure: &failure }).await {
        Ok(resource) => job.note(resource),
        Err(error) => return Err(reason_of(error)),
    }
    Err(failure.reason)
}

struct Fail<'a> {
    job: &'a Job,
    desired: &'a Desired<'a>,
    resource: Option<StackResource>,
    failure: &'a Failure,
}

impl Step for Fail<'_> {
    const ACCESS: Access = Access::Write;
    type Output = StackResource;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<StackResource, Error> {
        let Self { job, desired, failure, .. } = *self;
        let mut journal = job.journal(cx).await?;
        let mut resource = self.resource.clone().unwrap_or_else(|| fresh(job, desired));
        let is_told =
            resource.operation == job.operation.id && resource.status.is_in_progress() && self.resource.is_some();
        take_over(job, &mut resource);
        let (begins, ends) = if failure.is_update {
            (ResourceStatus::UpdateInProgress, ResourceStatus::UpdateFailed)
        } else {
            (ResourceStatus::CreateInProgress, ResourceStatus::CreateFailed)
        };
        if !is_told {
            journal.resource_status(cx, &mut resource, begins, None).await?;
        }
        if let Some(made) = failure.remains.as_ref().filter(|_| resource.current.is_none()) {
            let Desired { logical_id, resource_type, properties, .. } = *desired;
            let state = State {
                properties: properties.clone(),
                reference: made.id.clone(),
                attributes: made.attributes.clone(),
            };
            resource.physical_id.clone_from(&made.id);
            resource.current = Some(physical(cx, job, logical_id, resource_type, &made.id, &state)?);
        }
        journal.resource_status(cx, &mut resource, ends, Some(&failure.reason)).await?;
        put(cx, &resource).await?;
        journal.close(cx).await?;
        Ok(resource)
    }
}
