//! Carrying out what is asked of stacks: a row of short recorded steps, each with what it makes in one transaction, so that
//! a crash at any moment leaves either nothing of a step or all of it.
//!
//! An operation moves through phases ([`Phase`]): forward, clean-up; or, after a failure, rollback and its clean-up. What it
//! has done stands in the store, so whoever finds it half done goes on with it: [`StackWorker::run`] does when it starts.

mod forward;
mod job;
mod order;
mod outcomes;
mod phases;
mod record;
mod removal;
mod undo;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use claviger_resources::Tenant;
use claviger_resources::stack::{Phase, Stack, StackOperation};
use claviger_store::{Kind, StoreError, Stored};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use super::answers::Answers;
use super::errors::Error;
use crate::services::Services;

pub(super) use self::forward::{CREATION_CANCELLED, changed, reason_of};
pub(super) use self::job::Job;
use self::job::node_of;
pub(super) use self::record::{Journal, State};

/// Where operations on stacks are handed in, and what their custom resources are waited for by.
pub struct Stacks {
    work: mpsc::Sender<Work>,
    answers: Answers,
}

/// Carries out what is handed in.
pub struct StackWorker(mpsc::Receiver<Work>);

struct Work {
    tenant: Tenant,
    stack: String,
    done: oneshot::Sender<()>,
}

/// Operations that wait to be taken up; each caller waits for its own, so there are never more than callers.
const WAITING_MAX: usize = 1_024;

/// How often a node of a cluster looks for what dead ones have left.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long an operation waits for a database that does not answer before it tries again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How long an answer waits for the work to be done: tools poll slowly, and most stacks are done by then.
const ANSWER_WAIT: Duration = Duration::from_secs(2);

impl Stacks {
    /// A place to hand operations in, and the worker that carries them out.
    pub fn new() -> (Self, StackWorker) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self { work: sender, answers: Answers::default() }, StackWorker(receiver))
    }

    /// The answers of functions behind custom resources.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Has what was asked of a stack carried out, and waits for a while until it is done.
    pub(super) async fn carry_out(&self, tenant: &Tenant, stack: &str) {
        let (done, finished) = oneshot::channel();
        let work = Work { tenant: tenant.clone(), stack: stack.to_owned(), done };
        // Nobody takes it when the server stops; whoever starts next finds it in the store.
        if self.work.send(work).await.is_ok() {
            // It goes on when the wait is over.
            drop(tokio::time::timeout(ANSWER_WAIT, finished).await);
        }
    }
}

impl StackWorker {
    /// Carries out what is handed in, until nobody can hand anything in, and goes on with what was left half done: when it
    /// starts, and by other nodes when they are dead.
    pub async fn run(mut self, services: Arc<Services>) {
        let turns = Arc::new(Turns::default());
        go_on(&services, &turns).await;
        let mut look = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let work = tokio::select! {
                work = self.0.recv() => work,
                _ = look.tick(), if services.nodes.is_in_cluster() => {
                    go_on(&services, &turns).await;
                    continue;
                }
            };
            let Some(work) = work else { return };
            let (services, turns) = (Arc::clone(&services), Arc::clone(&turns));
            tokio::spawn(async move {
                work_off(services, turns, work.tenant, work.stack).await;
                // The caller may have gone on.
                let _ = work.done.send(());
            });
        }
    }
}

/// Goes on with what was left half done.
async fn go_on(services: &Arc<Services>, turns: &Arc<Turns>) {
    match unfinished(services).await {
        Ok(stacks) => {
            for (tenant, stack) in stacks {
                tracing::info!(stack, "going on with a stack that was left half done");
                tokio::spawn(work_off(Arc::clone(services), Arc::clone(turns), tenant, stack));
            }
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot look for unfinished stacks");
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

/// Stacks that something is being done to, and nobody who lives does it.
async fn unfinished(services: &Services) -> Result<Vec<(Tenant, String)>, Error> {
    let mut tx = services.store.read().await?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = tx.rows_of_kind(Kind::Stack, after.as_ref(), 1_000).await?;
        for row in &rows {
            let stack = Stored::<Stack>::from_row(row)?;
            let is_left = |operation: &StackOperation| {
                let node = node_of(&operation.worker);
                operation.phase != Phase::Stopped && node != services.nodes.id() && !services.nodes.is_other_alive(node)
            };
            if stack.operation.as_ref().is_some_and(is_left) {
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
    loop {
        match phases::carry_out(&services, &tenant, &stack).await {
            Ok(()) => return,
            Err(Error::Store(StoreError::Unavailable(error))) if services.nodes.is_in_cluster() => {
                let reason = error.to_string();
                tracing::warn!(reason, stack, "a stack's operation waits for the database");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, stack, "a stack's operation stopped");
                return;
            }
        }
    }
}
