//! What the head of a request must be for the gateway to look at it at all: not too large, and with a path that a backend
//! cannot read otherwise than the gateway does. What a policy, a role or a route judged would else not be what is served.

use std::borrow::Cow;

use claviger_resources::limits::{GATEWAY_HEADER_BYTES_MAX, GATEWAY_URL_BYTES_MAX};
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode;

use crate::refusal::Refusal;
use crate::request_mapping::encode_path;

/// How often a backend and what stands before it may decode a path.
const DECODINGS_MAX: usize = 3;

/// Refuses a head that the gateway does not take. `line_bytes` is what the request line counts towards the headers.
pub fn check(uri: &Uri, line_bytes: usize, headers: &HeaderMap) -> Result<(), Refusal> {
    let query = uri.query().map_or(0, |query| query.len() + 1);
    if uri.path().len() + query > GATEWAY_URL_BYTES_MAX {
        return Err(Refusal::UrlTooLong);
    }
    let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if line_bytes + header_bytes > GATEWAY_HEADER_BYTES_MAX {
        return Err(Refusal::HeadersTooLarge);
    }
    ambiguity(uri.path()).map_or(Ok(()), |reason| Err(Refusal::AmbiguousPath(reason)))
}

/// What of a path leads some servers elsewhere than its text says.
fn ambiguity(path: &str) -> Option<&'static str> {
    if !path.contains(['%', '\\']) && !path.contains("/.") {
        return None;
    }
    let mut text = Cow::Borrowed(path.as_bytes());
    for _ in 0..DECODINGS_MAX {
        text = Cow::Owned(percent_decode(&text).collect());
        if text.iter().any(u8::is_ascii_control) {
            return Some("an encoded control character");
        }
        if has_overlong(&text) {
            return Some("overlong UTF-8");
        }
        if segments(&text).any(|segment| matches!(segment, b"." | b"..")) {
            return Some("a segment of dots");
        }
    }
    None
}

/// The segments as the most liberal of servers reads them: a backslash is a slash, and a semicolon begins parameters.
fn segments(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let segments = text.split(|byte| matches!(byte, b'/' | b'\\'));
    segments.map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default())
}

/// Whether there is a byte sequence that stands for a character with fewer bytes (RFC 3629, section 3).
fn has_overlong(text: &[u8]) -> bool {
    text.iter().zip(text.iter().skip(1).chain([&0])).any(|(first, second)| match first {
        0xc0 | 0xc1 => true,
        0xe0 => (0x80..0xa0).contains(second),
        0xf0 => (0x80..0x90).contains(second),
        _ => false,
    })
}

/// The path as the most liberal of servers reads it, percent-encoded again; `None` when there is nothing to read into it. A
/// route that only this reading leads to must not be reached by way of another.
pub fn liberal_reading(path: &str) -> Option<String> {
    if !path.contains(['\\', ';', '%']) && !path.contains("//") {
        return None;
    }
    let text: Vec<u8> = percent_decode(path.as_bytes()).collect();
    let reading = segments(&text).filter(|segment| !segment.is_empty()).fold(String::new(), |mut reading, segment| {
        reading.push('/');
        reading.push_str(&encode_path(&String::from_utf8_lossy(segment)));
        reading
    });
    Some(if reading.is_empty() { "/".to_owned() } else { reading })
}

/// Whether one pattern of a path says more of its paths than another does: it has more segments that are no variables. A
/// liberal reading that leads to such a one is refused; one that leads to a pattern that says less is none of anybody's.
pub fn says_more(pattern: &str, than: &str) -> bool {
    let literals = |pattern: &str| pattern.split('/').filter(|part| !part.is_empty() && !part.starts_with('{')).count();
    literals(pattern) > literals(than)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_that_can_be_read_in_two_ways_are_refused() {
        let check = |path: &str, expected: Option<&str>| assert_eq!(ambiguity(path), expected, "{path}");
        for plain in [
            "/",
            "/a/b",
            "/a//b",
            "/a.b/..c/...",
            "/.well-known/x",
            "/a%2Fb",
            "/a%20b",
            "/%zz",
            "/%",
            "/a;b=c",
            "/%c3%a9",
        ] {
            check(plain, None);
        }
        let dots = Some("a segment of dots");
        for dotted in [
            "/../a",
            "/a/..",
            "/./a",
            "/a/.",
            "/%2e%2e/a",
            "/%2E./a",
            "/a%2f..%2fb",
            "/a%5c..%5cb",
            "/a\\..\\b",
            "/..;/a",
            "/..;x=y/a",
            "/%252e%252e/a",
            "/%25252e%25252e/a",
            "/a%252f..",
        ] {
            check(dotted, dots);
        }
        for controlled in ["/%00", "/a%0d%0aX", "/%7f", "/%2500"] {
            check(controlled, Some("an encoded control character"));
        }
        for overlong in ["/%c0%ae%c0%ae/a", "/%c1%9c", "/%e0%80%af", "/%f0%80%80%af"] {
            check(overlong, Some("overlong UTF-8"));
        }
    }

    #[test]
    fn heads_are_bounded() {
        let uri = |bytes: usize| format!("/{}?q", "a".repeat(bytes - 3)).parse::<Uri>().unwrap();
        let headers = |bytes: usize| {
            HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_str(&"x".repeat(bytes - 4)).unwrap())])
        };
        assert_eq!(check(&uri(GATEWAY_URL_BYTES_MAX), 0, &headers(GATEWAY_HEADER_BYTES_MAX)), Ok(()));
        assert_eq!(check(&uri(GATEWAY_URL_BYTES_MAX + 1), 0, &headers(5)), Err(Refusal::UrlTooLong));
        assert_eq!(check(&uri(3), 0, &headers(GATEWAY_HEADER_BYTES_MAX + 1)), Err(Refusal::HeadersTooLarge));
        assert_eq!(check(&uri(3), 1, &headers(GATEWAY_HEADER_BYTES_MAX)), Err(Refusal::HeadersTooLarge));
    }

    #[test]
    fn a_liberal_server_reads_more_into_a_path() {
        let check =
            |path: &str, expected: Option<&str>| assert_eq!(liberal_reading(path).as_deref(), expected, "{path}");
        check("/a/b", None);
        check("/a//b/", Some("/a/b"));
        check("/a%2fb", Some("/a/b"));
        check("/a\\b", Some("/a/b"));
        check("/a;x=y/b;z", Some("/a/b"));
        check("/a%20b", Some("/a%20b"));
        check("//", Some("/"));
    }

    #[test]
    fn a_pattern_with_more_literals_says_more() {
        let check =
            |pattern: &str, than: &str, expected: bool| assert_eq!(says_more(pattern, than), expected, "{pattern}");
        check("/secret", "/{proxy+}", true);
        check("/users/{id}", "/{proxy+}", true);
        check("/{proxy+}", "/pets/{id}", false);
        check("/pets/{id}/{part}", "/pets/{id}", false);
        check("/pets/{id}", "/pets/{id}", false);
        check("", "/", false);
    }

    proptest! {
        #[test]
        fn never_panics(path in "/[a-z%0-9./;\\\\]{0,30}") {
            let _ = (ambiguity(&path), liberal_reading(&path));
        }
    }
}
