//! Payload compression of REST APIs: requests are unpacked before anything reads them, and answers of APIs that ask for it
//! packed after everything was mapped. Answers of the gateway's own stay as they are.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use claviger_gateway::compile::CompiledApi;
use claviger_gateway::compression::{Coding, Encoder, of_request, of_response, pack, unpack};
use claviger_gateway::refusal::Refusal;
use claviger_gateway::response::Reply;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::Answer;
use crate::body::{Body, StreamError};

/// Bytes of an answer that are packed before anything is sent; what is larger is packed while it goes out.
const AT_ONCE_BYTES_MAX: usize = 256 * 1024;
/// Bytes that are packed before others get their turn.
const SLICE_BYTES: usize = 64 * 1024;

/// A request's body with the headers that fit it.
pub(super) struct Unpacked {
    pub(super) body: Bytes,
    /// Without `Content-Encoding`; `None` where nothing was unpacked.
    pub(super) headers: Option<HeaderMap>,
}

/// Whether a request's body may have to be unpacked, and so must be there as a whole.
pub(super) fn may_be_packed(headers: &HeaderMap) -> bool {
    !matches!(of_request(headers), Ok(None))
}

/// Unpacks a request's body, whether the API compresses answers or not. Where it does, what is smaller than its minimum is
/// left as it came (API Gateway, API reference, `minimumCompressionSize`).
pub(super) fn unpacked(compiled: &CompiledApi, headers: &HeaderMap, body: Bytes) -> Result<Unpacked, Refusal> {
    let minimum = compiled.minimum_compression_size.unwrap_or_default();
    let coding = of_request(headers)?;
    let Some(coding) = coding.filter(|_| !body.is_empty() && body.len() >= minimum as usize) else {
        return Ok(Unpacked { body, headers: None });
    };
    let body = unpack(coding, &body, GATEWAY_BODY_BYTES_MAX)?;
    let mut headers = headers.clone();
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_LENGTH, body.len().into());
    Ok(Unpacked { body, headers: Some(headers) })
}

/// Packs an answer, where API and client want that and it is not packed yet.
pub(super) fn packed(compiled: &CompiledApi, parts: &Parts, answer: Answer) -> Answer {
    let Some(minimum) = compiled.minimum_compression_size else { return answer };
    let Some(coding) = of_response(&parts.headers).filter(|_| parts.method != Method::HEAD) else { return answer };
    match answer {
        Answer::Whole(mut reply) if is_packable(&reply, Some(reply.body.len() as u64), minimum) => {
            mark(&mut reply, coding);
            if reply.body.len() > AT_ONCE_BYTES_MAX {
                let body = Body::Whole(std::mem::take(&mut reply.body));
                return Answer::Stream(reply, Body::stream(Packing::new(coding, body)), None);
            }
            reply.body = pack(coding, &reply.body);
            Answer::Whole(reply)
        }
        Answer::Traced(mut reply, trace_id) if is_packable(&reply, Some(reply.body.len() as u64), minimum) => {
            reply.body = pack(coding, &reply.body);
            mark(&mut reply, coding);
            Answer::Traced(reply, trace_id)
        }
        Answer::Stream(mut reply, body, length) if is_packable(&reply, length, minimum) => {
            mark(&mut reply, coding);
            Answer::Stream(reply, Body::stream(Packing::new(coding, body)), None)
        }
        other => other,
    }
}

fn is_packable(reply: &Reply, length: Option<u64>, minimum: u32) -> bool {
    length.is_none_or(|length| length > 0 && length >= minimum.into())
        && !reply.headers.contains_key(header::CONTENT_ENCODING)
        && !reply.headers.contains_key(header::CONTENT_RANGE)
        && !reply.status.is_informational()
        && !matches!(reply.status.as_u16(), 204 | 205 | 304)
}

fn mark(reply: &mut Reply, coding: Coding) {
    reply.headers.insert(header::CONTENT_ENCODING, coding.name());
}

/// A body that is packed on its way.
struct Packing {
    body: Body,
    /// What came and is not packed yet.
    waiting: Bytes,
    encoder: Option<Encoder>,
}

impl Packing {
    fn new(coding: Coding, body: Body) -> Self {
        Self { body, waiting: Bytes::new(), encoder: Some(Encoder::new(coding)) }
    }
}

impl HttpBody for Packing {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        loop {
            let Some(encoder) = &mut this.encoder else { return Poll::Ready(None) };
            if !this.waiting.is_empty() {
                let slice = this.waiting.split_to(this.waiting.len().min(SLICE_BYTES));
                return Poll::Ready(Some(Ok(Frame::data(encoder.push(&slice)))));
            }
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                // Trailers may tell of the body as it was.
                Poll::Ready(Some(Ok(frame))) => this.waiting = frame.into_data().unwrap_or_default(),
                Poll::Ready(Some(Err(error))) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => {
                    let rest = this.encoder.take().map(Encoder::finish).unwrap_or_default();
                    return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest))));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
