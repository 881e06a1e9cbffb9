//! Events that nobody waits for (`InvocationType` `Event`): kept in memory, tried as often and as long as is set for what is
//! called, and lost when the server stops.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::process::told_to_stop;
use super::runner::Runner;
use super::{FunctionError, Invocation, Invoker, Wishes};

/// KiB of all events that wait or are worked on.
const KIB_MAX: usize = 64 * 1024;
/// What an event takes of that at least.
const EVENT_KIB_MIN: usize = 16;
/// How long to wait before each further attempt (AWS Lambda, "How Lambda handles errors and retries with asynchronous
/// invocation").
const PAUSES: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];
/// How often an event is tried again, and for how many seconds, unless something else is set (same page).
const RETRIES_MAX: u32 = 2;
const AGE_SECONDS_MAX: u32 = 6 * 3_600;
/// How long a function may take: longer than any may.
const DURATION_MAX: Duration = Duration::from_hours(1);

/// What is set for events that fail.
#[derive(Clone, Copy)]
pub(super) struct EventRules {
    retries_max: u32,
    age_max: Duration,
}

impl EventRules {
    /// What is set, and what holds where nothing is.
    pub(super) fn new(retries_max: Option<u32>, age_seconds_max: Option<u32>) -> Self {
        let age_seconds_max = age_seconds_max.unwrap_or(AGE_SECONDS_MAX);
        let age_max = Duration::from_secs(age_seconds_max.into());
        Self { retries_max: retries_max.unwrap_or(RETRIES_MAX), age_max }
    }
}

/// Takes events for later.
pub(super) struct Events {
    room: Arc<Semaphore>,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(KIB_MAX)) }
    }

    /// Room for an event of this size, which is given back when it is done with.
    pub(super) fn room(&self, event: &Bytes) -> Result<OwnedSemaphorePermit, FunctionError> {
        let kib = u32::try_from(event.len().div_ceil(1024).max(EVENT_KIB_MIN)).unwrap_or(u32::MAX);
        Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| FunctionError::Throttled)
    }
}

/// Calls a function until it succeeds, or was tried often enough.
pub(super) async fn deliver(
    runner: Weak<Runner>,
    arn: String,
    event: Bytes,
    wishes: Wishes,
    _room: OwnedSemaphorePermit,
    mut stopping: watch::Receiver<bool>,
) {
    let came = Instant::now();
    let mut attempts = 0_u32;
    loop {
        let Some(runner) = runner.upgrade() else { return };
        let (event, invoker) = (event.clone(), Invoker::Caller);
        let invocation = Invocation { arn: &arn, event, duration_max: DURATION_MAX, invoker };
        let reason = match runner.call(invocation, wishes.clone()).await {
            Ok(outcome) => match outcome.result {
                Ok(_) => return,
                Err(failure) => failure.to_string(),
            },
            Err(error @ FunctionError::NotFound(_)) => {
                return tracing::warn!(function = arn, reason = %error, "an event is lost");
            }
            Err(error) => error.to_string(),
        };
        let rules = runner.event_rules(&arn);
        drop(runner);
        let Some(pause) = pause(attempts, came.elapsed(), rules) else {
            return tracing::warn!(function = arn, reason, "an event is given up");
        };
        attempts += 1;
        tracing::debug!(function = arn, reason, "an event is tried again later");
        if tokio::time::timeout(pause, told_to_stop(&mut stopping)).await.is_ok() {
            return;
        }
    }
}

/// How long to wait before an event that was retried so often is tried again; `None` when it is not.
fn pause(retries: u32, age: Duration, rules: EventRules) -> Option<Duration> {
    if retries >= rules.retries_max {
        return None;
    }
    let pause = PAUSES.get(retries as usize).or(PAUSES.last()).copied().unwrap_or_default();
    (age + pause <= rules.age_max).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_as_often_and_as_long_as_is_set() {
        let check = |retries_max: Option<u32>, age_max: Option<u32>, retries: u32, age: u64, expected: Option<u64>| {
            let rules = EventRules::new(retries_max, age_max);
            let found = pause(retries, Duration::from_secs(age), rules).map(|pause| pause.as_secs());
            assert_eq!(found, expected, "{retries_max:?} {age_max:?} {retries} {age}");
        };
        check(None, None, 0, 5, Some(60));
        check(None, None, 1, 65, Some(120));
        check(None, None, 2, 200, None);
        check(Some(0), None, 0, 0, None);
        check(Some(1), None, 0, 0, Some(60));
        check(Some(1), None, 1, 65, None);
        check(None, Some(60), 0, 0, Some(60));
        check(None, Some(60), 0, 1, None);
        check(None, None, 1, 6 * 3_600 - 120, Some(120));
        check(None, None, 1, 6 * 3_600 - 119, None);
    }
}
