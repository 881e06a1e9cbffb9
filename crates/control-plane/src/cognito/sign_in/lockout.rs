//! What wrong passwords cost: from the fifth on nobody's is looked at for a while, each time twice as long (Amazon Cognito,
//! "Authentication flows: Lockout behavior for failed sign-in attempts").

use claviger_resources::Timestamp;
use claviger_resources::user::User;

/// Wrong passwords that cost nothing.
const FREE_ATTEMPTS: u32 = 4;
/// The longest lock, in seconds, and how long after one the count begins anew.
const LOCK_SECONDS_MAX: i64 = 900;

/// Whether no password of the user's is looked at now.
pub(super) fn is_locked(user: &User, now: Timestamp) -> bool {
    user.locked_until.is_some_and(|until| now < until)
}

/// Counts a wrong password.
pub(super) fn count(user: &mut User, now: Timestamp) {
    let forgotten = |until: Timestamp| after(until, LOCK_SECONDS_MAX) <= now;
    if user.locked_until.is_some_and(forgotten) {
        clear(user);
    }
    user.failed_attempts = user.failed_attempts.saturating_add(1);
    if let Some(doublings) = user.failed_attempts.checked_sub(FREE_ATTEMPTS + 1) {
        let seconds = 1_i64.checked_shl(doublings).filter(|seconds| (1..LOCK_SECONDS_MAX).contains(seconds));
        user.locked_until = Some(after(now, seconds.unwrap_or(LOCK_SECONDS_MAX)));
    }
}

/// Forgets wrong passwords; tells whether there were any.
pub(super) fn clear(user: &mut User) -> bool {
    let had = user.failed_attempts != 0 || user.locked_until.is_some();
    user.failed_attempts = 0;
    user.locked_until = None;
    had
}

fn after(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(time.milliseconds().saturating_add(seconds.saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user() -> User {
        serde_json::from_value(json!({
            "pool": "us-east-1_pool", "tenant": {"account": "000000000000", "region": "us-east-1"}, "key": "ada",
            "username": "ada", "sub": "sub", "status": "CONFIRMED", "enabled": true, "created": 0, "modified": 0,
        }))
        .unwrap()
    }

    #[test]
    fn the_fifth_wrong_password_locks_for_a_second_and_each_further_one_twice_as_long() {
        let mut user = user();
        let now = Timestamp::from_seconds(1000);
        let mut locks = Vec::new();
        for _ in 0..20 {
            count(&mut user, now);
            locks.push(user.locked_until.map_or(0, |until| until.seconds() - now.seconds()));
        }
        assert_eq!(locks, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900, 900]);
        assert!(is_locked(&user, now) && !is_locked(&user, Timestamp::from_seconds(1900)));
    }

    #[test]
    fn a_quarter_of_an_hour_after_a_lock_the_count_begins_anew() {
        let mut user = user();
        for _ in 0..5 {
            count(&mut user, Timestamp::from_seconds(1000));
        }
        count(&mut user, Timestamp::from_seconds(1901));
        assert_eq!((user.failed_attempts, user.locked_until), (1, None));
        assert!(clear(&mut user) && !clear(&mut user));
    }
}
