//! One operation on one stack, while it is carried out: what it works with and how far it has come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use claviger_cloudformation_template::{
    Expression, Instance, Known, KnownResource, Need, Output, ResolvedOutput, Unresolved,
};
use claviger_resources::stack::policy::{StackPolicy, UpdateAction};
use claviger_resources::stack::{OperationKind, Phase, Stack, StackOperation, StackResource};
use claviger_resources::{Tenant, random};
use claviger_store::{Stored, TransactionExt};
use serde_json::Value;

use super::record::{Journal, State};
use crate::cloudformation::errors::Error;
use crate::cloudformation::lookups;
use crate::cloudformation::nested::Parent;
use crate::cloudformation::source;
use crate::cloudformation::types::{Desired, Preparation, Prepared, Subject};
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::services::Services;

/// One operation on one stack.
pub(in crate::cloudformation) struct Job {
    pub(in crate::cloudformation) services: Arc<Services>,
    pub(super) caller: Caller,
    /// The stack as it was when this began; its status and events move on in the store.
    pub(in crate::cloudformation) stack: Stack,
    pub(super) operation: StackOperation,
    /// What the stack is to become; nothing when it is deleted.
    pub(in crate::cloudformation) instance: Option<Instance>,
    /// What an update may do to resources, when the stack has a policy.
    policy: Option<StackPolicy>,
    /// One write at a time: every step moves the stack on.
    pub(super) writing: tokio::sync::Mutex<()>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    resources: BTreeMap<String, StackResource>,
    known: Known,
    imports: BTreeSet<String>,
}

/// Makes whoever runs this the one that carries out what is being done to a stack; `None` when nothing is, or when another
/// node is about it, and alive.
pub(super) struct Claim<'a>(pub(super) &'a str);

impl Step for Claim<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", self.0).await?;
        let Some(mut stack) = stack else { return Ok(None) };
        let nodes = &cx.services.nodes;
        let worker = format!("{}/{}", nodes.id(), random::uuid(cx.random));
        let Some(operation) = stack.record.operation.as_mut().filter(|it| it.phase != Phase::Stopped) else {
            return Ok(None);
        };
        if nodes.is_other_alive(node_of(&operation.worker)) {
            return Ok(None);
        }
        operation.worker.clone_from(&worker);
        cx.tx.replace(&stack).await?;
        Ok(Some(worker))
    }
}

/// The node that a worker belongs to.
pub(super) fn node_of(worker: &str) -> &str {
    worker.split('/').next().unwrap_or_default()
}

/// What there is of a stack.
struct Load<'a>(&'a str);

impl Step for Load<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<(Stack, Vec<StackResource>)>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", self.0).await?;
        let Some(stack) = stack else { return Ok(None) };
        let resources: Vec<Stored<StackResource>> = cx.tx.list_all(cx.tenant, self.0).await?;
        Ok(Some((stack.record, resources.into_iter().map(|it| it.record).collect())))
    }
}

impl Job {
    /// What is being done to the stack of this id; `None` when nothing is, or by another worker.
    pub(super) async fn load(
        services: &Arc<Services>,
        tenant: &Tenant,
        id: &str,
        worker: &str,
    ) -> Result<Option<Self>, Error> {
        let Some((stack, resources)) = perform(services, tenant, &Load(id)).await? else { return Ok(None) };
        let Some(operation) = stack.operation.clone().filter(|it| it.phase != Phase::Stopped && it.worker == worker)
        else {
            return Ok(None);
        };
        let instance = match operation.kind {
            OperationKind::Delete => None,
            OperationKind::Create | OperationKind::Update => {
                Some(source::stored_instance(services, &stack, &operation.definition).await?)
            }
        };
        let policy = operation.policy.as_ref().or(stack.policy.as_ref());
        let policy = policy.filter(|_| operation.kind == OperationKind::Update);
        // A policy that cannot be read allows nothing.
        let policy = policy.map(|text| StackPolicy::parse(text).unwrap_or_default());
        let resources = resources.into_iter().map(|it| (it.logical_id.clone(), it)).collect();
        Ok(Some(Self {
            services: Arc::clone(services),
            caller: Caller::root(tenant.clone()),
            stack,
            operation,
            instance,
            policy,
            writing: tokio::sync::Mutex::default(),
            progress: Mutex::new(Progress { resources, ..Progress::default() }),
        }))
    }

    pub(in crate::cloudformation) fn tenant(&self) -> &Tenant {
        &self.stack.tenant
    }

    /// Opens the stack for writing, while this is still what is being done to it.
    pub(super) async fn journal(&self, cx: &mut Context<'_>) -> Result<Journal, Error> {
        Journal::open(cx, &self.stack.id, &self.operation).await
    }

    /// Whether making it has taken longer than it may.
    pub(super) fn is_late(&self) -> bool {
        self.operation.deadline(self.stack.created).is_some_and(|deadline| self.services.clock.now() >= deadline)
    }

    /// Comes back when making it takes longer than it may.
    pub(super) async fn lateness(&self) {
        if self.operation.deadline(self.stack.created).is_none() {
            std::future::pending::<()>().await;
        }
        // The clock may be moved, so nobody knows beforehand how long that takes.
        while !self.is_late() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it goes no further than the steps under way.
    pub(super) async fn is_over(&self) -> Result<bool, Error> {
        Ok(self.is_late() || perform(&self.services, self.tenant(), &IsHalted(&self.stack.id)).await?)
    }

    /// Whether the operation has begun with a resource, and not ended.
    pub(super) fn is_under_way(&self, resource: &StackResource) -> bool {
        resource.operation == self.operation.id && resource.status.is_in_progress()
    }

    /// Why an update may not do this to a resource, when a stack policy says so.
    pub(super) fn denial(&self, action: UpdateAction, logical_id: &str, resource_type: &str) -> Option<String> {
        let policy = self.policy.as_ref()?;
        policy.judge(action, logical_id, resource_type).err().map(|denied| denied.to_string())
    }

    /// Runs a step, when no other one is writing.
    pub(super) async fn write<S: Step<Error = Error>>(&self, step: &S) -> Result<S::Output, Error> {
        let _turn = self.writing.lock().await;
        perform(&self.services, self.tenant(), step).await
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // What is behind the lock is whole between any two statements.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every resource there is or was.
    pub(super) fn resources(&self) -> Vec<StackResource> {
        self.progress().resources.values().cloned().collect()
    }

    /// A resource.
    pub(super) fn resource(&self, logical_id: &str) -> Option<StackResource> {
        self.progress().resources.get(logical_id).cloned()
    }

    /// Takes note of what a resource has become.
    pub(super) fn note(&self, resource: StackResource) {
        self.progress().resources.insert(resource.logical_id.clone(), resource);
    }

    /// Takes note that a resource is gone.
    pub(super) fn forget(&self, logical_id: &str) {
        self.progress().resources.remove(logical_id);
    }

    /// Lets other resources refer to one.
    pub(super) fn know(&self, logical_id: &str, state: &State) {
        let known = KnownResource {
            reference: Value::from(state.reference.as_str()),
            attributes: state.attributes.clone().into_iter().collect(),
        };
        self.progress().known.resources.insert(logical_id.to_owned(), known);
    }

    /// The names that the stack imports.
    pub(super) fn imports(&self) -> Vec<String> {
        self.progress().imports.iter().cloned().collect()
    }

    /// The value of an expression, everything that is outside of the template looked up.
    pub(super) async fn resolve(&self, expression: &Expression) -> Result<Value, String> {
        self.look_up(|instance, known| instance.resolve(expression, known)).await
    }

    /// What an output comes to, likewise.
    pub(in crate::cloudformation) async fn resolve_output(&self, output: &Output) -> Result<ResolvedOutput, String> {
        self.look_up(|instance, known| instance.resolve_output(output, known)).await
    }

    async fn look_up<T>(
        &self,
        resolve: impl Fn(&Instance, &Known) -> Result<T, Unresolved> + Send + Sync,
    ) -> Result<T, String> {
        let instance = self.instance.as_ref().ok_or("Template error: there is no template")?;
        // Each round brings all that was missing, so that two or three are enough; what it brings may name more.
        for _ in 0..LOOKUP_ROUNDS_MAX {
            let known = self.progress().known.clone();
            let resolved = resolve(instance, &known);
            match resolved {
                Ok(value) => return Ok(value),
                Err(Unresolved::Refused(error)) => return Err(error.message),
                Err(Unresolved::Needs(needs)) => {
                    for need in needs {
                        self.learn(need).await?;
                    }
                }
            }
        }
        Err("Template error: values refer to values that refer to values, without an end".to_owned())
    }

    async fn learn(&self, need: Need) -> Result<(), String> {
        match need {
            Need::Resource(logical_id) => Err(format!("Template error: {logical_id} does not exist yet")),
            Need::Export(name) => {
                let value = lookups::export(&self.services, self.tenant(), &name).await?;
                let mut progress = self.progress();
                progress.imports.insert(name.clone());
                progress.known.exports.insert(name, value);
                Ok(())
            }
            Need::StackOutput(wanted) => {
                let value = lookups::stack_output(&self.services, self.tenant(), &wanted).await?;
                self.progress().known.stack_outputs.insert(wanted, value);
                Ok(())
            }
            Need::Dynamic(reference) => {
                let value = lookups::dynamic(&self.services, &self.caller, &reference).await?;
                self.progress().known.dynamic.insert(reference, value);
                Ok(())
            }
        }
    }

    /// What comes before the transaction of a step that is done to a resource.
    pub(super) fn preparation<'a>(&'a self, logical_id: &'a str, resource_type: &'a str) -> Preparation<'a> {
        let place = Parent { stack: &self.stack, operation: &self.operation, logical_id };
        let resource = Subject { place, resource_type };
        Preparation { services: &self.services, caller: &self.caller, resource, prepared: Prepared::default() }
    }

    /// What a handler is told of a resource.
    pub(super) fn desired<'a>(
        &'a self,
        logical_id: &'a str,
        resource_type: &'a str,
        properties: &'a serde_json::Map<String, Value>,
    ) -> Desired<'a> {
        Desired {
            logical_id,
            stack_name: &self.stack.name,
            stack_tags: &self.operation.definition.tags,
            resource_type,
            properties,
        }
    }
}

/// Whether an operation is to go no further.
struct IsHalted<'a>(&'a str);

impl Step for IsHalted<'_> {
    const ACCESS: Access = Access::Read;
    type Output = bool;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<bool, Error> {
        let stack: Option<Stored<Stack>> = cx.tx.find(cx.tenant, "", self.0).await?;
        Ok(stack.is_some_and(|stack| stack.operation.as_ref().is_some_and(|operation| operation.is_halted)))
    }
}

/// How often the clock is looked at while a slow step goes on.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Rounds in which a value is looked up.
const LOOKUP_ROUNDS_MAX: usize = 8;
