//! The first access key of a store: made on the store itself, while no server has it open, because nobody could sign the call
//! that asks a server for one.

use claviger_control_plane::claviger::Error;
use claviger_control_plane::claviger::access_key::{Wanted, create};
use claviger_resources::access_key::AccessKey;
use claviger_resources::{Clock, Secret};

use super::{Place, StartError, open_vault};
use crate::clock::MovableClock;
use crate::random::SystemRandom;

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The store cannot be opened: a server has it open, perhaps.
    #[error(transparent)]
    Store(#[from] StartError),
    /// The key cannot be had.
    #[error(transparent)]
    Refused(#[from] Error),
}

/// Makes a key on the store at this place. The store's lock keeps it apart from a server.
pub async fn make(place: &Place, wanted: Wanted) -> Result<(AccessKey, Secret<String>), NoKey> {
    let (store, master) = place.open(None).await?;
    let vault = open_vault(&*store, &master).await?;
    let now = MovableClock::default().now();
    let mut tx = store.write().await.map_err(StartError::from)?;
    let made = create(&mut *tx, &vault, &mut SystemRandom, now, wanted).await?;
    tx.commit().await.map_err(StartError::from)?;
    Ok(made)
}
