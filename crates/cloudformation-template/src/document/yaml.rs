//! YAML with the line of each value and CloudFormation's tags, its scalars read as YAML 1.1 has them (`yes` is true, `010`
//! is 8) but for dates, which stay text. Aliases are refused, as AWS does, so that no document grows when it is read.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Number;

use super::{Bounds, Members, Node, NodeValue, insert_member};
use crate::TemplateError;

struct Frame {
    container: Container,
    function: Option<String>,
    line: usize,
}

enum Container {
    List(Vec<Node>),
    Map { members: Members, key: Option<(String, usize)> },
}

#[derive(Default)]
struct Reader {
    open: Vec<Frame>,
    bounds: Bounds,
    document: Option<Node>,
}

/// Reads one YAML document.
pub(super) fn read(text: &str) -> Result<Node, TemplateError> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| malformed(error.marker().line(), error.marker().col()))?;
        reader.take(event, span.start.line(), span.start.col())?;
    }
    reader.document.ok_or_else(|| malformed(1, 0))
}

/// `column` is counted from 0, as the parser does.
fn malformed(line: usize, column: usize) -> TemplateError {
    let column = column + 1;
    TemplateError::at(line, format!("Template format error: YAML not well-formed. (line {line}, column {column})"))
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize, column: usize) -> Result<(), TemplateError> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                if let Some(Frame { container: Container::Map { key: key @ None, .. }, .. }) = self.open.last_mut() {
                    if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
                        return Err(malformed(line, column));
                    }
                    *key = Some((text.into_owned(), line));
                    return Ok(());
                }
                let node = scalar(&text, style, tag.as_deref(), line, column)?;
                self.close(node)
            }
            Event::SequenceStart(_, tag) => self.begin(Container::List(Vec::new()), tag.as_deref(), line, column),
            Event::MappingStart(_, tag) => {
                self.begin(Container::Map { members: Members::new(), key: None }, tag.as_deref(), line, column)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.open.pop() else { return Ok(()) };
                self.bounds.leave();
                self.close(frame.into_node())
            }
            Event::Alias(_) => {
                Err(TemplateError::at(line, "Template error: YAML aliases are not allowed in CloudFormation templates"))
            }
            Event::DocumentStart(_) if self.document.is_some() => Err(malformed(line, column)),
            Event::DocumentEnd if self.document.is_none() => Err(malformed(line, column)),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn begin(
        &mut self,
        container: Container,
        tag: Option<&Tag>,
        line: usize,
        column: usize,
    ) -> Result<(), TemplateError> {
        if matches!(self.open.last(), Some(Frame { container: Container::Map { key: None, .. }, .. })) {
            return Err(malformed(line, column));
        }
        self.bounds.enter()?;
        let function = match tag {
            Some(tag) if tag.is_yaml_core_schema() && ["map", "seq"].contains(&&*tag.suffix) => None,
            Some(tag) if tag.is_yaml_core_schema() => return Err(malformed(line, column)),
            Some(tag) => Some(function_name(tag)),
            None => None,
        };
        self.open.push(Frame { container, function, line });
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn close(&mut self, node: Node) -> Result<(), TemplateError> {
        self.bounds.count()?;
        let Some(frame) = self.open.last_mut() else {
            self.document = Some(node);
            return Ok(());
        };
        match &mut frame.container {
            Container::List(elements) => elements.push(node),
            Container::Map { members, key } => {
                if let Some((name, line)) = key.take() {
                    insert_member(members, name, node, line)?;
                }
            }
        }
        Ok(())
    }
}

impl Frame {
    fn into_node(self) -> Node {
        let value = match self.container {
            Container::List(elements) => NodeValue::List(elements),
            Container::Map { members, .. } => NodeValue::Map(members),
        };
        let node = Node::new(value, self.line);
        match self.function {
            Some(function) => Node::function(function, node),
            None => node,
        }
    }
}

/// The function that a tag stands for.
fn function_name(tag: &Tag) -> String {
    match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    }
}

fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    line: usize,
    column: usize,
) -> Result<Node, TemplateError> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(Node::new(plain(text), line)),
        None => Ok(Node::text(text, line)),
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => Ok(Node::text(text, line)),
            "int" | "float" | "bool" | "null" => Ok(Node::new(plain(text), line)),
            // `!!binary`, `!!timestamp` and their like: AWS does not support them.
            _ => Err(malformed(line, column)),
        },
        Some(tag) => {
            let name = function_name(tag);
            let argument = match text.split_once('.') {
                Some((resource, attribute)) if name == "Fn::GetAtt" => {
                    Node::new(NodeValue::List(vec![Node::text(resource, line), Node::text(attribute, line)]), line)
                }
                _ => Node::text(text, line),
            };
            Ok(Node::function(name, argument))
        }
    }
}

fn plain(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => NodeValue::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => NodeValue::Bool(false),
        _ => number(text).map_or_else(|| NodeValue::Text(text.to_owned()), NodeValue::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let digits = digits.replace('_', "");
    if let Some(integer) = integer(&digits) {
        return Some(Number::from(if negative { -integer } else { integer }));
    }
    let looks_like_one = digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.contains(['.', 'e', 'E'])
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !looks_like_one {
        return None;
    }
    let fraction = digits.parse::<f64>().ok()?;
    Number::from_f64(if negative { -fraction } else { fraction })
}

/// An integer in one of YAML 1.1's bases. Too large a one stays text, so that no digit is lost.
fn integer(digits: &str) -> Option<i64> {
    let (radix, digits) = if let Some(digits) = digits.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = digits.strip_prefix('0').filter(|digits| !digits.is_empty()) {
        (8, digits)
    } else {
        (10, digits)
    };
    // The standard parser would take a second sign.
    if digits.starts_with(['+', '-']) { None } else { i64::from_str_radix(digits, radix).ok() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_yaml_with_the_scalars_of_cloudformation() {
        let check = |text: &str, expected: Value| assert_eq!(read(text).unwrap().to_json(), expected, "{text}");
        check("a: 1\nb: [x, 'y', \"z\\n\"]", json!({ "a": 1, "b": ["x", "y", "z\n"] }));
        check("200: ok\non: 1\nnull: 2", json!({ "200": "ok", "on": 1, "null": 2 }));
        check(
            "[true, Yes, on, off, NO, y, 'true', ~, '']",
            json!([true, true, true, false, false, "y", "true", null, ""]),
        );
        check(
            "[1, -1, +1, 0x1F, 0b11, 017, 1_000, 0, 0.5, 1e3, .5, -1.5]",
            json!([1, -1, 1, 31, 3, 15, 1000, 0, 0.5, 1000.0, 0.5, -1.5]),
        );
        check(
            "[2010-09-09, 2012-10-17T00:00:00Z, 1.2.3, 12:30, 0x, 08, +-1, 1-2, .]",
            json!(["2010-09-09", "2012-10-17T00:00:00Z", "1.2.3", "12:30", "0x", "08", "+-1", "1-2", "."]),
        );
        check("99999999999999999999", json!("99999999999999999999"));
        check("[!!str 1, !!int 1, !!map {a: 1}]", json!(["1", 1, { "a": 1 }]));
        check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({ "a": "x\ny\n", "b": "x y" }));
        check("---\na: &anchor 1\n...\n", json!({ "a": 1 }));
    }

    #[test]
    fn writes_short_forms_out() {
        let check = |text: &str, expected: Value| assert_eq!(read(text).unwrap().to_json(), expected, "{text}");
        check("!Ref A", json!({ "Ref": "A" }));
        check("!Condition A", json!({ "Condition": "A" }));
        check("!GetAtt A.B.C", json!({ "Fn::GetAtt": ["A", "B.C"] }));
        check("!GetAtt [A, !Ref B]", json!({ "Fn::GetAtt": ["A", { "Ref": "B" }] }));
        check("!Sub '${A}'", json!({ "Fn::Sub": "${A}" }));
        check("!Sub 1", json!({ "Fn::Sub": "1" }));
        check(
            "!Select [0, !Split [',', !ImportValue x]]",
            json!({ "Fn::Select": [0, { "Fn::Split": [",", { "Fn::ImportValue": "x" }] }] }),
        );
        check("!Transform {Name: AWS::Include}", json!({ "Fn::Transform": { "Name": "AWS::Include" } }));
        check("Fn::Base64:\n  !Sub x", json!({ "Fn::Base64": { "Fn::Sub": "x" } }));
        check("!GetAZs ''", json!({ "Fn::GetAZs": "" }));
    }

    #[test]
    fn knows_the_line_of_each_value() {
        let root = read("a:\n  b: 1\nc:\n  - x\n  - !Ref d\n").unwrap();
        let members = root.as_map().unwrap();
        assert_eq!(members["a"].as_map().unwrap()["b"].line, 2);
        assert_eq!(members["c"].as_list().unwrap()[1].line, 5);
    }

    #[test]
    fn refuses_what_cloudformation_does_not_read() {
        let check = |text: &str, part: &str| {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        };
        check("", "YAML not well-formed. (line 1, column 1)");
        check("a: [1", "YAML not well-formed. (line ");
        check("a: 1\n---\nb: 2", "YAML not well-formed. (line 2");
        check("a:\n\tb: 1", "YAML not well-formed");
        check("? [a]\n: b", "YAML not well-formed");
        check("!Ref a: b", "YAML not well-formed");
        check("a: !!binary aGk=", "YAML not well-formed. (line 1, column 4)");
        check("a: !!set {b}", "YAML not well-formed");
        check("a: &x b\nc: *x", "YAML aliases are not allowed");
        check("a: 1\nb: 2\na: 3", "Duplicate key 'a' (line 3)");
        check(&"[".repeat(100), "levels deep");
    }
}
