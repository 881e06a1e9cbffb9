//! The view of a request that templates, parameter mappings and gateway responses see: borrowed, nothing is parsed
//! before it is asked for.

use std::borrow::Cow;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

use crate::header_rules::is_dropped;
use crate::route::decode;

/// A request on its way through the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path after the stage, as it came.
    pub path: &'a str,
    /// The query, as it came, without the question mark.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The variables of the resource's path with their percent-encoded text.
    pub path_parameters: &'a [(&'a str, &'a str)],
    /// The body; empty when there is none.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The last value of a header, which is the one API Gateway's single-value maps hold. Names are compared without
    /// regard to case: HTTP/2 has only lower case, and a mapping must not depend on the protocol's version.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.header_values_of(name).next_back()
    }

    /// All values of a header.
    pub fn header_values(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.header_values_of(name).collect()
    }

    fn header_values_of(&self, name: &str) -> impl DoubleEndedIterator<Item = Cow<'a, str>> {
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !is_dropped(name));
        // An invalid name finds nothing, as does one that is dropped.
        let values = name.map(|name| self.headers.get_all(name).into_iter());
        values.into_iter().flatten().map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// The headers that exist for the API: all but those dropped.
    pub fn visible_headers(&self) -> impl Iterator<Item = (&'a HeaderName, Cow<'a, str>)> + use<'a> {
        let visible = self.headers.iter().filter(|(name, _)| !is_dropped(name));
        visible.map(|(name, value)| (name, String::from_utf8_lossy(value.as_bytes())))
    }

    /// The query's parameters, decoded, in the order they came.
    pub fn query_parameters(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        // A semicolon separates parameters as an ampersand does (API Gateway, "Known issues").
        let parts = self.query.unwrap_or_default().split(['&', ';']);
        parts.flat_map(|part| form_urlencoded::parse(part.as_bytes()))
    }

    /// The last value of a query parameter.
    pub fn query_parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.query_parameters().filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }

    /// All values of a query parameter.
    pub fn query_parameter_values(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.query_parameters().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// What a variable of the resource's path stands for, decoded.
    pub fn path_parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.path_parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| decode(value))
    }

    /// The media type of the body without its parameters; a request that names none counts as JSON (API Gateway,
    /// "Method request behavior for payloads without mapping templates").
    pub fn content_type(&self) -> &'a str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map_or("application/json", media_type)
    }

    /// The first media type that the client accepts; API Gateway looks at no other.
    pub fn accept(&self) -> Option<&'a str> {
        let value = self.headers.get(ACCEPT)?.to_str().ok()?;
        value.split(',').next().map(media_type).filter(|first| !first.is_empty())
    }
}

/// A media type without its parameters.
pub(crate) fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<R>(query: &str, headers: &[(&'static str, &str)], look: impl FnOnce(Request<'_>) -> R) -> R {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        look(Request {
            method: "GET",
            path: "/a%20b",
            query: Some(query),
            headers: &map,
            path_parameters: &[("name", "a%20b+c"), ("proxy", "x//y")],
            body: b"",
        })
    }

    #[test]
    fn the_last_value_wins_and_multi_values_keep_all() {
        with("a=1&b=x+y&a=2;c=%7C&d", &[("x-id", "1"), ("content-length", "0"), ("x-id", "2")], |request| {
            assert_eq!(request.query_parameter("a").as_deref(), Some("2"));
            assert_eq!(request.query_parameter_values("a"), vec!["1", "2"]);
            assert_eq!(request.query_parameter("b").as_deref(), Some("x y"));
            assert_eq!(request.query_parameter("c").as_deref(), Some("|"));
            assert_eq!(request.query_parameter("d").as_deref(), Some(""));
            assert_eq!(request.query_parameter("e"), None);
            assert_eq!(request.header("X-Id").as_deref(), Some("2"));
            assert_eq!(request.header_values("x-id"), vec!["1", "2"]);
            assert_eq!(request.header("none"), None);
            assert_eq!(request.header("not a name"), None);
            assert_eq!(request.header("Content-Length"), None);
            assert_eq!(request.visible_headers().count(), 2);
            assert_eq!(request.path_parameter("name").as_deref(), Some("a b+c"));
            assert_eq!(request.path_parameter("proxy").as_deref(), Some("x//y"));
            assert_eq!(request.path_parameter("none"), None);
        });
    }

    #[test]
    fn media_types_lose_their_parameters() {
        let check = |content_type: &[(&'static str, &str)], expected: &str| {
            with("", content_type, |request| assert_eq!(request.content_type(), expected));
        };
        check(&[], "application/json");
        check(&[("content-type", "text/plain; charset=utf-8")], "text/plain");
        check(&[("content-type", " application/xml ")], "application/xml");
        let check = |accept: &[(&'static str, &str)], expected: Option<&str>| {
            with("", accept, |request| assert_eq!(request.accept(), expected));
        };
        check(&[], None);
        check(&[("accept", "")], None);
        check(&[("accept", "text/html;q=0.9, application/json")], Some("text/html"));
        check(&[("accept", "*/*")], Some("*/*"));
    }
}
