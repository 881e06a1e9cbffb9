//! Limits on requests: AWS's request rates, what is set for single app clients, and what usage plans and stages set for
//! the gateway.
//!
//! What is counted lives beside the snapshot, keyed by id, so that a change of configuration does not reset it. Where
//! nothing is limited, a request pays one branch.

mod buckets;
pub mod plan_usage;
pub mod request_rates;
mod shards;
mod stored;
pub mod throttles;
pub mod usage;

pub use plan_usage::PlanUsage;
pub use request_rates::RequestRates;
pub use throttles::Throttles;
pub use usage::Usage;

use std::sync::Arc;
use std::time::Duration;

use claviger_resources::{Clock, Monotonic};
use claviger_store::{Store, StoreError, Transaction};

use crate::snapshot::CurrentSnapshot;

/// How often counts are stored.
const FLUSH_PAUSE: Duration = Duration::from_secs(3);

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
}

impl Limits {
    /// Limits of which nothing is used; `enforced` says whether those that AWS sets by itself hold.
    pub fn new(
        current: &Arc<CurrentSnapshot>,
        clock: &Arc<dyn Clock>,
        monotonic: &Arc<dyn Monotonic>,
        enforced: bool,
    ) -> Self {
        Self {
            rates: enforced.then(|| RequestRates::new(Arc::clone(current), Arc::clone(monotonic))),
            usage: Usage::new(Arc::clone(clock), Arc::clone(monotonic)),
            throttles: Throttles::new(Arc::clone(monotonic), enforced),
            plan_usage: PlanUsage::new(Arc::clone(clock)),
        }
    }

    /// Reads the stored counts.
    pub async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.usage.load(tx).await?;
        self.plan_usage.load(tx).await
    }

    /// Stores the counts that changed, every few seconds, for as long as the node runs.
    pub async fn keep_flushing(&self, store: &dyn Store, current: &CurrentSnapshot) {
        loop {
            tokio::time::sleep(FLUSH_PAUSE).await;
            if let Err(error) = self.flush(store, current).await {
                let reason = error.to_string();
                tracing::warn!(reason, "cannot store counts yet");
            }
        }
    }

    /// Stores the counts that changed since the last time.
    pub async fn flush(&self, store: &dyn Store, current: &CurrentSnapshot) -> Result<(), StoreError> {
        self.usage.flush(store, current).await?;
        self.plan_usage.flush(store, current).await
    }
}
