//! When writers take turns.
//!
//! Writers work side by side, and the database refuses one of two that got in each other's way. Where many want the same
//! row that is most of them, again and again. So after a collision this node's writers queue up for a while, with those of
//! all other nodes that do so: each then begins when the one before is done, and sees what it left.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long after a collision writers take turns.
const CROWDED: Duration = Duration::from_millis(500);

/// Whether writers take turns.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Option<Instant>>);

impl Turns {
    /// Writers have collided.
    pub(crate) fn collided(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now + CROWDED);
    }

    /// Whether the next writer waits for its turn.
    pub(crate) fn are_taken(&self, now: Instant) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_taken_for_a_while_after_a_collision() {
        let (turns, now) = (Turns::default(), Instant::now());
        assert!(!turns.are_taken(now));
        turns.collided(now);
        assert!(turns.are_taken(now));
        assert!(!turns.are_taken(now + CROWDED));
    }
}
