//! Circuit breaking: a backend that fails again and again is left alone for a while, then tried with one request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is known of the health of one backend.
#[derive(Debug)]
pub(super) struct Breaker {
    failures_max: u32,
    open: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// Until when nothing is sent, on the monotonic clock.
    closed_again: Option<u64>,
    /// Whether a request is on its way that will tell how things are.
    trying: bool,
}

/// Leave to send one request, to be told what came of it. Dropped without a word, it has told nothing.
pub(super) struct Attempt<'a> {
    breaker: &'a Breaker,
    tries: bool,
}

impl Breaker {
    /// A breaker that opens after so many failures, 0 for never, for so long.
    pub(super) fn new(failures_max: u32, open: Duration) -> Self {
        Self { failures_max, open, state: Mutex::default() }
    }

    /// Lets a request through, unless the backend is left alone.
    pub(super) fn attempt(&self, now_nanoseconds: u64) -> Option<Attempt<'_>> {
        if self.failures_max == 0 {
            return Some(Attempt { breaker: self, tries: false });
        }
        let mut state = self.state();
        let tries = match state.closed_again {
            None => false,
            Some(until) if now_nanoseconds < until || state.trying => return None,
            Some(_) => true,
        };
        state.trying |= tries;
        Some(Attempt { breaker: self, tries })
    }

    /// Whether it holds nothing worth keeping.
    pub(super) fn is_at_rest(&self) -> bool {
        self.state().closed_again.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The backend answered.
    pub(super) fn succeeded(self) {
        if self.breaker.failures_max > 0 {
            *self.breaker.state() = State::default();
        }
    }

    /// It did not.
    pub(super) fn failed(self, now_nanoseconds: u64) {
        if self.breaker.failures_max == 0 {
            return;
        }
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.breaker.failures_max {
            let open = u64::try_from(self.breaker.open.as_nanos()).unwrap_or(u64::MAX);
            state.closed_again = Some(now_nanoseconds.saturating_add(open));
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.tries {
            self.breaker.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_and_closes_when_one_request_succeeds() {
        let breaker = Breaker::new(2, Duration::from_nanos(10));
        breaker.attempt(0).unwrap().failed(0);
        breaker.attempt(1).unwrap().succeeded();
        breaker.attempt(2).unwrap().failed(2);
        assert!(breaker.is_at_rest());
        breaker.attempt(3).unwrap().failed(3);
        assert!(breaker.attempt(4).is_none() && breaker.attempt(12).is_none() && !breaker.is_at_rest());
        // One tries; the others still wait.
        let trying = breaker.attempt(13).unwrap();
        assert!(breaker.attempt(14).is_none());
        trying.failed(14);
        assert!(breaker.attempt(23).is_none());
        // One that is never told of leaves the next to try.
        drop(breaker.attempt(24).unwrap());
        breaker.attempt(24).unwrap().succeeded();
        assert!(breaker.attempt(24).is_some() && breaker.is_at_rest());
    }

    #[test]
    fn never_opens_unless_it_is_set() {
        let breaker = Breaker::new(0, Duration::from_nanos(10));
        for now in 0..100 {
            breaker.attempt(now).unwrap().failed(now);
        }
        assert!(breaker.attempt(100).is_some());
    }
}
