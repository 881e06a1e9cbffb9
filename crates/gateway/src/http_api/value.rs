//! Values of parameter mappings: static text, `$request.header.name`, or text with `${request.header.name}` in it (API
//! Gateway, "Transform API requests and responses for HTTP APIs").

use std::borrow::Cow;

use crate::exchange::Exchange;
use crate::json_path::JsonPath;
use crate::mapping::{BackendAnswer, Place, Source};

/// Which way a mapping works, and so what its values may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

/// A compiled value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value(Box<[Part]>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(Box<str>),
    /// `$request.path`: the path after the stage.
    Path,
    Source(Source),
}

impl Value {
    /// Reads a value; the error is the text that cannot be read.
    pub(super) fn parse(text: &str, direction: Direction) -> Result<Self, String> {
        if let Some(expression) = text.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            let part = parse_part(expression, direction).ok_or_else(|| text.to_owned())?;
            return Ok(Self([part].into()));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once("${") {
            let (expression, after) = from.split_once('}').ok_or_else(|| text.to_owned())?;
            let part = parse_part(expression, direction).ok_or_else(|| text.to_owned())?;
            parts.extend([Part::Text(before.into()), part]);
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        parts.retain(|part| *part != Part::Text("".into()));
        Ok(Self(parts.into()))
    }

    /// Whether it reads the request's body.
    pub(super) fn reads_body(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Source(Source::RequestBody(_))))
    }

    /// The text for this exchange; `None` when the value is one expression and finds nothing.
    pub(super) fn text<'a>(
        &'a self,
        exchange: &Exchange<'a>,
        backend: Option<BackendAnswer<'a>>,
    ) -> Option<Cow<'a, str>> {
        match &*self.0 {
            [one] => one.text(exchange, backend),
            parts => {
                let mut text = String::new();
                for part in parts.iter().filter_map(|part| part.text(exchange, backend)) {
                    text.push_str(&part);
                }
                Some(Cow::Owned(text))
            }
        }
    }
}

impl Part {
    /// Several values of a header or query parameter are one text with commas. A body that is not JSON has no values.
    fn text<'a>(&'a self, exchange: &Exchange<'a>, backend: Option<BackendAnswer<'a>>) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Path => Some(Cow::Borrowed(exchange.request.path)),
            Self::Source(source) => {
                let mut values = source.values(exchange, backend).unwrap_or_default();
                match values.len() {
                    0 | 1 => values.pop(),
                    _ => Some(Cow::Owned(values.join(","))),
                }
            }
        }
    }
}

fn parse_part(expression: &str, direction: Direction) -> Option<Part> {
    if let Some(name) = expression.strip_prefix("context.") {
        return name_of(name).map(Source::Context).map(Part::Source);
    }
    if let Some(name) = expression.strip_prefix("stageVariables.") {
        return name_of(name).map(Source::StageVariable).map(Part::Source);
    }
    let source = match direction {
        Direction::Request => match expression.strip_prefix("request.")? {
            "path" => return Some(Part::Path),
            rest => match rest.split_once('.')? {
                ("header", name) => Source::RequestMultiValue(Place::Header, name_of(name)?),
                ("querystring", name) => Source::RequestMultiValue(Place::QueryString, name_of(name)?),
                ("path", name) => Source::Request(Place::Path, name_of(name)?),
                ("body", path) => Source::RequestBody(Some(JsonPath::parse(path).ok()?)),
                _ => return None,
            },
        },
        Direction::Response => match expression.strip_prefix("response.")?.split_once('.')? {
            ("header", name) => Source::BackendMultiValueHeader(name_of(name)?),
            ("body", path) => Source::BackendBody(Some(JsonPath::parse(path).ok()?)),
            _ => return None,
        },
    };
    Some(Part::Source(source))
}

fn name_of(name: &str) -> Option<String> {
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$-:[]".contains(&byte));
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::exchange::tests::with;

    #[test]
    fn a_value_is_text_an_expression_or_both() {
        let headers = [("x-one", "1"), ("x-many", "a"), ("x-many", "b")];
        with(&headers, Some("q=1&q=2&r=%20x"), br#"{"a":{"b":[1,2]}}"#, |exchange| {
            let check = |text: &str, expected: Option<&str>| {
                let value = Value::parse(text, Direction::Request).unwrap();
                assert_eq!(value.text(exchange, None).as_deref(), expected, "{text}");
            };
            check("static", Some("static"));
            check("''", Some("''"));
            check("$request.header.X-One", Some("1"));
            check("$request.header.x-many", Some("a,b"));
            check("$request.header.none", None);
            check("$request.querystring.q", Some("1,2"));
            check("$request.querystring.r", Some(" x"));
            check("$request.path.id", Some("7"));
            check("$request.path", Some("/user/7"));
            check("$request.body.a.b[1]", Some("2"));
            check("$request.body.none", None);
            check("$context.apiId", Some("a1b2c3d4e5"));
            check("$context.nonsense", None);
            check("$stageVariables.color", Some("blue"));
            check("v-${request.header.x-one}-${stageVariables.color}", Some("v-1-blue"));
            check("${request.header.none}", None);
            check("a${request.header.none}b", Some("ab"));
        });
    }

    #[test]
    fn a_response_value_reads_the_answer() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        with(&[], None, b"", |exchange| {
            let backend = BackendAnswer { headers: &headers, body: br#"{"id":9}"# };
            let check = |text: &str, expected: Option<&str>| {
                let value = Value::parse(text, Direction::Response).unwrap();
                assert_eq!(value.text(exchange, Some(backend)).as_deref(), expected, "{text}");
            };
            check("$response.header.x-a", Some("1,2"));
            check("$response.body.id", Some("9"));
            check("${context.stage}!", Some("prod!"));
        });
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for (text, direction) in [
            ("$request.header", Direction::Request),
            ("$request.header.", Direction::Request),
            ("$request.cookie.a", Direction::Request),
            ("$response.header.a", Direction::Request),
            ("$request.header.a", Direction::Response),
            ("$nonsense", Direction::Request),
            ("a ${request.header.a", Direction::Request),
            ("a ${request.header.a b}", Direction::Request),
            ("$request.body.[", Direction::Request),
        ] {
            assert_eq!(Value::parse(text, direction), Err(text.to_owned()));
        }
    }
}
