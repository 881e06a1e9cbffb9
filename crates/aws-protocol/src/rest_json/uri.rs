//! Paths, queries and what they hold.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::failure::Failure;
use crate::shape::{Kind, Shape};

/// The labels of a path that fits a template, still percent-encoded.
pub(super) fn labels<'a>(template: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut labels = Vec::new();
    let mut rest = path;
    let mut segments = template.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        rest = rest.strip_prefix('/')?;
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let greedy = name.and_then(|name| name.strip_suffix('+'));
        let end = match greedy {
            Some(_) => greedy_end(rest, segments.clone().count())?,
            None => rest.find('/').unwrap_or(rest.len()),
        };
        let (value, after) = rest.split_at_checked(end)?;
        match greedy.or(name) {
            Some(_) if value.is_empty() => return None,
            Some(name) => labels.push((name, value)),
            None if value == segment => {}
            None => return None,
        }
        rest = after;
    }
    rest.is_empty().then_some(labels)
}

/// Where a greedy label ends when this many segments must follow it.
fn greedy_end(rest: &str, segments_after: usize) -> Option<usize> {
    match segments_after.checked_sub(1) {
        None => Some(rest.len()),
        Some(last) => rest.rmatch_indices('/').nth(last).map(|(index, _)| index),
    }
}

pub(super) fn decoded(labels: Vec<(&'static str, &str)>) -> Result<Vec<(&'static str, String)>, Failure> {
    labels.into_iter().map(|(name, value)| Ok((name, percent_decoded(value)?))).collect()
}

fn percent_decoded(text: &str) -> Result<String, Failure> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Failure::serialization("The request's URI holds percent-encoded bytes that are not UTF-8.")),
    }
}

pub(super) fn query_parameters(query: &str) -> Result<Vec<(String, String)>, Failure> {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    parameters
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Ok((percent_decoded(&name.replace('+', " "))?, percent_decoded(&value.replace('+', " "))?))
        })
        .collect()
}

/// How many fixed parameters a template asks for; `None` when the query lacks one of them.
pub(super) fn fixed_parameters(fixed: &str, query: &str) -> Option<usize> {
    let mut wanted = fixed.split('&').filter(|parameter| !parameter.is_empty());
    wanted.try_fold(0, |count, wanted| query.split('&').any(|parameter| parameter == wanted).then_some(count + 1))
}

/// The value of a query member: every occurrence of a list's parameter, the first of any other.
pub(super) fn from_query(shape: &Shape, wire: &str, query: &[(String, String)]) -> Result<Option<Value>, Failure> {
    let mut values = query.iter().filter(|(name, _)| name == wire).map(|(_, value)| value.as_str());
    match shape.kind {
        Kind::List(element) => {
            let values: Vec<Value> = values.map(|value| coerced(element, value)).collect::<Result<_, _>>()?;
            Ok((!values.is_empty()).then_some(Value::Array(values)))
        }
        Kind::String => Ok(values.next().map(Value::from)),
        // `limit=` says nothing about a number or a flag.
        _ => values.find(|value| !value.is_empty()).map(|value| coerced(shape, value)).transpose(),
    }
}

/// Text of a path or a query as the type its shape names.
pub(super) fn coerced(shape: &Shape, text: &str) -> Result<Value, Failure> {
    let value = match shape.kind {
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::from(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::from(false)),
        Kind::Integer | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        Kind::Boolean => None,
        _ => Some(Value::from(text)),
    };
    value.ok_or_else(|| {
        Failure::serialization(&format!("class java.lang.String can not be converted to an {}", shape.kind.name()))
    })
}
