//! The server that commands talk to.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;

use crate::outbound;

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

    /// Sends a request whose target is a path, and reads the whole answer.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        tokio::time::timeout(ANSWER_MAX, self.try_send(request))
            .await
            .unwrap_or_else(|_| bail!("the server at {} did not answer within {ANSWER_MAX:?}", self.url()))
    }

    async fn try_send(&self, mut request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        let mut stream = outbound::tunnel(&self.host, self.port, None).await.with_context(|| {
            format!(
                "no server answers at {}; start one with `claviger dev`, or name another with --endpoint",
                self.url()
            )
        })?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
