//! The integration's time: the backend's alone, in which waiting for what the client still sends does not count.

use std::time::Duration;

use tokio::time::Instant;

use super::upload::Upload;

/// The least time between two looks at whether the client is still being waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The integration's time.
    Whole,
    /// The time that one phase has.
    Phase(Duration),
}

/// A running clock.
pub(super) struct Clock<'a> {
    started: Instant,
    whole: Duration,
    body: &'a Upload,
}

impl<'a> Clock<'a> {
    pub(super) fn start(whole: Duration, body: &'a Upload) -> Self {
        Self { started: Instant::now(), whole, body }
    }

    /// What is left of the integration's time.
    pub(super) fn left(&self) -> Duration {
        (self.whole + self.body.waited()).saturating_sub(self.started.elapsed())
    }

    /// What a future comes to in the integration's time, and in that of a phase which begins now.
    pub(super) async fn within<F: Future>(&self, phase: Option<Duration>, future: F) -> Result<F::Output, Late> {
        let mut future = std::pin::pin!(future);
        let (begun, waited) = (Instant::now(), self.body.waited());
        loop {
            let whole = (self.left(), Late::Whole);
            let phase = phase.map(|phase| {
                let waited = self.body.waited().saturating_sub(waited);
                ((phase + waited).saturating_sub(begun.elapsed()), Late::Phase(phase))
            });
            let (left, late) = phase.filter(|phase| phase.0 < whole.0).unwrap_or(whole);
            if left.is_zero() {
                return Err(late);
            }
            // While the client is waited for, what is left stays the same.
            if let Ok(output) = tokio::time::timeout(left.max(LOOK_AGAIN), future.as_mut()).await {
                return Ok(output);
            }
        }
    }
}
