//! The store's own keys: made with the store, opened by the master key, wrapped anew when that changes.

use claviger_resources::keyring::Keyring;
use claviger_runtime::vault::{MasterKeys, Vault};
use claviger_store::{KEYRING_ID, Store, StoreError, Stored, TransactionExt, keyring_tenant, retried};

use super::StartError;
use crate::random;

/// How often a transaction is tried that collides with those of other nodes.
const ATTEMPTS_MAX: u32 = 8;

/// The vault of a store: its keys are made when the store is, and wrapped anew when the master key is another.
pub(super) async fn open_vault(store: &dyn Store, master: &MasterKeys) -> Result<Vault, StartError> {
    // Another node may start at the same time.
    let collides = |error: &StartError| {
        matches!(error, StartError::Store(StoreError::AlreadyExists | StoreError::Conflict | StoreError::Contention))
    };
    retried(ATTEMPTS_MAX, || try_to_open_vault(store, master), collides).await
}

async fn try_to_open_vault(store: &dyn Store, master: &MasterKeys) -> Result<Vault, StartError> {
    let mut random = random::SystemRandom;
    let mut tx = store.read().await?;
    let found = tx.find::<Keyring>(&keyring_tenant(), "", KEYRING_ID).await?;
    drop(tx);
    let Some(keyring) = found else {
        let (vault, keyring) = Vault::create(&master.current, &mut random)?;
        let mut tx = store.write().await?;
        tx.insert(&keyring).await?;
        tx.commit().await?;
        return Ok(vault);
    };
    let (vault, renewed) = master.open(&keyring, &mut random)?;
    if let Some(renewed) = renewed {
        keep(store, Stored { record: renewed, version: keyring.version }).await?;
    }
    Ok(vault)
}

/// Keeps a keyring that was wrapped anew, unless another node has done the same.
async fn keep(store: &dyn Store, keyring: Stored<Keyring>) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    match tx.replace(&keyring).await {
        Ok(()) => {
            tx.commit().await?;
            tracing::info!("the store's keys are wrapped by the new master key");
            Ok(())
        }
        Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}
