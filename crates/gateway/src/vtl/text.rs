//! How values become text: as Java's `toString` would have it, and as JSON.

use super::error::RenderErrorKind;
use super::heap::{Heap, Outcome};
use super::value::{ListStyle, MapKind, Value};

/// A text that grows up to a bound.
pub(super) struct Text {
    buffer: String,
    bytes_max: usize,
    too_large: RenderErrorKind,
}

impl Text {
    /// The result of a template.
    pub(super) fn output(heap: &Heap) -> Self {
        let bytes_max = heap.limits().output_bytes;
        Self { buffer: String::new(), bytes_max, too_large: RenderErrorKind::OutputTooLarge { bytes_max } }
    }

    /// A string inside a template.
    pub(super) fn value(heap: &Heap) -> Self {
        Self { buffer: String::new(), bytes_max: heap.bytes_left(), too_large: heap.too_much_memory() }
    }

    pub(super) fn push(&mut self, text: &str) -> Outcome<()> {
        if text.len() > self.bytes_max - self.buffer.len() {
            return Err(self.too_large.clone());
        }
        self.buffer.push_str(text);
        Ok(())
    }

    pub(super) fn push_char(&mut self, c: char) -> Outcome<()> {
        self.push(c.encode_utf8(&mut [0; 4]))
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.buffer
    }

    pub(super) fn into_string(self) -> String {
        self.buffer
    }
}

/// Appends a value as Java shows it.
pub(super) fn write(heap: &Heap, value: &Value, out: &mut Text) -> Outcome<()> {
    Writer { heap, depth: 0 }.java(value, out)
}

/// Appends a value as JSON.
pub(super) fn write_json(heap: &Heap, value: &Value, out: &mut Text) -> Outcome<()> {
    Writer { heap, depth: 0 }.json(value, out)
}

/// The text of a value, counted as memory.
pub(super) fn to_text(heap: &mut Heap, value: &Value) -> Outcome<String> {
    let mut text = Text::value(heap);
    write(heap, value, &mut text)?;
    heap.charge(text.len())?;
    heap.spend_on(text.len())?;
    Ok(text.into_string())
}

struct Writer<'h> {
    heap: &'h Heap,
    depth: usize,
}

impl Writer<'_> {
    fn java(&mut self, value: &Value, out: &mut Text) -> Outcome<()> {
        match value {
            Value::Null => out.push("null"),
            Value::Boolean(boolean) => out.push(if *boolean { "true" } else { "false" }),
            Value::Integer(integer) => out.push(&integer.to_string()),
            Value::Double(double) => out.push(&java_double(*double)),
            Value::Text(text) => out.push(text),
            Value::List(id) => match self.heap.list_style(*id) {
                ListStyle::Json => self.json(value, out),
                ListStyle::Java => {
                    self.enter()?;
                    let items = self.heap.items(*id).iter();
                    self.joined(items, ["[", ", ", "]"], out, Self::java)
                }
            },
            Value::Map(id) if self.heap.map_kind(*id) == MapKind::Claims => Ok(()),
            Value::Map(id) => {
                self.enter()?;
                let entries = self.heap.entries(*id).into_iter().flatten();
                if self.heap.map_kind(*id) == MapKind::Entry {
                    let values = entries.map(|(_, value)| value);
                    return self.joined(values, ["", "=", ""], out, Self::java);
                }
                self.joined(entries, ["{", ", ", "}"], out, |writer, (key, value), out| {
                    out.push(key)?;
                    out.push("=")?;
                    writer.java(value, out)
                })
            }
            Value::Input | Value::Util | Value::Loop(_) => Ok(()),
        }
    }

    fn json(&mut self, value: &Value, out: &mut Text) -> Outcome<()> {
        match value {
            Value::Text(text) => write_json_string(text, out),
            Value::Double(double) if !double.is_finite() => out.push("null"),
            Value::List(id) => {
                self.enter()?;
                let items = self.heap.items(*id).iter();
                self.joined(items, ["[", ",", "]"], out, Self::json)
            }
            Value::Map(id) => {
                self.enter()?;
                let entries = self.heap.entries(*id).into_iter().flatten();
                self.joined(entries, ["{", ",", "}"], out, |writer, (key, value), out| {
                    write_json_string(key, out)?;
                    out.push(":")?;
                    writer.json(value, out)
                })
            }
            Value::Input | Value::Util | Value::Loop(_) => out.push("null"),
            Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Double(_) => self.java(value, out),
        }
    }

    fn joined<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        [open, separator, close]: [&str; 3],
        out: &mut Text,
        mut write: impl FnMut(&mut Self, T, &mut Text) -> Outcome<()>,
    ) -> Outcome<()> {
        out.push(open)?;
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push(separator)?;
            }
            write(self, item, out)?;
        }
        self.depth -= 1;
        out.push(close)
    }

    fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > self.heap.limits().depth { Err(self.heap.too_deep()) } else { Ok(()) }
    }
}

fn write_json_string(text: &str, out: &mut Text) -> Outcome<()> {
    out.push("\"")?;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at(at);
        out.push(plain)?;
        let mut characters = special.chars();
        match characters.next() {
            Some('\n') => out.push("\\n")?,
            Some('\r') => out.push("\\r")?,
            Some('\t') => out.push("\\t")?,
            Some('\u{8}') => out.push("\\b")?,
            Some('\u{c}') => out.push("\\f")?,
            Some(control @ '\0'..' ') => out.push(&format!("\\u{:04x}", u32::from(control)))?,
            Some(other) => {
                out.push("\\")?;
                out.push_char(other)?;
            }
            None => {}
        }
        rest = characters.as_str();
    }
    out.push(rest)?;
    out.push("\"")
}

/// `Double.toString`: plain between 10^-3 and 10^7, else with an exponent, and always with a fraction.
pub(super) fn java_double(double: f64) -> String {
    if double.is_nan() {
        return "NaN".to_owned();
    }
    if double.is_infinite() {
        return if double > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if double == 0.0 || (1e-3..1e7).contains(&double.abs()) {
        return format!("{double:?}");
    }
    let scientific = format!("{double:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_look_like_java() {
        for (double, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (2.0, "2.0"),
            (0.05, "0.05"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.001, "0.001"),
            (0.000_1, "1.0E-4"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (-12_345_678.9, "-1.23456789E7"),
            (1e300, "1.0E300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java_double(double), text);
        }
    }
}
