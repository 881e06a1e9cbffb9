//! Looks after signing keys in the background: makes the next pair when a rotation is due, and takes away those whose last
//! tokens are dead.
//!
//! Every node does so. The record says what is to be done, and a replacement names the version it was read at: of two nodes
//! that do the same, one has done it.

use std::sync::Arc;
use std::time::Duration;

use claviger_resources::signing_key::{PUBLICATION_SECONDS, SigningKeys};
use claviger_resources::{Clock, Random, Tenant, Timestamp, UserPoolId};
use claviger_store::{Store, StoreError, Stored, TransactionExt};

use crate::signing_keys::{MakeKeysError, PrivateKeys};
use crate::snapshot::{CurrentSnapshot, PoolKeys, Snapshot};
use crate::vault::Vault;

/// How often it looks.
const PAUSE: Duration = Duration::from_secs(30);

/// Looks after the keys of all pools.
pub struct KeyKeeper {
    /// Where they are stored.
    pub store: Arc<dyn Store>,
    /// Seals new ones.
    pub vault: Arc<Vault>,
    /// Tells when something is due.
    pub clock: Arc<dyn Clock>,
    /// Makes a source of randomness.
    pub random: fn() -> Box<dyn Random>,
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Make(#[from] MakeKeysError),
}

impl KeyKeeper {
    /// Looks now and then, until the node stops.
    pub async fn run(self, current: Arc<CurrentSnapshot>) {
        loop {
            self.look(&current.load_full()).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Does what is due for the pools of a snapshot.
    pub async fn look(&self, snapshot: &Snapshot) {
        let now = self.clock.now();
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
        for pool in snapshot.pools().filter(|pool| is_due(pool.keys.as_deref().and_then(PoolKeys::next_change))) {
            match self.keep(&pool.tenant, &pool.id, now).await {
                // Another node was quicker, or will be.
                Ok(()) | Err(KeepError::Store(StoreError::Conflict | StoreError::Contention)) => {}
                Err(error) => {
                    let pool = pool.id.as_str();
                    tracing::error!(pool, error = &error as &dyn std::error::Error, "its keys cannot be looked after");
                }
            }
        }
    }

    async fn keep(&self, tenant: &Tenant, pool: &UserPoolId, now: Timestamp) -> Result<(), KeepError> {
        let found = self.store.read().await?.find::<SigningKeys>(tenant, "", pool.as_str()).await?;
        let Some(mut keys) = found else { return Ok(()) };
        let mut is_changed = keys.prune(now);
        if keys.rotation_due().is_some_and(|due| due <= now) {
            let made = PrivateKeys::make(keys.policy.algorithm).await?;
            let pair = made.records(pool, &self.vault, &mut *(self.random)(), now)?;
            let signs_from = Timestamp::from_seconds(now.seconds().saturating_add(PUBLICATION_SECONDS));
            if keys.rotate(pair, signs_from).is_ok() {
                is_changed = true;
                tracing::info!(pool = pool.as_str(), "a new pair of signing keys is published");
            }
        }
        if is_changed { self.replace(&keys).await } else { Ok(()) }
    }

    async fn replace(&self, keys: &Stored<SigningKeys>) -> Result<(), KeepError> {
        let mut tx = self.store.write().await?;
        tx.replace(keys).await?;
        tx.commit().await?;
        Ok(())
    }
}
