//! Requests to S3: their bodies go to the control plane, and the contents of objects come from it, piece by piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use claviger_control_plane::s3::{S3Body, S3Request};
use claviger_data_plane::body::{Body, StreamError};
use claviger_runtime::refusals::{Refused, Surface};
use http::request::Parts;
use http::{Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::application::{Application, explained, refusal};
use crate::connection::Connection;
use crate::control::{Calling, Stranger, uuid_text};

/// Pieces of a body that wait to be taken.
const PIECES: usize = 8;
/// How long a client may be silent.
const SILENCE_MAX: Duration = Duration::from_mins(1);
/// Bytes of a body that nobody wants which are read all the same, so that its sender reads why.
const UNWANTED_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Application {
    /// Answers a request to S3.
    pub(crate) async fn s3(
        &self,
        bucket: Option<&str>,
        region: Option<&str>,
        parts: &Parts,
        body: Incoming,
        connection: &Connection,
    ) -> Response<Body> {
        let mut response = self.s3_answer(bucket, region, parts, body, connection).await;
        self.record(&mut response, parts, connection);
        response
    }

    async fn s3_answer(
        &self,
        bucket: Option<&str>,
        region: Option<&str>,
        parts: &Parts,
        body: Incoming,
        connection: &Connection,
    ) -> Response<Body> {
        let request_id = uuid_text();
        let calling = self.calling("s3", region, parts, connection);
        let (caller, proof) = match calling.and_then(Calling::prove_head) {
            Ok(proven) => proven,
            Err(failure) => {
                return Stranger { name: "s3", region, parts, body: None }.refused(failure, &request_id);
            }
        };
        let (sender, receiver) = mpsc::channel(PIECES);
        let request = S3Request {
            bucket: bucket.map(str::to_owned),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: receiver,
            proof,
        };
        let answer = self.node().call(|plane| async move { plane.s3(request, &caller, &request_id).await });
        let ((), answer) = tokio::join!(feed(body, sender), answer);
        let Some(answer) = answer else {
            let message = "the server is stopping; try again";
            let refused = Refused::new(Surface::ControlPlane, message);
            return explained(refusal(StatusCode::SERVICE_UNAVAILABLE, message), refused);
        };
        answer.map(|body| match body {
            S3Body::Whole(body) => Body::from(body),
            S3Body::Stream(left, pieces) => Body::stream(Pieces { left, pieces }),
        })
    }
}

/// Hands a body on as it comes. What comes when nobody wants it any more is thrown away.
async fn feed(mut body: Incoming, sender: mpsc::Sender<Result<Bytes, ()>>) {
    let mut unwanted = 0;
    loop {
        let frame = timeout(SILENCE_MAX, std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
        let piece = match frame.await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_) => continue,
            },
            Ok(Some(Err(_))) | Err(_) => Err(()),
        };
        let (broken, bytes) = (piece.is_err(), piece.as_ref().map_or(0, Bytes::len));
        if sender.send(piece).await.is_err() {
            unwanted += bytes;
        }
        if broken || unwanted > UNWANTED_BYTES_MAX {
            return;
        }
    }
}

/// The content of an object on its way out.
struct Pieces {
    /// Bytes that are still to come.
    left: u64,
    pieces: mpsc::Receiver<io::Result<Bytes>>,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        this.pieces.poll_recv(cx).map(|piece| match piece {
            Some(Ok(piece)) => {
                this.left = this.left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            Some(Err(error)) => Some(Err(error.into())),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
