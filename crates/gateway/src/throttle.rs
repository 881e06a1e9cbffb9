//! Throttling arithmetic: the token bucket of a rate limit, and which limit a stage sets for a method (API Gateway,
//! "Throttle requests to your REST APIs"). The counters live with the data plane; here are only values.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{MethodSetting, MethodVerb};

/// A rate limit.
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl RateLimit {
    /// The limit that satisfies both: of rate and of burst the lower.
    #[must_use]
    pub fn lowest(self, other: Self) -> Self {
        Self { rate: self.rate.min(other.rate), burst: self.burst.min(other.burst) }
    }

    /// The limit a stage sets for a method: that of the most specific of its settings that names the method. `None` when
    /// none does, or when the one that does leaves it to the account (a negative limit).
    pub fn of_stage(settings: &BTreeMap<String, MethodSetting>, resource_path: &str, verb: MethodVerb) -> Option<Self> {
        let setting = setting_for(settings, resource_path, verb)?;
        let burst = u32::try_from(setting.throttling_burst_limit).ok()?;
        (setting.throttling_rate_limit >= 0.0).then_some(Self { rate: setting.throttling_rate_limit, burst })
    }
}

/// The settings of a stage for a method: those of the path and verb, else of the path, else of all. A key is the path with
/// `~1` for its inner slashes, with or without the one it starts with, a slash, and the verb.
pub fn setting_for<'s>(
    settings: &'s BTreeMap<String, MethodSetting>,
    resource_path: &str,
    verb: MethodVerb,
) -> Option<&'s MethodSetting> {
    let wanted = resource_path.trim_start_matches('/');
    let mut best: Option<(u8, &MethodSetting)> = None;
    for (key, setting) in settings {
        let Some((path, of_verb)) = key.rsplit_once('/') else { continue };
        let of_path = match path {
            "*" => 0,
            _ if path.replace("~1", "/").trim_start_matches('/') == wanted => 2,
            _ => continue,
        };
        let specific = match of_verb {
            "*" => of_path,
            _ if of_verb == verb.as_str() => of_path + 1,
            _ => continue,
        };
        if best.is_none_or(|(before, _)| specific > before) {
            best = Some((specific, setting));
        }
    }
    best.map(|(_, setting)| setting)
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(limit: RateLimit, now_nanoseconds: u64) -> Self {
        Self { tokens: f64::from(limit.burst), nanoseconds: now_nanoseconds }
    }

    /// The bucket after a request at this moment, when it has a token for it; the bucket as it then is when it has none.
    /// A clock that stands still or runs backwards refills nothing; a limit that was lowered holds at once.
    pub fn take(self, limit: RateLimit, now_nanoseconds: u64) -> Result<Self, Self> {
        let elapsed = now_nanoseconds.saturating_sub(self.nanoseconds);
        let refilled = self.tokens + seconds(elapsed) * limit.rate.max(0.0);
        let tokens = refilled.min(f64::from(limit.burst));
        let nanoseconds = now_nanoseconds.max(self.nanoseconds);
        // Refilling adds up fractions, whose sum may miss a whole token by a rounding.
        if tokens >= 1.0 - 1e-9 {
            Ok(Self { tokens: (tokens - 1.0).max(0.0), nanoseconds })
        } else {
            Err(Self { tokens, nanoseconds })
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rounding of nanoseconds does not matter to a rate")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
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
    fn the_most_specific_setting_decides() {
        let limited = |burst: i32| MethodSetting { throttling_burst_limit: burst, ..MethodSetting::default() };
        let settings = BTreeMap::from(
            [
                ("*/*", 1),
                ("pets~1{id}/GET", 2),
                ("~1pets~1{id}/*", 3),
                ("~1/GET", 4),
                ("*/PUT", 5),
                ("/orders/GET", -1),
            ]
            .map(|(key, burst)| (key.to_owned(), limited(burst))),
        );
        let check = |path: &str, verb: MethodVerb, expected: Option<u32>| {
            let limit = RateLimit::of_stage(&settings, path, verb);
            assert_eq!(limit.map(|limit| limit.burst), expected, "{verb} {path}");
        };
        check("/pets/{id}", MethodVerb::Get, Some(2));
        check("/pets/{id}", MethodVerb::Put, Some(3));
        check("/", MethodVerb::Get, Some(4));
        check("/", MethodVerb::Post, Some(1));
        check("/other", MethodVerb::Put, Some(5));
        check("/orders", MethodVerb::Get, None);
        assert_eq!(RateLimit::of_stage(&BTreeMap::new(), "/", MethodVerb::Get), None);
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
