//! The canonical request: the one text that signer and verifier make of a request (IAM User Guide, "Create a signed AWS
//! API request").

use aws_lc_rs::digest::{SHA256, digest};
use http::header::HOST;
use http::{HeaderMap, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::query;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// How a service's signatures write the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathForm {
    /// Without dot segments and empty ones, and encoded once more than on the wire: every service but S3.
    NormalizedTwice,
    /// As on the wire: S3.
    AsSent,
    /// Decoded, and encoded the one way the specification has: S3, behind clients that encode more or less than it says.
    EncodedOnce,
}

/// The SHA-256 of the canonical request, in hexadecimal.
pub(super) fn request_hash(
    method: &str,
    uri: &Uri,
    headers: &HeaderMap,
    signed_headers: &[String],
    path_form: PathForm,
    payload_hash: &str,
) -> String {
    let mut names: Vec<&str> = signed_headers.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut canonical = Vec::with_capacity(512);
    for part in [method, &path(uri.path(), path_form), &query_string(uri.query().unwrap_or_default())] {
        canonical.extend_from_slice(part.as_bytes());
        canonical.push(b'\n');
    }
    for name in &names {
        canonical.extend_from_slice(name.as_bytes());
        canonical.push(b':');
        header_values(name, uri, headers, &mut canonical);
        canonical.push(b'\n');
    }
    canonical.push(b'\n');
    canonical.extend_from_slice(names.join(";").as_bytes());
    canonical.push(b'\n');
    canonical.extend_from_slice(payload_hash.as_bytes());
    hex_sha256(&canonical)
}

/// The SHA-256 of these bytes, in hexadecimal.
pub(super) fn hex_sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Bytes as hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

fn path(path: &str, form: PathForm) -> String {
    match form {
        PathForm::NormalizedTwice => percent_encode(normalized(path).as_bytes(), RESERVED_IN_PATH).to_string(),
        PathForm::AsSent => if path.is_empty() { "/" } else { path }.to_owned(),
        PathForm::EncodedOnce => {
            let decoded: Vec<u8> = percent_decode_str(path).collect();
            percent_encode(&decoded, RESERVED_IN_PATH).to_string()
        }
    }
}

/// The path without empty and dot segments (RFC 3986, section 5.2.4); a trailing slash stays.
fn normalized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let is_directory = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let end = if is_directory && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// The query, encoded the one way the specification has and sorted, without the signature itself.
fn query_string(query: &str) -> String {
    let encode = |bytes: &[u8]| percent_encode(bytes, RESERVED).to_string();
    let mut parameters: Vec<(String, String)> = query::parameters(query)
        .filter(|(name, _)| name != b"X-Amz-Signature")
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    parameters.sort_unstable();
    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The values of a header, trimmed, with single spaces, joined with commas. HTTP/2 has the host in the URI.
fn header_values(name: &str, uri: &Uri, headers: &HeaderMap, canonical: &mut Vec<u8>) {
    let is_host = name == HOST.as_str() || name == ":authority";
    let values = headers.get_all(if is_host { HOST.as_str() } else { name });
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            canonical.push(b',');
        }
        let words = value.as_bytes().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 {
                canonical.push(b' ');
            }
            canonical.extend_from_slice(word);
        }
    }
    if is_host && !headers.contains_key(HOST) {
        canonical.extend_from_slice(uri.authority().map(http::uri::Authority::as_str).unwrap_or_default().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_and_encoded_as_the_service_signs_them() {
        fn check(sent: &str, twice: &str, once: &str) {
            assert_eq!(path(sent, PathForm::NormalizedTwice), twice, "{sent}");
            assert_eq!(path(sent, PathForm::EncodedOnce), once, "{sent}");
            assert_eq!(path(sent, PathForm::AsSent), sent);
        }
        check("/", "/", "/");
        check("/a/b/", "/a/b/", "/a/b/");
        check("/tags/arn%3Aaws%2Fx", "/tags/arn%253Aaws%252Fx", "/tags/arn%3Aaws/x");
        check("/a:b(c)", "/a%3Ab%28c%29", "/a%3Ab%28c%29");
        check("//a//./b/../c/.", "/a/c/", "//a//./b/../c/.");
        check("/..", "/", "/..");
        check("/a~b_c-d.e", "/a~b_c-d.e", "/a~b_c-d.e");
    }

    #[test]
    fn queries_are_sorted_encoded_and_free_of_the_signature() {
        for (query, expected) in [
            ("", ""),
            ("b=2&a=1&a=0", "a=0&a=1&b=2"),
            ("a", "a="),
            ("x=a+b&y=%7E&z=%2f", "x=a%20b&y=~&z=%2F"),
            ("X-Amz-Signature=s&X-Amz-Date=d&&", "X-Amz-Date=d"),
            ("k=a=b%FF", "k=a%3Db%FF"),
        ] {
            assert_eq!(query_string(query), expected, "{query}");
        }
    }

    #[test]
    fn headers_are_trimmed_joined_and_the_host_comes_from_where_it_is() {
        fn check(name: &str, headers: &[(&'static str, &'static str)], expected: &str) {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .fold(HeaderMap::new(), |mut headers, (name, value): (http::HeaderName, http::HeaderValue)| {
                    headers.append(name, value);
                    headers
                });
            let mut canonical = Vec::new();
            header_values(name, &"http://uri.example:4566/".parse().unwrap(), &headers, &mut canonical);
            assert_eq!(String::from_utf8(canonical).unwrap(), expected, "{name}");
        }
        check("x-a", &[("x-a", "  a   b  "), ("x-a", "c")], "a b,c");
        check("x-a", &[], "");
        check("host", &[("host", "header.example")], "header.example");
        check("host", &[], "uri.example:4566");
        check(":authority", &[], "uri.example:4566");
    }
}
