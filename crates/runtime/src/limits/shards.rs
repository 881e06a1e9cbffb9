//! What many requests change at once, in parts with a lock each.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many parts there are.
pub(crate) const PARTS: usize = 64;

/// Parts, each holding what belongs to some of the keys.
pub(crate) struct Shards<P> {
    hasher: RandomState,
    parts: [Mutex<P>; PARTS],
}

impl<P: Default> Shards<P> {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), parts: std::array::from_fn(|_| Mutex::new(P::default())) }
    }

    /// The part of this key, locked.
    pub(crate) fn part<Q: Hash + ?Sized>(&self, key: &Q) -> MutexGuard<'_, P> {
        let index = usize::try_from(self.hasher.hash_one(key) % PARTS as u64).unwrap_or_default();
        let [first, ..] = &self.parts;
        lock(self.parts.get(index).unwrap_or(first))
    }

    /// Every part in turn, locked.
    pub(crate) fn parts(&self) -> impl Iterator<Item = MutexGuard<'_, P>> {
        self.parts.iter().map(lock)
    }
}

/// Counts are never left half changed, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
