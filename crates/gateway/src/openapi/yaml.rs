//! YAML read into the values of JSON, with the scalars of YAML 1.1 (`yes` is true, `010` is 8), because that is what AWS's
//! own reader understands. Bounded: depth, nodes and text, aliases counted as what they stand for.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

/// Mappings and sequences inside one another.
const DEPTH_MAX: usize = 100;
/// Nodes of a document once its aliases are replaced by what they stand for.
const NODES_MAX: usize = 500_000;
/// Bytes of text of a document once its aliases are replaced by what they stand for.
const TEXT_BYTES_MAX: usize = 4 * claviger_resources::limits::IMPORT_BYTES_MAX;

/// Why a text is not the YAML of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum YamlError {
    /// It is not YAML.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It is not one document.
    #[error("expected exactly one YAML document")]
    NotOneDocument,
    /// A key is a mapping or a sequence.
    #[error("line {line}: a key must be a scalar")]
    ComplexKey {
        /// Counted from 1.
        line: usize,
    },
    /// An alias stands before its anchor is complete.
    #[error("line {line}: an alias must follow its anchor")]
    UnknownAlias {
        /// Counted from 1.
        line: usize,
    },
    /// It is nested more deeply than is read.
    #[error("it is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// It is larger than is read once its aliases are replaced.
    #[error("it has more than {NODES_MAX} nodes or {TEXT_BYTES_MAX} bytes once its aliases are replaced")]
    TooLarge,
}

/// What a value weighs, aliases included.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    nodes: usize,
    text_bytes: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.text_bytes = self.text_bytes.saturating_add(other.text_bytes);
    }
}

struct Frame {
    container: Container,
    anchor: usize,
    weight: Weight,
}

enum Container {
    Sequence(Vec<Value>),
    Mapping {
        members: Map<String, Value>,
        /// What `<<` brought: it yields to the mapping's own members.
        merged: Map<String, Value>,
        key: Option<String>,
    },
}

#[derive(Default)]
struct Reader {
    open: Vec<Frame>,
    anchors: HashMap<usize, (Value, Weight)>,
    total: Weight,
    document: Option<Value>,
}

/// Reads one YAML document.
pub(super) fn read(text: &str) -> Result<Value, YamlError> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError::Syntax {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            reason: error.info().to_owned(),
        })?;
        reader.take(event, span.start.line())?;
    }
    reader.document.ok_or(YamlError::NotOneDocument)
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let weight = Weight { nodes: 1, text_bytes: text.len() };
                self.charge(weight)?;
                if let Some(Frame {
                    container: Container::Mapping { key: key @ None, .. }, weight: of_parent, ..
                }) = self.open.last_mut()
                {
                    of_parent.add(weight);
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                self.close(scalar(&text, style, tag.as_deref()), anchor, weight)
            }
            Event::SequenceStart(anchor, _) => self.begin(Container::Sequence(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => {
                let container = Container::Mapping { members: Map::new(), merged: Map::new(), key: None };
                self.begin(container, anchor, line)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(frame) => self.close(frame.container.into_value(), frame.anchor, frame.weight),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                if self.expects_key() {
                    return Err(YamlError::ComplexKey { line });
                }
                let weight = self.anchors.get(&anchor).ok_or(YamlError::UnknownAlias { line })?.1;
                // Charged before it is copied: what would be too large is never made.
                self.charge(weight)?;
                let value = self.anchors.get(&anchor).map(|(value, _)| value.clone()).unwrap_or_default();
                self.close(value, 0, weight)
            }
            Event::DocumentEnd if self.document.is_none() => Err(YamlError::NotOneDocument),
            Event::DocumentStart(_) if self.document.is_some() => Err(YamlError::NotOneDocument),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Frame { container: Container::Mapping { key: None, .. }, .. }))
    }

    fn charge(&mut self, weight: Weight) -> Result<(), YamlError> {
        self.total.add(weight);
        if self.total.nodes > NODES_MAX || self.total.text_bytes > TEXT_BYTES_MAX {
            return Err(YamlError::TooLarge);
        }
        Ok(())
    }

    fn begin(&mut self, container: Container, anchor: usize, line: usize) -> Result<(), YamlError> {
        if self.expects_key() {
            return Err(YamlError::ComplexKey { line });
        }
        if self.open.len() == DEPTH_MAX {
            return Err(YamlError::TooDeep);
        }
        let weight = Weight { nodes: 1, text_bytes: 0 };
        self.charge(weight)?;
        self.open.push(Frame { container, anchor, weight });
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn close(&mut self, value: Value, anchor: usize, weight: Weight) -> Result<(), YamlError> {
        if anchor != 0 {
            // The copy that an alias may take counts like any other.
            self.charge(weight)?;
            self.anchors.insert(anchor, (value.clone(), weight));
        }
        let Some(frame) = self.open.last_mut() else {
            self.document = Some(value);
            return Ok(());
        };
        frame.weight.add(weight);
        match &mut frame.container {
            Container::Sequence(elements) => elements.push(value),
            Container::Mapping { members, merged, key } => match (key.take(), value) {
                (Some(key), value) if key == "<<" => merge(merged, value),
                (Some(key), value) => {
                    members.insert(key, value);
                }
                (None, _) => {}
            },
        }
        Ok(())
    }
}

/// Adds what a merge key names, one mapping or several; of two the earlier wins.
fn merge(merged: &mut Map<String, Value>, value: Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                merged.entry(key).or_insert(value);
            }
        }
        Value::Array(several) => several.into_iter().filter(Value::is_object).for_each(|one| merge(merged, one)),
        _ => {}
    }
}

impl Container {
    fn into_value(self) -> Value {
        match self {
            Self::Sequence(elements) => Value::Array(elements),
            Self::Mapping { mut members, merged, .. } => {
                for (key, value) in merged {
                    members.entry(key).or_insert(value);
                }
                Value::Object(members)
            }
        }
    }
}

/// The value of a scalar: its text when it is quoted or tagged as text, or tagged with something that YAML does not know
/// (`!GetAtt` of a template that was not deployed).
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = match tag {
        Some(tag) => !tag.is_yaml_core_schema() || tag.suffix == "str",
        None => style != ScalarStyle::Plain,
    };
    if is_text { Value::from(text) } else { plain(text) }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix = |digits: &str, radix: u32| {
        let digits = digits.replace('_', "");
        // The standard parser would take a second sign.
        let well_formed = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        if well_formed { i64::from_str_radix(&digits, radix).ok() } else { None }
    };
    let integer = if let Some(hexadecimal) = digits.strip_prefix("0x") {
        radix(hexadecimal, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        radix(binary, 2)
    } else if let Some(octal) = digits.strip_prefix("0o") {
        radix(octal, 8)
    } else if digits.len() > 1 && digits.starts_with('0') && !digits.contains(['.', 'e', 'E']) {
        radix(digits, 8)
    } else {
        radix(digits, 10)
    };
    if let Some(integer) = integer {
        return Some(Number::from(sign * integer));
    }
    let fraction = digits.replace('_', "");
    let looks_like_one = fraction.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && fraction.bytes().any(|byte| byte.is_ascii_digit())
        && fraction.contains(['.', 'e', 'E'])
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !looks_like_one {
        return None;
    }
    let fraction = fraction.parse::<f64>().ok()?;
    Number::from_f64(if sign < 0 { -fraction } else { fraction })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_yaml_as_json() {
        let check = |text: &str, expected: Value| assert_eq!(read(text), Ok(expected), "{text}");
        check("a: 1\nb: [x, 'y', \"z\\n\"]", json!({ "a": 1, "b": ["x", "y", "z\n"] }));
        check("200: ok\non: 1\nnull: 2", json!({ "200": "ok", "on": 1, "null": 2 }));
        check("- ~\n- null\n-\n- ''", json!([null, null, null, ""]));
        check(
            "[true, Yes, on, off, NO, false, y, 'true']",
            json!([true, true, true, false, false, false, "y", "true"]),
        );
        check("[1, -1, +1, 0x1F, 0b11, 0o17, 017, 1_000, 0]", json!([1, -1, 1, 31, 3, 15, 15, 1000, 0]));
        check("[1.5, -1.5, 1e3, .5, 1.0]", json!([1.5, -1.5, 1000.0, 0.5, 1.0]));
        check(
            "[1.2.3, 2022-02-16, 0x, 1-2, ., 08, +-1, 1e, 12:30, inf]",
            json!(["1.2.3", "2022-02-16", "0x", "1-2", ".", "08", "+-1", "1e", "12:30", "inf"]),
        );
        check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({ "a": "x\ny\n", "b": "x y" }));
        check("[!!str 1, !GetAtt A.Arn, !!int 1]", json!(["1", "A.Arn", 1]));
        check("a: &x {b: 1}\nc: *x", json!({ "a": { "b": 1 }, "c": { "b": 1 } }));
        check(
            "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {<<: *a}",
            json!({ "a": { "x": 1, "y": 1 }, "b": { "y": 2, "z": 2 }, "c": { "x": 3, "y": 1, "z": 2 },
                "d": { "x": 1, "y": 1 } }),
        );
        check("{\"json\": [1, {\"a\": \"b\"}],}", json!({ "json": [1, { "a": "b" }] }));
        check("---\na: 1\n...\n", json!({ "a": 1 }));
        check("99999999999999999999", json!("99999999999999999999"));
    }

    #[test]
    fn refuses_what_is_not_one_bounded_document() {
        assert_eq!(read(""), Err(YamlError::NotOneDocument));
        assert_eq!(read("a: 1\n---\nb: 2"), Err(YamlError::NotOneDocument));
        assert!(matches!(read("? [a]\n: b"), Err(YamlError::ComplexKey { .. })));
        assert!(matches!(read("a: &x b\n*x : c"), Err(YamlError::ComplexKey { .. })));
        assert!(matches!(read("a: [1"), Err(YamlError::Syntax { .. })));
        assert!(matches!(read("a: *nowhere"), Err(YamlError::Syntax { .. })));
        assert!(read("a: &x [*x]").is_err());
        assert_eq!(read(&"[".repeat(200)), Err(YamlError::TooDeep));
        let bomb = (1..30).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let alias = format!("*a{}", level - 1);
            text + &format!("a{level}: &a{level} [{}]\n", vec![alias; 9].join(", "))
        });
        assert_eq!(read(&bomb), Err(YamlError::TooLarge));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-a-c:{}\\[\\]&*!|>'\"#?, \n0-9.x~<]{0,60}") {
            let _ = read(&text);
        }
    }
}
