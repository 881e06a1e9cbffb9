//! The lexer: a place in a template's text, and the small words it is made of.

use super::ast::Position;

/// Walks over a text and knows line and column of where it stands.
pub(super) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    known: (usize, Position),
    /// Where the whole text counts as standing: the place of the string literal it is the content of.
    fixed: Option<Position>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, fixed: Option<Position>) -> Self {
        Self { text, offset: 0, known: (0, Position { line: 1, column: 1 }), fixed }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    /// The text between an earlier offset and here.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.offset).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.offset + ahead).copied()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.offset = (self.offset + bytes).min(self.text.len());
    }

    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let ahead = self.rest().starts_with(expected);
        if ahead {
            self.offset += expected.len();
        }
        ahead
    }

    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn skip_whitespace(&mut self) {
        self.take_while(is_whitespace);
    }

    /// After a directive: blanks and the line end are not part of the output, blanks alone are.
    pub(super) fn skip_line_end(&mut self) {
        let blanks = blanks(self.rest());
        let rest = self.rest().get(blanks..).unwrap_or_default();
        if let Some(length) = line_end(rest) {
            self.offset += blanks + length;
        }
    }

    /// The place of an offset. Cheap when asked for one near the last one asked for.
    pub(super) fn position(&mut self, offset: usize) -> Position {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let (known_offset, known) = self.known;
        let position = if offset >= known_offset {
            let between = self.text.get(known_offset..offset).unwrap_or_default();
            match between.rfind('\n') {
                Some(at) => Position {
                    line: known.line + count(between.bytes().filter(|byte| *byte == b'\n')),
                    column: 1 + count(between.get(at + 1..).unwrap_or_default().chars()),
                },
                None => Position { line: known.line, column: known.column + count(between.chars()) },
            }
        } else {
            let between = self.text.get(offset..known_offset).unwrap_or_default();
            let line_start = self.text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let in_line = self.text.get(line_start..offset).unwrap_or_default();
            Position {
                line: known.line - count(between.bytes().filter(|byte| *byte == b'\n')),
                column: 1 + count(in_line.chars()),
            }
        };
        self.known = (offset, position);
        position
    }
}

/// Bytes of blanks and tabs at the start of a text.
pub(super) fn blanks(text: &str) -> usize {
    text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Bytes of the line end at the start of a text.
pub(super) fn line_end(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}

pub(super) fn is_whitespace(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

pub(super) fn is_identifier_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Velocity 1.x lets hyphens into names.
pub(super) fn is_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@')
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_line_and_column_in_any_order() {
        let text = "ab\ncdé\n\nf";
        let mut cursor = Cursor::new(text, None);
        for (offset, line, column) in [(0, 1, 1), (4, 2, 2), (7, 2, 4), (9, 4, 1), (5, 2, 3), (1, 1, 2), (10, 4, 2)] {
            assert_eq!(cursor.position(offset), Position { line, column }, "{offset}");
        }
    }

    #[test]
    fn a_line_end_takes_its_blanks_along() {
        for (text, left) in [("  \n x", " x"), ("\r\n\n", "\n"), ("\rx", "x"), ("  x", "  x"), ("", ""), (" ", " ")] {
            let mut cursor = Cursor::new(text, None);
            cursor.skip_line_end();
            assert_eq!(cursor.rest(), left, "{text:?}");
        }
    }
}
