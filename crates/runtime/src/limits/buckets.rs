//! Token buckets by what they bound.
//!
//! Their number is bounded. One that was left alone is no different from a new one and makes room for others; when all of
//! them are in use, what is new is not counted: better that than to turn away whoever comes last.

use std::collections::HashMap;
use std::hash::Hash;

use claviger_resources::rate::{RateLimit, TokenBucket};

use super::shards::{PARTS, Shards};

/// Buckets at most.
pub(super) const BUCKETS_MAX: usize = 256 * 1024;
/// Buckets of one part.
const PART_MAX: usize = BUCKETS_MAX / PARTS;
/// How long to wait before looking again for buckets that were left alone: in one second all of AWS's own rates refill.
const SWEEP_PAUSE_NANOSECONDS: u64 = 1_000_000_000;

/// A bucket for each key that was seen lately.
pub(super) struct Buckets<K>(Shards<Part<K>>);

struct Part<K> {
    buckets: HashMap<K, Bucket>,
    swept_nanoseconds: u64,
}

#[derive(Clone, Copy)]
struct Bucket {
    bucket: TokenBucket,
    limit: RateLimit,
}

impl<K> Default for Part<K> {
    fn default() -> Self {
        Self { buckets: HashMap::new(), swept_nanoseconds: 0 }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// No buckets: all that come are full.
    pub(super) fn new() -> Self {
        Self(Shards::new())
    }

    /// Takes a token from the bucket of `key`; fails with the empty bucket.
    pub(super) fn take(&self, key: K, limit: RateLimit, now_nanoseconds: u64) -> Result<(), TokenBucket> {
        let mut part = self.0.part(&key);
        let known = part.buckets.get(&key).copied();
        if known.is_none() && !part.has_room(now_nanoseconds) {
            return Ok(());
        }
        let bucket = known.map_or_else(|| TokenBucket::full(limit, now_nanoseconds), |known| known.bucket);
        let taken = bucket.take(limit, now_nanoseconds);
        let bucket = taken.unwrap_or_else(|bucket| bucket);
        part.buckets.insert(key, Bucket { bucket, limit });
        taken.map(drop)
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.parts().map(|part| part.buckets.len()).sum()
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
            self.buckets.retain(|_, kept| !kept.bucket.is_full(kept.limit, now));
        }
        self.buckets.len() < PART_MAX
    }
}
