//! The path of a call as roles judge it: segments that mean the same to whoever reads them, or none at all. A backend that
//! reads a path otherwise than the gate did could be led past its roles.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path whose segments can be read in one way only.
#[derive(Clone, Debug)]
pub struct CalledPath<'a>(pub(super) Vec<Segment<'a>>);

/// A segment, decoded.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether the API has a resource of its own for this segment, so that no variable stands for it.
    pub(super) own: bool,
}

/// What makes a path ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path is ambiguous: {0}")]
pub struct AmbiguousPath(&'static str);

impl<'a> CalledPath<'a> {
    /// Reads a path that is still percent-encoded, without its query. A slash at its end does not count.
    pub fn parse(path: &'a str) -> Result<Self, AmbiguousPath> {
        let path = path.strip_prefix('/').ok_or(AmbiguousPath("it does not begin with a slash"))?;
        if path.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        path.split('/').map(Segment::parse).collect::<Result<_, _>>().map(Self)
    }

    /// The same path, which an API took to its resource of this path: where that names a segment, it means this one alone.
    #[must_use]
    pub fn at_resource(mut self, resource: &str) -> Self {
        let names = resource.split('/').filter(|name| !name.is_empty());
        for (segment, name) in self.0.iter_mut().zip(names) {
            if name.ends_with("+}") {
                break;
            }
            segment.own = !name.starts_with('{');
        }
        self
    }
}

impl<'a> Segment<'a> {
    fn parse(encoded: &'a str) -> Result<Self, AmbiguousPath> {
        let well_encoded =
            |part: &str| part.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !encoded.split('%').skip(1).all(well_encoded) {
            return Err(AmbiguousPath("it has a percent sign that encodes nothing"));
        }
        let text = percent_decode_str(encoded).decode_utf8();
        let text = text.map_err(|_| AmbiguousPath("it is not UTF-8"))?;
        let ambiguous = match &*text {
            "" => Some("it has an empty segment"),
            "." | ".." => Some("it has a segment of dots"),
            _ => text.chars().find_map(|character| match character {
                '/' | '\\' => Some("it has an encoded slash, or a backslash"),
                '?' | '#' => Some("it has an encoded question mark or number sign"),
                '%' => Some("it is encoded twice"),
                ';' => Some("it has a semicolon, which some servers cut a segment at"),
                _ if character.is_control() => Some("it has a control character"),
                _ => None,
            }),
        };
        ambiguous.map_or(Ok(Self { text, own: false }), |reason| Err(AmbiguousPath(reason)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segments(path: &str) -> Result<Vec<String>, &'static str> {
        let path = CalledPath::parse(path).map_err(|AmbiguousPath(reason)| reason)?;
        Ok(path.0.into_iter().map(|segment| segment.text.into_owned()).collect())
    }

    #[test]
    fn a_path_is_read_in_one_way_or_not_at_all() {
        let check = |path: &str, expected: &[&str]| assert_eq!(segments(path).unwrap(), expected, "{path}");
        check("/", &[]);
        check("/storms", &["storms"]);
        check("/storms/", &["storms"]);
        check("/storms/7", &["storms", "7"]);
        check("/st%6Frms/a%20b", &["storms", "a b"]);
        check("/%E2%82%AC/...", &["€", "..."]);
        check("/a:b@c/d=e&f+g", &["a:b@c", "d=e&f+g"]);
        let check = |path: &str, expected: &str| assert!(segments(path).unwrap_err().contains(expected), "{path}");
        for path in ["//", "//admin", "/a//b", "/a///", "/storms//"] {
            check(path, "empty segment");
        }
        for path in ["/..", "/a/../b", "/a/./b", "/%2e%2e/a", "/a/.%2E/b", "/%2e"] {
            check(path, "dots");
        }
        for path in ["/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb", "/..%2f", "/a%2f..%2fb"] {
            check(path, "slash");
        }
        for path in ["/a%00", "/%0d%0ax", "/a%7f", "/a%c2%85"] {
            check(path, "control character");
        }
        for path in ["/a%", "/a%2", "/a%zz", "/%u002e", "/a%+1"] {
            check(path, "encodes nothing");
        }
        for path in ["/a%252e", "/%252e%252e/b", "/100%25"] {
            check(path, "encoded twice");
        }
        check("/admin;x", "semicolon");
        check("/admin%3bx/y", "semicolon");
        check("/admin%3fx", "question mark");
        check("/admin%23", "number sign");
        check("/%ff", "UTF-8");
        for path in ["", "a", "*", "http://host/a", "%2fa"] {
            check(path, "begin with a slash");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics_and_none_that_is_read_holds_a_way_out(path in "/[-a-c./%0-9A-F;\\\\]{0,40}") {
            if let Ok(path) = CalledPath::parse(&path) {
                for segment in path.0 {
                    prop_assert!(!["", ".", ".."].contains(&&*segment.text));
                    prop_assert!(!segment.text.contains(['/', '\\', '%', ';', '\0']));
                }
            }
        }
    }
}
