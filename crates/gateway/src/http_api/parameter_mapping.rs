//! Parameter mappings: what is appended, overwritten and removed on the way to the backend and back (API Gateway,
//! "Transform API requests and responses for HTTP APIs").

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::value::{Direction, Value};
use crate::exchange::Exchange;
use crate::mapping::BackendAnswer;
use crate::request_mapping::encode_path;

/// A mapping that API Gateway refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMapping {
    /// The destination cannot be read.
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Invalid mapping destination specified: {0}]"
    )]
    Destination(String),
    /// The value cannot be read.
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Invalid mapping expression specified: {0}]"
    )]
    Value(String),
    /// The header is the gateway's own.
    #[error(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Operations on header {0} are restricted]"
    )]
    Reserved(String),
    /// The responses are keyed by something that is no status code.
    #[error("Invalid response parameters specified: the status code {0} is not between 200 and 599")]
    Status(String),
}

/// What is done to a header or query parameter. The order is that in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Remove,
    Overwrite,
    Append,
}

/// The compiled `requestParameters` of an integration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestMapping {
    headers: Vec<(Action, HeaderName, Value)>,
    query: Vec<(Action, Box<str>, Value)>,
    path: Option<Value>,
}

/// The compiled `responseParameters` of an integration, by the status they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseMappings(BTreeMap<u16, ResponseMapping>);

#[derive(Clone, Debug, Default, PartialEq)]
struct ResponseMapping {
    headers: Vec<(Action, HeaderName, Value)>,
    status: Option<Value>,
}

/// Headers that no mapping may touch (same page).
const RESERVED: [&str; 19] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "via",
];
/// What the names of more such headers start with.
const RESERVED_PREFIXES: [&str; 4] = ["access-control-", "apigw-", "x-amz-", "x-amzn-"];

impl RequestMapping {
    /// Compiles mappings.
    pub fn compile(mappings: Option<&BTreeMap<String, String>>) -> Result<Self, InvalidMapping> {
        let mut compiled = Self::default();
        for (destination, text) in mappings.into_iter().flatten() {
            let (action, place) = read_destination(destination)?;
            let value = read_value(text, Direction::Request)?;
            match place.split_once('.') {
                Some(("header", name)) => compiled.headers.push((action, header_name(name, destination)?, value)),
                Some(("querystring", name)) if !name.is_empty() => compiled.query.push((action, name.into(), value)),
                None if place == "path" && action == Action::Overwrite => compiled.path = Some(value),
                _ => return Err(InvalidMapping::Destination(destination.clone())),
            }
        }
        compiled.headers.sort_by_key(|(action, ..)| *action);
        compiled.query.sort_by_key(|(action, ..)| *action);
        Ok(compiled)
    }

    /// Whether a value reads the request's body, which must then be there as a whole.
    pub fn reads_body(&self) -> bool {
        let headers = self.headers.iter().map(|(.., value)| value);
        let query = self.query.iter().map(|(.., value)| value);
        headers.chain(query).chain(&self.path).any(Value::reads_body)
    }

    /// Whether there is nothing to change.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes the headers on their way to the backend.
    pub(super) fn change_headers(&self, headers: &mut HeaderMap, exchange: &Exchange<'_>) {
        change(&self.headers, headers, exchange, None);
    }

    /// The query on its way to the backend: as it came unless a mapping changes it.
    pub(super) fn query(&self, exchange: &Exchange<'_>) -> String {
        if self.query.is_empty() {
            return exchange.request.query.unwrap_or_default().to_owned();
        }
        let mut parameters: Vec<_> = exchange.request.query_parameters().collect();
        for (action, name, value) in &self.query {
            let Some(text) = value.text(exchange, None) else { continue };
            if *action != Action::Append {
                parameters.retain(|(known, _)| *known != **name);
            }
            if *action != Action::Remove {
                parameters.push(((&**name).into(), text));
            }
        }
        Serializer::new(String::new()).extend_pairs(parameters).finish()
    }

    /// The path that takes the place of the backend's own, percent-encoded.
    pub(super) fn path(&self, exchange: &Exchange<'_>) -> Option<String> {
        let text = self.path.as_ref()?.text(exchange, None)?;
        // What came percent-encoded stays so.
        let encoded = if text == exchange.request.path { text.into_owned() } else { encode_path(&text) };
        Some(if encoded.starts_with('/') { encoded } else { format!("/{encoded}") })
    }
}

impl ResponseMappings {
    /// Compiles mappings.
    pub fn compile(mappings: Option<&BTreeMap<String, BTreeMap<String, String>>>) -> Result<Self, InvalidMapping> {
        let mut compiled = BTreeMap::new();
        for (status, mappings) in mappings.into_iter().flatten() {
            let code = status.parse().ok().filter(|code| (200..600).contains(code));
            let code: u16 = code.ok_or_else(|| InvalidMapping::Status(status.clone()))?;
            compiled.insert(code, ResponseMapping::compile(mappings)?);
        }
        Ok(Self(compiled))
    }

    /// Whether the mapping for this status reads the answer's body, which must then be there as a whole.
    pub fn concern(&self, status: StatusCode) -> bool {
        self.0.contains_key(&status.as_u16())
    }

    /// Changes status and headers of an answer on its way to the client.
    pub fn apply(
        &self,
        status: &mut StatusCode,
        headers: &mut HeaderMap,
        exchange: &Exchange<'_>,
        answer: BackendAnswer<'_>,
    ) {
        let Some(mapping) = self.0.get(&status.as_u16()) else { return };
        change(&mapping.headers, headers, exchange, Some(answer));
        let overwritten = mapping.status.as_ref().and_then(|value| value.text(exchange, Some(answer)));
        if let Some(code) = overwritten.and_then(|text| text.parse::<StatusCode>().ok()) {
            *status = code;
        }
    }
}

impl ResponseMapping {
    fn compile(mappings: &BTreeMap<String, String>) -> Result<Self, InvalidMapping> {
        let mut compiled = Self::default();
        for (destination, text) in mappings {
            let (action, place) = read_destination(destination)?;
            let value = read_value(text, Direction::Response)?;
            match place.split_once('.') {
                Some(("header", name)) => compiled.headers.push((action, header_name(name, destination)?, value)),
                None if place == "statuscode" && action == Action::Overwrite => compiled.status = Some(value),
                _ => return Err(InvalidMapping::Destination(destination.clone())),
            }
        }
        compiled.headers.sort_by_key(|(action, ..)| *action);
        Ok(compiled)
    }
}

fn read_destination(destination: &str) -> Result<(Action, &str), InvalidMapping> {
    let (verb, place) = destination.split_once(':').unwrap_or_default();
    let action = match verb {
        "append" => Action::Append,
        "overwrite" => Action::Overwrite,
        "remove" => Action::Remove,
        _ => return Err(InvalidMapping::Destination(destination.to_owned())),
    };
    Ok((action, place))
}

fn read_value(text: &str, direction: Direction) -> Result<Value, InvalidMapping> {
    Value::parse(text, direction).map_err(InvalidMapping::Value)
}

fn header_name(name: &str, destination: &str) -> Result<HeaderName, InvalidMapping> {
    let parsed: HeaderName = name.parse().map_err(|_| InvalidMapping::Destination(destination.to_owned()))?;
    let text = parsed.as_str();
    if RESERVED.contains(&text) || RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(InvalidMapping::Reserved(name.to_owned()));
    }
    Ok(parsed)
}

/// Changes headers. A value that finds nothing, or that no header may have, changes nothing.
fn change(
    changes: &[(Action, HeaderName, Value)],
    headers: &mut HeaderMap,
    exchange: &Exchange<'_>,
    answer: Option<BackendAnswer<'_>>,
) {
    for (action, name, value) in changes {
        if *action == Action::Remove {
            headers.remove(name);
            continue;
        }
        let value = value.text(exchange, answer).and_then(|text| HeaderValue::from_str(&text).ok());
        match (value, action) {
            (Some(value), Action::Append) => drop(headers.append(name, value)),
            (Some(value), _) => drop(headers.insert(name, value)),
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::with;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn request(pairs: &[(&str, &str)]) -> Result<RequestMapping, InvalidMapping> {
        RequestMapping::compile(Some(&map(pairs)))
    }

    #[test]
    fn requests_are_changed_by_verb() {
        with(&[("x-a", "1"), ("x-b", "2")], Some("q=1&r=2"), b"", |exchange| {
            let check = |pairs: &[(&str, &str)], headers: &[&str], query: &str| {
                let mapping = request(pairs).unwrap();
                let mut changed = exchange.request.headers.clone();
                mapping.change_headers(&mut changed, exchange);
                let mut lines: Vec<_> =
                    changed.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
                lines.sort();
                assert_eq!(
                    (lines.iter().map(String::as_str).collect(), &*mapping.query(exchange)),
                    (headers.to_vec(), query),
                    "{pairs:?}"
                );
            };
            check(&[], &["x-a: 1", "x-b: 2"], "q=1&r=2");
            check(&[("append:header.x-a", "9")], &["x-a: 1", "x-a: 9", "x-b: 2"], "q=1&r=2");
            check(&[("overwrite:header.x-a", "$request.header.x-b")], &["x-a: 2", "x-b: 2"], "q=1&r=2");
            check(&[("overwrite:header.x-a", "$request.header.none")], &["x-a: 1", "x-b: 2"], "q=1&r=2");
            check(&[("remove:header.x-a", "''")], &["x-b: 2"], "q=1&r=2");
            check(&[("append:querystring.q", "a b")], &["x-a: 1", "x-b: 2"], "q=1&r=2&q=a+b");
            check(&[("overwrite:querystring.q", "$request.path.id")], &["x-a: 1", "x-b: 2"], "r=2&q=7");
            check(&[("remove:querystring.q", "''")], &["x-a: 1", "x-b: 2"], "r=2");
            check(
                &[("append:header.x-a", "3"), ("overwrite:header.x-a", "2"), ("remove:header.x-b", "''")],
                &["x-a: 2", "x-a: 3"],
                "q=1&r=2",
            );
        });
    }

    #[test]
    fn the_path_can_be_another() {
        with(&[], None, b"", |exchange| {
            let check = |value: &str, expected: Option<&str>| {
                let mapping = request(&[("overwrite:path", value)]).unwrap();
                assert_eq!(mapping.path(exchange).as_deref(), expected, "{value}");
            };
            check("$request.path", Some("/user/7"));
            check("/v2/${request.path.id}", Some("/v2/7"));
            check("a b?c", Some("/a%20b%3Fc"));
            check("$request.header.none", None);
        });
    }

    #[test]
    fn answers_are_changed_by_status() {
        let mappings = BTreeMap::from([
            ("200".to_owned(), map(&[("append:header.x-id", "$response.body.id"), ("remove:header.x-a", "''")])),
            ("404".to_owned(), map(&[("overwrite:statuscode", "200"), ("overwrite:header.x-a", "none")])),
        ]);
        let mappings = ResponseMappings::compile(Some(&mappings)).unwrap();
        let check = |status: u16, expected: u16, expected_headers: &[(&str, &str)]| {
            with(&[], None, b"", |exchange| {
                let headers: HeaderMap = [("x-a".parse().unwrap(), "1".parse().unwrap())].into_iter().collect();
                let answer = BackendAnswer { headers: &headers, body: br#"{"id":"7"}"# };
                let (mut status, mut changed) = (StatusCode::from_u16(status).unwrap(), headers.clone());
                mappings.apply(&mut status, &mut changed, exchange, answer);
                let pairs: Vec<_> =
                    changed.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
                assert_eq!((status.as_u16(), pairs), (expected, expected_headers.to_vec()));
            });
        };
        check(200, 200, &[("x-id", "7")]);
        check(404, 200, &[("x-a", "none")]);
        check(500, 500, &[("x-a", "1")]);
    }

    #[test]
    fn refuses_what_cannot_be_mapped() {
        let check = |destination: &str, value: &str, expected: InvalidMapping| {
            assert_eq!(request(&[(destination, value)]), Err(expected));
        };
        for destination in [
            "header.x",
            "set:header.x",
            "append:x",
            "append:path",
            "remove:path",
            "overwrite:statuscode",
            "append:header.a b",
            "append:querystring.",
        ] {
            check(destination, "x", InvalidMapping::Destination(destination.to_owned()));
        }
        for name in [
            "Authorization",
            "host",
            "Access-Control-Allow-Origin",
            "apigw-requestid",
            "x-amz-date",
            "x-amzn-trace-id",
            "Via",
            "X-Forwarded-For",
            "Forwarded",
        ] {
            check(&format!("overwrite:header.{name}"), "x", InvalidMapping::Reserved(name.to_owned()));
        }
        check("append:header.x", "$request.nonsense", InvalidMapping::Value("$request.nonsense".to_owned()));
        let response = |status: &str, destination: &str, value: &str| {
            ResponseMappings::compile(Some(&BTreeMap::from([(status.to_owned(), map(&[(destination, value)]))])))
        };
        assert_eq!(response("99", "append:header.x", "x"), Err(InvalidMapping::Status("99".to_owned())));
        assert_eq!(response("2xx", "append:header.x", "x"), Err(InvalidMapping::Status("2xx".to_owned())));
        let path = "overwrite:path".to_owned();
        assert_eq!(response("200", &path, "x"), Err(InvalidMapping::Destination(path)));
    }
}
