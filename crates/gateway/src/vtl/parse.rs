//! The parser for text and directives; [`super::expression`] and [`super::reference`] parse what stands inside them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Block, Builtin, Expression, Node, Position, Slot};
use super::cursor::{Cursor, blanks, is_identifier_start, is_whitespace, is_word};
use super::error::ParseError;
use super::expression::Parameter;

/// Blocks, expressions and string literals inside one another.
pub(super) const DEPTH_MAX: usize = 100;

/// A name that no reference has.
const ASSIGNED_IN_VAIN: &str = "{";

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

    fn directive(&mut self, word: Word<'_>, opener: Option<Opener>, nodes: &mut Nodes) -> Parsed<Option<Terminator>> {
        let start = self.cursor.offset();
        let position = self.cursor.position(start);
        match word.name {
            "end" | "else" | "elseif" => return self.end(word, opener).map(Some),
            "set" if blanks_before_set(self.cursor.rest()).is_some() => {
                self.cursor.skip(word.source.len());
                nodes.push(self.set()?);
            }
            "if" => {
                self.cursor.skip(word.source.len());
                nodes.push(self.branches(position)?);
            }
            "foreach" if self.parenthesis_after(word) => {
                self.cursor.skip(word.source.len());
                nodes.push(self.foreach(position)?);
            }
            "define" if self.parenthesis_after(word) => {
                self.cursor.skip(word.source.len());
                nodes.push(self.define(position)?);
            }
            "macro" => {
                self.cursor.skip(word.source.len());
                self.macro_definition(position)?;
            }
            "break" => {
                self.cursor.skip(word.source.len());
                nodes.push(Node::Break(self.scope()?, position));
            }
            "stop" => {
                self.optional_arguments(word)?;
                nodes.push(Node::Stop);
            }
            _ => {
                // Velocity takes any word for a macro that may be defined later, and renders the source of one that
                // is not; so its arguments must be well formed, but are never evaluated.
                self.optional_arguments(word)?;
                nodes.text(self.cursor.since(start));
            }
        }
        Ok(None)
    }

    fn end(&mut self, word: Word<'_>, opener: Option<Opener>) -> Parsed<Terminator> {
        let alternative = word.name != "end";
        let position = self.cursor.position(self.cursor.offset());
        match opener {
            None => return Err(self.expected(format!("a directive that `{}` belongs to before it", word.source))),
            Some((directive, _)) if alternative && directive != "if" => {
                return Err(self.expected(format!("`#end` for the `#{directive}` before `{}`", word.source)));
            }
            Some(_) => self.cursor.skip(word.source.len()),
        }
        Ok(match word.name {
            "elseif" => Terminator::ElseIf,
            name => {
                self.cursor.skip_line_end();
                if name == "else" { Terminator::Else(position) } else { Terminator::End }
            }
        })
    }

    fn set(&mut self) -> Parsed<Node> {
        self.open("`(` after `#set`")?;
        if !self.reference_ahead() {
            return Err(self.expected("a reference to set, as in `#set($name = …)`"));
        }
        let plain = !self.cursor.rest().starts_with("$!") && !self.cursor.rest().starts_with("${");
        let mut target = self.reference()?;
        if target.steps.is_empty() && !plain {
            // Velocity takes the mark into the name, so that such an assignment is never seen again.
            target.root = self.slot(ASSIGNED_IN_VAIN).0;
        }
        self.cursor.skip_whitespace();
        if self.cursor.rest().starts_with("==") || !self.cursor.eat("=") {
            return Err(self.expected("`=`"));
        }
        let value = self.expression()?;
        self.close()?;
        Ok(Node::Set { target, value })
    }

    fn branches(&mut self, position: Position) -> Parsed<Node> {
        let mut branches = Vec::new();
        let mut otherwise = Block::default();
        loop {
            self.open("`(` and a condition")?;
            let condition = self.expression()?;
            self.close()?;
            let (body, end) = self.block(Some(("if", position)))?;
            branches.push((condition, body));
            match end {
                Terminator::ElseIf => {}
                Terminator::Else(position) => {
                    otherwise = self.block(Some(("else", position)))?.0;
                    break;
                }
                Terminator::End | Terminator::Text => break,
            }
        }
        Ok(Node::If { branches: branches.into(), otherwise })
    }

    fn foreach(&mut self, position: Position) -> Parsed<Node> {
        self.open("`(` after `#foreach`")?;
        let element = self.variable("the loop's variable, as in `#foreach($item in $items)`")?;
        self.comma();
        // Velocity does not look at the word.
        if self.cursor.take_while(is_word).is_empty() {
            return Err(self.expected("`in`"));
        }
        self.comma();
        let list = self.parameter(Parameter::Directive)?;
        self.close()?;
        let (body, _) = self.block(Some(("foreach", position)))?;
        Ok(Node::Foreach { element, list, body, position })
    }

    fn define(&mut self, position: Position) -> Parsed<Node> {
        self.open("`(` after `#define`")?;
        let name = self.variable("a variable, as in `#define($block)`")?;
        self.close()?;
        let (body, _) = self.block(Some(("define", position)))?;
        Ok(Node::Define { name, body: Arc::new(body) })
    }

    /// What a `#break` ends, as in `#break($foreach.parent)`; nothing when it does not say.
    fn scope(&mut self) -> Parsed<Option<Expression>> {
        if !self.cursor.rest().trim_start_matches(is_whitespace).starts_with('(') {
            return Ok(None);
        }
        self.open("`(`")?;
        let scope = if self.cursor.peek() == Some(')') { None } else { Some(self.parameter(Parameter::Directive)?) };
        self.close()?;
        Ok(scope)
    }

    /// API Gateway parses inline macros and then ignores them.
    fn macro_definition(&mut self, position: Position) -> Parsed<()> {
        self.cursor.skip_whitespace();
        if self.cursor.peek() != Some('(') {
            return Err(self.expected("`(` and the macro's name"));
        }
        self.arguments()?;
        self.block(Some(("macro", position)))?;
        Ok(())
    }

    fn variable(&mut self, expected: &'static str) -> Parsed<Slot> {
        self.cursor.skip_whitespace();
        if !self.reference_ahead() {
            return Err(self.expected(expected));
        }
        // Whatever follows the name does not count.
        Ok(self.reference()?.root)
    }

    /// Whitespace, perhaps with a comma in it: the arguments of directives may have one between them.
    fn comma(&mut self) {
        self.cursor.skip_whitespace();
        self.cursor.eat(",");
        self.cursor.skip_whitespace();
    }

    fn parenthesis_after(&self, word: Word<'_>) -> bool {
        let rest = self.cursor.rest().get(word.source.len()..).unwrap_or_default();
        rest.trim_start_matches(is_whitespace).starts_with('(')
    }

    fn optional_arguments(&mut self, word: Word<'_>) -> Parsed<()> {
        let arguments = self.parenthesis_after(word);
        self.cursor.skip(word.source.len());
        if arguments { self.arguments() } else { Ok(()) }
    }

    /// `(argument, argument argument)`.
    fn arguments(&mut self) -> Parsed<()> {
        self.open("`(`")?;
        loop {
            self.cursor.skip_whitespace();
            if self.cursor.peek() == Some(')') {
                return self.close();
            }
            self.comma();
            if self.cursor.peek().is_some_and(|c| is_identifier_start(c) || c == '@') {
                self.cursor.take_while(is_word);
            } else {
                self.parameter(Parameter::Directive)?;
            }
        }
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

    /// Whitespace, the `)` of a directive, and the line end after it.
    fn close(&mut self) -> Parsed<()> {
        self.cursor.skip_whitespace();
        if !self.cursor.eat(")") {
            return Err(self.expected("an operator or `)`"));
        }
        self.cursor.skip_line_end();
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
