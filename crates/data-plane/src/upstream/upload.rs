//! Request bodies on their way to a backend: held to their bound as they pass, at the pace of whoever is slower.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::refusal::Refusal;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use http::Method;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::of_client;
use super::patience::Patience;
use crate::body::{self, BODY_DURATION_MAX, ReadError, StreamError};

/// The body of a request to a backend.
#[derive(Clone)]
pub(crate) enum Upload {
    /// All of it, perhaps nothing.
    Whole(Bytes),
    /// What the client is still sending, passed on as it comes.
    Passing(Arc<Mutex<Passing>>),
}

/// A body on its way from the client to a backend.
pub(crate) struct Passing {
    incoming: Incoming,
    bytes_left: usize,
    patience: Patience,
    is_started: bool,
    failure: Option<ReadError>,
}

/// A body that nobody has read yet, or that was read because something had to see it.
pub(crate) struct Arriving {
    unread: Option<Incoming>,
    read: Bytes,
}

impl Arriving {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { unread: Some(body), read: Bytes::new() }
    }

    /// The whole body; what was read once is at hand.
    pub(crate) async fn whole(&mut self) -> Result<Bytes, Refusal> {
        if let Some(body) = self.unread.take() {
            let read = body::read(body, GATEWAY_BODY_BYTES_MAX, BODY_DURATION_MAX).await;
            self.read = read.map_err(|error| of_client(&error))?;
        }
        Ok(self.read.clone())
    }

    /// The body to be passed on as it comes. One that says it is too large is refused at once.
    pub(crate) fn passing(self) -> Result<Upload, Refusal> {
        let Some(incoming) = self.unread else { return Ok(Upload::Whole(self.read)) };
        if incoming.is_end_stream() {
            return Ok(Upload::Whole(Bytes::new()));
        }
        if incoming.size_hint().lower() > GATEWAY_BODY_BYTES_MAX as u64 {
            return Err(Refusal::RequestTooLarge);
        }
        Ok(Upload::Passing(Arc::new(Mutex::new(Passing {
            incoming,
            bytes_left: GATEWAY_BODY_BYTES_MAX,
            patience: Patience::new(BODY_DURATION_MAX, None),
            is_started: false,
            failure: None,
        }))))
    }
}

impl Upload {
    /// Whether a request with this body may be sent again after the backend may have seen it: nothing of the body is spent,
    /// and the method does the same however often it is done (RFC 9110, section 9.2.2).
    pub(super) fn may_be_repeated(&self, method: &Method) -> bool {
        let is_idempotent =
            [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::PUT, Method::DELETE].contains(method);
        is_idempotent && self.is_unspent()
    }

    /// Whether all of it could still be sent.
    pub(super) fn is_unspent(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Passing(passing) => !lock(passing).is_started,
        }
    }

    /// How long the client was waited for.
    pub(super) fn waited(&self) -> Duration {
        match self {
            Self::Whole(_) => Duration::ZERO,
            Self::Passing(passing) => lock(passing).patience.spent(BODY_DURATION_MAX),
        }
    }

    /// What went wrong on the client's side.
    pub(super) fn failure(&self) -> Option<ReadError> {
        match self {
            Self::Whole(_) => None,
            Self::Passing(passing) => lock(passing).failure.take(),
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Passing(passing) => lock(passing).poll(cx).map(|piece| {
                piece.map(|piece| piece.map(Frame::data).map_err(|()| StreamError::from("the body was given up")))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Passing(passing) => lock(passing).incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Passing(passing) => lock(passing).incoming.size_hint(),
        }
    }
}

impl Passing {
    /// The next piece; trailers end here. On failure the backend's connection is given up, and the reason is kept.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, ()>>> {
        self.is_started = true;
        loop {
            let frame = match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    return self.patience.poll_waiting(cx).map(|_| Some(self.fail(ReadError::TooSlow)));
                }
            };
            self.patience.stop_waiting();
            let data = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(self.fail(ReadError::Broken(error)))),
                Some(Ok(frame)) => frame.into_data(),
            };
            let Ok(data) = data else { continue };
            let Some(left) = self.bytes_left.checked_sub(data.len()) else {
                return Poll::Ready(Some(self.fail(ReadError::TooLarge { bytes_max: GATEWAY_BODY_BYTES_MAX })));
            };
            self.bytes_left = left;
            return Poll::Ready(Some(Ok(data)));
        }
    }

    fn fail(&mut self, error: ReadError) -> Result<Bytes, ()> {
        self.failure = Some(error);
        Err(())
    }
}

fn lock(passing: &Mutex<Passing>) -> MutexGuard<'_, Passing> {
    passing.lock().unwrap_or_else(PoisonError::into_inner)
}
