//! The other side: signing a request, as our own command line does.

use aws_lc_rs::hmac;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::canonical::{PathForm, hex, hex_sha256, request_hash};
use super::credential::Credential;
use super::moment;
use super::verification::signing_key;

/// Who signs, and for what.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The id of the access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The region.
    pub region: &'a str,
    /// The service's signing name.
    pub service: &'a str,
}

/// Signs a request, all of it: its host, which must be among the headers, its type, whatever is Amazon's, and its body.
pub fn sign(signer: &Signer<'_>, method: &Method, uri: &Uri, headers: &mut HeaderMap, body: &[u8], now_seconds: i64) {
    let signed_at = moment::basic(now_seconds);
    let payload_hash = hex_sha256(body);
    let put = |headers: &mut HeaderMap, name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put(headers, "x-amz-date", &signed_at);
    put(headers, "x-amz-content-sha256", &payload_hash);
    if let Some(token) = signer.session_token {
        put(headers, "x-amz-security-token", token);
    }
    let mut names: Vec<String> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| *name == HOST.as_str() || *name == "content-type" || name.starts_with("x-amz-"))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    let credential = Credential {
        access_key_id: signer.access_key_id.to_owned(),
        date: signed_at.get(..8).unwrap_or_default().to_owned(),
        region: signer.region.to_owned(),
        service: signer.service.to_owned(),
    };
    let form = if signer.service == "s3" { PathForm::AsSent } else { PathForm::NormalizedTwice };
    let hash = request_hash(method.as_str(), uri, headers, &names, form, &payload_hash);
    let scope = credential.scope();
    let text = format!("AWS4-HMAC-SHA256\n{signed_at}\n{scope}\n{hash}");
    let key = signing_key(signer.secret_access_key, &credential);
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    let (id, names) = (&credential.access_key_id, names.join(";"));
    let claim = format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
    put(headers, "authorization", &claim);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_credential_types::Credentials;
    use aws_sigv4::http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode,
    };
    use aws_sigv4::sign::v4;
    use aws_smithy_runtime_api::client::identity::Identity;
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_769_860_800;

    /// What AWS's signer makes of the same request.
    fn reference(signer: &Signer<'_>, method: &Method, uri: &str, headers: &HeaderMap, body: &[u8]) -> String {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        if signer.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let token = signer.session_token.map(str::to_owned);
        let identity: Identity =
            Credentials::new(signer.access_key_id, signer.secret_access_key, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(signer.region)
            .name(signer.service)
            .time(UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let signable =
            SignableRequest::new(method.as_str(), uri, headers.into_iter(), SignableBody::Bytes(body)).unwrap();
        let (_, signature) = aws_sigv4::http_request::sign(signable, &parameters).unwrap().into_parts();
        signature
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_signature_is_the_one_that_aws_makes(
            is_post: bool,
            path in "(/([A-Za-z0-9._~-]|%[2-7][0-9A-F]){1,6}){1,3}",
            query in "(\\?[a-z]{1,4}=([A-Za-z0-9._~-]|%[2-7][0-9A-F]){0,8})?",
            target in "[A-Za-z.]{1,20}",
            body in proptest::collection::vec(any::<u8>(), 0..64),
            service in prop_oneof![Just("claviger"), Just("cloudformation"), Just("s3")],
            session_token in prop_oneof![Just(None), Just(Some("token/with+odd=characters"))],
        ) {
            let method = if is_post { Method::POST } else { Method::GET };
            let signer = Signer {
                access_key_id: "AKIDEXAMPLE", secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                session_token, region: "eu-west-1", service,
            };
            let uri = format!("http://127.0.0.1:4566{path}{query}");
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("127.0.0.1:4566"));
            headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
            headers.insert("x-amz-target", HeaderValue::from_str(&target).unwrap());
            let expected = reference(&signer, &method, &uri, &headers, &body);
            sign(&signer, &method, &uri.parse().unwrap(), &mut headers, &body, NOW);
            let claim = headers.get("authorization").unwrap().to_str().unwrap();
            prop_assert_eq!(claim.rsplit_once("Signature=").unwrap().1, expected, "{}", claim);
        }
    }
}
