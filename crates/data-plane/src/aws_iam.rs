//! `AWS_IAM` methods and routes: whoever signs a request with an AWS access key is let through (API Gateway, "Control access
//! to a REST API with IAM permissions", "Control access to HTTP APIs with IAM authorization").
//!
//! What a signature claims is read before the body is, and proven with the body: it signs that, too.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use claviger_aws_protocol::sigv4::{Authentication, Payload, SignatureError, SignedRequest};
use claviger_gateway::context::Signer;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::signature_refusal::SignatureRefusal;
use claviger_resources::{Region, Timestamp};
use claviger_runtime::access_keys::{AccessKey, AccessKeys, Found, Principal};
use http::header::AUTHORIZATION;
use http::request::Parts;

/// The name that signatures for APIs are scoped to.
const SERVICE: &str = "execute-api";

/// A signature as it was read: the claim of a key that may open the method, or of one that passes unproven.
pub(crate) struct Claim<'k> {
    authentication: Authentication,
    key: Result<&'k AccessKey, Principal>,
}

/// Reads what a request's signature claims.
pub(crate) fn claim<'k>(keys: &'k AccessKeys, parts: &Parts) -> Result<Claim<'k>, Refusal> {
    let authentication = Authentication::read(&parts.headers, &parts.uri).map_err(|error| match error {
        SignatureError::Missing => SignatureRefusal::Missing.into(),
        // What is no signature at all is complained of as on methods that are not there.
        _ if parts.headers.get(AUTHORIZATION).is_some_and(|value| !value.as_bytes().starts_with(b"AWS4-")) => {
            let complaint = Refusal::not_found(&parts.headers).message().unwrap_or_default().into_owned();
            SignatureRefusal::Incomplete(complaint).into()
        }
        other => Refusal::from(in_gateway_words(&other)),
    })?;
    let key = match keys.find(&authentication.credential().access_key_id) {
        Found::Known(key) => Ok(key),
        Found::Passes(principal) => Err(principal),
        Found::Unknown => return Err(SignatureRefusal::UnknownAccessKey.into()),
    };
    Ok(Claim { authentication, key })
}

impl Claim<'_> {
    /// Proves the claim; tells who signed.
    pub(crate) fn prove(&self, parts: &Parts, body: &[u8], region: &Region, now: Timestamp) -> Result<Signer, Refusal> {
        let request = SignedRequest {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            payload: Payload::Read(body),
            service: SERVICE,
            region: Some(region.as_str()),
        };
        let verify = |secret: &str| self.authentication.verify(&request, secret, now.seconds());
        let principal = match &self.key {
            Ok(key) => {
                self.check_session(key, now)?;
                verify(key.secret.expose()).map_err(|error| Refusal::from(in_gateway_words(&error)))?;
                &key.principal
            }
            // All of the signature but its secret can be wrong here as elsewhere.
            Err(principal) => match verify("") {
                Ok(_) | Err(SignatureError::Mismatch) => principal,
                Err(error) => return Err(in_gateway_words(&error).into()),
            },
        };
        Ok(Signer {
            access_key: self.authentication.credential().access_key_id.clone(),
            account: principal.account,
            arn: principal.arn.clone(),
            id: principal.id.clone(),
        })
    }

    /// A temporary key is good with its session's token alone, and until the session ends.
    fn check_session(&self, key: &AccessKey, now: Timestamp) -> Result<(), SignatureRefusal> {
        let Some(session) = &key.session else { return Ok(()) };
        let token = self.authentication.session_token().unwrap_or_default();
        if verify_slices_are_equal(token.as_bytes(), session.token.expose().as_bytes()).is_err() {
            return Err(SignatureRefusal::UnknownAccessKey);
        }
        if session.expires <= now { Err(SignatureRefusal::Expired) } else { Ok(()) }
    }
}

fn in_gateway_words(error: &SignatureError) -> SignatureRefusal {
    match error {
        SignatureError::Missing => SignatureRefusal::Missing,
        SignatureError::Incomplete(message) => SignatureRefusal::Incomplete(message.clone()),
        SignatureError::UnknownAccessKey => SignatureRefusal::UnknownAccessKey,
        SignatureError::Scope(_) | SignatureError::Time(_) | SignatureError::Mismatch | SignatureError::Payload => {
            SignatureRefusal::Invalid(error.to_string())
        }
    }
}
