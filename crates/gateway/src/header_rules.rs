//! Which headers pass the gateway, in each direction, and under which names (API Gateway, "Important notes for REST APIs",
//! header tables).

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, VIA};
use http::{HeaderMap, HeaderName};

use crate::response::{REQUEST_ID, TRACE_ID};

/// The header that names the calling API to the backend.
pub(crate) const API_ID: HeaderName = HeaderName::from_static("x-amzn-apigateway-api-id");

/// Headers towards the backend that the gateway sets itself: a mapping to one fails every request.
pub(crate) const RESERVED: [HeaderName; 4] = [CONTENT_LENGTH, TRANSFER_ENCODING, TRACE_ID, API_ID];

/// Headers of a request that reach no backend and no mapping.
const DROPPED: [&str; 12] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// Headers that no response may carry under their own names. `WWW-Authenticate` is among them for every integration type:
/// the guide's table does not limit it.
const REMAPPED: [&str; 5] = ["connection", "content-length", "date", "server", "www-authenticate"];

/// Headers that a mapping may not set under their own names either.
const REMAPPED_WHEN_MAPPED: [&str; 9] = [
    "authorization",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "trailer",
    "upgrade",
    "user-agent",
];

/// Headers that end at each hop, beside those that API Gateway drops (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 3] = ["http2-settings", "keep-alive", "proxy-connection"];

/// Headers of a request that are meant for the backend, whatever `Connection` says of them: a client that could have them
/// taken away could hide from the backend what the gateway judged (RFC 9110, section 7.6.1, forbids to name such).
const END_TO_END: [&str; 4] = ["authorization", "cookie", "forwarded", "x-api-key"];
/// What the names of more such headers start with.
const END_TO_END_PREFIXES: [&str; 3] = ["content-", "x-amz", "x-forwarded-"];

/// The client's headers as `HTTP_PROXY` passes them on. A signature is for the gateway, not for the backend.
/// `Content-Encoding` is gone before where the body was unpacked; where it was not, nobody could read it without.
pub(crate) fn forwarded(client: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(client.len() + 4);
    let named_in_connection = named_in_connection(client);
    for (name, value) in client {
        let is_signature = *name == AUTHORIZATION && value.as_bytes().starts_with(b"AWS4-");
        let ends_here = is_for_the_gateway(name) || (named_in_connection.contains(name) && !is_end_to_end(name));
        if !ends_here && !is_signature {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// The backend's headers as `HTTP_PROXY` passes them back. API Gateway also drops `Content-Encoding`; it is kept here, because
/// the body passes as it is.
pub(crate) fn returned(backend: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(backend.len() + 2);
    let named_in_connection = named_in_connection(backend);
    for (name, value) in backend {
        let ends_here = *name == TRANSFER_ENCODING
            || *name == VIA
            || HOP_BY_HOP.contains(&name.as_str())
            || named_in_connection.contains(name);
        if !ends_here {
            let returns_remapped = REMAPPED.contains(&name.as_str()) || *name == REQUEST_ID;
            let name = if returns_remapped { remapped(name.clone()) } else { name.clone() };
            headers.append(name, value.clone());
        }
    }
    headers
}

/// The backend's headers as an HTTP API passes them back: all but those that end at each hop, under their own names.
pub(crate) fn returned_unchanged(backend: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(backend.len() + 2);
    let named_in_connection = named_in_connection(backend);
    for (name, value) in backend {
        let ends_here = [CONNECTION, TRANSFER_ENCODING].contains(name)
            || HOP_BY_HOP.contains(&name.as_str())
            || named_in_connection.contains(name);
        if !ends_here {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// The name under which a mapped header of a response reaches the client.
pub(crate) fn mapped_name(name: HeaderName) -> HeaderName {
    let text = name.as_str();
    if REMAPPED.contains(&text) || REMAPPED_WHEN_MAPPED.contains(&text) { remapped(name) } else { name }
}

/// The name under which a header that a function sets reaches the client; `None` for those that are the gateway's own.
pub(crate) fn function_name(name: HeaderName) -> Option<HeaderName> {
    let text = name.as_str();
    if name == TRANSFER_ENCODING || name == TRACE_ID || HOP_BY_HOP.contains(&text) {
        return None;
    }
    Some(if REMAPPED.contains(&text) { remapped(name) } else { name })
}

/// The same as an HTTP API passes them back, under their own names.
pub(crate) fn function_name_unchanged(name: HeaderName) -> Option<HeaderName> {
    let ends_here = [CONNECTION, TRANSFER_ENCODING].contains(&name) || HOP_BY_HOP.contains(&name.as_str());
    (!ends_here).then_some(name)
}

fn remapped(name: HeaderName) -> HeaderName {
    HeaderName::try_from(format!("x-amzn-remapped-{name}")).unwrap_or(name)
}

/// Whether a header of a request exists for the API.
pub(crate) fn is_dropped(name: &HeaderName) -> bool {
    DROPPED.contains(&name.as_str())
}

/// Whether a header of a request ends here. A name with underscores is taken for the one with hyphens, because servers that
/// hand headers on as variables (RFC 3875, section 4.1.18) cannot tell the two apart.
fn is_for_the_gateway(name: &HeaderName) -> bool {
    let is_ours = |name: &HeaderName| {
        is_dropped(name) || [HOST, VIA, TRACE_ID, API_ID].contains(name) || HOP_BY_HOP.contains(&name.as_str())
    };
    let hyphens = || name.as_str().replace('_', "-").trim_end_matches('-').parse().ok();
    is_ours(name) || (name.as_str().contains('_') && hyphens().is_some_and(|name| is_ours(&name)))
}

fn is_end_to_end(name: &HeaderName) -> bool {
    let name = name.as_str();
    END_TO_END.contains(&name) || END_TO_END_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn named_in_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
            map
        })
    }

    fn text(headers: &HeaderMap) -> Vec<String> {
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn forwards_what_is_the_backend_s() {
        let client = map(&[
            ("accept", "*/*"),
            ("authorization", "Bearer x"),
            ("connection", "close, X-Hop"),
            ("content-encoding", "gzip"),
            ("content-length", "3"),
            ("content-md5", "x"),
            ("content-type", "text/plain"),
            ("expect", "100-continue"),
            ("host", "gateway"),
            ("keep-alive", "1"),
            ("max-forwards", "1"),
            ("proxy-authenticate", "x"),
            ("server", "x"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("user-agent", "curl"),
            ("via", "x"),
            ("www-authenticate", "x"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-hop", "x"),
            ("x-many", "1"),
            ("x-many", "2"),
        ]);
        assert_eq!(
            text(&forwarded(&client)),
            [
                "accept: */*",
                "authorization: Bearer x",
                "content-encoding: gzip",
                "content-type: text/plain",
                "user-agent: curl",
                "x-forwarded-for: 10.0.0.1",
                "x-many: 1",
                "x-many: 2",
            ]
        );
        assert_eq!(text(&forwarded(&map(&[("authorization", "AWS4-HMAC-SHA256 x")]))), [""; 0]);
    }

    #[test]
    fn mapped_headers_may_not_take_reserved_names() {
        let check = |name: &'static str, expected: &str| {
            assert_eq!(mapped_name(HeaderName::from_static(name)), expected);
        };
        check("x-own", "x-own");
        check("content-type", "content-type");
        check("www-authenticate", "x-amzn-remapped-www-authenticate");
        check("authorization", "x-amzn-remapped-authorization");
        check("server", "x-amzn-remapped-server");
    }

    #[test]
    fn returns_reserved_headers_under_other_names() {
        let backend = map(&[
            ("connection", "keep-alive, x-hop"),
            ("content-length", "3"),
            ("content-type", "text/plain"),
            ("date", "d"),
            ("keep-alive", "1"),
            ("server", "nginx"),
            ("set-cookie", "a"),
            ("set-cookie", "b"),
            ("transfer-encoding", "chunked"),
            ("via", "x"),
            ("www-authenticate", "Basic"),
            ("x-amzn-requestid", "r"),
            ("x-hop", "x"),
        ]);
        assert_eq!(
            text(&returned(&backend)),
            [
                "x-amzn-remapped-connection: keep-alive, x-hop",
                "x-amzn-remapped-content-length: 3",
                "content-type: text/plain",
                "x-amzn-remapped-date: d",
                "x-amzn-remapped-server: nginx",
                "set-cookie: a",
                "set-cookie: b",
                "x-amzn-remapped-www-authenticate: Basic",
                "x-amzn-remapped-x-amzn-requestid: r",
            ]
        );
    }
}
