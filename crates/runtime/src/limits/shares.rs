//! Shares of rate limits: nodes that share a store share each limit, too, and none asks another before it lets a request
//! through.
//!
//! A node lets through its share of a limit. With each of its beats it says how often each of its limits was asked lately
//! (its demand), hears the same of the others, and takes the share that its demand is of all demand. A small part is for every
//! node, wherever the demand is, so that a request that comes by another way is not turned away. The shares of one limit make
//! up the whole of it, but for the two seconds in which demand moves from one node to another.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use claviger_resources::rate::{RateLimit, TokenBucket};

/// Limits whose demand a node tells of: those that were asked most.
pub(super) const TOLD_MAX: usize = 256;
/// The part of a limit that is left to nodes without demand for it.
const RESERVE: f64 = 0.1;
/// Demand below this part of a node's equal share need not be told.
const TOLD_FROM: f64 = 0.05;

/// How often limits were asked, by their names: requests a minute.
pub type Demand = BTreeMap<String, u64>;

/// How many nodes share the limits.
pub struct Shares {
    nodes: AtomicUsize,
}

impl Default for Shares {
    fn default() -> Self {
        Self { nodes: AtomicUsize::new(1) }
    }
}

impl Shares {
    /// The share of a limit that nothing is known of.
    pub(super) fn equal(&self) -> f64 {
        part_of(self.nodes())
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }

    pub(super) fn set_nodes(&self, nodes: usize) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }
}

fn part_of(nodes: usize) -> f64 {
    u32::try_from(nodes).map_or(0.0, |nodes| 1.0 / f64::from(nodes.max(1)))
}

/// A token bucket with this node's share of a limit.
#[derive(Clone, Copy)]
pub(super) struct SharedBucket {
    bucket: TokenBucket,
    /// The whole limit, as it was last.
    limit: RateLimit,
    share: f64,
    /// How often it was asked since that was last told.
    asked: u32,
    /// What was last told: requests a minute.
    demand: u64,
}

impl SharedBucket {
    /// A full bucket with this share of a limit.
    pub(super) fn full(limit: RateLimit, share: f64, now_nanoseconds: u64) -> Self {
        let bucket = TokenBucket::full(shared(limit, share), now_nanoseconds);
        Self { bucket, limit, share, asked: 0, demand: 0 }
    }

    /// Takes one out; tells after how many seconds there is one again when there is none.
    pub(super) fn take(&mut self, limit: RateLimit, now_nanoseconds: u64) -> Result<(), u64> {
        self.limit = limit;
        self.asked = self.asked.saturating_add(1);
        let limit = shared(limit, self.share);
        let taken = self.bucket.take(limit, now_nanoseconds);
        self.bucket = taken.unwrap_or_else(|bucket| bucket);
        taken.map(drop).map_err(|bucket| bucket.wait_seconds(limit))
    }

    /// Whether it is no different from a new one.
    pub(super) fn is_full(&self, now_nanoseconds: u64) -> bool {
        self.bucket.is_full(shared(self.limit, self.share), now_nanoseconds)
    }

    /// What is to be told of it: requests a minute, and how much of the node's equal share that is. It counts anew from here.
    fn measure(&mut self, elapsed: Duration, nodes: usize) -> Option<(u64, f64)> {
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        self.demand = u64::from(std::mem::take(&mut self.asked)).saturating_mul(60_000) / milliseconds;
        let pressure = per_second(self.demand) / (self.limit.rate * part_of(nodes)).max(f64::MIN_POSITIVE);
        (pressure >= TOLD_FROM).then_some((self.demand, pressure))
    }

    /// Takes the share that follows from what the other nodes told.
    fn share_with(&mut self, nodes: usize, others: u64) {
        let reserve = self.limit.rate * RESERVE * part_of(nodes);
        let own = per_second(self.demand) + reserve;
        let all = per_second(self.demand.saturating_add(others)) + self.limit.rate * RESERVE;
        self.share = if all > 0.0 { own / all } else { part_of(nodes) };
    }
}

#[expect(clippy::cast_precision_loss, reason = "no node is asked 2^53 times a minute")]
fn per_second(per_minute: u64) -> f64 {
    per_minute as f64 / 60.0
}

/// A share of a limit: of its burst at least one, or nobody would ever be let through.
fn shared(limit: RateLimit, share: f64) -> RateLimit {
    if share >= 1.0 {
        return limit;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    let burst = (f64::from(limit.burst) * share).ceil() as u32;
    RateLimit { rate: limit.rate * share, burst: burst.max(limit.burst.min(1)) }
}

/// What a node tells of its limits: those that are asked most for what they give.
#[derive(Default)]
pub(super) struct Told(Vec<(f64, String, u64)>);

impl Told {
    /// Measures a bucket since the last time.
    pub(super) fn measure(&mut self, name: impl FnOnce() -> String, bucket: &mut SharedBucket, beat: Beat) {
        if let Some((demand, pressure)) = bucket.measure(beat.elapsed, beat.nodes) {
            self.0.push((pressure, name(), demand));
        }
    }

    pub(super) fn most_asked(mut self) -> Demand {
        self.0.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        self.0.into_iter().take(TOLD_MAX).map(|(_, name, demand)| (name, demand)).collect()
    }
}

/// The time since demand was told last, and among how many nodes.
#[derive(Clone, Copy)]
pub(super) struct Beat {
    pub(super) elapsed: Duration,
    pub(super) nodes: usize,
}

/// What the other nodes told, added up.
pub(super) struct Others {
    nodes: usize,
    demand: HashMap<String, u64>,
}

impl Others {
    pub(super) fn new(nodes: usize, told: impl IntoIterator<Item = Demand>) -> Self {
        let mut demand: HashMap<String, u64> = HashMap::new();
        for (name, asked) in told.into_iter().flatten() {
            let sum = demand.entry(name).or_insert(0);
            *sum = sum.saturating_add(asked);
        }
        Self { nodes, demand }
    }

    /// Gives a bucket its share.
    pub(super) fn share(&self, name: impl FnOnce() -> String, bucket: &mut SharedBucket) {
        // Most limits are asked nowhere else, and need no name then.
        let others = if self.demand.is_empty() { None } else { self.demand.get(&name()) };
        bucket.share_with(self.nodes, others.copied().unwrap_or_default());
    }
}

/// The name of a limit, the same on every node.
pub(super) fn name_of(kind: &str, key: &impl Hash) -> String {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    (kind, key).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// FNV-1a: the standard library's hashes are made for one process, and may be others in its next version.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit { rate: 100.0, burst: 50 };
    const BEAT: Duration = Duration::from_secs(2);

    /// Two buckets of one limit on two nodes.
    fn pair() -> [SharedBucket; 2] {
        [SharedBucket::full(LIMIT, 0.5, 0); 2]
    }

    /// Asks each bucket so often in a beat, then shares.
    fn beat(buckets: &mut [SharedBucket; 2], asked: [u32; 2], now: u64) -> [usize; 2] {
        let mut passed = [0, 0];
        for ((bucket, asked), passed) in buckets.iter_mut().zip(asked).zip(&mut passed) {
            for place in 0..asked {
                let at = now + u64::from(place) * 2_000_000_000 / u64::from(asked);
                *passed += usize::from(bucket.take(LIMIT, at).is_ok());
            }
        }
        let told = buckets.each_mut().map(|bucket| {
            let mut told = Told::default();
            told.measure(|| "limit".to_owned(), bucket, Beat { elapsed: BEAT, nodes: 2 });
            told.most_asked()
        });
        for (bucket, other) in buckets.iter_mut().zip([&told[1], &told[0]]) {
            Others::new(2, [other.clone()]).share(|| "limit".to_owned(), bucket);
        }
        passed
    }

    #[test]
    fn shares_follow_demand_and_make_up_the_whole() {
        let mut buckets = pair();
        let shares = |buckets: &[SharedBucket; 2]| buckets.map(|bucket| bucket.share);
        assert!((shares(&buckets).iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let mut now = 0;
        for (asked, expected) in [
            ([2_000, 0], [0.995, 0.005]),
            ([1_000, 1_000], [0.5, 0.5]),
            ([0, 0], [0.5, 0.5]),
            ([600, 200], [0.744, 0.256]),
        ] {
            beat(&mut buckets, asked, now);
            now += 2_000_000_000;
            for (share, expected) in shares(&buckets).into_iter().zip(expected) {
                assert!((share - expected).abs() < 0.01, "{asked:?}: {:?}", shares(&buckets));
            }
            assert!(shares(&buckets).iter().sum::<f64>() <= 1.0 + 1e-9);
        }
    }

    #[test]
    fn all_nodes_together_let_through_what_the_limit_is() {
        let mut buckets = pair();
        let mut now = 0;
        // The first beats find out where the demand is.
        for asked in [[900, 100]; 3] {
            beat(&mut buckets, asked, now);
            now += 2_000_000_000;
        }
        let mut passed = 0;
        for asked in [[900, 100]; 10] {
            passed += beat(&mut buckets, asked, now).into_iter().sum::<usize>();
            now += 2_000_000_000;
        }
        // 100 a second for 20 seconds, and what is left of the bursts.
        assert!((1_900..=2_050).contains(&passed), "{passed}");
    }

    #[test]
    fn a_share_lets_somebody_through_at_last() {
        assert_eq!(shared(RateLimit { rate: 1.0, burst: 1 }, 0.01), RateLimit { rate: 0.01, burst: 1 });
        assert_eq!(shared(RateLimit { rate: 1.0, burst: 0 }, 0.5).burst, 0);
        assert_eq!(shared(LIMIT, 1.0), LIMIT);
    }

    #[test]
    fn what_is_told_is_bounded_and_names_are_the_same_everywhere() {
        let mut told = Told::default();
        for number in 0..1_000_u32 {
            let mut bucket = SharedBucket { asked: 1_000 + number, ..SharedBucket::full(LIMIT, 1.0, 0) };
            told.measure(|| name_of("client", &number), &mut bucket, Beat { elapsed: BEAT, nodes: 2 });
        }
        let told = told.most_asked();
        assert_eq!(told.len(), TOLD_MAX);
        assert!(told.contains_key(&name_of("client", &999_u32)) && !told.contains_key(&name_of("client", &0_u32)));
        assert_eq!(name_of("client", &"a"), "2eabbfe0fa37b80b");
        let mut quiet = SharedBucket { asked: 1, ..SharedBucket::full(LIMIT, 1.0, 0) };
        assert_eq!(quiet.measure(BEAT, 2), None);
    }
}
