//! Signatures of requests: the `Authorization` header and presigned queries, claimed and forged.

use claviger_aws_protocol::sigv4::{
    Authentication, Payload, SignedRequest, Signer, credential_scope, session_token, sign,
};
use http::HeaderValue;
use http::header::{AUTHORIZATION, HOST};

use crate::input::Request;

const NOW_SECONDS: i64 = 1_769_860_800;
const SECRET: &str = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";

/// A request.
pub(super) fn run(data: &[u8]) {
    let Some(Request { method, uri, mut headers, body }) = Request::read(data) else { return };
    let _ = session_token(&headers, &uri);
    let scope = credential_scope(&headers, &uri);
    if let Ok(claim) = Authentication::read(&headers, &uri) {
        assert_eq!(scope.as_ref(), Some(claim.credential()), "routing and verification read the same credential");
        let credential = claim.credential();
        for payload in [Payload::Read(body), Payload::Unread] {
            let (service, region) = (&*credential.service, Some(&*credential.region));
            let request = SignedRequest { method: &method, uri: &uri, headers: &headers, payload, service, region };
            let forged = claim.verify(&request, SECRET, NOW_SECONDS);
            assert!(forged.is_err(), "nobody who does not know the secret can sign");
        }
    }
    for name in [AUTHORIZATION.as_str(), "x-amz-content-sha256", "x-amz-date"] {
        headers.remove(name);
    }
    headers.entry(HOST).or_insert(HeaderValue::from_static("localhost"));
    for service in ["execute-api", "s3"] {
        let (access_key_id, secret_access_key, region) = ("AKID", SECRET, "us-east-1");
        let signer = Signer { access_key_id, secret_access_key, session_token: None, region, service };
        let mut headers = headers.clone();
        sign(&signer, &method, &uri, &mut headers, body, NOW_SECONDS);
        let payload = Payload::Read(body);
        let request =
            SignedRequest { method: &method, uri: &uri, headers: &headers, payload, service, region: Some(region) };
        let verified =
            Authentication::read(&headers, &uri).and_then(|claim| claim.verify(&request, SECRET, NOW_SECONDS));
        assert!(verified.is_ok(), "what we sign we accept: {:?}", verified.err());
    }
}
