//! Answers' bodies on their way to a client: held to their bound as they pass, at the pace of whoever is slower. One that
//! breaks off is broken off towards the client, so that half an answer is never taken for a whole one.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use claviger_gateway::refusal::Refusal;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::clock::Clock;
use super::patience::{Exhausted, Patience};
use super::settings::UpstreamSettings;
use super::{Allowance, phase_timeout};
use crate::body::{Body, StreamError};

/// The body of an answer that is still coming.
pub(crate) struct Download {
    incoming: Incoming,
    bytes_left: usize,
    patience: Patience,
    hold_bytes: usize,
    milliseconds: u32,
    pause_max: Duration,
    /// One of the backend's requests at once, until all is here.
    _place: OwnedSemaphorePermit,
}

/// Why the rest of a body does not come.
#[derive(Debug, thiserror::Error)]
enum DownloadError {
    /// It is larger than the gateway takes where it does not stream.
    #[error("the integration's response is larger than {GATEWAY_BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// The integration's time is over.
    #[error("the body did not arrive in the integration's time")]
    TimedOut,
    /// The backend paused for too long.
    #[error("the body paused for too long")]
    Paused,
    /// The connection broke off, or the body's framing is wrong.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
}

/// A body of which the first part is here.
pub(crate) enum Held {
    /// That was all.
    Whole(Bytes),
    /// More is to come. The length is that of all of it, when it is known.
    Part(Body, Option<u64>),
}

impl Download {
    /// The body of an answer, unless it says that it is larger than the integration takes.
    pub(super) fn new(
        incoming: Incoming,
        place: OwnedSemaphorePermit,
        clock: &Clock<'_>,
        allowance: Allowance,
        settings: &UpstreamSettings,
    ) -> Result<Self, Refusal> {
        let length = incoming.size_hint().lower();
        let is_streamed = allowance.stream_pause.is_some();
        if length > GATEWAY_BODY_BYTES_MAX as u64 && !is_streamed {
            return Err(Refusal::configuration(format!(
                "Integration response of reported length {length} is larger than allowed maximum of \
                 {GATEWAY_BODY_BYTES_MAX} bytes."
            )));
        }
        let pause_max = settings.body_pause_max.into_iter().chain(allowance.stream_pause).min();
        Ok(Self {
            incoming,
            // What is passed on as it comes is bounded by its time alone; nothing of it stays here.
            bytes_left: if is_streamed { usize::MAX } else { GATEWAY_BODY_BYTES_MAX },
            patience: Patience::new(clock.left(), pause_max),
            hold_bytes: if is_streamed { 0 } else { settings.hold_bytes },
            milliseconds: allowance.milliseconds,
            pause_max: pause_max.unwrap_or_default(),
            _place: place,
        })
    }

    /// The whole body.
    pub(crate) async fn whole(mut self) -> Result<Bytes, Refusal> {
        let collected = self.collect(usize::MAX).await;
        collected.map(|(bytes, _)| bytes).map_err(|error| self.in_gateway_words(&error))
    }

    /// Waits until so much of the body is here that its head may go on, or all of it.
    pub(crate) async fn hold(mut self) -> Result<Held, Refusal> {
        let length = self.incoming.size_hint().exact();
        match self.collect(self.hold_bytes).await {
            Ok((whole, true)) => Ok(Held::Whole(whole)),
            Ok((first, false)) => Ok(Held::Part(Body::stream(Resumed { first, rest: self }), length)),
            Err(error) => Err(self.in_gateway_words(&error)),
        }
    }

    fn in_gateway_words(&self, error: &DownloadError) -> Refusal {
        match error {
            DownloadError::TooLarge => Refusal::configuration(error.to_string()),
            DownloadError::TimedOut => Refusal::IntegrationTimeout { milliseconds: self.milliseconds },
            DownloadError::Paused => phase_timeout("more of its answer", "body-pause-timeout-ms", self.pause_max),
            DownloadError::Broken(cause) => Refusal::Network(format!("{error}: {cause}")),
        }
    }

    /// Reads until more than these bytes are here; says whether that was all.
    async fn collect(&mut self, bytes: usize) -> Result<(Bytes, bool), DownloadError> {
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while bytes > 0 && first.len() + whole.len() <= bytes && !self.incoming.is_end_stream() {
            let Some(data) = std::future::poll_fn(|cx| self.poll(cx)).await else {
                return Ok((joined(first, whole), true));
            };
            // Nearly every body is one frame, which then is not copied.
            if first.is_empty() && whole.is_empty() {
                first = data?;
            } else {
                whole.extend_from_slice(&std::mem::take(&mut first));
                whole.extend_from_slice(&data?);
            }
        }
        Ok((joined(first, whole), self.incoming.is_end_stream()))
    }

    /// The next piece; trailers end here.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, DownloadError>>> {
        loop {
            let frame = match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    return self.patience.poll_waiting(cx).map(|exhausted| {
                        Some(Err(match exhausted {
                            Exhausted::Whole => DownloadError::TimedOut,
                            Exhausted::Pause => DownloadError::Paused,
                        }))
                    });
                }
            };
            self.patience.stop_waiting();
            let data = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(DownloadError::Broken(error)))),
                Some(Ok(frame)) => frame.into_data(),
            };
            let Ok(data) = data else { continue };
            let Some(left) = self.bytes_left.checked_sub(data.len()) else {
                return Poll::Ready(Some(Err(DownloadError::TooLarge)));
            };
            self.bytes_left = left;
            return Poll::Ready(Some(Ok(data)));
        }
    }
}

fn joined(first: Bytes, whole: BytesMut) -> Bytes {
    if first.is_empty() { whole.freeze() } else { first }
}

/// A body whose first part was waited for.
struct Resumed {
    first: Bytes,
    rest: Download,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first)))));
        }
        this.rest.poll(cx).map(|piece| {
            piece.map(|piece| {
                piece.map(Frame::data).map_err(|error| {
                    tracing::warn!(error = &error as &dyn std::error::Error, "an answer is broken off");
                    StreamError::from(error)
                })
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.incoming.size_hint();
        match rest.exact() {
            Some(bytes) => SizeHint::with_exact(bytes + self.first.len() as u64),
            None => SizeHint::default(),
        }
    }
}
