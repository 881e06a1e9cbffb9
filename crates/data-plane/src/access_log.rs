//! The line that a request leaves in its stage's access log: begun when everything is known of the request, finished when its
//! answer has gone out. For a stage without a log nothing is done and no clock is read.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use claviger_gateway::access_log::{Facts, Unfinished};
use claviger_resources::Monotonic;
use claviger_runtime::access_logs::AccessLogs;
use claviger_runtime::snapshot::StageLog;
use http::{HeaderMap, Response, header};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::DataPlane;
use crate::body::{Body, StreamError};

const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

/// A line that waits for the end of its answer.
pub(crate) struct Begun {
    line: Unfinished,
    destination: Arc<str>,
    began: u64,
}

/// The log of a stage, and when a request came to it.
#[derive(Clone, Copy)]
pub(crate) struct Logging<'s> {
    log: &'s StageLog,
    began: u64,
}

/// Where the line of a request stands while the request is answered.
pub(crate) type Slot = OnceLock<Begun>;

impl DataPlane {
    /// Begins to watch a request to a stage that has a log.
    pub(crate) fn logging<'s>(&self, log: Option<&'s StageLog>) -> Option<Logging<'s>> {
        log.map(|log| Logging { log, began: self.monotonic.nanoseconds() })
    }

    /// The moment from which something is waited for, when it is to be told in a log.
    pub(crate) fn moment(&self, logging: Option<Logging<'_>>) -> Option<u64> {
        logging.map(|_| self.monotonic.nanoseconds())
    }

    /// How long ago that was.
    pub(crate) fn milliseconds_since(&self, moment: u64) -> u64 {
        milliseconds_since(&*self.monotonic, moment)
    }

    /// The answer, which writes its line when it has gone out or broken off.
    pub(crate) fn logged(&self, line: Option<Begun>, response: Response<Body>) -> Response<Body> {
        let Some(line) = line else { return response };
        let entry = Entry { line, logs: Arc::clone(&self.access_logs), monotonic: Arc::clone(&self.monotonic) };
        response.map(|body| match body {
            Body::Stream(_) => Body::stream(Counted { body, bytes: 0, entry: Some(entry) }),
            whole => {
                entry.finish(whole.size_hint().lower());
                whole
            }
        })
    }
}

impl Logging<'_> {
    /// Begins the line of a request, once.
    pub(crate) fn begin(&self, slot: &Slot, facts: &Facts<'_>) {
        slot.get_or_init(|| Begun {
            line: self.log.format.render(facts),
            destination: Arc::clone(&self.log.destination),
            began: self.began,
        });
    }
}

/// The bytes of a request's body, as far as its head tells.
pub(crate) fn request_length(headers: &HeaderMap) -> u64 {
    headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or_default()
}

fn milliseconds_since(monotonic: &dyn Monotonic, moment: u64) -> u64 {
    monotonic.nanoseconds().saturating_sub(moment) / NANOSECONDS_PER_MILLISECOND
}

/// A line with what is needed to finish and write it.
struct Entry {
    line: Begun,
    logs: Arc<AccessLogs>,
    monotonic: Arc<dyn Monotonic>,
}

impl Entry {
    fn finish(self, bytes: u64) {
        let latency = milliseconds_since(&*self.monotonic, self.line.began);
        self.logs.write(&self.line.destination, self.line.line.finish(bytes, latency));
    }
}

/// A body whose bytes are counted on their way.
struct Counted {
    body: Body,
    bytes: u64,
    entry: Option<Entry>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.finish(self.bytes);
        }
    }
}
