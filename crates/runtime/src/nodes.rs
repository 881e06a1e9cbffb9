//! The nodes that share a store: each says now and then that it is alive, and sees whether the others do.
//!
//! A node counts as alive while its count of beats grows, by the monotonic clock of whoever looks: clocks of the wall may
//! differ, or be moved, and decide nothing. One that stands still for [`DEAD_AFTER`] is dead to whoever saw that, and what it
//! had begun is taken over; should it only have slept, it finds its work in other hands, because each step of that names who
//! does it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use claviger_resources::node::Node;
use claviger_resources::{Clock, Monotonic, Random, Timestamp, random};
use claviger_store::{Store, StoreError, Stored, TransactionExt, node_tenant};

use crate::limits::Demand;

/// How often a node says that it is alive.
pub const BEAT: Duration = Duration::from_secs(2);
/// After how long without a beat a node is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(10);
/// After how long without a beat a node's record is deleted.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// What a node knows of itself and the others.
pub struct Nodes {
    id: String,
    started: Timestamp,
    monotonic: Arc<dyn Monotonic>,
    /// `None` where nobody else can open the store.
    others: Option<Mutex<HashMap<String, Seen>>>,
}

/// What was last seen of a node.
struct Seen {
    beats: u64,
    since: Duration,
}

impl Nodes {
    /// A node that has its store to itself.
    pub fn alone(clock: &dyn Clock, monotonic: Arc<dyn Monotonic>, random: &mut dyn Random) -> Self {
        Self { id: random::uuid(random), started: clock.now(), monotonic, others: None }
    }

    /// A node among others.
    pub fn in_cluster(clock: &dyn Clock, monotonic: Arc<dyn Monotonic>, random: &mut dyn Random) -> Self {
        Self { others: Some(Mutex::default()), ..Self::alone(clock, monotonic, random) }
    }

    /// This node's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether there may be others.
    pub fn is_in_cluster(&self) -> bool {
        self.others.is_some()
    }

    /// Whether another node lives, as far as is known. One that was never heard of does not.
    pub fn is_other_alive(&self, id: &str) -> bool {
        let Some(others) = &self.others else { return false };
        let now = self.now();
        id != self.id && lock(others).get(id).is_some_and(|seen| now.saturating_sub(seen.since) < DEAD_AFTER)
    }

    /// How many nodes live, this one among them.
    pub fn alive(&self) -> usize {
        let Some(others) = &self.others else { return 1 };
        let now = self.now();
        1 + lock(others).values().filter(|seen| now.saturating_sub(seen.since) < DEAD_AFTER).count()
    }

    /// Says that this node is alive, and how often its limits are asked; looks at the others, and tells what those that live
    /// have said of theirs.
    pub async fn beat(&self, store: &dyn Store, demand: Demand) -> Result<Vec<Demand>, StoreError> {
        let Some(others) = &self.others else { return Ok(Vec::new()) };
        let tenant = node_tenant();
        let mut tx = store.read().await?;
        let found = tx.list_all::<Node>(&tenant, "").await?;
        drop(tx);
        self.write(store, found.iter().find(|node| node.id == self.id), demand).await?;
        let now = self.now();
        let mut gone = Vec::new();
        {
            let mut seen = lock(others);
            seen.retain(|id, _| found.iter().any(|node| node.id == *id));
            for node in found.iter().filter(|node| node.id != self.id) {
                let entry = seen.entry(node.id.clone()).or_insert(Seen { beats: node.beats, since: now });
                if entry.beats != node.beats {
                    *entry = Seen { beats: node.beats, since: now };
                }
                if now.saturating_sub(entry.since) >= FORGOTTEN_AFTER {
                    gone.push(node.record.clone());
                }
            }
        }
        for node in gone {
            forget(store, &node).await?;
        }
        let told = found.into_iter().filter(|node| self.is_other_alive(&node.id)).map(|node| node.record.demand);
        Ok(told.collect())
    }

    /// Says that this node is no more, so that nobody waits for it.
    pub async fn leave(&self, store: &dyn Store) -> Result<(), StoreError> {
        if self.others.is_none() {
            return Ok(());
        }
        forget(store, &self.record(0, Demand::new())).await
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.monotonic.nanoseconds())
    }

    async fn write(&self, store: &dyn Store, before: Option<&Stored<Node>>, demand: Demand) -> Result<(), StoreError> {
        let mut tx = store.write().await?;
        match before {
            Some(before) => {
                let record = self.record(before.beats.wrapping_add(1), demand);
                tx.replace(&Stored { record, version: before.version }).await?;
            }
            None => tx.insert(&self.record(1, demand)).await?,
        }
        tx.commit().await.map(drop)
    }

    fn record(&self, beats: u64, demand: Demand) -> Node {
        Node {
            id: self.id.clone(),
            started: self.started,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            beats,
            demand,
        }
    }
}

async fn forget(store: &dyn Store, node: &Node) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.delete(node).await?;
    tx.commit().await.map(drop)
}

fn lock(others: &Mutex<HashMap<String, Seen>>) -> MutexGuard<'_, HashMap<String, Seen>> {
    // An entry is replaced whole, so a thread that died with the lock left nothing half done.
    others.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use claviger_testkit::{FakeClock, FakeMonotonic, SeededRandom, memory_store};

    use super::*;

    fn node(seed: u64, monotonic: &Arc<FakeMonotonic>) -> Nodes {
        let clock = FakeClock::at(Timestamp::from_seconds(1_800_000_000));
        Nodes::in_cluster(&clock, monotonic.clone(), &mut SeededRandom::new(seed))
    }

    #[tokio::test]
    async fn a_node_lives_while_its_beats_are_seen_to_grow() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two) = (node(1, &monotonic), node(2, &monotonic));
        assert!(!one.is_other_alive(two.id()), "nobody has heard of it");
        two.beat(&*store, Demand::new()).await.unwrap();
        one.beat(&*store, Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()) && !one.is_other_alive(one.id()));
        assert_eq!(one.alive(), 2);
        monotonic.advance_milliseconds(9_999);
        one.beat(&*store, Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()));
        monotonic.advance_milliseconds(1);
        assert!(!one.is_other_alive(two.id()));
        two.beat(&*store, Demand::new()).await.unwrap();
        one.beat(&*store, Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()), "it had only slept");
    }

    #[tokio::test]
    async fn a_node_that_leaves_is_dead_at_once_and_one_that_is_long_dead_forgotten() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two, three) = (node(1, &monotonic), node(2, &monotonic), node(3, &monotonic));
        for node in [&two, &three, &one] {
            node.beat(&*store, Demand::new()).await.unwrap();
        }
        two.leave(&*store).await.unwrap();
        one.beat(&*store, Demand::new()).await.unwrap();
        assert!(!one.is_other_alive(two.id()) && one.is_other_alive(three.id()));
        monotonic.advance_milliseconds(3_600_000);
        one.beat(&*store, Demand::new()).await.unwrap();
        let count = store.read().await.unwrap().count_of::<Node>(&node_tenant(), "").await.unwrap();
        assert_eq!(count, 1);
    }

    #[tokio::test]
    async fn a_node_hears_what_those_that_live_were_asked() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two) = (node(1, &monotonic), node(2, &monotonic));
        let demand = Demand::from([("limit".to_owned(), 60)]);
        assert_eq!(two.beat(&*store, demand.clone()).await.unwrap(), Vec::<Demand>::new());
        assert_eq!(one.beat(&*store, Demand::new()).await.unwrap(), [demand]);
        monotonic.advance_milliseconds(10_000);
        assert_eq!(one.beat(&*store, Demand::new()).await.unwrap(), Vec::<Demand>::new(), "it is dead");
    }

    #[tokio::test]
    async fn who_is_alone_writes_nothing() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let clock = FakeClock::at(Timestamp::from_seconds(1_800_000_000));
        let node = Nodes::alone(&clock, monotonic, &mut SeededRandom::new(1));
        node.beat(&*store, Demand::new()).await.unwrap();
        node.leave(&*store).await.unwrap();
        assert_eq!(store.read().await.unwrap().count_of::<Node>(&node_tenant(), "").await.unwrap(), 0);
        assert!(!node.is_in_cluster() && !node.is_other_alive("somebody"));
    }
}
