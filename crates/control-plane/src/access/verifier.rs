//! Proves who signed a call of the control plane.
//!
//! In two steps, because the body is a part of what is signed: a [`Claim`] is read before the body is, so that keys that open
//! nothing, scopes that do not fit and times that are over cost no reading; [`Claim::prove`] makes a caller of it.

use std::sync::Arc;

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::sigv4::{
    Authentication, ChunkSignatures, Payload, SignatureError, SignedPayload, SignedRequest,
};
use claviger_resources::{Clock, Monotonic, Region};
use claviger_runtime::access_keys::{AccessKeys, Found, KnownKey, Useless};
use claviger_runtime::snapshot::CurrentSnapshot;
use http::Uri;
use http::request::Parts;

use super::attempts::{Attempts, Heard};
use super::{Source, VerifiedCaller};
use crate::operation::Caller;

/// Proves signatures, from memory alone.
pub struct Verifier {
    keys: Arc<AccessKeys>,
    current: Arc<CurrentSnapshot>,
    clock: Arc<dyn Clock>,
    monotonic: Arc<dyn Monotonic>,
    attempts: Attempts,
}

/// What was reached, and how its clients read refusals.
#[derive(Clone, Debug)]
pub struct Reached<'a> {
    /// The head of the request.
    pub parts: &'a Parts,
    /// The signing name of the service.
    pub service: &'a str,
    /// The region that the host names.
    pub region: Option<&'a str>,
    /// The protocol of the service.
    pub protocol: Protocol,
    /// Where the request comes from.
    pub source: Source,
}

/// A signature that was read, of a key that is known: not proven yet.
pub struct Claim<'a> {
    verifier: &'a Verifier,
    reached: Reached<'a>,
    authentication: Authentication,
    key: Box<KnownKey>,
}

/// A caller, and what its signature says of a body that is still to come.
pub struct Proven {
    /// Who calls.
    pub caller: VerifiedCaller,
    /// What the body is held to when it comes.
    pub body: BodyProof,
}

/// What a body is held to, piece by piece.
#[derive(Debug, Default)]
pub enum BodyProof {
    /// Nothing: it was read before, or is not signed.
    #[default]
    Nothing,
    /// Its SHA-256, in hexadecimal.
    Sha256(String),
    /// The signatures of its chunks.
    Chunks(Box<ChunkSignatures>),
}

impl Verifier {
    /// A verifier of these keys.
    pub fn new(
        keys: Arc<AccessKeys>,
        current: Arc<CurrentSnapshot>,
        clock: Arc<dyn Clock>,
        monotonic: Arc<dyn Monotonic>,
    ) -> Self {
        Self { keys, current, clock, monotonic, attempts: Attempts::default() }
    }

    /// Reads what a call claims, and refuses what can be refused without its body.
    pub fn read<'a>(&'a self, reached: Reached<'a>) -> Result<Claim<'a>, Failure> {
        let authentication = match Authentication::read(&reached.parts.headers, &reached.parts.uri) {
            Ok(authentication) => authentication,
            // Nobody claims anything, so nobody has failed.
            Err(SignatureError::Missing) => return Err(SignatureError::Missing.failure(reached.protocol)),
            Err(error) => return Err(self.failed(&reached, None, &error, None)),
        };
        let now = self.clock.now();
        let id = &authentication.credential().access_key_id;
        let token = authentication.session_token();
        let found = self.keys.find(&self.current.load_full(), id, token, now);
        let checked = authentication.check(&signed(&reached, Payload::Unread), now.seconds());
        let refuse = |error: &SignatureError, useless| Err(self.failed(&reached, Some(id), error, useless));
        if let Err(error) = checked.and_then(|()| unambiguous(&reached)) {
            return refuse(&error, None);
        }
        let key = match found {
            Found::Known(key) => key,
            Found::Passes(_) => return refuse(&SignatureError::UnknownAccessKey, None),
            Found::Useless(useless) => {
                let error = match useless {
                    Useless::SessionOver => SignatureError::SessionExpired,
                    Useless::Token | Useless::OriginEnded => SignatureError::SessionToken,
                    Useless::Unknown | Useless::Ended | Useless::Sealed => SignatureError::UnknownAccessKey,
                };
                return refuse(&error, Some(useless));
            }
        };
        Ok(Claim { verifier: self, reached, authentication, key })
    }

    /// Counts a failure, and says how it is answered.
    fn failed(
        &self,
        reached: &Reached<'_>,
        access_key_id: Option<&str>,
        error: &SignatureError,
        useless: Option<Useless>,
    ) -> Failure {
        let heard = self.attempts.count(access_key_id, reached.source.ip, self.monotonic.nanoseconds());
        let reason = useless.map_or_else(|| error.to_string(), |useless| useless.to_string());
        let setting = "the limit of failed signatures of a key and of an address; docs/access-keys.md tells it";
        match heard {
            Heard::Within | Heard::Exceeded => error.failure(reached.protocol).for_operators(Some(reason), None),
            Heard::StillExceeded => {
                too_many(reached.protocol).for_operators(Some(reason), Some(setting.to_owned())).not_recorded()
            }
        }
    }
}

impl Claim<'_> {
    /// Proves the claim with a body that was read.
    pub fn prove(self, body: &[u8]) -> Result<VerifiedCaller, Failure> {
        self.prove_with(Payload::Read(body)).map(|proven| proven.caller)
    }

    /// Proves the claim before the body comes: whoever takes that holds it to what the signature says of it.
    pub fn prove_head(self) -> Result<Proven, Failure> {
        self.prove_with(Payload::Unread)
    }

    fn prove_with(self, payload: Payload<'_>) -> Result<Proven, Failure> {
        let Self { verifier, reached, authentication, key } = self;
        let now = verifier.clock.now();
        let credential = authentication.credential();
        let fail = |error: &SignatureError| verifier.failed(&reached, Some(&credential.access_key_id), error, None);
        let secret = key.secret.expose();
        let verified = authentication.verify(&signed(&reached, payload), secret, now.seconds());
        let verified = verified.map_err(|error| fail(&error))?;
        let region =
            Region::parse(&credential.region).map_err(|error| fail(&SignatureError::Scope(error.to_string())))?;
        let body = match (payload, verified.payload()) {
            (Payload::Read(_), _) | (Payload::Unread, SignedPayload::Unsigned) => BodyProof::Nothing,
            (Payload::Unread, SignedPayload::Sha256(hash)) => BodyProof::Sha256(hash.clone()),
            (Payload::Unread, SignedPayload::Streaming(streaming)) => {
                let signatures = authentication.chunk_signatures(secret, *streaming);
                signatures.map_or(BodyProof::Nothing, |signatures| BodyProof::Chunks(signatures.into()))
            }
        };
        let KnownKey { principal, rights, is_session, lineage, .. } = *key;
        let caller = Caller { account: principal.account, region, principal, is_session, lineage };
        Ok(Proven { caller: VerifiedCaller::proven(caller, rights, reached.source, now), body })
    }
}

fn signed<'a>(reached: &Reached<'a>, payload: Payload<'a>) -> SignedRequest<'a> {
    let Parts { method, uri, headers, .. } = reached.parts;
    SignedRequest { method, uri, headers, payload, service: reached.service, region: reached.region }
}

/// Refuses what a signature covers and yet leaves open: paths that it writes shorter than they are, and a plus in a query of
/// S3's, which signs as a space and is read as a plus. No client of AWS sends either.
fn unambiguous(reached: &Reached<'_>) -> Result<(), SignatureError> {
    let (uri, is_s3): (&Uri, bool) = (&reached.parts.uri, reached.service == "s3");
    let mut segments = uri.path().split('/').skip(1).peekable();
    let mut is_normal = true;
    while let Some(segment) = segments.next() {
        is_normal &= !matches!(segment, "." | "..") && (!segment.is_empty() || segments.peek().is_none());
    }
    let has_plus = uri.query().is_some_and(|query| query.contains('+'));
    if (is_s3 && has_plus) || (!is_s3 && !is_normal) { Err(SignatureError::Mismatch) } else { Ok(()) }
}

/// What whoever fails too often is told.
fn too_many(protocol: Protocol) -> Failure {
    let (code, status, message) = match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => ("ThrottlingException", 400, "Rate exceeded"),
        Protocol::AwsQuery { .. } => ("Throttling", 400, "Rate exceeded"),
        Protocol::RestJson => ("TooManyRequestsException", 429, "Too Many Requests"),
        Protocol::S3 => ("SlowDown", 503, "Please reduce your request rate."),
    };
    Failure::new(code, status, message)
}
