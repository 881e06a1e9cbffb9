//! Events that nobody waits for (`InvocationType` `Event`): kept in memory, tried up to three times, and lost when the
//! server stops.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

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
/// How long a function may take: longer than any may.
const DURATION_MAX: Duration = Duration::from_hours(1);

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
    for attempt in 0..=PAUSES.len() {
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
        drop(runner);
        let Some(pause) = PAUSES.get(attempt) else {
            return tracing::warn!(function = arn, reason, "an event is given up after three attempts");
        };
        tracing::debug!(function = arn, reason, "an event is tried again later");
        if tokio::time::timeout(*pause, told_to_stop(&mut stopping)).await.is_ok() {
            return;
        }
    }
}
