//! Methods of strings. Java counts in UTF-16 units, so places and lengths are counted so here.

use std::borrow::Cow;
use std::sync::Arc;

use crate::vtl::ast::Prepared;
use crate::vtl::heap::{Heap, Outcome};
use crate::vtl::java_regex::JavaRegex;
use crate::vtl::text::{Text, to_text};
use crate::vtl::value::{ListStyle, Value};

use super::{count, format, within};

pub(super) fn call(
    heap: &mut Heap,
    text: &Arc<str>,
    name: &str,
    arguments: &[Value],
    prepared: &Prepared,
) -> Outcome<Value> {
    heap.spend_on(text.len())?;
    if let [Value::Text(first), ..] = arguments {
        heap.spend_on(first.len())?;
    }
    let integer = |index: Option<usize>| index.map_or(Value::Integer(-1), count);
    Ok(match (name, arguments) {
        ("length", []) => count(length(text)),
        ("isEmpty", []) => Value::Boolean(text.is_empty()),
        ("contains", [Value::Text(part)]) => Value::Boolean(text.contains(&**part)),
        ("equalsIgnoreCase", [Value::Text(other)]) => Value::Boolean(same_but_for_case(text, other)),
        ("startsWith", [Value::Text(start)]) => Value::Boolean(text.starts_with(&**start)),
        ("startsWith", [Value::Text(start), Value::Integer(from)]) => {
            let from = usize::try_from(*from).ok().and_then(|from| offset(text, from));
            let rest = from.and_then(|from| text.get(from..));
            Value::Boolean(rest.is_some_and(|rest| rest.starts_with(&**start)))
        }
        ("endsWith", [Value::Text(end)]) => Value::Boolean(text.ends_with(&**end)),
        ("indexOf", [part]) => integer(index_of(text, &part_of(heap, part)?, 0)),
        ("indexOf", [part, Value::Integer(from)]) => integer(index_of(text, &part_of(heap, part)?, *from)),
        ("lastIndexOf", [part]) => integer(last_index_of(text, &part_of(heap, part)?, i64::MAX)),
        ("lastIndexOf", [part, Value::Integer(from)]) => integer(last_index_of(text, &part_of(heap, part)?, *from)),
        ("charAt", [Value::Integer(index)]) => {
            let index = within(*index, length(text).checked_sub(1), name)?;
            let character = units(text, index, index + 1);
            heap.text(&character)?
        }
        ("substring" | "subSequence", [Value::Integer(from), rest @ ..]) => {
            let to = match rest {
                [] => length(text),
                [Value::Integer(to)] => within(*to, Some(length(text)), name)?,
                _ => return Ok(Value::Null),
            };
            let from = within(*from, Some(to), name)?;
            let part = units(text, from, to);
            heap.text(&part)?
        }
        ("concat", [Value::Text(other)]) => {
            let mut joined = Text::value(heap);
            joined.push(text)?;
            joined.push(other)?;
            heap.text(joined.as_str())?
        }
        ("replace", [Value::Text(from), Value::Text(to)]) => replace(heap, text, from, to)?,
        ("replaceAll", [_, Value::Text(to)]) => replace_pattern(heap, text, arguments, prepared, to, usize::MAX)?,
        ("replaceFirst", [_, Value::Text(to)]) => replace_pattern(heap, text, arguments, prepared, to, 1)?,
        ("matches", [_]) => match pattern(heap, arguments, prepared)? {
            Some(pattern) => Value::Boolean(pattern.matches(text)),
            None => Value::Null,
        },
        ("split", [_]) => split(heap, text, arguments, prepared, 0)?,
        ("split", [_, Value::Integer(limit)]) => split(heap, text, arguments, prepared, *limit)?,
        ("toLowerCase", []) => heap.text(&text.to_lowercase())?,
        ("toUpperCase", []) => heap.text(&text.to_uppercase())?,
        ("trim", []) => heap.text(text.trim_matches(|c| c <= ' '))?,
        ("compareTo", [Value::Text(other)]) => Value::Integer(compare(text, other)),
        ("compareToIgnoreCase", [Value::Text(other)]) => {
            Value::Integer(compare(&text.to_lowercase(), &other.to_lowercase()))
        }
        ("valueOf", [value]) => {
            let text = to_text(heap, value)?;
            heap.text(&text)?
        }
        ("toCharArray", []) => {
            let characters = text.chars().map(|c| heap.text(c.encode_utf8(&mut [0; 4]))).collect::<Outcome<_>>()?;
            heap.new_list(characters, ListStyle::Java)?
        }
        ("format", [Value::Text(format), values @ ..]) => {
            let formatted = format::format(heap, format, values)?;
            heap.text(&formatted)?
        }
        _ => Value::Null,
    })
}

fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The UTF-16 units from one place to another; half a surrogate pair becomes U+FFFD.
fn units(text: &str, from: usize, to: usize) -> String {
    if text.is_ascii() {
        return text.get(from..to).unwrap_or_default().to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to.saturating_sub(from)).collect();
    String::from_utf16_lossy(&units)
}

/// Where in the bytes a place in UTF-16 units is; `None` beyond the end and inside a surrogate pair.
fn offset(text: &str, place: usize) -> Option<usize> {
    let mut left = place;
    for (offset, c) in text.char_indices() {
        if left == 0 {
            return Some(offset);
        }
        left = left.checked_sub(c.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

/// What to look for: a text, or the character with that code.
fn part_of(heap: &mut Heap, part: &Value) -> Outcome<String> {
    match part {
        Value::Integer(code) => {
            Ok(u32::try_from(*code).ok().and_then(char::from_u32).map(String::from).unwrap_or_default())
        }
        part => to_text(heap, part),
    }
}

fn index_of(text: &str, part: &str, from: i64) -> Option<usize> {
    let from = usize::try_from(from.max(0)).unwrap_or(usize::MAX).min(length(text));
    let start = offset(text, from).or_else(|| offset(text, from + 1))?;
    let at = start + text.get(start..)?.find(part)?;
    text.get(..at).map(length)
}

fn last_index_of(text: &str, part: &str, from: i64) -> Option<usize> {
    let from = usize::try_from(from).ok()?.min(length(text));
    let start = offset(text, from).or_else(|| offset(text, from.saturating_sub(1)))?;
    let end = start.saturating_add(part.len()).min(text.len());
    let mut end = end;
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let at = text.get(..end)?.rfind(part)?;
    text.get(..at).map(length)
}

fn same_but_for_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || left.to_lowercase() == right.to_lowercase()
}

/// The difference of the first units that differ, else of the lengths.
fn compare(left: &str, right: &str) -> i64 {
    let size = |text: &str| i64::try_from(length(text)).unwrap_or(i64::MAX);
    let differing = left.encode_utf16().zip(right.encode_utf16()).find(|(left, right)| left != right);
    differing.map_or(size(left) - size(right), |(left, right)| i64::from(left) - i64::from(right))
}

fn replace(heap: &mut Heap, text: &str, from: &str, to: &str) -> Outcome<Value> {
    let mut replaced = Text::value(heap);
    let mut copied = 0;
    for (at, found) in text.match_indices(from) {
        replaced.push(text.get(copied..at).unwrap_or_default())?;
        replaced.push(to)?;
        copied = at + found.len();
    }
    replaced.push(text.get(copied..).unwrap_or_default())?;
    heap.spend_on(replaced.len())?;
    heap.text(replaced.as_str())
}

/// The pattern in the first argument, compiled while parsing or now; `None` when that is no text.
fn pattern<'p>(heap: &mut Heap, arguments: &[Value], prepared: &'p Prepared) -> Outcome<Option<Cow<'p, JavaRegex>>> {
    /// Compiling is work too, and more than reading.
    const STEPS_TO_COMPILE: u64 = 200;
    match (prepared, arguments.first()) {
        (Prepared::Pattern(pattern), _) => Ok(Some(Cow::Borrowed(pattern))),
        (_, Some(Value::Text(text))) => {
            heap.spend(STEPS_TO_COMPILE + u64::try_from(text.len()).unwrap_or(u64::MAX))?;
            JavaRegex::new(text).map(|pattern| Some(Cow::Owned(pattern)))
        }
        _ => Ok(None),
    }
}

fn replace_pattern(
    heap: &mut Heap,
    text: &str,
    arguments: &[Value],
    prepared: &Prepared,
    to: &str,
    limit: usize,
) -> Outcome<Value> {
    let Some(pattern) = pattern(heap, arguments, prepared)? else { return Ok(Value::Null) };
    let replaced = pattern.replace(heap, text, to, limit)?;
    heap.spend_on(replaced.len())?;
    heap.text(replaced.as_str())
}

fn split(heap: &mut Heap, text: &str, arguments: &[Value], prepared: &Prepared, limit: i64) -> Outcome<Value> {
    let Some(pattern) = pattern(heap, arguments, prepared)? else { return Ok(Value::Null) };
    let parts = pattern.split(heap, text, limit)?;
    heap.spend_on(parts.len() * 64)?;
    let parts = parts.into_iter().map(|part| heap.text(part)).collect::<Outcome<_>>()?;
    heap.new_list(parts, ListStyle::Java)
}
