//! Stored functions: who may call one, and which of its processes gets the event.
//!
//! A process serves one state of a function, named by its revision. It takes one event at a time and is kept for the next;
//! what is changed gets new processes, and the old ones end when they have answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function::{Function, LATEST, unqualified};
use claviger_resources::{Clock, Random, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::code::CodeStore;
use super::events::{EventRules, Events, deliver};
use super::idle::IdleProcesses;
use super::launch::{LaunchError, Launcher, Own, Surroundings};
use super::output::FunctionLog;
use super::process::{Done, Job, Process, told_to_stop};
use super::report::log_tail;
use super::reservations::Reservations;
use super::turns::Turns;
use super::{Failure, FunctionError, Invocation, Invoked, Invoker, Wishes};
use crate::ids::random_uuid;
use crate::log_events::LogEvents;
use crate::snapshot::{CurrentSnapshot, Snapshot};
use crate::temporary_credentials::{Lineage, Origin, TemporaryCredentials, assumed};
use crate::vault::{SealedFor, Vault};

/// How often code that no function names is looked for.
const SWEEP_PAUSE: Duration = Duration::from_hours(1);
/// How long a process is kept, however busy it is.
const AGE_MAX: Duration = Duration::from_hours(1);
/// How long a process's credentials last: that, the longest a function may take, and some more.
const CREDENTIALS_SECONDS: i64 = 2 * 3_600;
/// How often an event is given to another process because the one that was kept is gone.
const ATTEMPTS_MAX: usize = 40;

/// What stored functions need of a node.
pub struct Stored {
    /// Where functions are found.
    pub current: Arc<CurrentSnapshot>,
    /// Opens their environments.
    pub vault: Arc<Vault>,
    /// Where their code stands.
    pub code: CodeStore,
    /// Where what they print goes.
    pub log_events: Arc<LogEvents>,
    /// The time of the world, which functions compare with their own: a clock that nobody moves.
    pub clock: Arc<dyn Clock>,
    /// The time by which their credentials end: the server's own.
    pub world: Arc<dyn Clock>,
    /// Makes a source of randomness.
    pub random: fn() -> Box<dyn Random>,
    /// Whether they are run; otherwise they are only kept.
    pub are_run: bool,
    /// What they are told about the node.
    pub surroundings: Surroundings,
    /// Where they are looked after: threads that nothing slow holds up.
    pub threads: Handle,
}

/// Runs stored functions.
pub(super) struct Runner {
    node: Stored,
    launcher: Launcher,
    idle: IdleProcesses,
    reservations: Reservations,
    turns: Turns,
    events: Events,
    stopping: watch::Sender<bool>,
}

impl Runner {
    pub(super) fn new(node: Stored) -> Arc<Self> {
        let runner = Arc::new(Self {
            launcher: Launcher::new(node.surroundings.clone()),
            idle: IdleProcesses::default(),
            reservations: Reservations::default(),
            turns: Turns::new(),
            events: Events::new(),
            stopping: watch::Sender::new(false),
            node,
        });
        let (sweeper, mut stopping) = (Arc::downgrade(&runner), runner.stopping.subscribe());
        runner.node.threads.spawn(async move {
            while let Some(runner) = sweeper.upgrade() {
                runner.sweep().await;
                drop(runner);
                if tokio::time::timeout(SWEEP_PAUSE, told_to_stop(&mut stopping)).await.is_ok() {
                    return;
                }
            }
        });
        runner
    }

    pub(super) fn code(&self) -> &CodeStore {
        &self.node.code
    }

    /// The function with this ARN, which may name a version or an alias.
    pub(super) fn resolve(&self, arn: &str) -> Option<Called> {
        let (arn, qualifier) = unqualified(arn);
        let snapshot = self.node.current.load_full();
        let latest = Arc::clone(snapshot.function(arn)?);
        let version = match qualifier {
            None => LATEST,
            Some(name) => latest.qualified.aliases.get(name).map_or(name, |alias| alias.version_for(chance())),
        };
        let function = match version {
            LATEST => Arc::clone(&latest),
            number => Arc::clone(snapshot.function_version(&format!("{arn}:{number}"))?),
        };
        Some(Called { function, latest, qualifier: qualifier.map(str::to_owned) })
    }

    /// What is set for events of what is called.
    pub(super) fn event_rules(&self, arn: &str) -> EventRules {
        let called = self.resolve(arn);
        let config = called.as_ref().and_then(|called| called.latest.event_invoke_config(called.qualifier.as_deref()));
        config.map_or(EventRules::new(None, None), |config| EventRules::new(config.retries_max, config.age_seconds_max))
    }

    /// Calls a function. It goes on when the caller has waited long enough.
    pub(super) async fn call(
        self: &Arc<Self>,
        invocation: Invocation<'_>,
        wishes: Wishes,
    ) -> Result<Invoked, FunctionError> {
        let called = self.admitted(&invocation)?;
        let (runner, (tell, told)) = (Arc::clone(self), oneshot::channel());
        let (arn, event, duration_max) = (invocation.arn.to_owned(), invocation.event, invocation.duration_max);
        self.node.threads.spawn(async move {
            let outcome = runner.run(&called, Order { arn, event, wishes }, duration_max).await;
            // A caller who waits no longer is told nothing.
            let _ = tell.send(outcome);
        });
        match tokio::time::timeout(duration_max, told).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(stopping())),
            Err(_) => Err(FunctionError::TimedOut(duration_max)),
        }
    }

    /// Takes an event that nobody waits for.
    pub(super) fn submit(self: &Arc<Self>, invocation: Invocation<'_>, wishes: Wishes) -> Result<(), FunctionError> {
        self.admitted(&invocation)?;
        let room = self.events.room(&invocation.event)?;
        let (runner, stopping) = (Arc::downgrade(self), self.stopping.subscribe());
        let arn = invocation.arn.to_owned();
        self.node.threads.spawn(deliver(runner, arn, invocation.event, wishes, room, stopping));
        Ok(())
    }

    /// Ends all processes and waits until they are gone.
    pub(super) async fn close(&self) {
        self.stopping.send_replace(true);
        self.stopping.closed().await;
    }

    /// The function that is called, if its caller may call it.
    pub(super) fn admitted(&self, invocation: &Invocation<'_>) -> Result<Called, FunctionError> {
        if !self.node.are_run {
            return Err(unavailable(&"stored functions are not run on this server; turn run_functions on"));
        }
        let not_found = || FunctionError::NotFound(invocation.arn.to_owned());
        let called = self.resolve(invocation.arn).ok_or_else(not_found)?;
        match invocation.invoker {
            Invoker::Service { principal, source_arn }
                if !called.latest.lets_invoke(called.qualifier.as_deref(), principal, source_arn) =>
            {
                let (principal, source_arn) = (principal.to_owned(), source_arn.to_owned());
                Err(FunctionError::NotPermitted { function: invocation.arn.to_owned(), principal, source_arn })
            }
            Invoker::Service { .. } | Invoker::Caller => Ok(called),
        }
    }

    async fn run(&self, called: &Called, order: Order, wait_max: Duration) -> Result<Invoked, FunctionError> {
        let function = &*called.function;
        let _reserved = self.reservations.take(&function.arn(), called.latest.reserved_concurrency)?;
        let _turn = self.turns.take(wait_max).await?;
        let (arn, request_id) = (function.qualified_arn(), random_uuid().to_string());
        let invoked = |result, log_tail| Invoked { result, log_tail, version: function.version.clone() };
        for _ in 0..ATTEMPTS_MAX {
            let (job, done) = order.job(function, &request_id);
            let kept = self.idle.take(&arn, &function.revision_id);
            let is_new = kept.is_none();
            let process = match kept {
                Some(process) => match process.take(job).await {
                    Ok(()) => process,
                    Err(_) => continue,
                },
                None => match self.start(function, job).await? {
                    Ok(process) => process,
                    Err(failure) => return Ok(invoked(Err(failure), Vec::new())),
                },
            };
            let Ok(done) = done.await else {
                // One that was kept ended before it saw the event, which goes to another.
                if is_new {
                    break;
                }
                continue;
            };
            let wants_tail = order.wishes.log_tail;
            let log_tail = if wants_tail { log_tail(&request_id, function, &done) } else { Vec::new() };
            if done.alive {
                self.keep(arn, function, process);
            }
            return Ok(invoked(done.result, log_tail));
        }
        Err(stopping())
    }

    async fn start(&self, function: &Function, job: Job) -> Result<Result<Process, Failure>, FunctionError> {
        let invalid = |error: &dyn std::fmt::Display| {
            Failure::new("Runtime.InvalidEntrypoint", format!("RequestId: {} Error: {error}", job.request_id))
        };
        let log = FunctionLog::new(function, &self.node.log_events, &*self.node.clock);
        let own = Own {
            environment: self.environment(function)?,
            credentials: self.credentials(function)?,
            log_stream: log.stream().to_owned(),
        };
        let launch = match self.launcher.launch(function, &own, &self.node.code).await {
            Ok(launch) => launch,
            Err(error @ LaunchError::NoBootstrap) => return Ok(Err(invalid(&error))),
            Err(error) => return Err(unavailable(&error)),
        };
        let stopping_told = self.stopping.subscribe();
        if *stopping_told.borrow() {
            return Err(stopping());
        }
        let clock = Arc::clone(&self.node.clock);
        let failed = invalid(&"the process cannot be started");
        match Process::start(log, launch, job, clock, stopping_told).await {
            Ok(process) => Ok(Ok(process)),
            Err(error) => {
                tracing::warn!(
                    function = function.arn(),
                    error = &error as &dyn std::error::Error,
                    "a function's process cannot be started"
                );
                Ok(Err(failed))
            }
        }
    }

    fn environment(&self, function: &Function) -> Result<BTreeMap<String, String>, FunctionError> {
        let Some(sealed) = &function.environment else { return Ok(BTreeMap::new()) };
        let opened = self.node.vault.open_sealed(SealedFor::FunctionEnvironment(&function.arn()), sealed);
        let opened = opened.map_err(|error| unavailable(&error))?;
        serde_json::from_slice(opened.expose()).map_err(|_| unavailable(&"its environment cannot be read"))
    }

    /// What the function's role lets it do, for longer than any of its processes is kept.
    fn credentials(&self, function: &Function) -> Result<Option<TemporaryCredentials>, FunctionError> {
        let Some(principal) = assumed(&function.role, function.name.as_str(), None) else { return Ok(None) };
        let expires = Timestamp::from_seconds(self.node.world.now().seconds().saturating_add(CREDENTIALS_SECONDS));
        let lineage = Lineage { origin: Origin::IamRole(function.role.clone()), ..Lineage::default() };
        let random = &mut *(self.node.random)();
        let issued = TemporaryCredentials::issue(&self.node.vault, random, &principal, lineage, expires);
        issued.map(Some).map_err(|error| unavailable(&error))
    }

    /// Keeps a process for the next event, if the function is still in the state that the process serves.
    fn keep(&self, arn: String, function: &Function, process: Process) {
        let is_current = is_served(&self.node.current.load_full(), &arn, &function.revision_id);
        if is_current && process.age() < AGE_MAX && !*self.stopping.borrow() {
            self.idle.keep(arn, function.revision_id.clone(), process);
        }
    }

    /// Ends processes, and removes code, that no function needs any more.
    async fn sweep(&self) {
        let snapshot = self.node.current.load_full();
        self.idle.retain(|arn, revision| is_served(&snapshot, arn, revision));
        if let Err(error) = self.node.code.sweep(snapshot.function_code()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "code of functions that nobody needs cannot be removed"
            );
        }
        self.launcher.sweep();
    }
}

/// A function as it is called.
pub(super) struct Called {
    /// The version that gets the event.
    function: Arc<Function>,
    /// What is set for all versions.
    latest: Arc<Function>,
    qualifier: Option<String>,
}

/// Whether a version of a function, by its ARN, is still in this state.
fn is_served(snapshot: &Snapshot, arn: &str, revision: &str) -> bool {
    let function = match unqualified(arn) {
        (arn, Some(LATEST) | None) => snapshot.function(arn),
        _ => snapshot.function_version(arn),
    };
    function.is_some_and(|function| function.revision_id == revision)
}

/// A number that is at least 0 and less than 1.
fn chance() -> f64 {
    const PARTS: u32 = 1 << 24;
    f64::from(u32::try_from(random_uuid().as_u128() % u128::from(PARTS)).unwrap_or_default()) / f64::from(PARTS)
}

/// An event on its way to a process.
struct Order {
    arn: String,
    event: Bytes,
    wishes: Wishes,
}

impl Order {
    fn job(&self, function: &Function, request_id: &str) -> (Job, oneshot::Receiver<Done>) {
        let (done, told) = oneshot::channel();
        let job = Job {
            request_id: request_id.to_owned(),
            arn: self.arn.clone(),
            event: self.event.clone(),
            client_context: self.wishes.client_context.clone(),
            trace_id: trace_id(),
            timeout: Duration::from_secs(function.timeout_seconds.into()),
            wants_tail: self.wishes.log_tail,
            done,
        };
        (job, told)
    }
}

/// A trace of one call, which nobody samples (AWS X-Ray, "Tracing header").
fn trace_id() -> String {
    let (root, parent) = (random_uuid().simple().to_string(), random_uuid().simple().to_string());
    let part = |text: &str, range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
    format!("Root=1-{}-{};Parent={};Sampled=0", part(&root, 0..8), part(&root, 8..32), part(&parent, 0..16))
}

fn stopping() -> FunctionError {
    unavailable(&"the server is stopping")
}

fn unavailable(reason: &dyn std::fmt::Display) -> FunctionError {
    FunctionError::Unavailable { reason: reason.to_string() }
}
