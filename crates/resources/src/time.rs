//! Points in time, and the clock that tells them.

use serde::{Deserialize, Serialize};

/// A point in time in milliseconds since 1970-01-01T00:00:00Z, the resolution AWS shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `milliseconds` after the epoch.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// The point `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the resolution of `iat` and `exp`.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds with a millisecond fraction, as AWS's JSON protocols write times.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay far below 2^53")]
    pub fn fractional_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The calendar form of this point in UTC.
    pub fn utc(self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    }
}

/// Tells what time it is for the world outside (`iat`, `exp`, creation dates): the system's clock, or one that tests and
/// `claviger dev` can move. Limits go by [`Monotonic`] instead, and timeouts by the clock of the async runtime.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Tells how much time has passed, for limits: a clock that nobody can set and that never goes back.
pub trait Monotonic: Send + Sync {
    /// Nanoseconds since some moment that stays the same while the program runs.
    fn nanoseconds(&self) -> u64;
}
