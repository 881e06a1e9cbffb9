//! The server that commands talk to.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;

use super::credentials::signed;
use crate::outbound::{self, Upstream};

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// A server's address: `http://host:port` or `https://host:port`.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    https: bool,
}

impl Endpoint {
    /// Reads `--endpoint`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let expected = || "expected http://HOST:PORT or https://HOST:PORT";
        let url: Uri = text.parse().with_context(expected)?;
        let https = match url.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => bail!(expected()),
        };
        let (Some(authority), "" | "/") = (url.authority(), url.path()) else { bail!(expected()) };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Ok(Self { host, port: authority.port_u16().unwrap_or(if https { 443 } else { 80 }), https })
    }

    /// The host without port and brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// `host:port`, an IPv6 address in brackets.
    pub(super) fn authority(&self) -> String {
        outbound::authority(&self.host, self.port)
    }

    /// The address as a URL without a path.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }

    /// Gets `path`.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Response<Bytes>> {
        self.send(Request::get(path).body(Full::default())?).await
    }

    /// Gets one of the server's own paths that is for operators.
    pub(super) async fn get_as_operator(&self, path: &str) -> anyhow::Result<Response<Bytes>> {
        self.send(signed(self, Request::get(path).body(Bytes::new())?, "claviger", None)?).await
    }

    /// Sends a request whose target is a path, and reads the whole answer.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        tokio::time::timeout(ANSWER_MAX, self.try_send(request))
            .await
            .unwrap_or_else(|_| bail!("the server at {} did not answer within {ANSWER_MAX:?}", self.url()))
    }

    /// The proxy that leads to this server, as curl and most others find it; one on this machine is reached without.
    fn proxy(&self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Upstream>> {
        let of = |lower: &str, upper: &str| variable(lower).or_else(|| variable(upper));
        if !self.https || self.is_loopback() {
            return Ok(None);
        }
        let exempt = of("no_proxy", "NO_PROXY").unwrap_or_default();
        if exempt.split([',', ' ']).any(|entry| exempts(entry, &self.host)) {
            return Ok(None);
        }
        let Some(url) = of("https_proxy", "HTTPS_PROXY").or_else(|| of("all_proxy", "ALL_PROXY")) else {
            return Ok(None);
        };
        // The value is not repeated in the complaint: it may hold a password.
        let url = if url.contains("://") { url } else { format!("http://{url}") };
        let proxy = Upstream::parse(&url).context("HTTPS_PROXY is not of the form http://[user:password@]host:port")?;
        Ok(Some(proxy))
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    fn what_to_do(&self) -> &'static str {
        if self.is_loopback() {
            "start one with `claviger dev`, or name another with --endpoint"
        } else {
            "check the address; AWS's names lead to a local server only under `claviger exec`"
        }
    }

    async fn try_send(&self, mut request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        let upstream = self.proxy(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        let mut stream = outbound::tunnel(&self.host, self.port, upstream.as_ref())
            .await
            .with_context(|| format!("no server answers at {}; {}", self.url(), self.what_to_do()))?;
        if self.https {
            stream = outbound::encrypt(stream, &self.host).await?;
        }
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        request.headers_mut().entry(header::HOST).or_insert(HeaderValue::try_from(self.authority())?);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(anyhow::Error::from_boxed)?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

/// Whether a `NO_PROXY` entry covers a host: `*`, the name itself, or a domain above it.
fn exempts(entry: &str, host: &str) -> bool {
    let name = entry.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    let above = host.strip_suffix(&*name).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    name == "*" || (!name.is_empty() && above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_proxy_that_leads_to_a_server() {
        let check = |url: &str, variables: &[(&str, &str)], expected: Option<&str>| {
            let variable =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            let proxy = Endpoint::parse(url).unwrap().proxy(variable).unwrap();
            assert_eq!(proxy.map(|proxy| proxy.authority()).as_deref(), expected, "{url} {variables:?}");
        };
        let (domain, ours) =
            ("https://weather.auth.us-east-1.amazoncognito.com", ("HTTPS_PROXY", "http://127.0.0.1:4566"));
        check(domain, &[], None);
        check(domain, &[ours], Some("127.0.0.1:4566"));
        check(domain, &[ours, ("https_proxy", "proxy.example:3128")], Some("proxy.example:3128"));
        check(domain, &[("ALL_PROXY", "http://proxy.example")], Some("proxy.example:80"));
        check(domain, &[ours, ("NO_PROXY", "localhost,127.0.0.1")], Some("127.0.0.1:4566"));
        check(domain, &[ours, ("NO_PROXY", "com.example, .amazoncognito.com")], None);
        check(domain, &[ours, ("NO_PROXY", "cognito.com")], Some("127.0.0.1:4566"));
        check(domain, &[ours, ("NO_PROXY", "*")], None);
        check("http://m2m.example", &[ours], None);
        check("https://localhost:4566", &[ours], None);
        check("https://[::1]:4566", &[ours], None);
        let endpoint = Endpoint::parse(domain).unwrap();
        let error = endpoint.proxy(|name| (name == "HTTPS_PROXY").then(|| "socks5://user:hidden@h".to_owned()));
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("HTTPS_PROXY") && !error.contains("hidden"), "{error}");
    }

    #[test]
    fn reads_endpoints() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Endpoint::parse(text).ok().map(|endpoint| endpoint.url()).as_deref(), expected, "{text}");
        };
        check("http://127.0.0.1:4566", Some("http://127.0.0.1:4566"));
        check("http://LocalHost:4566/", Some("http://localhost:4566"));
        check("https://m2m.example", Some("https://m2m.example:443"));
        check("http://[::1]:4566", Some("http://[::1]:4566"));
        check("127.0.0.1:4566", None);
        check("ftp://127.0.0.1", None);
        check("http://127.0.0.1:4566/path", None);
        check("", None);
    }
}
