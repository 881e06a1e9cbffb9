//! Clocks that stand still until a test moves them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use claviger_resources::{Clock, Monotonic, Timestamp};

/// A clock that tells the time it was set to.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.milliseconds()))
    }

    /// Sets the time.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.milliseconds(), Ordering::SeqCst);
    }

    /// Moves the time on, or back when `seconds` is negative.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    /// A clock that stands at 2030-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_seconds(1_893_456_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// A monotonic clock that begins at zero.
#[derive(Debug, Default)]
pub struct FakeMonotonic(AtomicU64);

impl FakeMonotonic {
    /// Moves the time on.
    pub fn advance_milliseconds(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Monotonic for FakeMonotonic {
    fn nanoseconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_until_it_is_moved() {
        let clock = FakeClock::default();
        let start = clock.now();
        assert_eq!(start.utc().to_string(), "2030-01-01 0:00:00.0 +00:00:00");
        assert_eq!(clock.now(), start);
        clock.advance_seconds(90);
        assert_eq!(clock.now().seconds(), start.seconds() + 90);
        clock.advance_seconds(-100);
        assert_eq!(clock.now().seconds(), start.seconds() - 10);
        clock.set(start);
        assert_eq!(clock.now(), start);
        let monotonic = FakeMonotonic::default();
        assert_eq!(monotonic.nanoseconds(), 0);
        monotonic.advance_milliseconds(1_500);
        assert_eq!(monotonic.nanoseconds(), 1_500_000_000);
    }
}
