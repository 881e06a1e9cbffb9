//! Credentials of signatures: the key, and the day, region and service it signs for.

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};

use super::query;

/// What a signature says it was made with and for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The id of the access key.
    pub access_key_id: String,
    /// The day, as `20260131`. Empty in signatures older than SigV4.
    pub date: String,
    /// The region. Empty in signatures older than SigV4.
    pub region: String,
    /// The service's signing name, such as `cognito-idp` or `apigateway`.
    pub service: String,
}

/// The last part of every SigV4 credential.
pub(super) const TERMINATOR: &str = "aws4_request";

/// The credential that a request names, in its header or its query, without checking anything: what routing needs.
///
/// Signatures that came before SigV4 (`AWS key:signature`, `AWSAccessKeyId=`) name no service: S3 still sees them.
pub fn credential_scope(headers: &HeaderMap, uri: &Uri) -> Option<Credential> {
    if let Some(authorization) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        if authorization.starts_with("AWS4-") {
            let named = parameters(authorization).filter_map(|parameter| parameter.strip_prefix("Credential="));
            return Credential::parse(named.last()?);
        }
        if let Some(key) = authorization.strip_prefix("AWS ") {
            return Some(Credential::older(key.split_once(':')?.0));
        }
    }
    let query = uri.query()?;
    if let Some(credential) = query::value(query, "X-Amz-Credential") {
        return Credential::parse(&credential);
    }
    query::value(query, "Signature")?;
    query::value(query, "AWSAccessKeyId").map(|key| Credential::older(&key))
}

/// The parameters of an `Authorization` header, behind its algorithm.
pub(super) fn parameters(authorization: &str) -> impl Iterator<Item = &str> {
    let (_, parameters) = authorization.split_once(' ').unwrap_or_default();
    parameters.split([',', ' ']).filter(|parameter| !parameter.is_empty())
}

/// The token of temporary credentials that a request carries, without checking anything.
pub fn session_token(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    match headers.get("x-amz-security-token") {
        Some(token) => token.to_str().ok().map(str::to_owned),
        None => query::value(uri.query()?, "X-Amz-Security-Token"),
    }
}

impl Credential {
    /// Reads `key/date/region/service/aws4_request`.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let [access_key_id, date, region, service, TERMINATOR] = parts[..] else { return None };
        let whole = [access_key_id, date, region, service].iter().all(|part| !part.is_empty());
        whole.then(|| Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
        })
    }

    fn older(access_key_id: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            date: String::new(),
            region: String::new(),
            service: "s3".to_owned(),
        }
    }

    /// What the signing key is bound to.
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn scope(authorization: Option<&str>, uri: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let Credential { access_key_id, date, region, service } = credential_scope(&headers, &uri.parse().unwrap())?;
        Some(format!("{access_key_id} {date} {region} {service}"))
    }

    #[test]
    fn the_credential_is_found_wherever_a_signature_puts_it() {
        fn check(authorization: Option<&str>, uri: &str, expected: Option<&str>) {
            assert_eq!(scope(authorization, uri).as_deref(), expected, "{authorization:?} {uri}");
        }
        let full = "AWS4-HMAC-SHA256 Credential=AKID/20260131/us-east-1/cognito-idp/aws4_request, SignedHeaders=host";
        check(Some(full), "/", Some("AKID 20260131 us-east-1 cognito-idp"));
        check(Some("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request,Signature=x"), "/", Some("a b c d"));
        check(Some("AWS4-HMAC-SHA256 SignedHeaders=host Credential=a/b/c/d/aws4_request"), "/", Some("a b c d"));
        check(Some("AWS AKID:c2ln"), "/", Some("AKID   s3"));
        check(Some("Bearer x"), "/?X-Amz-Credential=a%2Fb%2Fc%2Fd%2Faws4_request", Some("a b c d"));
        check(None, "/x?a=b&X-Amz-Credential=a/b/c/d/aws4_request", Some("a b c d"));
        check(None, "/?AWSAccessKeyId=AKID&Signature=c2ln&Expires=1", Some("AKID   s3"));
        check(None, "/?AWSAccessKeyId=AKID", None);
        check(None, "/", None);
        check(Some("Bearer x"), "/", None);
        check(Some("AWS4-HMAC-SHA256 SignedHeaders=host"), "/", None);
        for broken in
            ["a/b/c/d", "a/b/c/d/aws4", "/b/c/d/aws4_request", "a/b//d/aws4_request", "a/a/b/c/d/aws4_request"]
        {
            check(Some(&format!("AWS4-HMAC-SHA256 Credential={broken}")), "/", None);
        }
    }

    proptest! {
        #[test]
        fn no_header_or_query_panics(authorization in "(AWS4-HMAC-SHA256 |AWS )?[ -~]{0,60}", query in "[!-~&&[^#]]{0,60}") {
            if let Ok(uri) = format!("/?{query}").parse::<Uri>() {
                let _ = scope(Some(&authorization), &uri.to_string());
                let _ = scope(None, &uri.to_string());
            }
        }
    }
}
