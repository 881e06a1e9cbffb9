//! What was lost, until a record tells of it.

use std::sync::{Mutex, PoisonError};

use claviger_resources::Timestamp;

/// Counts records that were lost.
#[derive(Default)]
pub(super) struct Lost(Mutex<Option<Loss>>);

/// Records that were lost in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) count: u64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Lost {
    /// Counts records of this time that were lost.
    pub(super) fn add(&self, count: u64, at: Timestamp) {
        self.put_back(Loss { count, from: at, to: at });
    }

    /// Takes what was counted: whoever takes it tells of it, or puts it back.
    pub(super) fn take(&self) -> Option<Loss> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Adds what was counted elsewhere.
    pub(super) fn put_back(&self, loss: Loss) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(loss, |known| Loss {
            count: known.count.saturating_add(loss.count),
            from: known.from.min(loss.from),
            to: known.to.max(loss.to),
        }));
    }
}
