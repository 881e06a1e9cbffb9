//! `AWS_IAM` methods and routes: whoever signs a request with an AWS access key is let through (API Gateway, "Control access
//! to a REST API with IAM permissions", "Control access to HTTP APIs with IAM authorization").
//!
//! What a signature claims is read before the body is, and proven with the body: it signs that, too.

use claviger_aws_protocol::sigv4::{Authentication, Payload, SignatureError, SignedRequest};
use claviger_gateway::context::Signer;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::signature_refusal::SignatureRefusal;
use claviger_resources::{Region, Timestamp};
use claviger_runtime::access_keys::{AccessKeys, Found, KnownKey, Principal, Useless};
use claviger_runtime::roles::Rights;
use claviger_runtime::snapshot::Snapshot;
use http::header::AUTHORIZATION;
use http::request::Parts;

/// The name that signatures for APIs are scoped to.
const SERVICE: &str = "execute-api";

/// A signature as it was read: the claim of a key that may open the method, or of one that passes unproven.
pub(crate) struct Claim {
    authentication: Authentication,
    key: Result<Box<KnownKey>, Principal>,
}

/// Who signed a request, and what they may do.
pub(crate) struct Proven {
    pub(crate) signer: Signer,
    pub(crate) rights: Rights,
}

/// Reads what a request's signature claims.
pub(crate) fn claim(keys: &AccessKeys, snapshot: &Snapshot, parts: &Parts, now: Timestamp) -> Result<Claim, Refusal> {
    let authentication = Authentication::read(&parts.headers, &parts.uri).map_err(|error| match error {
        SignatureError::Missing => SignatureRefusal::Missing.into(),
        // What is no signature at all is complained of as on methods that are not there.
        _ if parts.headers.get(AUTHORIZATION).is_some_and(|value| !value.as_bytes().starts_with(b"AWS4-")) => {
            let complaint = Refusal::not_found(&parts.headers).message().unwrap_or_default().into_owned();
            SignatureRefusal::Incomplete(complaint).into()
        }
        other => Refusal::from(in_gateway_words(&other)),
    })?;
    let id = &authentication.credential().access_key_id;
    let key = match keys.find(snapshot, id, authentication.session_token(), now) {
        Found::Known(key) => Ok(key),
        Found::Passes(principal) => Err(principal),
        Found::Useless(Useless::SessionOver) => return Err(SignatureRefusal::Expired.into()),
        Found::Useless(_) => return Err(SignatureRefusal::UnknownAccessKey.into()),
    };
    Ok(Claim { authentication, key })
}

impl Claim {
    /// Proves the claim; tells who signed.
    pub(crate) fn prove(self, parts: &Parts, body: &[u8], region: &Region, now: Timestamp) -> Result<Proven, Refusal> {
        let request = SignedRequest {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            payload: Payload::Read(body),
            service: SERVICE,
            region: Some(region.as_str()),
        };
        let verify = |secret: &str| self.authentication.verify(&request, secret, now.seconds());
        let (principal, rights) = match &self.key {
            Ok(key) => {
                verify(key.secret.expose()).map_err(|error| Refusal::from(in_gateway_words(&error)))?;
                (&key.principal, key.rights.clone())
            }
            // All of the signature but its secret can be wrong here as elsewhere.
            Err(principal) => match verify("") {
                Ok(_) | Err(SignatureError::Mismatch) => (principal, Rights::Everything),
                Err(error) => return Err(in_gateway_words(&error).into()),
            },
        };
        let signer = Signer {
            access_key: self.authentication.credential().access_key_id.clone(),
            account: principal.account,
            arn: principal.arn.clone(),
            id: principal.id.clone(),
        };
        Ok(Proven { signer, rights })
    }
}

fn in_gateway_words(error: &SignatureError) -> SignatureRefusal {
    match error {
        SignatureError::Missing => SignatureRefusal::Missing,
        SignatureError::Incomplete(message) => SignatureRefusal::Incomplete(message.clone()),
        SignatureError::UnknownAccessKey | SignatureError::SessionToken => SignatureRefusal::UnknownAccessKey,
        SignatureError::SessionExpired => SignatureRefusal::Expired,
        SignatureError::Scope(_)
        | SignatureError::Time(_)
        | SignatureError::Expired(_)
        | SignatureError::HeadersNotSigned
        | SignatureError::Mismatch
        | SignatureError::Payload
        | SignatureError::PayloadKind => SignatureRefusal::Invalid(error.to_string()),
    }
}
