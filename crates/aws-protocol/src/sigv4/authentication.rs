//! The claim of a signature, read from the `Authorization` header or the query of a presigned URL.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, DATE};
use http::{HeaderMap, HeaderValue, Uri};

use super::credential::{Credential, TERMINATOR, parameters};
use super::error::SignatureError;
use super::{moment, query};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The longest a presigned URL may be valid (S3 User Guide, "Sharing objects with presigned URLs").
const EXPIRES_SECONDS_MAX: i64 = 7 * 24 * 60 * 60;

/// What a request claims about who signed it, when, and which of its headers: not proven yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    credential: Credential,
    session_token: Option<String>,
    /// In lower case, in the order of the claim.
    pub(super) signed_headers: Vec<String>,
    /// In hexadecimal, as it came.
    pub(super) signature: String,
    pub(super) signed_at_seconds: i64,
    pub(super) place: Place,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the `Authorization` header.
    Header,
    /// In the query of a presigned URL, valid for this long where it says so.
    Query { expires_seconds: Option<i64> },
}

impl Authentication {
    /// Reads the claim of a request. A header that AWS would read wins over the query.
    pub fn read(headers: &HeaderMap, uri: &Uri) -> Result<Self, SignatureError> {
        let query = uri.query().unwrap_or_default();
        match headers.get(AUTHORIZATION) {
            Some(value) => Self::from_header(value, headers),
            None if query::value(query, "X-Amz-Algorithm").is_some() => Self::from_query(query),
            None => Err(SignatureError::Missing),
        }
    }

    /// What the request says it was signed with and for.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The token that goes with temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    fn from_header(authorization: &HeaderValue, headers: &HeaderMap) -> Result<Self, SignatureError> {
        // The message shows a digest: the header may hold a bearer token that was sent to the wrong door.
        let hash = STANDARD.encode(digest(&SHA256, authorization.as_bytes()));
        // Like routing, which must see the same credential, this reads nothing into what is no text.
        let text = authorization.to_str().unwrap_or_default();
        let algorithm = text.split(' ').next().unwrap_or_default();
        if algorithm.starts_with("AWS4-") && algorithm != ALGORITHM {
            return Err(SignatureError::Incomplete(format!("Unsupported AWS 'algorithm': '{}'.", bounded(algorithm))));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        if algorithm == ALGORITHM {
            for parameter in parameters(text) {
                let Some((name, value)) = parameter.split_once('=') else {
                    return Err(SignatureError::Incomplete(format!(
                        "'{}' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with \
                         SHA-256 and encoded with Base64): '{hash}'.",
                        bounded(parameter)
                    )));
                };
                match name {
                    "Credential" => credential = Some(value),
                    "SignedHeaders" => signed_headers = Some(value),
                    "Signature" => signature = Some(value),
                    _ => {}
                }
            }
        }
        let date = headers.get("x-amz-date").or_else(|| headers.get(DATE)).and_then(|value| value.to_str().ok());
        let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
            (credential, signed_headers, signature, date)
        else {
            let missing = [
                (credential.is_none(), "Authorization header requires 'Credential' parameter. "),
                (signature.is_none(), "Authorization header requires 'Signature' parameter. "),
                (signed_headers.is_none(), "Authorization header requires 'SignedHeaders' parameter. "),
                (
                    date.is_none(),
                    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
                ),
            ];
            let missing: String = missing.iter().filter(|(absent, _)| *absent).map(|(_, message)| *message).collect();
            let tail = format!("(Hashed with SHA-256 and encoded with Base64) Authorization={hash}");
            return Err(SignatureError::Incomplete(missing + &tail));
        };
        let token = headers.get("x-amz-security-token").and_then(|value| value.to_str().ok());
        Self::new(credential, signed_headers, signature, date, token.map(str::to_owned), Place::Header)
    }

    fn from_query(query: &str) -> Result<Self, SignatureError> {
        let algorithm = query::value(query, "X-Amz-Algorithm").unwrap_or_default();
        if algorithm != ALGORITHM {
            return Err(SignatureError::Incomplete(format!("Unsupported AWS 'algorithm': '{}'.", bounded(&algorithm))));
        }
        let names = ["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date"];
        let [Some(credential), Some(signed_headers), Some(signature), Some(date)] =
            names.map(|name| query::value(query, name))
        else {
            let missing = names.into_iter().filter(|name| query::value(query, name).is_none());
            let sentences = missing.map(|name| format!("AWS query-string parameters must include '{name}'."));
            let end = std::iter::once("Re-examine the query-string parameters.".to_owned());
            return Err(SignatureError::Incomplete(sentences.chain(end).collect::<Vec<_>>().join(" ")));
        };
        let expires_seconds = query::value(query, "X-Amz-Expires").map(|text| expires_seconds(&text)).transpose()?;
        let token = query::value(query, "X-Amz-Security-Token");
        let place = Place::Query { expires_seconds };
        Self::new(&credential, &signed_headers, &signature, &date, token, place)
    }

    fn new(
        credential: &str,
        signed_headers: &str,
        signature: &str,
        date: &str,
        session_token: Option<String>,
        place: Place,
    ) -> Result<Self, SignatureError> {
        let credential = read_credential(credential)?;
        let signed_at_seconds = moment::from_basic(date).or_else(|| moment::from_http(date)).ok_or_else(|| {
            SignatureError::Incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601",
                bounded(date)
            ))
        })?;
        let signed_headers: Vec<String> =
            signed_headers.split(';').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect();
        if !signed_headers.iter().any(|name| name == "host" || name == ":authority") {
            return Err(SignatureError::Incomplete(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        let day = moment::basic(signed_at_seconds).get(..8).unwrap_or_default().to_owned();
        if credential.date != day {
            return Err(SignatureError::Scope(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{day}', from '{}'.",
                bounded(&credential.date),
                bounded(date)
            )));
        }
        Ok(Self {
            credential,
            session_token,
            signed_headers,
            signature: signature.to_owned(),
            signed_at_seconds,
            place,
        })
    }
}

fn read_credential(text: &str) -> Result<Credential, SignatureError> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() != 5 || parts.iter().any(|part| part.is_empty()) {
        return Err(SignatureError::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
            bounded(text)
        )));
    }
    Credential::parse(text).ok_or_else(|| {
        SignatureError::Scope(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
            bounded(parts.last().copied().unwrap_or_default())
        ))
    })
}

fn expires_seconds(text: &str) -> Result<i64, SignatureError> {
    let seconds = text.parse().ok().filter(|seconds| (0..=EXPIRES_SECONDS_MAX).contains(seconds));
    seconds.ok_or_else(|| {
        SignatureError::Incomplete(format!(
            "X-Amz-Expires must be a number of seconds from 0 to {EXPIRES_SECONDS_MAX}."
        ))
    })
}

/// The start of a text that a message shows: what a caller sends is not echoed at length.
fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(128)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::credential::credential_scope;
    use super::*;

    const CREDENTIAL: &str = "Credential=AKID/20260131/us-east-1/cognito-idp/aws4_request";

    fn read(authorization: Option<&str>, date: Option<&str>, uri: &str) -> Result<Authentication, SignatureError> {
        let mut headers = HeaderMap::new();
        for (name, value) in [("authorization", authorization), ("x-amz-date", date)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        Authentication::read(&headers, &uri.parse().unwrap())
    }

    #[test]
    fn reads_header_and_query_claims() {
        let date = Some("20260131T120000Z");
        for separator in [", ", ",", " "] {
            let header = [CREDENTIAL, "SignedHeaders=host;X-Amz-Date", "Signature=abc"].join(separator);
            let claim = read(Some(&format!("AWS4-HMAC-SHA256 {header}")), date, "/").unwrap();
            assert_eq!(claim.credential().service, "cognito-idp");
            assert_eq!(claim.signed_headers, ["host", "x-amz-date"]);
            assert_eq!(
                (claim.signature.as_str(), claim.signed_at_seconds, claim.place),
                ("abc", 1_769_860_800, Place::Header)
            );
        }
        let query = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260131%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20260131T120000Z&X-Amz-SignedHeaders=host%3Bx-id&X-Amz-Signature=abc&X-Amz-Security-Token=t%2B";
        let claim = read(None, None, query).unwrap();
        assert_eq!(claim.session_token(), Some("t+"));
        assert_eq!(claim.signed_headers, ["host", "x-id"]);
        assert_eq!(claim.place, Place::Query { expires_seconds: None });
        let claim = read(None, None, &format!("{query}&X-Amz-Expires=60")).unwrap();
        assert_eq!(claim.place, Place::Query { expires_seconds: Some(60) });
    }

    #[test]
    fn routing_sees_the_same_credential() {
        let own = CREDENTIAL.replace("AKID", "OWN");
        for (credential, expected) in [
            (format!("{own}, {CREDENTIAL}"), Some("AKID")),
            (format!("{CREDENTIAL}, X{own}"), Some("AKID")),
            (format!("X{own}, {CREDENTIAL}"), Some("AKID")),
            (CREDENTIAL.replace("cognito", "c\u{f6}gnito"), None),
        ] {
            let text = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=abc");
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_bytes(text.as_bytes()).unwrap());
            headers.insert("x-amz-date", HeaderValue::from_static("20260131T120000Z"));
            let uri = Uri::from_static("/");
            let claim = Authentication::read(&headers, &uri).ok();
            assert_eq!(claim.as_ref().map(|claim| &*claim.credential().access_key_id), expected, "{text}");
            assert_eq!(claim.map(|claim| claim.credential), credential_scope(&headers, &uri), "{text}");
        }
    }

    #[test]
    fn says_precisely_what_a_header_lacks() {
        fn check(authorization: &str, date: Option<&str>, expected: &str) {
            let hash = STANDARD.encode(digest(&SHA256, authorization.as_bytes()));
            let found = read(Some(authorization), date, "/").unwrap_err().to_string();
            assert_eq!(found, expected.replace("HASH", &hash), "{authorization}");
        }
        let date = Some("20260131T120000Z");
        let rest = "SignedHeaders=host, Signature=abc";
        check(
            "Bearer secret",
            None,
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
             Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a \
             'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=HASH",
        );
        check(
            &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host"),
            date,
            "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) \
             Authorization=HASH",
        );
        check(
            &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, nonsense, {rest}"),
            date,
            "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and \
             encoded with Base64): 'HASH'.",
        );
        check("AWS4-ECDSA-P256-SHA256 x=y", date, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.");
        check(
            &format!("AWS4-HMAC-SHA256 Credential=AKID, {rest}"),
            date,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKID'",
        );
        check(
            &format!("AWS4-HMAC-SHA256 Credential=AKID/20260131/us-east-1/s3/aws4, {rest}"),
            date,
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'.",
        );
        check(
            &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, {rest}"),
            Some("today"),
            "Date must be in ISO-8601 'basic format'. Got 'today'. See http://en.wikipedia.org/wiki/ISO_8601",
        );
        check(
            &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, {rest}"),
            Some("20260201T000000Z"),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260131' != \
             '20260201', from '20260201T000000Z'.",
        );
        check(
            &format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=x-amz-date, Signature=abc"),
            date,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        );
    }

    #[test]
    fn says_precisely_what_a_query_lacks() {
        fn check(query: &str, expected: &str) {
            assert_eq!(read(None, None, &format!("/?{query}")).unwrap_err().to_string(), expected, "{query}");
        }
        let algorithm = "X-Amz-Algorithm=AWS4-HMAC-SHA256";
        check("a=b", "Missing Authentication Token");
        check("X-Amz-Algorithm=x", "Unsupported AWS 'algorithm': 'x'.");
        check(
            &format!("{algorithm}&X-Amz-Date=x&X-Amz-Signature=x"),
            "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
             'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
        );
        for expires in ["-1", "x", "604801", "99999999999999999999"] {
            check(
                &format!(
                    "{algorithm}&X-Amz-Credential=a/b/c/d/aws4_request&X-Amz-Date=x&X-Amz-Signature=x\
                     &X-Amz-SignedHeaders=host&X-Amz-Expires={expires}"
                ),
                "X-Amz-Expires must be a number of seconds from 0 to 604800.",
            );
        }
    }

    proptest! {
        #[test]
        fn no_claim_panics(authorization in "(AWS4-HMAC-SHA256 )?(Credential=[a-z/]{0,20}[, ]?)?[ -~]{0,60}", date in "[0-9TZ]{0,18}") {
            let _ = read(Some(&authorization), Some(&date), "/");
        }

        #[test]
        fn no_query_panics(query in "(X-Amz-(Algorithm|Credential|Date|Signature|SignedHeaders|Expires)=[0-9A-Za-z%/;-]{0,20}&){0,8}") {
            let _ = read(None, None, &format!("/?{query}"));
        }
    }
}
