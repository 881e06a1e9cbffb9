//! Signatures that do not hold: how many are heard out from one place.
//!
//! A secret cannot be guessed, so the limit is not there to keep guesses down but to keep floods cheap and quiet: over it, the
//! answer is only that it is too much, bodies of keys that open nothing are not read, and the audit log hears of the flood
//! once, not of each call. A right signature is never refused for somebody else's wrong ones, whatever key and address
//! those came with: whoever floods locks nobody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use claviger_resources::rate::{RateLimit, TokenBucket};

/// Wrong signatures of one key from one place: ten at once, and then one in six seconds.
const OF_KEY: RateLimit = RateLimit { rate: 1.0 / 6.0, burst: 10 };
/// Wrong signatures from one place, whatever keys they name.
const OF_PLACE: RateLimit = RateLimit { rate: 1.0, burst: 50 };
/// Places, and keys with their places, that are remembered at a time.
const REMEMBERED_MAX: usize = 10_000;
/// Bytes of a key's id that are remembered: ours have 20.
const ID_BYTES_MAX: usize = 32;

/// Who failed lately.
#[derive(Default)]
pub(super) struct Attempts(Mutex<HashMap<Failing, (TokenBucket, RateLimit)>>);

/// What failures are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Failing {
    Place(IpAddr),
    Key(Box<str>, IpAddr),
}

/// How a failure is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// With its reason.
    Within,
    /// That it is too much, from now on.
    Exceeded,
    /// That it is too much, still.
    StillExceeded,
}

impl Attempts {
    /// Counts a failure.
    pub(super) fn count(&self, access_key_id: Option<&str>, ip: IpAddr, now_nanoseconds: u64) -> Heard {
        let place = place(ip);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + 2 > REMEMBERED_MAX {
            make_room(&mut known, now_nanoseconds);
        }
        let key = access_key_id.map(|id| (Failing::Key(start(id).into(), place), OF_KEY));
        let mut heard = Heard::Within;
        for (failing, limit) in key.into_iter().chain([(Failing::Place(place), OF_PLACE)]) {
            let bucket = known.get(&failing).map_or_else(|| TokenBucket::full(limit, now_nanoseconds), |known| known.0);
            let was_empty = bucket.take(limit, now_nanoseconds).is_err();
            let bucket = bucket.take(limit, now_nanoseconds).unwrap_or_else(|empty| empty);
            // The last token is the last reason that is told.
            let is_empty = bucket.take(limit, now_nanoseconds).is_err();
            heard = match (was_empty, is_empty) {
                (true, _) => Heard::StillExceeded,
                (false, true) if heard == Heard::Within => Heard::Exceeded,
                _ => heard,
            };
            known.insert(failing, (bucket, limit));
        }
        heard
    }
}

/// Forgets those that were left alone, and when none was, all: better a flood that is heard out once more than memory
/// without end.
fn make_room(known: &mut HashMap<Failing, (TokenBucket, RateLimit)>, now_nanoseconds: u64) {
    known.retain(|_, (bucket, limit)| !bucket.is_full(*limit, now_nanoseconds));
    if known.len() + 2 > REMEMBERED_MAX {
        known.clear();
    }
}

/// The place that an address is in: whoever has one address of IPv6 has all 2^64 beside it.
fn place(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [first, second, third, fourth, ..] = ip.segments();
            IpAddr::from([first, second, third, fourth, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn start(id: &str) -> &str {
    id.get(..id.floor_char_boundary(ID_BYTES_MAX)).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_tenth_failure_of_a_key_is_the_last_that_is_explained_and_later_one_more_is() {
        let attempts = Attempts::default();
        let count = |now: u64| attempts.count(Some("AKIA"), ip("10.0.0.1"), now);
        let heard: Vec<Heard> = (0..12).map(|_| count(0)).collect();
        assert_eq!(heard[..9], [Heard::Within; 9]);
        assert_eq!(heard[9..], [Heard::Exceeded, Heard::StillExceeded, Heard::StillExceeded]);
        assert_eq!(count(5 * SECOND), Heard::StillExceeded);
        assert_eq!(count(6 * SECOND), Heard::Exceeded);
        assert_eq!(count(66 * SECOND), Heard::Within);
    }

    #[test]
    fn failures_count_against_their_key_and_place_and_no_others() {
        let attempts = Attempts::default();
        let count = |id: Option<&str>, from: &str| attempts.count(id, ip(from), 0);
        for _ in 0..20 {
            count(Some("AKIA"), "10.0.0.1");
        }
        assert_eq!(count(Some("AKIA"), "10.0.0.1"), Heard::StillExceeded);
        assert_eq!(count(Some("AKIB"), "10.0.0.1"), Heard::Within);
        assert_eq!(count(Some("AKIA"), "10.0.0.2"), Heard::Within);
        assert_eq!(count(None, "10.0.0.1"), Heard::Within);
        for _ in 0..60 {
            count(None, "2001:db8::1");
        }
        assert_eq!(count(Some("AKIC"), "2001:db8::ffff:1"), Heard::StillExceeded);
        assert_eq!(count(Some("AKIC"), "2001:db8:0:1::1"), Heard::Within);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let attempts = Attempts::default();
        for number in 0..30_000_u32 {
            attempts.count(Some(&format!("{number:->64}")), IpAddr::from(number.to_be_bytes()), 0);
        }
        assert!(attempts.0.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
