//! The current snapshot of a node, and the task that keeps it up to date.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use claviger_store::{Changes, Revision, Store, StoreError};
use tokio::sync::{mpsc, watch};

use super::Snapshot;
use super::apply::Builder;
use crate::key_maker::Keyless;

/// Changes taken from the feed at a time.
const CHANGES_AT_ONCE: usize = 4_096;
/// How long to wait before asking a database again that did not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Where the current snapshot is found.
pub struct CurrentSnapshot {
    current: ArcSwap<Snapshot>,
    applied: watch::Sender<Revision>,
    /// When the snapshot was changed last.
    changed: Mutex<Instant>,
}

impl CurrentSnapshot {
    /// Loads everything from `store` and starts from there.
    pub async fn load(store: &dyn Store, builder: &mut Builder) -> Result<Arc<Self>, StoreError> {
        let snapshot = builder.load(&mut *store.read().await?).await?;
        let (applied, _) = watch::channel(snapshot.revision());
        Ok(Arc::new(Self { current: ArcSwap::from_pointee(snapshot), applied, changed: Mutex::new(Instant::now()) }))
    }

    /// Starts from nothing, to be filled by [`Self::follow`].
    pub fn empty() -> Arc<Self> {
        let (applied, _) = watch::channel(Revision::default());
        let current = ArcSwap::from_pointee(Snapshot::default());
        Arc::new(Self { current, applied, changed: Mutex::new(Instant::now()) })
    }

    /// The snapshot now: load it once per request and keep to it.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// How long the snapshot has been as it is.
    pub fn age(&self) -> Duration {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// The newest revision the current snapshot contains, as it moves.
    pub fn applied(&self) -> watch::Receiver<Revision> {
        self.applied.subscribe()
    }

    /// Follows the store's feed until the store closes; tells `keyless` of each pool that has no keys.
    pub async fn follow(&self, store: &dyn Store, mut builder: Builder, keyless: mpsc::UnboundedSender<Keyless>) {
        let mut revisions = store.revisions();
        loop {
            for pool in builder.take_keyless(&self.current.load()) {
                // When nobody makes keys any more the node is stopping.
                let _ = keyless.send(pool);
            }
            let newest = *revisions.borrow_and_update();
            if self.current.load().revision() < newest {
                if let Err(error) = self.advance(store, &mut builder).await {
                    let reason = error.to_string();
                    tracing::warn!(reason, "cannot read changes; serving the last known state");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                continue;
            }
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    async fn advance(&self, store: &dyn Store, builder: &mut Builder) -> Result<(), StoreError> {
        let snapshot = self.current.load_full();
        let next = match store.changes(snapshot.revision(), CHANGES_AT_ONCE).await? {
            Changes::Since(changes) => builder.apply(&snapshot, &changes, &mut *store.read().await?).await?,
            Changes::TooOld => builder.load(&mut *store.read().await?).await?,
        };
        let revision = next.revision();
        self.current.store(Arc::new(next));
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.applied.send_replace(revision);
        Ok(())
    }
}
