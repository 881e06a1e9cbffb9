//! `$input`: body and parameters (API Gateway guide, "`$input` variables").

use crate::json_path::{JsonPath, Selection};

use super::ast::Prepared;
use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::json::{self, HeapNode};
use super::scope::Scope;
use super::text::{Text, to_text, write_json};
use super::value::{ListStyle, MapId, MapKind, Value};

/// An empty body reads as an empty object.
const EMPTY_BODY: &str = "{}";

/// The parts of `$input.params()`, in the order in which `$input.params('name')` looks through them.
const PARTS: [&str; 3] = ["path", "querystring", "header"];

/// `$input.name`.
pub(super) fn property(scope: &mut Scope<'_>, name: &str) -> Outcome<Value> {
    if name == "body" { body_text(scope) } else { Ok(Value::Null) }
}

/// `$input.method(arguments)`.
pub(super) fn call(scope: &mut Scope<'_>, method: &str, arguments: &[Value], prepared: &Prepared) -> Outcome<Value> {
    match (method, arguments) {
        ("path", [path]) => Ok(select(scope, path, prepared)?.unwrap_or(Value::Null)),
        ("json", [path]) => {
            let selected = select(scope, path, prepared)?;
            let heap = &mut scope.heap;
            // A path to nothing reads as an empty JSON string, so that `"a": $input.json('$.a')` stays JSON.
            let Some(selected) = selected else { return heap.text("\"\"") };
            let mut text = Text::value(heap);
            write_json(heap, &selected, &mut text)?;
            heap.spend_on(text.len())?;
            heap.text(text.as_str())
        }
        ("params", []) => parameters(scope).map(Value::Map),
        ("params", [name]) => {
            let name = to_text(&mut scope.heap, name)?;
            let parameters = parameters(scope)?;
            let heap = &scope.heap;
            let found = PARTS.iter().find_map(|part| heap.get(self::part(heap, parameters, part)?, &name));
            Ok(found.cloned().unwrap_or(Value::Null))
        }
        _ => Ok(Value::Null),
    }
}

/// `$input.body`: the text as it came.
fn body_text(scope: &mut Scope<'_>) -> Outcome<Value> {
    if let Some(text) = &scope.body_text {
        return Ok(text.clone());
    }
    let body = String::from_utf8_lossy(scope.body);
    let text = scope.heap.text(if body.is_empty() { EMPTY_BODY } else { &body })?;
    scope.body_text = Some(text.clone());
    Ok(text)
}

/// The parsed body. It is parsed once, so a template that changes a value of it finds the change everywhere.
fn body(scope: &mut Scope<'_>) -> Outcome<Value> {
    if let Some(body) = &scope.parsed_body {
        return Ok(body.clone());
    }
    let text = if scope.body.is_empty() { EMPTY_BODY.as_bytes() } else { scope.body };
    let body = json::parse(&mut scope.heap, text)?.map_err(|reason| RenderErrorKind::BodyNotJson { reason })?;
    scope.parsed_body = Some(body.clone());
    Ok(body)
}

/// What a path finds in the body; `None` for a definite path that finds nothing.
fn select(scope: &mut Scope<'_>, path: &Value, prepared: &Prepared) -> Outcome<Option<Value>> {
    let body = body(scope)?;
    let heap = &mut scope.heap;
    let parsed;
    let path = match prepared {
        Prepared::Path(path) => path,
        Prepared::Nothing | Prepared::Pattern(_) => {
            parsed = JsonPath::parse(&to_text(heap, path)?)?;
            &parsed
        }
    };
    let nodes_max = usize::try_from(heap.steps_left()).unwrap_or(usize::MAX);
    let mut nodes_left = nodes_max;
    let selection = path.select_within(HeapNode { heap, value: &body }, &mut nodes_left)?;
    let selection = selection.map(|node| node.value.clone());
    heap.spend(u64::try_from(nodes_max - nodes_left).unwrap_or(u64::MAX))?;
    Ok(match selection {
        Selection::Missing => None,
        Selection::One(value) => Some(value),
        Selection::Many(values) => Some(heap.new_list(values, ListStyle::Json)?),
        Selection::Length(length) => Some(Value::Integer(i64::try_from(length).unwrap_or(i64::MAX))),
    })
}

/// `$input.params()`: path, querystring and header parameters by name. Of a name that comes more than once, the last
/// value counts.
fn parameters(scope: &mut Scope<'_>) -> Outcome<MapId> {
    if let Some(parameters) = scope.parameters {
        return Ok(parameters);
    }
    let sources = [scope.call.path_parameters(), scope.call.query_parameters(), scope.call.headers()];
    let heap = &mut scope.heap;
    let parameters = heap.new_map(MapKind::Parameters)?;
    for (part, pairs) in PARTS.into_iter().zip(sources) {
        let map = heap.new_map(if part == "header" { MapKind::Headers } else { MapKind::Plain })?;
        for (name, value) in pairs {
            let value = heap.text(&value)?;
            heap.put_quietly(map, &name, value)?;
        }
        heap.put_quietly(parameters, part, Value::Map(map))?;
    }
    scope.parameters = Some(parameters);
    Ok(parameters)
}

fn part(heap: &Heap, parameters: MapId, part: &str) -> Option<MapId> {
    match heap.get(parameters, part) {
        Some(Value::Map(map)) => Some(*map),
        _ => None,
    }
}
