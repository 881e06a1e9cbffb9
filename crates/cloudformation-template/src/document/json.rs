//! JSON with the line of each value.

use super::{Bounds, Members, Node, NodeValue, insert_member};
use crate::TemplateError;

struct Reader<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
    line: usize,
    /// Where the line begins.
    line_start: usize,
    bounds: Bounds,
}

/// Reads one JSON value.
pub(super) fn read(text: &str) -> Result<Node, TemplateError> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, bounds: Bounds::default() };
    let value = reader.value()?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.malformed());
    }
    Ok(value)
}

impl Reader<'_> {
    fn malformed(&self) -> TemplateError {
        let column = self.text.get(self.line_start..self.at).map_or(0, |text| text.chars().count()) + 1;
        TemplateError::at(
            self.line,
            format!("Template format error: JSON not well-formed. (line {}, column {column})", self.line),
        )
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    /// Takes the byte when it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), TemplateError> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }

    fn value(&mut self) -> Result<Node, TemplateError> {
        self.skip_space();
        self.bounds.count()?;
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => self.map()?,
            Some(b'[') => self.list()?,
            Some(b'"') => NodeValue::Text(self.string()?),
            Some(b't') => self.word("true", NodeValue::Bool(true))?,
            Some(b'f') => self.word("false", NodeValue::Bool(false))?,
            Some(b'n') => self.word("null", NodeValue::Null)?,
            _ => self.number()?,
        };
        Ok(Node::new(value, line))
    }

    fn map(&mut self) -> Result<NodeValue, TemplateError> {
        self.bounds.enter()?;
        self.at += 1;
        let mut members = Members::new();
        if !self.take(b'}') {
            loop {
                self.skip_space();
                let line = self.line;
                let name = self.string()?;
                self.expect(b':')?;
                let value = self.value()?;
                insert_member(&mut members, name, value, line)?;
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b'}')?;
        }
        self.bounds.leave();
        Ok(NodeValue::Map(members))
    }

    fn list(&mut self) -> Result<NodeValue, TemplateError> {
        self.bounds.enter()?;
        self.at += 1;
        let mut elements = Vec::new();
        if !self.take(b']') {
            loop {
                elements.push(self.value()?);
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        self.bounds.leave();
        Ok(NodeValue::List(elements))
    }

    fn string(&mut self) -> Result<String, TemplateError> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed());
        }
        let mut escaped = false;
        let end = self.rest().bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let length = end.ok_or_else(|| self.malformed())? + 2;
        let literal = self.rest().get(..length).unwrap_or_default();
        let text = serde_json::from_str(literal).map_err(|_| self.malformed())?;
        self.at += length;
        Ok(text)
    }

    fn word(&mut self, word: &str, value: NodeValue) -> Result<NodeValue, TemplateError> {
        if !self.rest().starts_with(word) {
            return Err(self.malformed());
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<NodeValue, TemplateError> {
        let rest = self.rest();
        let length =
            rest.bytes().position(|byte| !byte.is_ascii_digit() && !b"+-.eE".contains(&byte)).unwrap_or(rest.len());
        let literal = rest.get(..length).unwrap_or_default();
        let number = serde_json::from_str(literal).map_err(|_| self.malformed())?;
        self.at += length;
        Ok(NodeValue::Number(number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_what_json_says() {
        let check = |text: &str| {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text).unwrap().to_json(), expected, "{text}");
        };
        check(r#"{"a": [1, -2.5, 1e3, true, false, null], "b": {}, "c": []}"#);
        check("\t{ \"a\"\n:\r\n\"x\\\"\\\\\\u00e9\\ud83d\\ude00\\/\" } ");
        check("[[], [[\"\"]]]");
    }

    #[test]
    fn knows_the_line_of_each_value() {
        let root = read("{\n \"a\": {\n  \"b\":\n   1 } }").unwrap();
        let a = &root.as_map().unwrap()["a"];
        assert_eq!((root.line, a.line, a.as_map().unwrap()["b"].line), (1, 2, 4));
    }

    #[test]
    fn refuses_what_is_not_json() {
        let check = |text: &str, line: usize, column: usize| {
            let expected = format!("Template format error: JSON not well-formed. (line {line}, column {column})");
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text}");
        };
        check("{", 1, 2);
        check("{\n  \"a\": 1,\n}", 3, 1);
        check("{\"a\": tru}", 1, 7);
        check("{\"a\": 01}", 1, 7);
        check("{\"a\" 1}", 1, 6);
        check("{\"a\": \"x\ny\"}", 1, 7);
        check("{} x", 1, 4);
        check("{'a': 1}", 1, 2);
        check("{\"é\": x}", 1, 7);
        assert!(read(&"[".repeat(1000)).unwrap_err().to_string().contains("levels deep"));
        assert!(read("{\"a\": 1, \"a\": 2}").unwrap_err().to_string().contains("Duplicate key 'a'"));
        assert_eq!(read("{\"a\": 1,\n \"a\": 2}").unwrap_err().line, Some(2));
        assert_eq!(read("null").unwrap().to_json(), json!(null));
    }
}
