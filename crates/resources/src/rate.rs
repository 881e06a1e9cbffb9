//! Rates: the token bucket behind every limit on requests per second. Here are only values; whoever limits keeps them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub rate: f64,
    /// Requests at once: the size of the bucket.
    pub burst: u32,
}

/// A token bucket at a moment of a monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenBucket {
    tokens: f64,
    nanoseconds: u64,
}

/// Refilling adds up fractions, whose sum may miss a whole token by a rounding.
const ROUNDING: f64 = 1e-9;

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} times a second, {} at once", self.rate, self.burst)
    }
}

impl RateLimit {
    /// So many requests in any second, all of them at once if need be.
    pub fn per_second(requests: u32) -> Self {
        Self { rate: f64::from(requests), burst: requests }
    }

    /// The limit that satisfies both: of rate and of burst the lower.
    #[must_use]
    pub fn lowest(self, other: Self) -> Self {
        Self { rate: self.rate.min(other.rate), burst: self.burst.min(other.burst) }
    }
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(limit: RateLimit, now_nanoseconds: u64) -> Self {
        Self { tokens: f64::from(limit.burst), nanoseconds: now_nanoseconds }
    }

    /// The bucket after a request at this moment, when it has a token for it; the bucket as it then is when it has none.
    /// A clock that stands still or runs backwards refills nothing; a limit that was lowered holds at once.
    pub fn take(self, limit: RateLimit, now_nanoseconds: u64) -> Result<Self, Self> {
        let refilled = self.refilled(limit, now_nanoseconds);
        if refilled.tokens >= 1.0 - ROUNDING {
            Ok(Self { tokens: (refilled.tokens - 1.0).max(0.0), ..refilled })
        } else {
            Err(refilled)
        }
    }

    /// Whether the bucket is full at this moment, and so no different from a new one.
    pub fn is_full(self, limit: RateLimit, now_nanoseconds: u64) -> bool {
        self.refilled(limit, now_nanoseconds).tokens >= f64::from(limit.burst) - ROUNDING
    }

    /// Whole seconds, at least one, until the bucket has a token again when nothing is taken from it.
    pub fn wait_seconds(self, limit: RateLimit) -> u64 {
        let seconds = (1.0 - self.tokens) / limit.rate.max(f64::MIN_POSITIVE);
        whole_seconds(seconds)
    }

    fn refilled(self, limit: RateLimit, now_nanoseconds: u64) -> Self {
        let elapsed = now_nanoseconds.saturating_sub(self.nanoseconds);
        let tokens = self.tokens + seconds(elapsed) * limit.rate.max(0.0);
        Self { tokens: tokens.min(f64::from(limit.burst)), nanoseconds: now_nanoseconds.max(self.nanoseconds) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rounding of nanoseconds does not matter to a rate")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The longest wait that is told.
const WAIT_SECONDS_MAX: f64 = 86_400.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is between 1 and 86,400")]
fn whole_seconds(seconds: f64) -> u64 {
    (seconds - ROUNDING).ceil().clamp(1.0, WAIT_SECONDS_MAX) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let limit = RateLimit { rate: 2.0, burst: 3 };
        let mut bucket = TokenBucket::full(limit, 0);
        let mut check = |now: u64, expected: bool| {
            let taken = bucket.take(limit, now);
            assert_eq!(taken.is_ok(), expected, "{now}");
            bucket = taken.unwrap_or_else(|bucket| bucket);
        };
        check(0, true);
        check(0, true);
        check(0, true);
        check(0, false);
        check(SECOND / 4, false);
        check(SECOND / 2, true);
        check(SECOND / 2, false);
        check(0, false);
        check(SECOND, true);
        check(100 * SECOND, true);
        check(100 * SECOND, true);
        check(100 * SECOND, true);
        check(100 * SECOND, false);
    }

    #[test]
    fn limits_of_zero_let_nothing_through_and_lowered_ones_hold_at_once() {
        let none = RateLimit { rate: 10.0, burst: 0 };
        assert!(TokenBucket::full(none, 0).take(none, 1000 * SECOND).is_err());
        let wide = TokenBucket::full(RateLimit { rate: 1.0, burst: 1_000 }, 0);
        let narrow = RateLimit { rate: 0.0, burst: 1 };
        let left = wide.take(narrow, 0).unwrap();
        assert!(left.take(narrow, 1_000 * SECOND).is_err());
    }

    #[test]
    fn the_lowest_limit_wins() {
        let of = |rate: f64, burst: u32| RateLimit { rate, burst };
        assert_eq!(of(5.0, 10).lowest(of(10.0, 2)), of(5.0, 2));
    }

    #[test]
    fn an_empty_bucket_tells_how_long_to_wait() {
        let check = |rate: f64, expected: u64| {
            let limit = RateLimit { rate, burst: 1 };
            let empty = TokenBucket::full(limit, 0).take(limit, 0).unwrap();
            assert_eq!(empty.wait_seconds(limit), expected, "{rate}");
        };
        check(150.0, 1);
        check(1.0, 1);
        check(0.5, 2);
        check(0.3, 4);
        check(0.01, 100);
        check(0.0, 86_400);
    }

    #[test]
    fn a_bucket_that_was_left_alone_is_full_again() {
        let limit = RateLimit { rate: 2.0, burst: 3 };
        let used = TokenBucket::full(limit, 0).take(limit, 0).unwrap();
        let check = |now: u64, expected: bool| assert_eq!(used.is_full(limit, now), expected, "{now}");
        check(0, false);
        check(SECOND / 4, false);
        check(SECOND / 2, true);
        check(SECOND, true);
    }

    proptest! {
        #[test]
        fn never_gives_more_than_burst_and_rate_allow(
            rate in 0.0_f64..50.0, burst in 0_u32..20, steps in proptest::collection::vec(0_u64..SECOND, 0..200),
        ) {
            let limit = RateLimit { rate, burst };
            let (mut bucket, mut now, mut given) = (TokenBucket::full(limit, 0), 0, 0_u32);
            for step in steps {
                now += step;
                bucket = match bucket.take(limit, now) {
                    Ok(left) => { given += 1; left }
                    Err(left) => left,
                };
            }
            prop_assert!(f64::from(given) <= f64::from(burst) + rate * seconds(now) + 1e-6);
        }
    }
}
