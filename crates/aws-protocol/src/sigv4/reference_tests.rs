//! Verification held against AWS's own signer.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::Request;
use proptest::prelude::*;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: i64 = 1_769_860_800;

/// A request before it is signed.
#[derive(Clone, Debug)]
struct Plan {
    method: &'static str,
    path_and_query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    service: &'static str,
    is_presigned: bool,
    session_token: Option<&'static str>,
    is_payload_signed: bool,
}

impl Plan {
    fn new(method: &'static str, path_and_query: &str, service: &'static str) -> Self {
        Self {
            method,
            path_and_query: path_and_query.to_owned(),
            headers: Vec::new(),
            body: b"{}".to_vec(),
            service,
            is_presigned: false,
            session_token: None,
            is_payload_signed: true,
        }
    }

    /// The request as AWS's signer leaves it.
    fn signed(&self) -> Request<Vec<u8>> {
        let is_s3 = self.service == "s3";
        let mut settings = SigningSettings::default();
        if is_s3 {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.is_presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_mins(15));
        }
        let token = self.session_token.map(str::to_owned);
        let identity: Identity = Credentials::new("AKIDEXAMPLE", SECRET, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(self.service)
            .time(UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("http://127.0.0.1:4566{}", self.path_and_query);
        let mut builder = Request::builder().method(self.method).uri(&uri).header("host", "127.0.0.1:4566");
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        let mut request = builder.body(self.body.clone()).unwrap();
        let headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let body = match (is_s3 && (self.is_presigned || !self.is_payload_signed), &self.body) {
            (true, _) => SignableBody::UnsignedPayload,
            (false, body) => SignableBody::Bytes(body),
        };
        let signable = SignableRequest::new(self.method, uri, headers.into_iter(), body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    fn verify(&self, request: &Request<Vec<u8>>) -> Result<Verified, SignatureError> {
        verify(request, self.service, Some("eu-west-1"), SECRET, NOW)
    }
}

fn verify(
    request: &Request<Vec<u8>>,
    service: &str,
    region: Option<&str>,
    secret: &str,
    now: i64,
) -> Result<Verified, SignatureError> {
    let signed = SignedRequest {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
        payload: Payload::Read(request.body()),
        service,
        region,
    };
    Authentication::read(request.headers(), request.uri())?.verify(&signed, secret, now)
}

prop_compose! {
    fn plans()(
        method in prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("DELETE")],
        path in "(/([A-Za-z0-9._~:@!$'()*,;=+-]|%[2-7][0-9A-F]|%C3%A9){0,6}){1,4}",
        query in "(\\?([A-Za-z0-9._~:@!$'()*,;/?+-]|%[2-7][0-9A-F]|%C3%A9|=|&){0,24})?",
        value in "[!-~]([ -~]{0,20}[!-~])?",
        body in proptest::collection::vec(any::<u8>(), 0..64),
        service in prop_oneof![Just("cognito-idp"), Just("apigateway"), Just("s3")],
        is_presigned: bool,
        session_token in prop_oneof![Just(None), Just(Some("token/with+odd=characters"))],
        is_payload_signed: bool,
    ) -> Plan {
        Plan {
            method,
            path_and_query: path + &query,
            headers: vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", value)],
            body,
            service,
            is_presigned,
            session_token,
            is_payload_signed,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_aws_signs_is_verified(plan in plans()) {
        let request = plan.signed();
        let verified = plan.verify(&request);
        let key = verified.as_ref().map(|verified| verified.credential().access_key_id.as_str());
        prop_assert_eq!(key, Ok("AKIDEXAMPLE"), "{:?}", request);
        let claim = Authentication::read(request.headers(), request.uri()).unwrap();
        prop_assert_eq!(claim.session_token(), plan.session_token);
    }

    #[test]
    fn what_was_changed_after_signing_is_refused(plan in plans(), change in 0..6) {
        let mut request = plan.signed();
        match change {
            0 => *request.method_mut() = http::Method::PATCH,
            1 => *request.uri_mut() = format!("http://127.0.0.1:4566/other{}", request.uri().path_and_query().unwrap()).parse().unwrap(),
            2 => {
                let mark = if request.uri().query().is_some() { '&' } else { '?' };
                *request.uri_mut() = format!("{}{mark}more=1", request.uri()).parse().unwrap();
            }
            3 => drop(request.headers_mut().insert("host", "other.example".parse().unwrap())),
            4 => drop(request.headers_mut().insert("x-amz-target", "other".parse().unwrap())),
            _ if plan.service == "s3" && (plan.is_presigned || !plan.is_payload_signed) => return Ok(()),
            _ => request.body_mut().push(b'!'),
        }
        let is_target_same = change == 4 && plan.headers.iter().any(|(_, value)| value == "other");
        prop_assert!(is_target_same || plan.verify(&request).is_err(), "{request:?}");
    }
}

#[test]
fn only_the_secret_scope_and_time_of_the_signature_fit() {
    let request = Plan::new("POST", "/", "cognito-idp").signed();
    let check = |service, region, secret, now, expected: Result<(), &str>| {
        let found = verify(&request, service, region, secret, now).map(drop).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned));
    };
    check("cognito-idp", Some("eu-west-1"), SECRET, NOW, Ok(()));
    check("cognito-idp", None, SECRET, NOW + 300, Ok(()));
    check("cognito-idp", None, SECRET, NOW - 300, Ok(()));
    check("cognito-idp", None, "another", NOW, Err(&SignatureError::Mismatch.to_string()));
    check("sts", None, SECRET, NOW, Err("Credential should be scoped to correct service: 'sts'. "));
    check(
        "cognito-idp",
        Some("us-east-1"),
        SECRET,
        NOW,
        Err("Credential should be scoped to a valid region, not 'eu-west-1'. "),
    );
    check(
        "cognito-idp",
        None,
        SECRET,
        NOW + 301,
        Err("Signature expired: 20260131T120000Z is now earlier than 20260131T120001Z (20260131T120501Z - 5 min.)"),
    );
    check(
        "cognito-idp",
        None,
        SECRET,
        NOW - 301,
        Err(
            "Signature not yet current: 20260131T120000Z is still later than 20260131T115959Z (20260131T115459Z + 5 min.)",
        ),
    );
}

#[test]
fn s3_waits_fifteen_minutes_and_presigned_urls_as_long_as_they_say() {
    let request = Plan::new("GET", "/bucket/key", "s3").signed();
    assert!(verify(&request, "s3", None, SECRET, NOW + 900).is_ok());
    assert!(matches!(verify(&request, "s3", None, SECRET, NOW + 901), Err(SignatureError::Time(_))));
    let request = Plan { is_presigned: true, ..Plan::new("GET", "/", "sts") }.signed();
    assert!(verify(&request, "sts", None, SECRET, NOW + 900).is_ok());
    assert!(matches!(verify(&request, "sts", None, SECRET, NOW + 901), Err(SignatureError::Expired(_))));
}

#[test]
fn only_s3_signs_without_the_body() {
    let plan = Plan { is_payload_signed: false, ..Plan::new("PUT", "/bucket/key", "s3") };
    assert_eq!(plan.verify(&plan.signed()).unwrap().payload(), &SignedPayload::Unsigned);
    let mut request = Plan::new("POST", "/", "cognito-idp").signed();
    request.headers_mut().insert("x-amz-content-sha256", "UNSIGNED-PAYLOAD".parse().unwrap());
    assert_eq!(verify(&request, "cognito-idp", None, SECRET, NOW), Err(SignatureError::Payload));
}

#[test]
fn s3_leaves_no_header_open_that_says_what_is_done() {
    let plan = Plan::new("PUT", "/bucket/key", "s3");
    for (name, expected) in [
        ("x-amz-copy-source", Err(SignatureError::HeadersNotSigned)),
        ("x-amz-acl", Err(SignatureError::HeadersNotSigned)),
        ("x-amzn-trace-id", Ok(())),
        ("user-agent", Ok(())),
    ] {
        let mut request = plan.signed();
        request.headers_mut().insert(name, "other/key".parse().unwrap());
        assert_eq!(plan.verify(&request).map(drop), expected, "{name}");
    }
}

#[test]
fn what_a_body_of_s3_is_said_to_be_must_be_something_that_there_is() {
    let check = |said: &str, expected: Result<SignedPayload, SignatureError>| {
        let mut request = Plan::new("PUT", "/bucket/key", "s3").signed();
        request.headers_mut().insert("x-amz-content-sha256", said.parse().unwrap());
        let signed = SignedRequest {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            payload: Payload::Unread,
            service: "s3",
            region: None,
        };
        let claim = Authentication::read(request.headers(), request.uri()).unwrap();
        assert_eq!(claim.payload(&signed).map(|(_, payload)| payload), expected, "{said}");
    };
    for (said, streaming) in [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Streaming::Signed),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", Streaming::SignedWithTrailers),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", Streaming::UnsignedWithTrailers),
    ] {
        check(said, Ok(SignedPayload::Streaming(streaming)));
    }
    check("UNSIGNED-PAYLOAD", Ok(SignedPayload::Unsigned));
    for said in ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-", "abc", ""] {
        check(said, Err(SignatureError::PayloadKind));
    }
}

#[test]
fn a_body_that_is_still_to_come_is_bound_by_its_declared_hash() {
    let plan = Plan::new("PUT", "/bucket/key", "s3");
    let request = plan.signed();
    let signed = SignedRequest {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
        payload: Payload::Unread,
        service: "s3",
        region: None,
    };
    let claim = Authentication::read(request.headers(), request.uri()).unwrap();
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let verified = claim.verify(&signed, SECRET, NOW).unwrap();
    assert_eq!(verified.payload(), &SignedPayload::Sha256(hash.to_owned()));
}

#[test]
fn s3_keys_that_a_client_encoded_its_own_way_still_verify() {
    // The signature is made over `%3A`, the request goes out with `:`.
    let mut request = Plan::new("GET", "/bucket/a%3Ab", "s3").signed();
    *request.uri_mut() = "http://127.0.0.1:4566/bucket/a:b".parse().unwrap();
    assert!(verify(&request, "s3", None, SECRET, NOW).is_ok());
}

#[test]
fn the_target_of_a_request_must_be_signed() {
    let mut request = Plan::new("POST", "/", "cognito-idp").signed();
    request.headers_mut().insert("x-amz-target", "AWSCognitoIdentityProviderService.DeleteUserPool".parse().unwrap());
    let error = verify(&request, "cognito-idp", None, SECRET, NOW).unwrap_err();
    assert_eq!(error.to_string(), "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
}

/// A request as botocore 1.43 signed it: service, method and URI, headers, body.
type Recorded = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [u8]);

#[test]
fn what_botocore_signed_is_verified() {
    let recorded: &[Recorded] = &[
        (
            "cognito-idp",
            "POST /",
            &[
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-target", "AWSCognitoIdentityProviderService.CreateUserPool"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/cognito-idp/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
                     Signature=cf5dc3a6a878be83ae99981873057647d33d38895714cce9b21d9a4feff80059",
                ),
            ],
            br#"{"PoolName":"a"}"#,
        ),
        (
            "apigateway",
            "GET /tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc?limit=5&position=a%2Bb%20c%2F",
            &[
                ("accept", "application/json"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/apigateway/aws4_request, \
                     SignedHeaders=accept;host;x-amz-date, \
                     Signature=6464267a2822c83b1bfff731c5036917e4bc5c7f5333922cd71c5d6e79bf55bc",
                ),
            ],
            b"",
        ),
        (
            "s3",
            "PUT /bucket/a%3Ab%20c/x%2By?x-id=PutObject&delete",
            &[
                ("x-amz-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/s3/aws4_request, \
                     SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
                     Signature=e2bcd62c0e82badad06d3f1d035783b33c6c01dfda694cbfde4b5cd5a624e688",
                ),
            ],
            b"{}",
        ),
        (
            "s3",
            "GET /bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260131%2Feu-west-1%2Fs3\
             %2Faws4_request&X-Amz-Date=20260131T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=8446700b663023ae76e4a12db66df959e3eaafb32bc60cb8ff6633de0d6fdb6f",
            &[],
            b"",
        ),
    ];
    for (service, line, headers, body) in recorded {
        let (method, uri) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:4566");
        for (name, value) in [("x-amz-date", "20260131T120000Z")].iter().chain(*headers) {
            request = request.header(*name, *value);
        }
        let verified = verify(&request.body(body.to_vec()).unwrap(), service, Some("eu-west-1"), SECRET, NOW);
        assert!(verified.is_ok(), "{line}: {verified:?}");
    }
}
