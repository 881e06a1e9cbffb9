//! The nodes that share a store: each says now and then that it is alive, and sees whether the others do.
//!
//! A node counts as alive while its count of beats grows, by the monotonic clock of whoever looks: clocks of the wall may
//! differ, or be moved, and decide nothing. One that stands still for [`DEAD_AFTER`] is dead to whoever saw that, and what it
//! had begun is taken over; should it only have slept, it finds its work in other hands, because each step of that names who
//! does it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use claviger_resources::node::Node;
use claviger_resources::{Clock, Monotonic, Random, Timestamp, random};
use claviger_store::{Revision, Store, StoreError, TransactionExt, node_tenant, retried};
use tokio::sync::watch;

use crate::limits::Demand;

/// How often a node says that it is alive.
pub const BEAT: Duration = Duration::from_secs(2);
/// After how long without a beat a node is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(10);
/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 8;
/// After how long without a beat a node's record is deleted.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// What a node knows of itself and the others.
pub struct Nodes {
    id: String,
    started: Timestamp,
    monotonic: Arc<dyn Monotonic>,
    /// `None` where nobody else can open the store.
    others: Option<Mutex<HashMap<String, Seen>>>,
    /// When everything was known that had been committed, in nanoseconds of the monotonic clock.
    up_to_date: AtomicU64,
}

/// What was last seen of a node.
struct Seen {
    beats: u64,
    since: Duration,
}

impl Nodes {
    /// A node that has its store to itself.
    pub fn alone(clock: &dyn Clock, monotonic: Arc<dyn Monotonic>, random: &mut dyn Random) -> Self {
        let up_to_date = AtomicU64::new(monotonic.nanoseconds());
        Self { id: random::uuid(random), started: clock.now(), monotonic, others: None, up_to_date }
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

    /// How long ago everything was known that had been committed, as far as this node could find out; of one that has its
    /// store to itself, always now.
    pub fn behind(&self) -> Duration {
        if self.others.is_none() {
            return Duration::ZERO;
        }
        self.now().saturating_sub(Duration::from_nanos(self.up_to_date.load(Ordering::Relaxed)))
    }

    /// Notes that all is known that was committed when the clock stood at `moment`.
    fn note_up_to_date(&self, moment: Duration) {
        let moment = u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX);
        self.up_to_date.fetch_max(moment, Ordering::Relaxed);
    }

    /// Says that this node is alive, and how often its limits are asked; looks at the others, and tells what those that live
    /// have said of theirs.
    pub async fn beat(&self, store: &dyn Store, demand: &Demand) -> Result<Vec<Demand>, StoreError> {
        let Some(others) = &self.others else { return Ok(Vec::new()) };
        let tenant = node_tenant();
        let mut tx = store.read().await?;
        let found = tx.list_all::<Node>(&tenant, "").await?;
        drop(tx);
        self.write(store, demand).await?;
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

    /// Finds out what has been committed, and waits until this node goes by all of it.
    pub async fn catch_up(&self, store: &dyn Store, mut applied: watch::Receiver<Revision>) -> Result<(), StoreError> {
        let moment = self.now();
        let committed = store.read().await?.revision().await?;
        // When nothing is applied any more the node is stopping.
        if applied.wait_for(|applied| *applied >= committed).await.is_ok() {
            self.note_up_to_date(moment);
        }
        Ok(())
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

    async fn write(&self, store: &dyn Store, demand: &Demand) -> Result<(), StoreError> {
        let collides = |error: &StoreError| matches!(error, StoreError::Contention | StoreError::Conflict);
        retried(ATTEMPTS_MAX, || self.try_to_write(store, demand), collides).await
    }

    async fn try_to_write(&self, store: &dyn Store, demand: &Demand) -> Result<(), StoreError> {
        let mut tx = store.write().await?;
        match tx.find::<Node>(&node_tenant(), "", &self.id).await? {
            Some(mut before) => {
                before.record = self.record(before.beats.wrapping_add(1), demand.clone());
                tx.replace(&before).await?;
            }
            None => tx.insert(&self.record(1, demand.clone())).await?,
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
        two.beat(&*store, &Demand::new()).await.unwrap();
        one.beat(&*store, &Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()) && !one.is_other_alive(one.id()));
        assert_eq!(one.alive(), 2);
        monotonic.advance_milliseconds(9_999);
        one.beat(&*store, &Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()));
        monotonic.advance_milliseconds(1);
        assert!(!one.is_other_alive(two.id()));
        two.beat(&*store, &Demand::new()).await.unwrap();
        one.beat(&*store, &Demand::new()).await.unwrap();
        assert!(one.is_other_alive(two.id()), "it had only slept");
    }

    #[tokio::test]
    async fn a_node_that_leaves_is_dead_at_once_and_one_that_is_long_dead_forgotten() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two, three) = (node(1, &monotonic), node(2, &monotonic), node(3, &monotonic));
        for node in [&two, &three, &one] {
            node.beat(&*store, &Demand::new()).await.unwrap();
        }
        two.leave(&*store).await.unwrap();
        one.beat(&*store, &Demand::new()).await.unwrap();
        assert!(!one.is_other_alive(two.id()) && one.is_other_alive(three.id()));
        monotonic.advance_milliseconds(3_600_000);
        one.beat(&*store, &Demand::new()).await.unwrap();
        let count = store.read().await.unwrap().count_of::<Node>(&node_tenant(), "").await.unwrap();
        assert_eq!(count, 1);
    }

    #[tokio::test]
    async fn a_node_hears_what_those_that_live_were_asked() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two) = (node(1, &monotonic), node(2, &monotonic));
        let demand = Demand::from([("limit".to_owned(), 60)]);
        assert_eq!(two.beat(&*store, &demand).await.unwrap(), Vec::<Demand>::new());
        assert_eq!(one.beat(&*store, &Demand::new()).await.unwrap(), [demand]);
        monotonic.advance_milliseconds(10_000);
        assert_eq!(one.beat(&*store, &Demand::new()).await.unwrap(), Vec::<Demand>::new(), "it is dead");
    }

    #[tokio::test]
    async fn a_node_is_behind_while_it_has_not_applied_what_is_committed() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let (one, two) = (node(1, &monotonic), node(2, &monotonic));
        let (applied, receiver) = watch::channel(Revision::default());
        monotonic.advance_milliseconds(5_000);
        one.catch_up(&*store, receiver.clone()).await.unwrap();
        assert_eq!((one.behind(), two.behind()), (Duration::ZERO, Duration::from_secs(5)));
        two.beat(&*store, &Demand::new()).await.unwrap();
        monotonic.advance_milliseconds(3_000);
        let mut catching_up = Box::pin(one.catch_up(&*store, receiver));
        assert!(tokio::time::timeout(Duration::ZERO, &mut catching_up).await.is_err());
        monotonic.advance_milliseconds(1_000);
        applied.send_replace(Revision(1));
        catching_up.await.unwrap();
        assert_eq!(one.behind(), Duration::from_secs(1), "it knows what was committed when it asked");
    }

    #[tokio::test]
    async fn who_is_alone_writes_nothing() {
        let (store, monotonic) = (memory_store(), Arc::new(FakeMonotonic::default()));
        let clock = FakeClock::at(Timestamp::from_seconds(1_800_000_000));
        let node = Nodes::alone(&clock, monotonic, &mut SeededRandom::new(1));
        node.beat(&*store, &Demand::new()).await.unwrap();
        node.leave(&*store).await.unwrap();
        assert_eq!(store.read().await.unwrap().count_of::<Node>(&node_tenant(), "").await.unwrap(), 0);
        assert!(!node.is_in_cluster() && !node.is_other_alive("somebody"));
    }
}
