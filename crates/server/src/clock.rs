//! The system's clocks: the one that tells the time, which `claviger dev` lets callers move, and the one for limits.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use claviger_resources::{Clock, Monotonic, Timestamp};

/// The system's time plus an offset that is zero until someone moves it.
#[derive(Debug, Default)]
pub struct MovableClock {
    offset_milliseconds: AtomicI64,
}

impl MovableClock {
    /// How far the clock has been moved.
    pub fn offset_milliseconds(&self) -> i64 {
        self.offset_milliseconds.load(Ordering::Relaxed)
    }

    /// Sets how far ahead of the system's time this clock is.
    pub fn set_offset_milliseconds(&self, offset: i64) {
        self.offset_milliseconds.store(offset, Ordering::Relaxed);
    }
}

impl Clock for MovableClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the system's time enters")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let milliseconds = i64::try_from(since).unwrap_or(i64::MAX);
        Timestamp::from_milliseconds(milliseconds.saturating_add(self.offset_milliseconds()))
    }
}

/// The system's monotonic clock.
#[derive(Debug)]
pub struct SystemMonotonic {
    start: Instant,
}

impl Default for SystemMonotonic {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Monotonic for SystemMonotonic {
    fn nanoseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_by_its_offset() {
        let clock = MovableClock::default();
        let before = clock.now();
        clock.set_offset_milliseconds(3_600_000);
        assert!(clock.now().milliseconds() - before.milliseconds() >= 3_600_000);
        clock.set_offset_milliseconds(i64::MAX);
        assert_eq!(clock.now().milliseconds(), i64::MAX);
    }
}
