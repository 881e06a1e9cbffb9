//! Credentials of our own calls: those that AWS's tools take from the environment.

use anyhow::Context;
use bytes::Bytes;
use claviger_aws_protocol::sigv4::{Signer, sign};
use claviger_resources::{Clock, Secret};
use http::{HeaderValue, Request, header};
use http_body_util::Full;

use super::endpoint::Endpoint;
use crate::clock::MovableClock;

/// The region that calls are for which are in none.
const REGION: &str = "us-east-1";

/// An access key.
pub(super) struct Credentials {
    access_key_id: String,
    secret_access_key: Secret<String>,
    session_token: Option<Secret<String>>,
}

impl Credentials {
    /// What the environment has, as AWS's tools read it.
    pub(super) fn from_environment() -> Option<Self> {
        Self::of(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: Secret::new(variable("AWS_SECRET_ACCESS_KEY")?),
            session_token: variable("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }
}

/// A call to a service, signed when the environment has credentials. `claviger dev` takes any call, and so one without.
pub(super) fn signed(
    endpoint: &Endpoint,
    request: Request<Bytes>,
    service: &str,
    region: Option<&str>,
) -> anyhow::Result<Request<Full<Bytes>>> {
    sign_with(Credentials::from_environment().as_ref(), endpoint, request, service, region)
}

fn sign_with(
    credentials: Option<&Credentials>,
    endpoint: &Endpoint,
    mut request: Request<Bytes>,
    service: &str,
    region: Option<&str>,
) -> anyhow::Result<Request<Full<Bytes>>> {
    let Some(credentials) = credentials else { return Ok(request.map(Full::new)) };
    let host = HeaderValue::try_from(endpoint.authority()).context("the endpoint is no host")?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().remove(header::AUTHORIZATION);
    let signer = Signer {
        access_key_id: &credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose(),
        session_token: credentials.session_token.as_ref().map(|token| token.expose().as_str()),
        region: region.unwrap_or(REGION),
        service,
    };
    let (mut parts, body) = request.into_parts();
    let now = MovableClock::default().now().seconds();
    sign(&signer, &parts.method, &parts.uri, &mut parts.headers, &body, now);
    Ok(Request::from_parts(parts, Full::new(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_signed_with_what_the_environment_has() {
        let of = |variables: &[(&str, &str)]| {
            let credentials = Credentials::of(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            });
            let endpoint = Endpoint::parse("http://127.0.0.1:4566").unwrap();
            let request = Request::post("/").header("authorization", "scope").body(Bytes::from("{}")).unwrap();
            let signed = sign_with(credentials.as_ref(), &endpoint, request, "claviger", None).unwrap();
            let header = |name: &str| signed.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
            (header("authorization").unwrap(), header("x-amz-security-token"), header("host"))
        };
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "secret"));
        assert_eq!(of(&[]).0, "scope");
        assert_eq!(of(&[id]).0, "scope");
        let (authorization, token, host) = of(&[id, secret]);
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIA/"), "{authorization}");
        assert!(authorization.contains("/us-east-1/claviger/aws4_request, SignedHeaders=host;x-amz-content-sha256"));
        assert_eq!((token, host.as_deref()), (None, Some("127.0.0.1:4566")));
        let (authorization, token, _) = of(&[id, secret, ("AWS_SESSION_TOKEN", "token")]);
        assert_eq!(token.as_deref(), Some("token"));
        assert!(authorization.contains("x-amz-security-token"), "{authorization}");
    }
}
