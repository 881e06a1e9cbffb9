//! Bodies: what the server answers with, and how it reads what clients send.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

/// How long a request's body may take to arrive.
pub(crate) const BODY_DURATION_MAX: Duration = Duration::from_secs(30);

/// Why a streamed body broke off.
pub type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer: whole in most cases, a stream where an integration passes one through.
#[derive(Default)]
pub enum Body {
    /// Nothing, or nothing any more.
    #[default]
    Empty,
    /// All of it at once.
    Whole(Bytes),
    /// Pieces as they come.
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = StreamError> + Send>>),
}

impl Body {
    /// A body that comes in pieces.
    pub fn stream(body: impl HttpBody<Data = Bytes, Error = StreamError> + Send + 'static) -> Self {
        Self::Stream(Box::pin(body))
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::Empty } else { Self::Whole(bytes) }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        match this {
            Self::Stream(body) => body.as_mut().poll_frame(cx),
            Self::Empty => Poll::Ready(None),
            Self::Whole(_) => match std::mem::take(this) {
                Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                _ => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(_) => false,
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

/// An answer of one piece.
pub fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Why a request's body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// More bytes than allowed.
    #[error("the body is larger than {bytes_max} bytes")]
    TooLarge {
        /// How many were allowed.
        bytes_max: usize,
    },
    /// The client was too slow.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke off, or the body's framing is wrong.
    #[error("the body could not be read")]
    Broken(#[source] hyper::Error),
}

/// Reads a whole body, at most `bytes_max` bytes and for at most `duration_max`.
pub async fn read(body: Incoming, bytes_max: usize, duration_max: Duration) -> Result<Bytes, ReadError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(ReadError::TooLarge { bytes_max });
    }
    tokio::time::timeout(duration_max, collect(body, bytes_max)).await.unwrap_or(Err(ReadError::TooSlow))
}

async fn collect(mut body: Incoming, bytes_max: usize) -> Result<Bytes, ReadError> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.map_err(ReadError::Broken)?.into_data() else { continue };
        if first.len() + whole.len() + data.len() > bytes_max {
            return Err(ReadError::TooLarge { bytes_max });
        }
        // Nearly every body is one frame, which then is not copied.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if first.is_empty() { whole.freeze() } else { first })
}
