//! Revoking tokens, and forgetting revocations whose tokens have all expired.

use std::sync::Arc;
use std::time::Duration;

use claviger_resources::revocation::{REVOCATIONS_PER_USER_POOL, Revocation};
use claviger_resources::{Clock, Timestamp};
use claviger_store::{Kind, Row, Store, StoreError, Stored, Transaction, TransactionExt, retried};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::forgetting::forget_rows;
use crate::snapshot::CurrentSnapshot;

/// How often revocations are looked through.
const PAUSE: Duration = Duration::from_mins(10);
/// Revocations looked at at a time.
const PAGE: usize = 1_000;
/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 8;
/// How long the answer to a revocation waits for this node to obey it.
const APPLY_WAIT_MAX: Duration = Duration::from_secs(2);

/// Revokes tokens for whoever bears them.
pub struct Revocations {
    /// Where revocations are kept.
    pub store: Arc<dyn Store>,
    /// What this node goes by.
    pub current: Arc<CurrentSnapshot>,
    /// Where commits are waited for: never on a thread that answers traffic.
    pub threads: Handle,
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The pool has as many revocations as are remembered.
    #[error("the user pool has {REVOCATIONS_PER_USER_POOL} revocations; revoke the tokens of a client, or of the pool")]
    TooMany,
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The node is stopping.
    #[error("the server is stopping")]
    Stopping,
}

/// Writes a revocation in a transaction of the caller's. One of the same tokens is replaced: what was refused by then is
/// refused now.
pub async fn revoke(tx: &mut dyn Transaction, revocation: Revocation) -> Result<(), RevokeError> {
    let (tenant, pool) = (revocation.tenant.clone(), revocation.pool.clone());
    if let Some(stored) = tx.find::<Revocation>(&tenant, pool.as_str(), &revocation.id).await? {
        return Ok(tx.replace(&Stored { record: revocation, version: stored.version }).await?);
    }
    if tx.count_of::<Revocation>(&tenant, pool.as_str()).await? >= REVOCATIONS_PER_USER_POOL {
        return Err(RevokeError::TooMany);
    }
    Ok(tx.insert(&revocation).await?)
}

impl Revocations {
    /// Revokes, and waits until this node obeys.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), RevokeError> {
        let (store, mut applied) = (Arc::clone(&self.store), self.current.applied());
        let work = async move {
            let collides = |error: &RevokeError| {
                matches!(error, RevokeError::Store(StoreError::Contention | StoreError::Conflict))
            };
            let revision = retried(ATTEMPTS_MAX, || commit(&*store, revocation.clone()), collides).await?;
            // It is on disk; a snapshot that is later than this obeys all the same.
            let _ = timeout(APPLY_WAIT_MAX, applied.wait_for(|reached| *reached >= revision)).await;
            Ok(())
        };
        self.threads.spawn(work).await.map_err(|_| RevokeError::Stopping)?
    }
}

async fn commit(store: &dyn Store, revocation: Revocation) -> Result<claviger_store::Revision, RevokeError> {
    let mut tx = store.write().await?;
    revoke(&mut *tx, revocation).await?;
    Ok(tx.commit().await?)
}

/// Forgets revocations now and then, until the node stops.
pub async fn keep_forgetting(store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = forget(&*store, clock.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old revocations stay");
        }
    }
}

/// Forgets the revocations whose tokens have all expired.
pub async fn forget(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    let is_over = |row: &Row| Ok(Stored::<Revocation>::from_row(row)?.expires <= now);
    forget_rows(store, Kind::Revocation, PAGE, is_over).await
}
