//! The parser for text; `directive`, [`super::expression`] and [`super::reference`] parse what stands in it.

mod directive;

use std::borrow::Cow;
use std::collections::HashMap;

use super::ast::{Block, Builtin, Node, Position, Slot};
use super::cursor::{Cursor, blanks, is_identifier_start, is_word};
use super::error::ParseError;

/// Blocks, expressions and string literals inside one another.
pub(super) const DEPTH_MAX: usize = 100;

pub(super) type Parsed<T> = Result<T, ParseError>;

/// Parses a whole template: its block, and how many variables it names.
pub(super) fn template(source: &str) -> Parsed<(Block, usize)> {
    let mut names = HashMap::new();
    let mut parser = Parser { cursor: Cursor::new(source, None), names: &mut names, depth: 0 };
    let block = parser.whole()?;
    Ok((block, names.len()))
}

pub(super) struct Parser<'p, 't> {
    pub(super) cursor: Cursor<'t>,
    pub(super) names: &'p mut HashMap<Box<str>, Slot>,
    pub(super) depth: usize,
}

/// What ended a block.
enum Terminator {
    Text,
    End,
    Else(Position),
    ElseIf,
}

/// The directive whose block is being parsed.
type Opener = (&'static str, Position);

impl Parser<'_, '_> {
    /// Parses up to the end of the text.
    pub(super) fn whole(&mut self) -> Parsed<Block> {
        Ok(self.block(None)?.0)
    }

    /// Parses up to `#end`, `#else` or `#elseif` when there is an opener, else up to the end of the text.
    fn block(&mut self, opener: Option<Opener>) -> Parsed<(Block, Terminator)> {
        self.enter()?;
        let mut nodes = Nodes::default();
        let end = loop {
            if let Some(bytes) = blanks_before_set(self.cursor.rest()) {
                self.cursor.skip(bytes);
            }
            match self.cursor.peek() {
                None => break Terminator::Text,
                Some('\\') => self.backslashes(&mut nodes)?,
                Some('$') => self.dollar(0, &mut nodes)?,
                Some('#') => {
                    if let Some(end) = self.hash(opener, &mut nodes)? {
                        break end;
                    }
                }
                Some(_) => nodes.text(self.cursor.take_while(|c| !matches!(c, '\\' | '$' | '#'))),
            }
        };
        if let (Terminator::Text, Some((directive, position))) = (&end, opener) {
            return Err(self.expected(format!(
                "`#end` for the `#{directive}` of line {}, column {}",
                position.line, position.column
            )));
        }
        self.leave();
        Ok((nodes.finish(), end))
    }

    /// Backslashes escape a reference or a known directive; before anything else they are text.
    fn backslashes(&mut self, nodes: &mut Nodes) -> Parsed<()> {
        let backslashes = self.cursor.take_while(|c| c == '\\');
        match self.cursor.peek() {
            Some('$') => self.dollar(backslashes.len(), nodes),
            Some('#') => {
                let known = directive_word(self.cursor.rest()).filter(|word| is_directive(word.name));
                match known {
                    Some(word) if backslashes.len() % 2 == 1 => {
                        nodes.text(halved(backslashes));
                        nodes.text(word.source);
                        self.cursor.skip(word.source.len());
                    }
                    // Velocity's lexer takes those before a `#set` into the text.
                    Some(word) if word.name == "set" => nodes.text(backslashes),
                    Some(_) => nodes.text(halved(backslashes)),
                    None => nodes.text(backslashes),
                }
                Ok(())
            }
            _ => {
                nodes.text(backslashes);
                Ok(())
            }
        }
    }

    /// A reference, or a `$` that is only a character.
    fn dollar(&mut self, backslashes: usize, nodes: &mut Nodes) -> Parsed<()> {
        if !self.reference_ahead() {
            nodes.text(&"\\".repeat(backslashes));
            nodes.text("$");
            self.cursor.skip(1);
            if self.escaped_quiet_mark_ahead() {
                self.cursor.skip(1);
            }
            return Ok(());
        }
        let start = self.cursor.offset();
        let reference = self.reference()?;
        nodes.text(&"\\".repeat(backslashes / 2));
        if backslashes % 2 == 1 {
            nodes.text(self.cursor.since(start));
        } else {
            nodes.push(Node::Reference(reference));
        }
        Ok(())
    }

    /// Whether what follows a `$` are backslashes and the rest of a quiet reference: `$\!name` is text, and shows as
    /// `$!name` (Velocity user guide, "Advanced Issues with Escaping and !").
    fn escaped_quiet_mark_ahead(&self) -> bool {
        let rest = self.cursor.rest();
        let after = rest.trim_start_matches('\\').strip_prefix('!').filter(|_| rest.starts_with('\\'));
        after.is_some_and(|after| after.strip_prefix('{').unwrap_or(after).starts_with(is_identifier_start))
    }

    /// A comment, a directive, or a `#` that is only a character.
    fn hash(&mut self, opener: Option<Opener>, nodes: &mut Nodes) -> Parsed<Option<Terminator>> {
        let rest = self.cursor.rest();
        if rest.starts_with("##") {
            self.cursor.take_while(|c| c != '\n' && c != '\r');
            self.cursor.skip_line_end();
        } else if rest.starts_with("#*") {
            // One that is left open goes on to the end of the text.
            let length = rest.get(2..).and_then(|inner| inner.find("*#")).map_or(rest.len(), |at| at + 4);
            self.cursor.skip(length);
        } else if rest.starts_with("#[[") {
            nodes.text(self.unparsed()?);
        } else if let Some(word) = directive_word(rest) {
            return self.directive(word, opener, nodes);
        } else {
            nodes.text("#");
            self.cursor.skip(1);
        }
        Ok(None)
    }

    fn unparsed(&mut self) -> Parsed<&str> {
        let inner = self.cursor.rest().get(3..).unwrap_or_default();
        let Some(length) = inner.find("]]#") else { return Err(self.expected("`]]#` for this `#[[`")) };
        self.cursor.skip(length + 6);
        Ok(inner.get(..length).unwrap_or_default())
    }

    /// Whitespace, `(`, whitespace.
    pub(super) fn open(&mut self, expected: &'static str) -> Parsed<()> {
        self.cursor.skip_whitespace();
        if !self.cursor.eat("(") {
            return Err(self.expected(expected));
        }
        self.cursor.skip_whitespace();
        Ok(())
    }

    pub(super) fn slot(&mut self, name: &str) -> (Slot, Option<Builtin>) {
        let next = Slot(self.names.len());
        let slot = match self.names.get(name) {
            Some(slot) => *slot,
            None => *self.names.entry(name.into()).or_insert(next),
        };
        (slot, Builtin::named(name))
    }

    pub(super) fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.expected(format!("at most {DEPTH_MAX} blocks and expressions inside one another")));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn expected(&mut self, expected: impl Into<Cow<'static, str>>) -> ParseError {
        const SHOWN: usize = 20;
        let Position { line, column } = self.cursor.position(self.cursor.offset());
        let line_ahead = self.cursor.rest().lines().next().unwrap_or_default();
        let found = match (self.cursor.peek(), line_ahead) {
            (None, _) => "the end of the text".to_owned(),
            (Some(_), "") => "the end of the line".to_owned(),
            (Some(_), ahead) => format!("`{}`", ahead.chars().take(SHOWN).collect::<String>()),
        };
        ParseError { line, column, expected: expected.into(), found }
    }
}

/// A block under construction; neighbouring texts become one node.
#[derive(Default)]
struct Nodes {
    nodes: Vec<Node>,
    text: String,
}

impl Nodes {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push(&mut self, node: Node) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text).into()));
        }
        self.nodes.push(node);
    }

    fn finish(mut self) -> Block {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(self.text.into()));
        }
        self.nodes.into()
    }
}

/// `#word` or `#{word}`.
#[derive(Clone, Copy)]
struct Word<'t> {
    name: &'t str,
    source: &'t str,
}

fn directive_word(text: &str) -> Option<Word<'_>> {
    let after = text.strip_prefix('#')?;
    let (inner, around) = after.strip_prefix('{').map_or((after, 1), |inner| (inner, 3));
    if !inner.starts_with(|c| is_identifier_start(c) || (c == '@' && around == 1)) {
        return None;
    }
    let name = inner.get(..inner.find(|c| !is_word(c)).unwrap_or(inner.len()))?;
    if around == 3 && !inner.get(name.len()..)?.starts_with('}') {
        return None;
    }
    Some(Word { name, source: text.get(..name.len() + around)? })
}

fn is_directive(name: &str) -> bool {
    matches!(name, "set" | "if" | "elseif" | "else" | "end" | "foreach" | "define" | "macro" | "break" | "stop")
}

/// `#set` is only a directive with its parenthesis on the same line, and then the blanks before it are part of it.
/// Blanks at the end of a longer text are not: Velocity's lexer has taken them into the text by then.
fn blanks_before_set(text: &str) -> Option<usize> {
    let blanks_before = blanks(text);
    let word = directive_word(text.get(blanks_before..)?).filter(|word| word.name == "set")?;
    let after = text.get(blanks_before + word.source.len()..)?;
    after.trim_start_matches(' ').starts_with('(').then_some(blanks_before)
}

fn halved(backslashes: &str) -> &str {
    backslashes.get(..backslashes.len() / 2).unwrap_or_default()
}
