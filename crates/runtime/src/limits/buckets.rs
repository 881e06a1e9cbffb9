//! Token buckets by what they bound.
//!
//! Their number is bounded. One that was left alone is no different from a new one and makes room for others; when all of
//! them are in use, what is new is not counted: better that than to turn away whoever comes last.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use claviger_resources::rate::RateLimit;

use super::shards::{PARTS, Shards};
use super::shares::{Beat, Others, SharedBucket, Shares, Told, name_of};

/// Buckets at most.
pub(super) const BUCKETS_MAX: usize = 256 * 1024;
/// Buckets of one part.
const PART_MAX: usize = BUCKETS_MAX / PARTS;
/// How long to wait before looking again for buckets that were left alone: in one second all of AWS's own rates refill.
const SWEEP_PAUSE_NANOSECONDS: u64 = 1_000_000_000;

/// A bucket for each key that was seen lately.
pub(super) struct Buckets<K> {
    /// What they are buckets of.
    kind: &'static str,
    parts: Shards<Part<K>>,
    shares: Arc<Shares>,
}

struct Part<K> {
    buckets: HashMap<K, SharedBucket>,
    swept_nanoseconds: u64,
}

impl<K> Default for Part<K> {
    fn default() -> Self {
        Self { buckets: HashMap::new(), swept_nanoseconds: 0 }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// No buckets: all that come are full.
    pub(super) fn new(kind: &'static str, shares: Arc<Shares>) -> Self {
        Self { kind, parts: Shards::new(), shares }
    }

    /// Takes a token from the bucket of `key`; tells after how many seconds there is one again when there is none.
    pub(super) fn take(&self, key: K, limit: RateLimit, now_nanoseconds: u64) -> Result<(), u64> {
        let mut part = self.parts.part(&key);
        if let Some(bucket) = part.buckets.get_mut(&key) {
            return bucket.take(limit, now_nanoseconds);
        }
        if !part.has_room(now_nanoseconds) {
            return Ok(());
        }
        let mut bucket = SharedBucket::full(limit, self.shares.equal(), now_nanoseconds);
        let taken = bucket.take(limit, now_nanoseconds);
        part.buckets.insert(key, bucket);
        taken
    }

    /// Measures how often each was asked.
    pub(super) fn measure(&self, told: &mut Told, beat: Beat) {
        for mut part in self.parts.parts() {
            for (key, bucket) in &mut part.buckets {
                told.measure(|| name_of(self.kind, key), bucket, beat);
            }
        }
    }

    /// Gives each its share.
    pub(super) fn share(&self, others: &Others) {
        for mut part in self.parts.parts() {
            for (key, bucket) in &mut part.buckets {
                others.share(|| name_of(self.kind, key), bucket);
            }
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.parts.parts().map(|part| part.buckets.len()).sum()
    }
}

impl<K: Eq + Hash> Part<K> {
    /// Whether another bucket fits, once those that were left alone are gone; they are looked for now and then only.
    fn has_room(&mut self, now: u64) -> bool {
        if self.buckets.len() < PART_MAX {
            return true;
        }
        if now.saturating_sub(self.swept_nanoseconds) >= SWEEP_PAUSE_NANOSECONDS {
            self.swept_nanoseconds = now;
            self.buckets.retain(|_, kept| !kept.is_full(now));
        }
        self.buckets.len() < PART_MAX
    }
}
