//! Limits on requests: AWS's request rates, what is set for single app clients, and what usage plans and stages set for
//! the gateway.
//!
//! What is counted lives beside the snapshot, keyed by id, so that a change of configuration does not reset it. Where
//! nothing is limited, a request pays one branch.

mod buckets;
pub mod plan_usage;
pub mod request_rates;
pub(crate) mod shards;
mod shares;
mod stored;
pub mod throttles;
pub mod usage;

pub use plan_usage::PlanUsage;
pub use request_rates::RequestRates;
use shares::{Beat, Others, Told};
pub use shares::{Demand, Shares};
pub use throttles::Throttles;
pub use usage::Usage;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use claviger_resources::{Clock, Monotonic};
use claviger_store::{Changes, Key, Kind, Revision, Store, StoreError, Transaction};

use crate::snapshot::CurrentSnapshot;

/// How often counts are stored.
const FLUSH_PAUSE: Duration = Duration::from_secs(3);

/// Changes looked through at a time for counts of other nodes.
const CHANGES_AT_ONCE: usize = 4_096;

/// The limits of a node.
pub struct Limits {
    /// AWS's request rates; `None` while they are not enforced.
    pub rates: Option<RequestRates>,
    /// The limits of single app clients.
    pub usage: Usage,
    /// The gateway's rate limits.
    pub throttles: Throttles,
    /// The requests of API keys under usage plans.
    pub plan_usage: PlanUsage,
    shares: Arc<Shares>,
}

impl Limits {
    /// Limits of which nothing is used; `enforced` says whether those that AWS sets by itself hold.
    pub fn new(
        current: &Arc<CurrentSnapshot>,
        clock: &Arc<dyn Clock>,
        monotonic: &Arc<dyn Monotonic>,
        enforced: bool,
    ) -> Self {
        let (shares, monotonic) = (Arc::<Shares>::default(), || Arc::clone(monotonic));
        Self {
            rates: enforced.then(|| RequestRates::new(Arc::clone(current), monotonic(), Arc::clone(&shares))),
            usage: Usage::new(Arc::clone(clock), monotonic(), Arc::clone(&shares)),
            throttles: Throttles::new(monotonic(), enforced, Arc::clone(&shares)),
            plan_usage: PlanUsage::new(Arc::clone(clock)),
            shares,
        }
    }

    /// How often this node was asked in the time since it was last called: what the other nodes need to know to leave it its
    /// share.
    pub fn demand(&self, elapsed: Duration) -> Demand {
        let (mut told, beat) = (Told::default(), Beat { elapsed, nodes: self.shares.nodes() });
        self.usage.measure(&mut told, beat);
        self.throttles.buckets().measure(&mut told, beat);
        if let Some(rates) = &self.rates {
            rates.buckets().measure(&mut told, beat);
        }
        told.most_asked()
    }

    /// Takes this node's share of each limit, by the demand that the others have told.
    pub fn share(&self, nodes: usize, told: impl IntoIterator<Item = Demand>) {
        // Who was alone, and stays so, has the whole of everything.
        if nodes == 1 && self.shares.nodes() == 1 {
            return;
        }
        self.shares.set_nodes(nodes);
        let others = Others::new(nodes, told);
        self.usage.share(&others);
        self.throttles.buckets().share(&others);
        if let Some(rates) = &self.rates {
            rates.buckets().share(&others);
        }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.usage.load(tx).await?;
        self.plan_usage.load(tx).await
    }

    /// Stores the counts that changed, every few seconds, for as long as the node runs; where there are other nodes, takes in
    /// what those have stored.
    pub async fn keep_flushing(&self, store: &dyn Store, current: &CurrentSnapshot, has_others: bool) {
        let mut heard = current.load_full().revision();
        loop {
            tokio::time::sleep(FLUSH_PAUSE).await;
            let done = async {
                self.flush(store, current).await?;
                if has_others {
                    heard = self.hear(store, heard).await?;
                }
                Ok::<_, StoreError>(())
            };
            if let Err(error) = done.await {
                let reason = error.to_string();
                tracing::warn!(reason, "cannot store counts yet");
            }
        }
    }

    /// Takes in the counts that were stored after a revision; tells up to which one it has heard.
    pub async fn hear(&self, store: &dyn Store, mut heard: Revision) -> Result<Revision, StoreError> {
        loop {
            let Changes::Since(changes) = store.changes(heard, CHANGES_AT_ONCE).await? else {
                let mut tx = store.read().await?;
                heard = tx.revision().await?;
                self.load(&mut *tx).await?;
                return Ok(heard);
            };
            let Some(last) = changes.last() else { return Ok(heard) };
            heard = last.revision;
            let counted = |key: &Key| matches!(key.kind, Kind::TokenUsage | Kind::KeyUsage);
            let keys: HashSet<Key> = changes.into_iter().map(|change| change.key).filter(counted).collect();
            if !keys.is_empty() {
                let mut tx = store.read().await?;
                self.usage.reload(&mut *tx, &keys).await?;
                self.plan_usage.reload(&mut *tx, &keys).await?;
            }
        }
    }

    /// Stores the counts that changed since the last time.
    pub async fn flush(&self, store: &dyn Store, current: &CurrentSnapshot) -> Result<(), StoreError> {
        self.usage.flush(store, current).await?;
        self.plan_usage.flush(store, current).await
    }
}
