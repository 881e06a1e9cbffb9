//! What runs beside requests until a node is closed: keys are made and replaced, changes followed, stacks carried out, counts
//! stored, other nodes told and heard.

use std::sync::Arc;
use std::time::Duration;

use claviger_control_plane::cloudformation::StackWorker;
use claviger_control_plane::services::Services;
use claviger_runtime::key_keeper::KeyKeeper;
use claviger_runtime::key_maker::KeyMaker;
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_runtime::{nodes, revocations};
use claviger_store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::random;

/// How long a node looks whether it goes by what is committed, before it looks again.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
/// How often nodes that share a store look for contents that no object names.
const LEFTOVERS_PAUSE: Duration = Duration::from_hours(6);

/// Says that the node is alive, and shares the limits with the others, `elapsed` after it did so last.
pub(super) async fn beat(services: &Services, elapsed: Duration) -> Result<(), StoreError> {
    let limits = services.issuance.limits();
    let told = services.nodes.beat(&*services.store, &limits.demand(elapsed)).await?;
    limits.share(services.nodes.alive(), told);
    Ok(())
}

/// Finds out again and again whether the node goes by what is committed.
async fn keep_up(services: Arc<Services>) {
    loop {
        tokio::time::sleep(nodes::BEAT).await;
        let caught_up = services.nodes.catch_up(&*services.store, services.applied.clone());
        // A database that does not answer is no news here: somebody else says so.
        let _ = tokio::time::timeout(CATCH_UP_MAX, caught_up).await;
    }
}

/// Says now and then that the node is alive, until it is closed.
async fn keep_beating(services: Arc<Services>) {
    loop {
        let before = tokio::time::Instant::now();
        tokio::time::sleep(nodes::BEAT).await;
        if let Err(error) = beat(&services, before.elapsed()).await {
            let reason = error.to_string();
            tracing::warn!(reason, "the other nodes cannot be told that this one is alive");
        }
    }
}

/// Starts what runs in the background until the node is closed.
pub(super) fn start(
    services: &Arc<Services>,
    current: &Arc<CurrentSnapshot>,
    builder: Builder,
    stack_worker: StackWorker,
    threads: &Handle,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (keyless, waiting) = mpsc::unbounded_channel();
    let (store, vault, clock) = (services.store.clone(), Arc::clone(&services.vault), services.clock.clone());
    let keeper =
        KeyKeeper { store: store.clone(), vault: Arc::clone(&vault), clock: clock.clone(), random: random::system };
    tasks.spawn_on(KeyMaker::new(store, vault, clock, random::system).run(waiting), threads);
    tasks.spawn_on(keeper.run(Arc::clone(current)), threads);
    tasks.spawn_on(revocations::keep_forgetting(services.store.clone(), services.clock.clone()), threads);
    tasks.spawn_on(stack_worker.run(Arc::clone(services)), threads);
    if services.nodes.is_in_cluster() {
        tasks.spawn_on(keep_beating(Arc::clone(services)), threads);
        tasks.spawn_on(keep_up(Arc::clone(services)), threads);
    }
    let (follower, feed) = (Arc::clone(current), Arc::clone(services));
    tasks.spawn_on(async move { follower.follow(&*feed.store, builder, keyless).await }, threads);
    let (counting, counted) = (Arc::clone(services), Arc::clone(current));
    let counts = async move {
        let has_others = counting.nodes.is_in_cluster();
        counting.issuance.limits().keep_flushing(&*counting.store, &counted, has_others).await;
    };
    tasks.spawn_on(counts, threads);
    let tokens = Arc::clone(services);
    tasks.spawn_on(async move { tokens.issuance.counts().keep_flushing(&*tokens.store).await }, threads);
    let objects = Arc::clone(services);
    let leftovers = async move {
        loop {
            if let Err(error) = objects.blobs.remove_leftovers(&*objects.store).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "contents that no object needs stay");
            }
            // What other nodes leave behind comes at any time.
            if !objects.nodes.is_in_cluster() {
                return;
            }
            tokio::time::sleep(LEFTOVERS_PAUSE).await;
        }
    };
    tasks.spawn_on(leftovers, threads);
    tasks
}
