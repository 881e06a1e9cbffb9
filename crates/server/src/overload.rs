//! Overload: when more is asked than can be answered, some requests are turned away at once, so that the others are answered in
//! time. Whoever waits in too long a queue has gone when it is his turn, and the work for him is lost.
//!
//! How long requests wait for a thread is what a task waits that only wants to be woken: it stands in the same queue. While the
//! shortest wait of every quarter of a second is too long (as in `CoDel`, RFC 8289: a queue that never drains, not a burst), a
//! larger part of the requests is turned away; while none is long, a smaller.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The wait from which on there is overload, and below which there is none.
const LONG: Duration = Duration::from_millis(100);
const SHORT: Duration = Duration::from_millis(50);
/// How often the wait is measured, and how often something follows from it.
const PAUSE: Duration = Duration::from_millis(50);
const INTERVAL: Duration = Duration::from_millis(250);
/// Parts of a whole.
const WHOLE: u32 = 1_024;
/// By how many parts more is turned away after an interval, and by how many less: an eighth of what is, but at least so many.
const MORE: u32 = 96;
const LESS_MIN: u32 = 24;
/// The most that is turned away: something has to be tried.
const TURNED_AWAY_MAX: u32 = WHOLE - 64;

/// Turns requests away while there are too many.
#[derive(Default)]
pub(crate) struct Overload {
    /// Of 1,024 requests, so many are turned away.
    turned_away: AtomicU32,
    asked: AtomicU64,
}

impl Overload {
    /// Measures for as long as the server runs.
    pub(crate) async fn watch(&self) {
        loop {
            let (began, mut shortest, mut longest) = (Instant::now(), Duration::MAX, Duration::ZERO);
            while began.elapsed() < INTERVAL {
                let before = Instant::now();
                tokio::time::sleep(PAUSE).await;
                let wait = before.elapsed().saturating_sub(PAUSE);
                (shortest, longest) = (shortest.min(wait), longest.max(wait));
            }
            self.adjust(shortest, longest);
        }
    }

    /// Draws conclusions from the shortest and the longest wait of an interval.
    fn adjust(&self, shortest: Duration, longest: Duration) {
        let before = self.turned_away.load(Ordering::Relaxed);
        let after = if shortest > LONG {
            (before + MORE).min(TURNED_AWAY_MAX)
        } else if longest < SHORT {
            before.saturating_sub(LESS_MIN.max(before / 8))
        } else {
            before
        };
        self.turned_away.store(after, Ordering::Relaxed);
        if before == 0 && after > 0 {
            tracing::warn!("more is asked than can be answered; some requests are turned away");
        } else if before > 0 && after == 0 {
            tracing::warn!("all requests are answered again");
        }
    }

    /// Whether the next request is to be turned away: evenly so many of every thousand.
    pub(crate) fn turns_away(&self) -> bool {
        let part = u64::from(self.turned_away.load(Ordering::Relaxed));
        if part == 0 {
            return false;
        }
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let whole = u64::from(WHOLE);
        (number.wrapping_add(1).wrapping_mul(part) / whole) != (number.wrapping_mul(part) / whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(overload: &Overload, of: usize) -> usize {
        (0..of).filter(|_| overload.turns_away()).count()
    }

    #[test]
    fn more_is_turned_away_while_the_queue_never_drains_and_less_when_it_is_short() {
        let overload = Overload::default();
        let (long, short) = (Duration::from_millis(200), Duration::from_millis(5));
        assert_eq!(refused(&overload, 1_000), 0);
        // A burst is no overload.
        overload.adjust(short, long);
        assert_eq!(refused(&overload, 1_000), 0);
        overload.adjust(long, long);
        assert_eq!(refused(&overload, 1_024), 96);
        // In between, it stays as it is.
        overload.adjust(Duration::from_millis(70), long);
        assert_eq!(refused(&overload, 1_024), 96);
        (0..100).for_each(|_| overload.adjust(long, long));
        assert_eq!(refused(&overload, 1_024), 960, "some are always tried");
        (0..100).for_each(|_| overload.adjust(short, short));
        assert_eq!(refused(&overload, 1_000), 0);
    }

    #[test]
    fn those_that_are_turned_away_are_spread_evenly() {
        let overload = Overload::default();
        (0..4).for_each(|_| overload.adjust(LONG * 2, LONG * 2));
        for _ in 0..100 {
            assert!((3..=4).contains(&refused(&overload, 10)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_with_nothing_to_do_turns_nobody_away() {
        let overload = Overload::default();
        assert!(tokio::time::timeout(Duration::from_mins(1), overload.watch()).await.is_err());
        assert_eq!(refused(&overload, 1_000), 0);
    }
}
