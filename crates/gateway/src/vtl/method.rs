//! Properties, indexes and methods of values: the part of Java's library that templates use.
//!
//! A method that does not exist, or not with such arguments, gives null, as Velocity has it when it finds no method. A
//! call that Java would answer with an exception is an error. There is no reflection: no `getClass()`, no `class`.

mod format;
mod list;
mod map;
mod number;
mod string;

use super::arithmetic::java_equals;
use super::ast::Prepared;
use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::text::to_text;
use super::value::Value;

/// `$value.name`.
pub(super) fn property(heap: &Heap, value: &Value, name: &str) -> Value {
    match (value, name) {
        (Value::Map(id), key) => heap.get(*id, key).cloned().unwrap_or(Value::Null),
        (Value::Text(text), "empty") => Value::Boolean(text.is_empty()),
        (Value::List(id), "empty") => Value::Boolean(heap.items(*id).is_empty()),
        _ => Value::Null,
    }
}

/// `$value[index]`.
pub(super) fn index(heap: &mut Heap, value: &Value, index: &Value) -> Outcome<Value> {
    match (value, index) {
        (Value::List(id), Value::Integer(index)) => {
            let items = heap.items(*id);
            let position = position(*index, items.len(), "[…]")?;
            Ok(items.get(position).cloned().unwrap_or(Value::Null))
        }
        (Value::Map(id), key) => {
            let key = to_text(heap, key)?;
            Ok(heap.get(*id, &key).cloned().unwrap_or(Value::Null))
        }
        _ => Ok(Value::Null),
    }
}

/// The place an index names in a list; Velocity counts negative ones from the end.
pub(super) fn position(index: i64, length: usize, method: &str) -> Outcome<usize> {
    let signed_length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_start = if index < 0 { index.checked_add(signed_length).unwrap_or(-1) } else { index };
    within(from_start, length.checked_sub(1), method).map_err(|_| out_of_bounds(method, index, length))
}

/// `$value.name(arguments)`.
pub(super) fn call(
    heap: &mut Heap,
    value: &Value,
    name: &str,
    arguments: &[Value],
    prepared: &Prepared,
) -> Outcome<Value> {
    match (name, arguments) {
        ("toString", []) => {
            let text = to_text(heap, value)?;
            return heap.text(&text);
        }
        ("equals", [other]) => return java_equals(heap, value, other, 0).map(Value::Boolean),
        _ => {}
    }
    match value {
        Value::Text(text) => string::call(heap, text, name, arguments, prepared),
        Value::List(id) => list::call(heap, *id, name, arguments),
        Value::Map(id) => map::call(heap, *id, name, arguments),
        Value::Integer(_) | Value::Double(_) => number::call(heap, value, name, arguments),
        Value::Boolean(boolean) => Ok(match (name, arguments) {
            ("booleanValue", []) => Value::Boolean(*boolean),
            ("parseBoolean", [Value::Text(text)]) => Value::Boolean(text.eq_ignore_ascii_case("true")),
            _ => Value::Null,
        }),
        Value::Null | Value::Input | Value::Util | Value::Loop(_) => Ok(Value::Null),
    }
}

/// An index between 0 and `last`; an error like Java's when it is not.
fn within(index: i64, last: Option<usize>, method: &str) -> Outcome<usize> {
    usize::try_from(index)
        .ok()
        .filter(|index| last.is_some_and(|last| *index <= last))
        .ok_or_else(|| out_of_bounds(method, index, last.map_or(0, |last| last + 1)))
}

fn out_of_bounds(method: &str, index: i64, length: usize) -> RenderErrorKind {
    RenderErrorKind::method(method, format!("index {index} is out of bounds for length {length}"))
}

fn count(count: usize) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
