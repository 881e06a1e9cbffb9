//! The values a template computes with.

use std::sync::Arc;

/// A value. Lists and maps are places in a [`super::heap::Heap`], so that two variables can name the same one, as in Java.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Java's null. Inside lists and maps it is a value like others; a reference that comes to it becomes empty text.
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(Arc<str>),
    List(ListId),
    Map(MapId),
    /// `$input` itself.
    Input,
    /// `$util` itself.
    Util,
    /// `$foreach` itself: the loop at this depth.
    Loop(usize),
}

impl Value {
    /// Text without characters; it takes no memory of its own.
    pub(super) fn empty_text() -> Self {
        Self::Text(Arc::default())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ListId(pub(super) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MapId(pub(super) usize);

/// How a list becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListStyle {
    /// `[a, b]`, as Java's own lists do.
    Java,
    /// `["a","b"]`, as the lists of a parsed JSON document do.
    Json,
}

/// What a map is besides a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MapKind {
    Plain,
    /// Names in it are found in any case when not in theirs, as HTTP/2 has them all in lower case.
    Headers,
    /// An entry of another map, with `key` and `value`.
    Entry,
    /// `$input.params()`, whose parts are methods as well: `.header('name')` is `.header.name`.
    Parameters,
    /// `$context.authorizer.claims`, which by itself is null: only what is in it can be shown.
    Claims,
    /// A map of overrides; each of its keys may be put once in a template.
    Overrides(OverrideKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverrideKind {
    RequestHeader,
    RequestQuerystring,
    RequestPath,
    /// `$context.responseOverride` itself, for its `status`.
    Response,
    ResponseHeader,
}

impl OverrideKind {
    /// What a parameter in the map is called, or `None` for one that is free to change.
    pub(super) fn parameter(self, key: &str) -> Option<String> {
        match self {
            Self::RequestHeader => Some(format!("requestOverride.header.{key}")),
            Self::RequestQuerystring => Some(format!("requestOverride.querystring.{key}")),
            Self::RequestPath => Some(format!("requestOverride.path.{key}")),
            Self::Response => (key == "status").then(|| "responseOverride.status".to_owned()),
            Self::ResponseHeader => Some(format!("responseOverride.header.{key}")),
        }
    }
}
