//! Verification: whether a request carries the signature that its claimed key makes of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use http::{HeaderMap, Method, Uri};

use super::authentication::{Authentication, Place};
use super::canonical::{PathForm, hex, hex_sha256, request_hash};
use super::chunks::ChunkSignatures;
use super::credential::Credential;
use super::error::SignatureError;
use super::moment;

/// A request, and what it was sent to: what a signature is verified against.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URI as it was sent: path and query still percent-encoded.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub payload: Payload<'a>,
    /// The signing name of the service that was reached.
    pub service: &'a str,
    /// The region that was reached; `None` when the host names none, and any will do.
    pub region: Option<&'a str>,
}

/// A request's body, as far as it has been read.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// All of it.
    Read(&'a [u8]),
    /// Nothing yet: whoever reads it holds it to [`Verified::payload`].
    Unread,
}

/// What the signature says about the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedPayload {
    /// Its SHA-256, in hexadecimal.
    Sha256(String),
    /// Nothing (`UNSIGNED-PAYLOAD`).
    Unsigned,
    /// That it comes in chunks of its own framing.
    Streaming(Streaming),
}

/// How a body in chunks is signed (Amazon S3 API, "Authenticating requests: using the authorization header").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streaming {
    /// Each chunk is.
    Signed,
    /// Each chunk is, and so are the headers behind them.
    SignedWithTrailers,
    /// Nothing of it is, and headers come behind it.
    UnsignedWithTrailers,
}

impl Streaming {
    /// Reads what `x-amz-content-sha256` says; `None` for what is not served.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Some(Self::Signed),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Some(Self::SignedWithTrailers),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::UnsignedWithTrailers),
            _ => None,
        }
    }
}

/// A signature that holds. Only [`Authentication::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    credential: Credential,
    payload: SignedPayload,
}

impl Verified {
    /// What the request was signed with and for.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// What the signature says about the body.
    pub fn payload(&self) -> &SignedPayload {
        &self.payload
    }
}

/// How far a signature's time may be from ours: AWS's five minutes, S3's fifteen.
const SKEW_MINUTES: i64 = 5;
const S3_SKEW_MINUTES: i64 = 15;

const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const CONTENT_SHA256: &str = "x-amz-content-sha256";

impl Authentication {
    /// Proves the claim: scope, time, body and signature, in this order.
    ///
    /// `UNSIGNED-PAYLOAD` and streaming bodies are S3's alone; elsewhere a signature that leaves the body open is refused.
    pub fn verify(
        &self,
        request: &SignedRequest<'_>,
        secret_access_key: &str,
        now_seconds: i64,
    ) -> Result<Verified, SignatureError> {
        let forms: &[PathForm] =
            if is_s3(request) { &[PathForm::AsSent, PathForm::EncodedOnce] } else { &[PathForm::NormalizedTwice] };
        self.verify_forms(request, forms, secret_access_key, now_seconds)
    }

    /// Proves the claim of a request whose path is signed in one of these forms.
    pub(super) fn verify_forms(
        &self,
        request: &SignedRequest<'_>,
        forms: &[PathForm],
        secret_access_key: &str,
        now_seconds: i64,
    ) -> Result<Verified, SignatureError> {
        self.check(request, now_seconds)?;
        let (payload_hash, payload) = self.payload(request)?;
        let key = signing_key(secret_access_key, self.credential());
        let is_signed = forms.iter().any(|form| {
            let SignedRequest { method, uri, headers, .. } = request;
            let hash = request_hash(method.as_str(), uri, headers, &self.signed_headers, *form, &payload_hash);
            let signature = hex(sign(&key, self.string_to_sign(&hash).as_bytes()).as_ref());
            verify_slices_are_equal(signature.as_bytes(), self.signature.as_bytes()).is_ok()
        });
        if !is_signed {
            return Err(SignatureError::Mismatch);
        }
        Ok(Verified { credential: self.credential().clone(), payload })
    }

    /// What the chunks of a body must be signed with, where they are: the first of them continues this signature.
    pub fn chunk_signatures(&self, secret_access_key: &str, streaming: Streaming) -> Option<ChunkSignatures> {
        let trailers = match streaming {
            Streaming::Signed => false,
            Streaming::SignedWithTrailers => true,
            Streaming::UnsignedWithTrailers => return None,
        };
        let key = signing_key(secret_access_key, self.credential());
        let signed_at = moment::basic(self.signed_at_seconds);
        Some(ChunkSignatures::new(key, &signed_at, &self.credential().scope(), &self.signature, trailers))
    }

    /// Holds all that needs neither the secret nor the body: scope, time, and that nothing of weight is left unsigned.
    pub fn check(&self, request: &SignedRequest<'_>, now_seconds: i64) -> Result<(), SignatureError> {
        self.check_scope(request)?;
        self.check_time(is_s3(request), now_seconds)
    }

    fn check_scope(&self, request: &SignedRequest<'_>) -> Result<(), SignatureError> {
        let Credential { service, region, .. } = self.credential();
        if service != request.service {
            let message = format!("Credential should be scoped to correct service: '{}'. ", request.service);
            return Err(SignatureError::Scope(message));
        }
        if request.region.is_some_and(|reached| region != reached) {
            // AWS shows the region that was sent; it has passed no check, so only its plain characters are shown.
            let shown: String = region.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').take(64).collect();
            let message = format!("Credential should be scoped to a valid region, not '{shown}'. ");
            return Err(SignatureError::Scope(message));
        }
        // The header names the operation: left open, a signature could be carried over to another one.
        let target = "x-amz-target";
        if request.headers.contains_key(target) && !self.signed_headers.iter().any(|name| name == target) {
            let message = "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.";
            return Err(SignatureError::Incomplete(message.to_owned()));
        }
        // So does S3, whose headers say what is done: one that is added makes a copy out of an upload.
        let is_open = |name: &str| {
            // These two are in the signature by their values.
            let is_by_value = [CONTENT_SHA256, "x-amz-date"].contains(&name);
            name.starts_with("x-amz-") && !is_by_value && !self.signed_headers.iter().any(|it| it == name)
        };
        if is_s3(request) && request.headers.keys().any(|name| is_open(name.as_str())) {
            return Err(SignatureError::HeadersNotSigned);
        }
        Ok(())
    }

    fn check_time(&self, is_s3: bool, now_seconds: i64) -> Result<(), SignatureError> {
        let minutes = if is_s3 { S3_SKEW_MINUTES } else { SKEW_MINUTES };
        let (signed_at, now) = (moment::basic(self.signed_at_seconds), moment::basic(now_seconds));
        let latest = now_seconds.saturating_add(minutes * 60);
        if self.signed_at_seconds > latest {
            return Err(SignatureError::Time(format!(
                "Signature not yet current: {signed_at} is still later than {} ({now} + {minutes} min.)",
                moment::basic(latest)
            )));
        }
        let valid_seconds = match self.place {
            Place::Query { expires_seconds: Some(seconds) } => seconds,
            Place::Header | Place::Query { expires_seconds: None } => minutes * 60,
        };
        let earliest = now_seconds.saturating_sub(valid_seconds);
        if self.signed_at_seconds < earliest {
            let earliest = moment::basic(earliest);
            let span =
                if valid_seconds == minutes * 60 { format!("{minutes} min.") } else { format!("{valid_seconds} s") };
            let message = format!("Signature expired: {signed_at} is now earlier than {earliest} ({now} - {span})");
            return Err(match self.place {
                Place::Query { expires_seconds: Some(_) } => SignatureError::Expired(message),
                Place::Header | Place::Query { expires_seconds: None } => SignatureError::Time(message),
            });
        }
        Ok(())
    }

    /// The payload's line of the canonical request, held against the body as far as it has been read.
    pub(super) fn payload(&self, request: &SignedRequest<'_>) -> Result<(String, SignedPayload), SignatureError> {
        let declared = request.headers.get(CONTENT_SHA256).and_then(|value| value.to_str().ok());
        let computed = match request.payload {
            Payload::Read(body) => Some(hex_sha256(body)),
            Payload::Unread => None,
        };
        let declared = match (declared, self.place) {
            (None, Place::Query { .. }) if is_s3(request) => Some(UNSIGNED_PAYLOAD),
            (declared, _) => declared,
        };
        match (declared, computed) {
            (Some(UNSIGNED_PAYLOAD), _) if is_s3(request) => Ok((UNSIGNED_PAYLOAD.to_owned(), SignedPayload::Unsigned)),
            (Some(declared), _) if is_s3(request) && !is_sha256(declared) => {
                let streaming = Streaming::parse(declared).ok_or(SignatureError::PayloadKind)?;
                Ok((declared.to_owned(), SignedPayload::Streaming(streaming)))
            }
            (Some(declared), Some(computed)) if declared != computed => Err(SignatureError::Payload),
            (_, Some(computed)) => Ok((computed.clone(), SignedPayload::Sha256(computed))),
            (Some(declared), None) => Ok((declared.to_owned(), SignedPayload::Sha256(declared.to_owned()))),
            (None, None) => Err(SignatureError::Payload),
        }
    }

    fn string_to_sign(&self, request_hash: &str) -> String {
        let signed_at = moment::basic(self.signed_at_seconds);
        format!("AWS4-HMAC-SHA256\n{signed_at}\n{}\n{request_hash}", self.credential().scope())
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_s3(request: &SignedRequest<'_>) -> bool {
    request.service == "s3"
}

/// The key for one day, region and service, derived from the secret.
pub(super) fn signing_key(secret_access_key: &str, credential: &Credential) -> Key {
    let mut key = Key::new(HMAC_SHA256, format!("AWS4{secret_access_key}").as_bytes());
    for part in [&*credential.date, &*credential.region, &*credential.service, super::credential::TERMINATOR] {
        key = Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref());
    }
    key
}
