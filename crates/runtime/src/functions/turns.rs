//! Turns: how many events are worked on at a time, how many wait, and for how long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::FunctionError;

/// Events that are worked on at a time.
const EVENTS_MAX: usize = 100;
/// Events that wait for their turn.
const WAITING_MAX: usize = 1_000;
/// How long an event waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Who may work now.
pub(super) struct Turns {
    places: Semaphore,
    waiting: AtomicUsize,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { places: Semaphore::new(EVENTS_MAX), waiting: AtomicUsize::new(0) }
    }

    /// Waits for a turn, which lasts until the permit is dropped.
    pub(super) async fn take(&self, wait_max: Duration) -> Result<SemaphorePermit<'_>, FunctionError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::join(&self.waiting)?;
        match tokio::time::timeout(wait_max.min(WAIT_MAX), self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(FunctionError::Throttled),
        }
    }
}

/// A place among those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Result<Self, FunctionError> {
        let joined = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) < WAITING_MAX { Ok(joined) } else { Err(FunctionError::Throttled) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_comes_in_time_or_not_at_all() {
        let turns = Turns::new();
        let mut taken = Vec::new();
        for _ in 0..EVENTS_MAX {
            taken.push(turns.take(Duration::ZERO).await.unwrap());
        }
        let start = tokio::time::Instant::now();
        assert_eq!(turns.take(Duration::from_secs(1)).await.err(), Some(FunctionError::Throttled));
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        assert_eq!(turns.take(Duration::from_mins(1)).await.err(), Some(FunctionError::Throttled));
        assert_eq!(start.elapsed(), Duration::from_secs(1) + WAIT_MAX);
        let (next, ()) = tokio::join!(turns.take(Duration::from_secs(1)), async { drop(taken.pop()) });
        assert!(next.is_ok());
        turns.waiting.store(WAITING_MAX, Ordering::Relaxed);
        assert_eq!(turns.take(Duration::from_secs(1)).await.err(), Some(FunctionError::Throttled));
        assert_eq!(turns.waiting.load(Ordering::Relaxed), WAITING_MAX);
    }
}
