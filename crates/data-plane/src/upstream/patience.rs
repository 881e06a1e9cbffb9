//! Patience: how long the other side of a stream may keep us waiting, in all and at a time. Time in which nobody asks for
//! more does not count: whoever is slow is charged for it, and nobody else.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// What is left of the time to wait.
pub(super) struct Patience {
    left: Duration,
    at_a_time: Option<Duration>,
    since: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// What has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// All the time there was.
    Whole,
    /// The time of one pause.
    Pause,
}

impl Patience {
    pub(super) fn new(whole: Duration, at_a_time: Option<Duration>) -> Self {
        Self { left: whole, at_a_time, since: None, sleep: None }
    }

    /// Called where the other side has to be waited for: ready when that has taken too long.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Exhausted> {
        let pause = self.at_a_time.filter(|pause| *pause < self.left);
        let (most, exhausted) = pause.map_or((self.left, Exhausted::Whole), |pause| (pause, Exhausted::Pause));
        let starts = self.since.is_none();
        let deadline = *self.since.get_or_insert_with(Instant::now) + most;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if starts {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx).map(|()| exhausted)
    }

    /// Called when the other side has come.
    pub(super) fn stop_waiting(&mut self) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }

    /// How long the other side was waited for so far, of `whole`.
    pub(super) fn spent(&self, whole: Duration) -> Duration {
        let waiting = self.since.map(|since| since.elapsed()).unwrap_or_default();
        whole.saturating_sub(self.left) + waiting
    }
}
