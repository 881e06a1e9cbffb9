//! The part of a request that decides where it goes, with its host made comparable.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, Method, Uri, Version, header, request};

/// A request that names no one host, or whose end others might see elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    /// The request names hosts that differ.
    #[error("the request names two hosts that differ")]
    Conflict,
    /// More than one `Host` line, which RFC 9112, section 3.2, refuses even when they agree.
    #[error("the request has more than one Host header")]
    Repeated,
    /// An HTTP/1.1 request without any host (RFC 9112, section 3.2).
    #[error("an HTTP/1.1 request needs a Host header")]
    Missing,
    /// A host that is neither a name nor an address.
    #[error("the host is neither a name nor an address")]
    Malformed,
    /// `CONNECT` to a target without a port (RFC 9110, section 9.3.6).
    #[error("CONNECT needs a target of the form host:port")]
    ConnectPort,
    /// A transfer coding beside `chunked`, or `chunked` twice (RFC 9112, section 6.1): others might see its end elsewhere.
    #[error("the request's transfer coding is not chunked alone")]
    TransferCoding,
}

/// A request's head, its host in lower case without port and trailing dot.
#[derive(Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target; in absolute form when the client takes this server for a proxy.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    host: Cow<'a, str>,
    port: Option<u16>,
    absolute_form: bool,
}

impl<'a> RequestHead<'a> {
    /// Takes the head of a request; the host is the absolute-form authority, else `:authority` or `Host`.
    pub fn of(parts: &'a request::Parts) -> Result<Self, BadHead> {
        Self::new(&parts.method, &parts.uri, parts.version, &parts.headers)
    }

    fn new(method: &'a Method, uri: &'a Uri, version: Version, headers: &'a HeaderMap) -> Result<Self, BadHead> {
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        let is_chunked = codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !is_chunked || codings.next().is_some() {
            return Err(BadHead::TransferCoding);
        }
        let mut lines = headers.get_all(header::HOST).iter();
        let line = lines.next();
        if lines.next().is_some() {
            return Err(BadHead::Repeated);
        }
        let line =
            line.map(|line| line.to_str().map_err(|_| BadHead::Malformed).and_then(parse_authority)).transpose()?;
        let target = uri.authority().map(|authority| parse_authority(authority.as_str())).transpose()?;
        let (host, port) = match (target, line) {
            (Some((target, _)), Some((line, _))) if target != line => return Err(BadHead::Conflict),
            (Some(target), _) => target,
            (None, Some(line)) => line,
            (None, None) if version == Version::HTTP_11 => return Err(BadHead::Missing),
            (None, None) => (Cow::Borrowed(""), None),
        };
        if method == Method::CONNECT && port.is_none() {
            return Err(BadHead::ConnectPort);
        }
        // In HTTP/2 every request carries an authority: only in HTTP/1 does one mean that a proxy is addressed.
        let absolute_form = version < Version::HTTP_2 && uri.scheme().is_some();
        Ok(Self { method, uri, headers, host, port, absolute_form })
    }

    /// The host: lower case, without port and trailing dot, an IPv6 address without brackets; empty when HTTP/1.0 names
    /// none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port beside the host, when one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether the client wrote the whole URL in the request line, as it does for a proxy.
    pub fn absolute_form(&self) -> bool {
        self.absolute_form
    }

    /// The path as it was sent.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query as it was sent.
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// A header's text, when it is text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Splits `host[:port]` and brings the host into its comparable form.
pub(super) fn parse_authority(text: &str) -> Result<(Cow<'_, str>, Option<u16>), BadHead> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| BadHead::Malformed)?)
        }
        Some(_) => return Err(BadHead::Malformed),
    };
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or(BadHead::Malformed)?;
        return match address.parse() {
            Ok(IpAddr::V6(address)) => Ok((Cow::Owned(address.to_string()), port)),
            _ => Err(BadHead::Malformed),
        };
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.len() > 253 || !host.bytes().all(accepted) || host.starts_with('.') || host.contains("..") {
        return Err(BadHead::Malformed);
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Ok((Cow::Owned(host.to_ascii_lowercase()), port));
    }
    Ok((Cow::Borrowed(host), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_authorities() {
        let check = |text: &str, expected: Result<(&str, Option<u16>), BadHead>| {
            let found = parse_authority(text);
            assert_eq!(
                found.as_ref().map(|(host, port)| (&**host, *port)).map_err(|error| *error),
                expected,
                "{text:?}"
            );
        };
        check("localhost", Ok(("localhost", None)));
        check("LocalHost:4566", Ok(("localhost", Some(4566))));
        check("localhost.:4566", Ok(("localhost", Some(4566))));
        check("localhost:", Ok(("localhost", None)));
        check("127.0.0.1:80", Ok(("127.0.0.1", Some(80))));
        check("[::1]", Ok(("::1", None)));
        check("[0:0:0::1]:4566", Ok(("::1", Some(4566))));
        check("", Ok(("", None)));
        check("my_service:80", Ok(("my_service", Some(80))));
        check("::1", Err(BadHead::Malformed));
        check("[::1", Err(BadHead::Malformed));
        check("[127.0.0.1]", Err(BadHead::Malformed));
        check("a..b", Err(BadHead::Malformed));
        check(".a", Err(BadHead::Malformed));
        check("user@host", Err(BadHead::Malformed));
        check("host:port", Err(BadHead::Malformed));
        check("host:65536", Err(BadHead::Malformed));
        check("h\u{f6}st", Err(BadHead::Malformed));
        check(&"a".repeat(254), Err(BadHead::Malformed));
    }
}
