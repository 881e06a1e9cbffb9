//! Parameter mapping expressions: where the value of a mapped header, query parameter or path variable comes from
//! (API Gateway, "API Gateway API request and response data mapping reference").

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::Value;

use crate::exchange::Exchange;
use crate::json_path::JsonPath;
use crate::refusal::Refusal;

/// A mapping that API Gateway refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMapping {
    /// The destination or the source cannot be read.
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Invalid mapping expression specified: {0}]"
    )]
    Expression(String),
    /// The method does not declare the parameter that the mapping names.
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Invalid mapping expression parameter specified: {0}]"
    )]
    Undeclared(String),
}

/// A part of a request that a mapping reads or writes by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header.
    Header,
    /// A query parameter.
    QueryString,
    /// A variable of the path.
    Path,
}

/// What the backend answered, as far as a mapping reads it.
#[derive(Clone, Copy, Debug)]
pub struct BackendAnswer<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

/// Where a mapped value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `'text'`.
    Literal(String),
    /// `method.request.{header,querystring,path}.{name}`.
    Request(Place, String),
    /// `method.request.{multivalueheader,multivaluequerystring}.{name}`.
    RequestMultiValue(Place, String),
    /// `method.request.body` or a path into it.
    RequestBody(Option<JsonPath>),
    /// `context.{name}`.
    Context(String),
    /// `stageVariables.{name}`.
    StageVariable(String),
    /// `integration.response.header.{name}`.
    BackendHeader(String),
    /// `integration.response.multivalueheader.{name}`.
    BackendMultiValueHeader(String),
    /// `integration.response.body` or a path into it.
    BackendBody(Option<JsonPath>),
}

/// Nodes of a body that one mapping may visit.
const BODY_NODES_MAX: usize = 100_000;

impl Source {
    /// Parses the source of a mapping towards the backend, or of a gateway response's header.
    pub fn parse_request(text: &str) -> Result<Self, InvalidMapping> {
        let parsed = match text.strip_prefix("method.request.") {
            Some("body") => Some(Self::RequestBody(None)),
            Some(rest) if rest.starts_with("body.") => body_path(rest).map(|path| Self::RequestBody(Some(path))),
            Some(rest) => rest.split_once('.').and_then(|(place, name)| {
                let name = parameter_name(name)?;
                Some(match place {
                    "header" => Self::Request(Place::Header, name),
                    "querystring" => Self::Request(Place::QueryString, name),
                    "path" => Self::Request(Place::Path, name),
                    "multivalueheader" => Self::RequestMultiValue(Place::Header, name),
                    "multivaluequerystring" => Self::RequestMultiValue(Place::QueryString, name),
                    _ => return None,
                })
            }),
            None => Self::parse_shared(text),
        };
        parsed.ok_or_else(|| InvalidMapping::Expression(text.to_owned()))
    }

    /// Parses the source of a mapping from the backend's answer to the method's response.
    pub fn parse_response(text: &str) -> Result<Self, InvalidMapping> {
        let parsed = match text.strip_prefix("integration.response.") {
            Some("body") => Some(Self::BackendBody(None)),
            Some(rest) if rest.starts_with("body.") => body_path(rest).map(|path| Self::BackendBody(Some(path))),
            Some(rest) => rest.split_once('.').and_then(|(place, name)| {
                let name = parameter_name(name)?;
                Some(match place {
                    "header" => Self::BackendHeader(name),
                    "multivalueheader" => Self::BackendMultiValueHeader(name),
                    _ => return None,
                })
            }),
            None => Self::parse_shared(text),
        };
        parsed.ok_or_else(|| InvalidMapping::Expression(text.to_owned()))
    }

    fn parse_shared(text: &str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('\'') {
            return literal.strip_suffix('\'').map(|literal| Self::Literal(literal.to_owned()));
        }
        if let Some(name) = text.strip_prefix("context.") {
            return parameter_name(name).map(Self::Context);
        }
        parameter_name(text.strip_prefix("stageVariables.")?).map(Self::StageVariable)
    }

    /// The values the source has in this exchange: none when what it names is absent, several only for multi-value
    /// sources.
    pub fn values<'a>(
        &'a self,
        exchange: &Exchange<'a>,
        backend: Option<BackendAnswer<'a>>,
    ) -> Result<Vec<Cow<'a, str>>, Refusal> {
        let request = exchange.request;
        let one = match self {
            Self::Literal(text) => Some(Cow::Borrowed(text.as_str())),
            Self::Request(Place::Header, name) => request.header(name),
            Self::Request(Place::QueryString, name) => request.query_parameter(name),
            Self::Request(Place::Path, name) | Self::RequestMultiValue(Place::Path, name) => {
                request.path_parameter(name)
            }
            Self::RequestMultiValue(Place::Header, name) => return Ok(request.header_values(name)),
            Self::RequestMultiValue(Place::QueryString, name) => return Ok(request.query_parameter_values(name)),
            Self::Context(name) => exchange.context.variable(name),
            Self::StageVariable(name) => exchange.stage_variables.get(name).map(|value| value.as_str().into()),
            Self::RequestBody(path) => from_body(request.body, path.as_ref()).map_err(|()| Refusal::InvalidJsonBody)?,
            Self::BackendBody(path) => {
                let body = backend.map_or(&[][..], |answer| answer.body);
                from_body(body, path.as_ref()).map_err(|()| {
                    Refusal::configuration("a response parameter mapping reads the endpoint's body, which is not JSON")
                })?
            }
            Self::BackendHeader(name) => backend.and_then(|answer| header_values(answer.headers, name).next_back()),
            Self::BackendMultiValueHeader(name) => {
                return Ok(backend.map(|answer| header_values(answer.headers, name).collect()).unwrap_or_default());
            }
        };
        Ok(one.into_iter().collect())
    }
}

/// The path after `body.`.
fn body_path(rest: &str) -> Option<JsonPath> {
    JsonPath::parse(rest.strip_prefix("body.")?).ok()
}

/// A body as text, or what a path finds in it; nothing when it finds nothing or would have to visit too much.
fn from_body<'a>(body: &'a [u8], path: Option<&JsonPath>) -> Result<Option<Cow<'a, str>>, ()> {
    let Some(path) = path else {
        return Ok((!body.is_empty()).then(|| String::from_utf8_lossy(body)));
    };
    let document: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).map_err(|_| ())? };
    Ok(match path.value(&document, BODY_NODES_MAX) {
        Ok(None | Some(Value::Null)) | Err(_) => None,
        Ok(Some(Value::String(text))) => Some(Cow::Owned(text)),
        Ok(Some(other)) => Some(Cow::Owned(other.to_string())),
    })
}

fn header_values<'a>(headers: &'a HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = Cow<'a, str>> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// The destination of a request mapping, `integration.request.{header,querystring,path}.{name}`.
pub fn parse_request_destination(text: &str) -> Result<(Place, &str), InvalidMapping> {
    let parsed = text.strip_prefix("integration.request.").and_then(|rest| {
        let (place, name) = rest.split_once('.')?;
        let place = match place {
            "header" => Place::Header,
            "querystring" => Place::QueryString,
            "path" => Place::Path,
            _ => return None,
        };
        is_parameter_name(name).then_some((place, name))
    });
    parsed.ok_or_else(|| InvalidMapping::Expression(text.to_owned()))
}

/// The destination of a response mapping, `method.response.header.{name}`.
pub fn parse_response_destination(text: &str) -> Result<&str, InvalidMapping> {
    text.strip_prefix("method.response.header.")
        .filter(|name| is_parameter_name(name))
        .ok_or_else(|| InvalidMapping::Expression(text.to_owned()))
}

/// Refuses request mappings as `PutIntegration` does: those that cannot be read, and those that read a parameter the
/// method does not declare.
pub fn check_request_mappings(
    mappings: &BTreeMap<String, String>,
    declared: Option<&BTreeMap<String, bool>>,
) -> Result<(), InvalidMapping> {
    for (destination, source) in mappings {
        parse_request_destination(destination)?;
        let place = match Source::parse_request(source)? {
            Source::Request(Place::Header, name) | Source::RequestMultiValue(Place::Header, name) => {
                format!("method.request.header.{name}")
            }
            Source::Request(Place::QueryString, name) | Source::RequestMultiValue(Place::QueryString, name) => {
                format!("method.request.querystring.{name}")
            }
            Source::Request(Place::Path, name) => format!("method.request.path.{name}"),
            _ => continue,
        };
        if !declared.is_some_and(|declared| declared.contains_key(&place)) {
            return Err(InvalidMapping::Undeclared(source.clone()));
        }
    }
    Ok(())
}

/// Refuses response mappings as `PutIntegrationResponse` does: those that cannot be read, and those that write a header
/// the method response does not declare.
pub fn check_response_mappings(
    mappings: &BTreeMap<String, String>,
    declared: Option<&BTreeMap<String, bool>>,
) -> Result<(), InvalidMapping> {
    for (destination, source) in mappings {
        parse_response_destination(destination)?;
        Source::parse_response(source)?;
        if !declared.is_some_and(|declared| declared.contains_key(destination)) {
            return Err(InvalidMapping::Undeclared(destination.clone()));
        }
    }
    Ok(())
}

fn parameter_name(name: &str) -> Option<String> {
    is_parameter_name(name).then(|| name.to_owned())
}

fn is_parameter_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$-:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::tests::with;

    fn map<V: Clone>(pairs: &[(&str, V)]) -> BTreeMap<String, V> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    const BODY: &str = r#"{"a":{"b":[1,"x"]},"n":null}"#;

    #[test]
    fn a_body_that_is_not_json_cannot_be_mapped() {
        with(&[], None, b"{", |exchange| {
            let values = |text: &str| Source::parse_request(text).unwrap().values(exchange, None).err();
            assert_eq!(values("method.request.body.a"), Some(Refusal::InvalidJsonBody));
            assert_eq!(values("method.request.body"), None);
            let backend = BackendAnswer { headers: &HeaderMap::new(), body: b"<p>" };
            let source = Source::parse_response("integration.response.body.a").unwrap();
            assert_eq!(source.values(exchange, Some(backend)).unwrap_err().status(), 500);
        });
        with(&[], None, b"", |exchange| {
            let source = Source::parse_request("method.request.body.a").unwrap();
            assert_eq!(source.values(exchange, None), Ok(vec![]));
        });
    }

    #[test]
    fn reads_request_sources() {
        with(&[("accept", "a/b"), ("x-many", "1"), ("x-many", "2")], Some("q=1&q=2%20"), BODY.as_bytes(), |exchange| {
            let check = |text: &str, expected: &[&str]| {
                assert_eq!(Source::parse_request(text).unwrap().values(exchange, None).unwrap(), expected, "{text}");
            };
            check("'literal text'", &["literal text"]);
            check("''", &[""]);
            check("method.request.header.Accept", &["a/b"]);
            check("method.request.header.X-Many", &["2"]);
            check("method.request.header.None", &[]);
            check("method.request.multivalueheader.x-many", &["1", "2"]);
            check("method.request.querystring.q", &["2 "]);
            check("method.request.multivaluequerystring.q", &["1", "2 "]);
            check("method.request.path.id", &["7"]);
            check("method.request.body.a.b[1]", &["x"]);
            check("method.request.body.$.a", &[r#"{"b":[1,"x"]}"#]);
            check("method.request.body.none", &[]);
            check("method.request.body.n", &[]);
            check("method.request.body", &[BODY]);
            check("context.stage", &["prod"]);
            check("context.identity.sourceIp", &["192.0.2.10"]);
            check("context.nothing", &[]);
            check("stageVariables.color", &["blue"]);
            check("stageVariables.none", &[]);
        });
    }

    #[test]
    fn reads_response_sources() {
        let headers: HeaderMap =
            [("x-a", "1"), ("x-b", "2"), ("x-b", "3")].into_iter().fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value.parse().unwrap());
                map
            });
        with(&[], None, b"", |exchange| {
            let backend = BackendAnswer { headers: &headers, body: BODY.as_bytes() };
            let check = |text: &str, expected: &[&str]| {
                assert_eq!(
                    Source::parse_response(text).unwrap().values(exchange, Some(backend)).unwrap(),
                    expected,
                    "{text}"
                );
            };
            check("'*'", &["*"]);
            check("integration.response.header.X-A", &["1"]);
            check("integration.response.header.x-b", &["3"]);
            check("integration.response.multivalueheader.x-b", &["2", "3"]);
            check("integration.response.body.a.b[0]", &["1"]);
            check("integration.response.body", &[BODY]);
            check("context.requestId", &["1be02043-9fd1-43a9-ace6-f4c6e4ec2603"]);
            check("stageVariables.color", &["blue"]);
        });
    }

    #[test]
    fn refuses_what_cannot_be_read_in_the_words_of_api_gateway() {
        for text in ["", "literal", "'", "method.request.cookie.a", "method.request.header.", "context.", "true"] {
            assert_eq!(Source::parse_request(text), Err(InvalidMapping::Expression(text.to_owned())));
        }
        for text in ["method.request.header.a", "integration.response.querystring.a", "integration.response.header.a b"]
        {
            assert_eq!(Source::parse_response(text), Err(InvalidMapping::Expression(text.to_owned())));
        }
        assert_eq!(
            Source::parse_request("x").unwrap_err().to_string(),
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
             [Invalid mapping expression specified: x]"
        );
        assert_eq!(parse_request_destination("integration.request.path.a"), Ok((Place::Path, "a")));
        assert!(parse_request_destination("integration.request.body.a").is_err());
        assert_eq!(parse_response_destination("method.response.header.Content-Type"), Ok("Content-Type"));
        assert!(parse_response_destination("method.response.body").is_err());
    }

    #[test]
    fn refuses_parameters_that_the_method_does_not_declare() {
        let declared = map(&[("method.request.path.proxy", true), ("method.response.header.X", false)]);
        let check = |destination: &str, source: &str, expected: Option<&str>| {
            let result = check_request_mappings(&map(&[(destination, source.to_owned())]), Some(&declared));
            assert_eq!(result.err(), expected.map(|name| InvalidMapping::Undeclared(name.to_owned())));
        };
        check("integration.request.path.proxy", "method.request.path.proxy", None);
        check("integration.request.path.proxy", "'x'", None);
        check("integration.request.header.a", "method.request.header.a", Some("method.request.header.a"));
        let check = |destination: &str, expected: Option<&str>| {
            let result = check_response_mappings(&map(&[(destination, "'x'".to_owned())]), Some(&declared));
            assert_eq!(result.err(), expected.map(|name| InvalidMapping::Undeclared(name.to_owned())));
        };
        check("method.response.header.X", None);
        check("method.response.header.Y", Some("method.response.header.Y"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(method\\.request\\.|integration\\.response\\.|context\\.|')?.{0,20}") {
            with(&[("a", "b")], Some("a=b;%"), b"", |exchange| {
                if let Ok(source) = Source::parse_request(&text) {
                    let _ = source.values(exchange, None);
                }
                if let Ok(source) = Source::parse_response(&text) {
                    let _ = source.values(exchange, None);
                }
            });
        }
    }
}
