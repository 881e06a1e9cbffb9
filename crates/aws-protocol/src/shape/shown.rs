//! What messages show of an offending value.

use serde_json::Value;

use super::{Kind, Shape};

/// How many bytes of a value a message shows.
const SHOWN_BYTES_MAX: usize = 1024;

/// Whether messages leave the value out.
pub(super) fn is_sensitive(shape: &Shape) -> bool {
    shape.sensitive
        || match shape.kind {
            Kind::List(element) => is_sensitive(element),
            Kind::Map(key, element) => is_sensitive(key) || is_sensitive(element),
            _ => false,
        }
}

/// A value as messages show it, the way Java prints collections: `[a, b]`, `{a=b}`.
pub(super) fn shown(shape: &Shape, value: &Value) -> String {
    let mut text = String::new();
    show(shape, value, &mut text);
    bounded(&text).to_owned()
}

fn show(shape: &Shape, value: &Value, text: &mut String) {
    if text.len() > SHOWN_BYTES_MAX {
        return;
    }
    match (&shape.kind, value) {
        (_, Value::String(string)) => text.push_str(string),
        (Kind::List(element), Value::Array(elements)) => {
            show_all(text, ['[', ']'], elements.iter(), |value, text| show(element, value, text));
        }
        (Kind::Map(_, element), Value::Object(entries)) => {
            show_all(text, ['{', '}'], entries.iter(), |(name, value), text| {
                text.push_str(name);
                text.push('=');
                show(element, value, text);
            });
        }
        (Kind::Structure(members), Value::Object(object)) => {
            let present = members.iter().filter_map(|member| Some((member, object.get(member.key)?)));
            let open = present.filter(|(member, _)| !is_sensitive(member.shape));
            show_all(text, ['{', '}'], open, |(member, value), text| {
                text.push_str(member.name);
                text.push('=');
                show(member.shape, value, text);
            });
        }
        (_, value) => text.push_str(&value.to_string()),
    }
}

fn show_all<T>(
    text: &mut String,
    [open, close]: [char; 2],
    parts: impl Iterator<Item = T>,
    mut show: impl FnMut(T, &mut String),
) {
    text.push(open);
    for (index, part) in parts.enumerate().take_while(|(index, _)| *index < SHOWN_BYTES_MAX) {
        if index > 0 {
            text.push_str(", ");
        }
        show(part, text);
    }
    text.push(close);
}

/// The start of a text, as much as a message shows of it.
pub(super) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SHOWN_BYTES_MAX)).unwrap_or(text)
}
