//! A node: the store, the vault and the snapshot, and the two planes that run on them.
//!
//! The control plane has a runtime of its own, so that a commit that waits for the disk, or a large API that is being
//! compiled, never holds up a thread that answers traffic.

mod background;
pub mod first_key;
mod place;
mod vault;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use claviger_control_plane::access::Verifier;
use claviger_control_plane::cloudformation::Stacks;
use claviger_control_plane::dispatch::ControlPlane;
use claviger_control_plane::services::{Parts, Services, Settings};
use claviger_data_plane::DataPlane;
use claviger_data_plane::upstream::UpstreamRules;
use claviger_resources::{Clock, Monotonic, Random};
use claviger_runtime::access_keys::{AccessKeys, UnknownKeys};
use claviger_runtime::access_logs::AccessLogs;
use claviger_runtime::audit::{self, AuditLog};
use claviger_runtime::functions::{self, Functions, Surroundings};
use claviger_runtime::issuance::Issuance;
use claviger_runtime::issuer_keys::IssuerKeys;
use claviger_runtime::issuers::Issuers;
use claviger_runtime::limits::Limits;
use claviger_runtime::log_events::{Keeper, LogEvents};
use claviger_runtime::metrics::Metrics;
use claviger_runtime::nodes::Nodes;
use claviger_runtime::passwords::Passwords;
use claviger_runtime::roles::Roles;
use claviger_runtime::sessions::UserSessions;
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_runtime::token_cache::TokenCache;
use claviger_runtime::vault::{MasterKeys, Vault, VaultError};
use claviger_store::{Kind, Revision, Store, StoreError};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::clock::{MovableClock, SystemMonotonic};
use crate::failpoint::KillAt;
use crate::master_key::MasterKeyError;
use crate::random;

pub use self::place::{Place, Served};
use self::vault::open_vault;

/// Threads of the control plane.
const CONTROL_THREADS: usize = 2;
/// Threads that look after the processes of functions.
const FUNCTION_THREADS: usize = 1;
/// How long those processes may take to end.
const FUNCTIONS_END_MAX: Duration = Duration::from_secs(5);
/// Rows deleted at a time by a reset.
const RESET_PAGE: usize = 1_000;

/// What a node is told.
#[derive(Default)]
pub struct Options {
    /// The issuers of its tokens.
    pub issuers: Issuers,
    /// What the operator has chosen for the control plane.
    pub settings: Settings,
    /// How backends are called.
    pub upstreams: UpstreamRules,
    /// The functions that stand behind URLs; stored ones are added.
    pub functions: Functions,
    /// The node's own URL, for the SDKs in functions.
    pub endpoint: Option<String>,
    /// The server's own program, which stands before those of functions and keeps them within their bounds.
    pub program: Option<PathBuf>,
    /// Whether stored functions are only kept, and never run.
    pub functions_off: bool,
    /// What becomes of access keys that nobody knows.
    pub unknown_keys: UnknownKeys,
    /// The roles in which access keys call.
    pub roles: Roles,
    /// Keeps what was verified of tokens.
    pub tokens: TokenCache,
    /// What the audit log records.
    pub audit: audit::Settings,
    /// Whether AWS's request rates, Cognito's and API Gateway's, are enforced.
    pub request_rates: bool,
    /// Where the data plane's chance comes from; the system when nothing is said.
    pub random: Option<fn() -> Box<dyn Random>>,
    /// The clock that limits go by; the system's when there is none.
    pub monotonic: Option<Arc<dyn Monotonic>>,
    /// After how long without its database traffic is refused.
    pub cut_off: Option<Duration>,
    /// When to be killed, in tests of crashes.
    pub kill_at: Option<KillAt>,
}

/// A running node.
pub struct Node {
    control_plane: Arc<ControlPlane>,
    data_plane: DataPlane,
    verifier: Verifier,
    current: Arc<CurrentSnapshot>,
    clock: Arc<MovableClock>,
    store: Arc<dyn Store>,
    issuance: Arc<Issuance>,
    functions: Arc<Functions>,
    access_logs: Arc<AccessLogs>,
    audit: Arc<AuditLog>,
    log_events: Arc<LogEvents>,
    metrics: Arc<Metrics>,
    cut_off: Option<Duration>,
    /// What runs in the background until the node is closed.
    tasks: Mutex<JoinSet<()>>,
    control: Option<Runtime>,
    function_threads: Option<Runtime>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("cannot use the data directory {path}")]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The threads of the control plane, or those of functions, cannot be started.
    #[error("cannot start the node's threads")]
    Threads(#[source] io::Error),
    /// There is no folder for the code of functions, for what they print, or for the contents of objects.
    #[error("cannot make a temporary folder for functions and objects")]
    Scratch(#[source] io::Error),
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The store cannot be opened or read.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The store's keys cannot be opened.
    #[error("cannot open the store's keys")]
    Vault(#[from] VaultError),
}

impl Node {
    /// Opens the store and starts everything on it; not from within an async task.
    pub fn start(place: &Place, options: Options) -> Result<Self, StartError> {
        let control = threads(CONTROL_THREADS, "control")?;
        let function_threads = threads(FUNCTION_THREADS, "functions")?;
        let (store, master) = control.block_on(place.open(options.kill_at))?;
        let clock = Arc::new(MovableClock::default());
        let mut builder = Builder::new(options.issuers);
        let monotonic = options.monotonic.unwrap_or_else(|| Arc::new(SystemMonotonic::default()));
        let (vault, current, limits) = control.block_on(async {
            let vault = open_vault(&*store, &master).await?;
            let current = CurrentSnapshot::load(&*store, &mut builder).await?;
            let limits = Limits::new(&current, &(clock.clone() as _), &monotonic, options.request_rates);
            limits.load(&mut *store.read().await?).await?;
            Ok::<_, StartError>((Arc::new(vault), current, Arc::new(limits)))
        })?;
        let audit = Arc::new(place.audit_log(options.audit, clock.clone()));
        let (endpoint, calls_are_recorded) = (options.endpoint.clone(), audit.records_calls());
        let settings = Settings { endpoint, calls_are_recorded, ..options.settings };
        let issuer_keys = Arc::new(IssuerKeys::new(Arc::clone(&monotonic)));
        let keeper = Keeper { store: store.clone(), clock: clock.clone(), threads: control.handle().clone() };
        let log_events = Arc::new(place.log_events(keeper)?);
        let functions = Arc::new(options.functions.with_stored(functions::Stored {
            are_run: !options.functions_off,
            log_events: Arc::clone(&log_events),
            current: Arc::clone(&current),
            vault: Arc::clone(&vault),
            code: place.code_store(&store, clock.clone())?,
            // Processes of functions compare it with their own clock, which nobody moves.
            clock: Arc::new(MovableClock::default()),
            world: clock.clone(),
            random: options.random.unwrap_or(random::system),
            surroundings: surroundings(options.endpoint, options.program),
            threads: function_threads.handle().clone(),
        }));
        let (vault_of_issuance, hooks, ticks) = (Arc::clone(&vault), Arc::clone(&functions), Arc::clone(&monotonic));
        let issuance = Issuance::new(Arc::clone(&current), vault_of_issuance, hooks, clock.clone(), limits);
        let metrics = Arc::<Metrics>::default();
        let issuance = Arc::new(issuance.counting(Arc::clone(&metrics)));
        let sessions = UserSessions {
            store: store.clone(),
            vault: Arc::clone(&vault),
            issuance: Arc::clone(&issuance),
            clock: clock.clone(),
            random: options.random.unwrap_or(random::system),
            threads: control.handle().clone(),
        };
        let roles = Arc::new(options.roles);
        let access_keys = Arc::new(AccessKeys::new(Arc::clone(&vault), Arc::clone(&roles), options.unknown_keys));
        let verifier = Verifier::new(Arc::clone(&access_keys), Arc::clone(&current), clock.clone(), ticks);
        let access_logs = Arc::new(place.access_logs().with_events(Arc::clone(&log_events)));
        let data_plane = DataPlane::new(
            Arc::clone(&current),
            sessions,
            Arc::new(options.tokens.counting(Arc::clone(&metrics))),
            Arc::clone(&issuer_keys),
            access_keys,
            Arc::clone(&functions),
            Arc::clone(&monotonic),
        );
        let data_plane = data_plane
            .calling_backends(options.upstreams)
            .logging_to(Arc::clone(&access_logs))
            .recording_to(Arc::clone(&audit))
            .counting(Arc::clone(&metrics));
        let (stacks, stack_worker) = Stacks::new();
        let services = Arc::new(Services::new(Parts {
            store: store.clone(),
            applied: current.applied(),
            vault: Arc::clone(&vault),
            passwords: Passwords::new(Arc::clone(&vault)),
            issuance: Arc::clone(&issuance),
            issuer_keys,
            blobs: place.blob_store(&store, clock.clone())?,
            log_events: Arc::clone(&log_events),
            functions: Arc::clone(&functions),
            stacks,
            trials: Arc::new(data_plane.trials()),
            nodes: nodes(place, &clock, &monotonic),
            clock: clock.clone(),
            random: Arc::new(random::system),
            roles,
            settings,
        }));
        // Who else lives must be known before anything is taken over from nodes that seem dead.
        control.block_on(background::beat(&services, Duration::ZERO))?;
        let tasks = Mutex::new(background::start(&services, &current, builder, stack_worker, control.handle()));
        Ok(Self {
            control_plane: Arc::new(ControlPlane::new(services)),
            data_plane,
            verifier,
            current,
            clock,
            store,
            issuance,
            functions,
            access_logs,
            audit,
            log_events,
            metrics,
            cut_off: options.cut_off,
            tasks,
            control: Some(control),
            function_threads: Some(function_threads),
        })
    }

    /// Opens and seals what is secret.
    pub(crate) fn vault(&self) -> &Vault {
        &self.control_plane.services().vault
    }

    /// What proves who signed a call.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What answers traffic.
    pub fn data_plane(&self) -> &DataPlane {
        &self.data_plane
    }

    /// What is served now.
    pub fn current(&self) -> &CurrentSnapshot {
        &self.current
    }

    /// Whether it may have missed a change for longer than its operator allows.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off.is_some_and(|most| self.control_plane.services().nodes.behind() > most)
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The audit log.
    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    /// The access logs.
    pub(crate) fn access_logs(&self) -> &AccessLogs {
        &self.access_logs
    }

    /// How long ago the node went by all that had been committed, as far as it could find out.
    pub(crate) fn behind(&self) -> Duration {
        self.control_plane.services().nodes.behind()
    }

    /// The node's clock.
    pub fn clock(&self) -> &MovableClock {
        &self.clock
    }

    /// The time on the node's clock.
    pub fn now(&self) -> claviger_resources::Timestamp {
        self.clock.now()
    }

    /// Wraps the store's keys by the newest of these master keys, where that is another than before; `None` when the node is
    /// stopping.
    pub async fn renew_master_key(&self, master: MasterKeys) -> Option<Result<(), StartError>> {
        let store = Arc::clone(&self.store);
        let work = self.control.as_ref()?.spawn(async move { open_vault(&*store, &master).await.map(drop) });
        work.await.ok()
    }

    /// Runs a call of the control plane on its own threads; `None` when the node is stopping.
    pub async fn call<T, F>(&self, call: impl FnOnce(Arc<ControlPlane>) -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let control = self.control.as_ref()?;
        control.spawn(call(Arc::clone(&self.control_plane))).await.ok()
    }

    /// Ends the processes of functions, writes what waits for the access logs, stores what is kept in memory only, and ends what runs in the background, so that the
    /// store can be opened again: to be called when no more requests are answered.
    pub async fn close(&self) {
        if tokio::time::timeout(FUNCTIONS_END_MAX, self.functions.close()).await.is_err() {
            tracing::warn!("some processes of functions did not end in time");
        }
        self.access_logs.close().await;
        self.audit.close().await;
        self.log_events.close().await;
        let Some(control) = &self.control else { return };
        let (issuance, store, current) =
            (Arc::clone(&self.issuance), Arc::clone(&self.store), Arc::clone(&self.current));
        let work = control.spawn(async move {
            issuance.limits().flush(&*store, &current).await?;
            issuance.counts().flush(&*store).await
        });
        if let Ok(Err(error)) = work.await {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot store the last counts");
        }
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        let services = self.control_plane.services();
        if let Err(error) = services.nodes.leave(&*services.store).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the other nodes find out by themselves that this one is gone"
            );
        }
    }

    /// Deletes everything but the store's own keys; `None` when the node is stopping.
    pub async fn reset(&self) -> Option<Result<(), StoreError>> {
        // Commits are made where the control plane runs, never on a thread that answers traffic.
        let (store, mut applied) = (Arc::clone(&self.store), self.current.applied());
        let work = self.control.as_ref()?.spawn(async move {
            let revision = delete_everything(&*store).await?;
            // When the snapshot's side is gone, the node is stopping.
            let _ = applied.wait_for(|applied| *applied >= revision).await;
            Ok(())
        });
        work.await.ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A runtime must not be dropped where async code runs, and a node is.
        for threads in [self.control.take(), self.function_threads.take()].into_iter().flatten() {
            threads.shutdown_background();
        }
    }
}

fn threads(count: usize, name: &str) -> Result<Runtime, StartError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(count).thread_name(name).enable_all().build().map_err(StartError::Threads)
}

/// This node, alone with its store or among others.
fn nodes(place: &Place, clock: &MovableClock, monotonic: &Arc<dyn Monotonic>) -> Arc<Nodes> {
    let make = if place.is_shared() { Nodes::in_cluster } else { Nodes::alone };
    Arc::new(make(clock, Arc::clone(monotonic), &mut *random::system()))
}

/// What functions are told about the node.
fn surroundings(endpoint: Option<String>, program: Option<PathBuf>) -> Surroundings {
    Surroundings { path: std::env::var_os("PATH").unwrap_or_default(), endpoint, program, libraries: libraries() }
}

/// What the server's own languages find their libraries by, and functions theirs: Lambda brings its SDKs along, and here
/// whoever starts the server does.
fn libraries() -> Vec<(&'static str, OsString)> {
    let named = |name| Some((name, std::env::var_os(name).filter(|folders| !folders.is_empty())?));
    ["NODE_PATH", "PYTHONPATH"].into_iter().filter_map(named).collect()
}

async fn delete_everything(store: &dyn Store) -> Result<Revision, StoreError> {
    let mut tx = store.write().await?;
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Keyring) {
        loop {
            let rows = tx.rows_of_kind(*kind, None, RESET_PAGE).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                tx.delete_row(&row.key).await?;
            }
        }
    }
    tx.commit().await
}
