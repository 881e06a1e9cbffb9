//! Requests to S3: what they name, and what they are answered.

use std::pin::Pin;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::{Bytes, BytesMut};
use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::s3::Chunks;
use claviger_resources::Timestamp;
use claviger_resources::bucket::Bucket;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use percent_encoding::percent_decode_str;
use serde_json::json;
use time::PrimitiveDateTime;
use time::macros::format_description;
use tokio::sync::mpsc;

use super::body::hex;
use super::bucket;
use super::bucket_settings;
use super::errors::Error;
use super::operations::{Found, Place, find};
use super::output::Xml;
use super::work::read;
use crate::access::{BodyProof, VerifiedCaller, demands};
use crate::audited::Trail;
use crate::operation::{Access, Caller, Refusal};
use crate::services::Services;

/// Bytes of the longest key (Amazon S3 User Guide, "Naming Amazon S3 objects").
const KEY_BYTES_MAX: usize = 1024;
/// Bytes of the largest document that a call carries.
const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;

/// A request as it came.
pub struct S3Request {
    /// The bucket, when the host names it.
    pub bucket: Option<String>,
    /// Its method.
    pub method: Method,
    /// Its target.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, piece by piece; an error says that it broke off.
    pub body: mpsc::Receiver<Result<Bytes, ()>>,
    /// What its body is held to.
    pub proof: BodyProof,
}

/// The body of an answer.
pub enum S3Body {
    /// All of it.
    Whole(Bytes),
    /// So many bytes, as they are read.
    Stream(u64, mpsc::Receiver<std::io::Result<Bytes>>),
}

/// An answer.
pub struct S3Answer(pub Response<S3Body>);

/// What an operation comes to.
pub(super) type Running<'a> = Pin<Box<dyn Future<Output = Result<S3Answer, Error>> + Send + 'a>>;

/// A call that is being answered.
pub(super) struct Call<'c> {
    pub(super) services: &'c Services,
    pub(super) caller: &'c Caller,
    pub(super) verified: &'c VerifiedCaller,
    pub(super) request_id: &'c str,
    pub(super) bucket: String,
    pub(super) key: String,
    query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: mpsc::Receiver<Result<Bytes, ()>>,
    pub(super) proof: BodyProof,
    is_head: bool,
}

impl S3Answer {
    /// The same answer with a header.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes());
        // Metadata beyond ASCII goes out as the bytes that came in.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }
}

/// Answers a request; with a refusal comes the failure, for whoever asks why.
pub(crate) async fn answer(
    services: &Services,
    caller: &VerifiedCaller,
    request: S3Request,
    request_id: &str,
    trail: &mut Trail,
) -> (S3Answer, Option<(&'static str, Failure)>) {
    let is_head = request.method == Method::HEAD;
    let mut name = "";
    match run(services, caller, request, request_id, &mut name, trail).await {
        Ok(answer) => (answer, None),
        Err(error) => {
            let reason = reason(&error);
            let failure = Failure::from(error);
            if failure.status >= 500 && failure.status != 501 {
                tracing::error!(operation = name, request_id, reason, "an operation failed");
            }
            let response = Protocol::S3.failure(&failure, request_id);
            // What a HEAD is refused with is its status alone, and so it is for what the caller has already.
            let is_bare = is_head || failure.status == 304;
            let response = response.map(|body| S3Body::Whole(if is_bare { Bytes::new() } else { body }));
            (S3Answer(response), Some((name, failure.for_operators(Some(reason), None))))
        }
    }
}

async fn run(
    services: &Services,
    caller: &VerifiedCaller,
    request: S3Request,
    request_id: &str,
    name: &mut &'static str,
    trail: &mut Trail,
) -> Result<S3Answer, Error> {
    let S3Request { bucket, method, uri, headers, body, proof } = request;
    let (bucket, key) = named(bucket, uri.path())?;
    let query = parameters(uri.query().unwrap_or_default());
    let is_head = method == Method::HEAD;
    let (verified, caller) = (caller, caller.caller());
    let mut call = Call { services, caller, verified, request_id, bucket, key, query, headers, body, proof, is_head };
    let access = if matches!(method, Method::GET | Method::HEAD) { Access::Read } else { Access::Write };
    let place = match (call.bucket.is_empty(), call.key.is_empty()) {
        (true, _) => Place::Service,
        (false, true) => Place::Bucket,
        (false, false) => Place::Object,
    };
    if place == Place::Object {
        trail.is_of_data();
    }
    trail.names(json!({ "bucketName": call.bucket, "key": call.key }));
    let found = find(&method, place, |mark| {
        if mark.starts_with("x-amz-") { call.headers.contains_key(mark) } else { call.parameter(mark).is_some() }
    });
    match &found {
        Found::Row(row) => *name = row.name,
        Found::Setting(setting, verb) => *name = setting.operation(*verb),
        Found::NotServed(_) | Found::Nothing => {}
    }
    if !name.is_empty() {
        trail.is_of(name, access);
    }
    call.check_expiry()?;
    match found {
        Found::Row(row) => {
            call.check_rights(row.name)?;
            (row.run)(&mut call).await
        }
        Found::Setting(setting, verb) => {
            call.check_rights(name)?;
            bucket_settings::run(&mut call, setting, verb).await
        }
        Found::NotServed(name) => Err(Error::NotImplemented(name)),
        Found::Nothing => Err(Error::MethodNotAllowed),
    }
}

/// The bucket and the key that a request names; empty where it names none.
fn named(bucket: Option<String>, path: &str) -> Result<(String, String), Error> {
    let decoded = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).decode_utf8();
    let path = decoded.map_err(|_| Error::InvalidArgument("Couldn't parse the specified URI.".to_owned()))?;
    let (bucket, key) = if let Some(bucket) = bucket {
        (bucket, path.into_owned())
    } else {
        let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
        (bucket.to_owned(), key.to_owned())
    };
    if key.len() > KEY_BYTES_MAX { Err(Error::KeyTooLong) } else { Ok((bucket, key)) }
}

/// The parameters of a query; one without a value has an empty one. A plus is a plus: S3's clients write spaces as `%20`.
fn parameters(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

impl Call<'_> {
    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// A header's text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }

    /// The bucket that is named, when it is there and the caller's.
    pub(super) async fn found_bucket(&self) -> Result<Bucket, Error> {
        read(self.services, self.caller, &self.bucket, |cx, name| Box::pin(bucket::find(cx, name))).await
    }

    /// Refuses what the caller may not do.
    fn check_rights(&self, operation: &str) -> Result<(), Error> {
        if self.verified.is_trusted() {
            return Ok(());
        }
        let demands = demands::of_s3(operation, &self.bucket, &self.key, self.text("x-amz-copy-source"));
        self.verified.check(&demands, Protocol::S3).map_err(Error::Denied)
    }

    /// The whole body of a call that carries a document, which is the one that was signed.
    pub(super) async fn small_body(&mut self) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        let mut chunks = match std::mem::take(&mut self.proof) {
            BodyProof::Chunks(signatures) => Some(Chunks::signed(*signatures)),
            proof => {
                self.proof = proof;
                let said = self.text("x-amz-content-sha256").unwrap_or_default();
                said.starts_with("STREAMING-").then(Chunks::default)
            }
        };
        while let Some(piece) = self.body.recv().await {
            let piece = piece.map_err(|()| Error::RequestTimeout)?;
            if whole.len() + piece.len() > DOCUMENT_BYTES_MAX {
                return Err(Error::EntityTooLarge);
            }
            match &mut chunks {
                Some(chunks) => chunks.push(piece)?.iter().for_each(|piece| whole.extend_from_slice(piece)),
                None => whole.extend_from_slice(&piece),
            }
        }
        chunks.map(Chunks::finish).transpose()?;
        match &self.proof {
            BodyProof::Sha256(signed) if *signed != hex(digest(&SHA256, &whole).as_ref()) => {
                Err(Error::ContentSha256Mismatch)
            }
            _ => Ok(whole.freeze()),
        }
    }

    /// An answer without content.
    pub(super) fn empty(&self, status: u16) -> S3Answer {
        self.whole(status, Bytes::new())
    }

    /// A document.
    pub(super) fn xml(&self, xml: Xml) -> S3Answer {
        self.whole(200, xml.finish())
    }

    /// An answer with this body.
    pub(super) fn whole(&self, status: u16, body: impl Into<Bytes>) -> S3Answer {
        let body = body.into();
        let is_empty = body.is_empty();
        let mut response = Protocol::S3.response(status, body, self.request_id);
        if is_empty {
            response.headers_mut().remove(http::header::CONTENT_TYPE);
        }
        S3Answer(response.map(S3Body::Whole))
    }

    /// An answer with as much of an object; nothing of it when only its head is asked for.
    pub(super) fn stream(
        &self,
        status: u16,
        length: u64,
        pieces: Option<mpsc::Receiver<std::io::Result<Bytes>>>,
    ) -> S3Answer {
        let answer = self.empty(status).header("content-length", &length.to_string());
        match pieces.filter(|_| !self.is_head) {
            Some(pieces) => S3Answer(answer.0.map(|_| S3Body::Stream(length, pieces))),
            None => answer,
        }
    }

    /// A presigned URL is good for as long as it says (Amazon S3 API, "Authenticating requests: using query parameters").
    fn check_expiry(&self) -> Result<(), Error> {
        let now = self.services.clock.now().seconds();
        let ends = match (self.parameter("X-Amz-Expires"), self.parameter("Expires")) {
            (Some(seconds), _) => {
                let form = format_description!("[year][month][day]T[hour][minute][second]Z");
                let signed = self.parameter("X-Amz-Date").and_then(|text| PrimitiveDateTime::parse(text, &form).ok());
                let (Some(signed), Ok(seconds)) = (signed, seconds.parse::<i64>()) else {
                    return Err(Error::InvalidArgument("X-Amz-Expires should be a number".to_owned()));
                };
                signed.assume_utc().unix_timestamp().saturating_add(seconds)
            }
            (None, Some(ends)) if self.parameter("Signature").is_some() => ends.parse().unwrap_or_default(),
            _ => return Ok(()),
        };
        if ends < now { Err(Error::Expired) } else { Ok(()) }
    }
}

/// The moment that a header names.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let moment = PrimitiveDateTime::parse(text, &form).ok()?;
    Some(Timestamp::from_seconds(moment.assume_utc().unix_timestamp()))
}

fn reason(error: &Error) -> String {
    let own = Refusal::reason(error).unwrap_or_else(|| error.to_string());
    match std::error::Error::source(error) {
        Some(source) => format!("{own}: {source}"),
        None => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_path_name_bucket_and_key() {
        let check = |bucket: Option<&str>, path: &str, expected: (&str, &str)| {
            let found = named(bucket.map(str::to_owned), path).unwrap();
            assert_eq!((&*found.0, &*found.1), expected, "{bucket:?} {path}");
        };
        check(None, "/", ("", ""));
        check(None, "/b", ("b", ""));
        check(None, "/b/", ("b", ""));
        check(None, "/b/k/l", ("b", "k/l"));
        check(None, "/b//k", ("b", "/k"));
        check(None, "/b/a%3Ab%20c+d", ("b", "a:b c+d"));
        check(Some("b"), "/", ("b", ""));
        check(Some("b"), "/k/l", ("b", "k/l"));
        assert!(named(None, "/b/%ff").is_err());
        assert!(named(Some("b".to_owned()), &format!("/{}", "k".repeat(1025))).is_err());
    }

    #[test]
    fn moments_of_headers_are_read() {
        assert_eq!(moment("Tue, 01 Jan 2030 00:00:00 GMT"), Some(Timestamp::from_seconds(1_893_456_000)));
        assert_eq!(moment("yesterday"), None);
    }
}
