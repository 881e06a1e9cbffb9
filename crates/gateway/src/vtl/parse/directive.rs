//! The parser for directives: what stands in their parentheses, and where their blocks end.

use std::sync::Arc;

use super::{Nodes, Opener, Parsed, Parser, Terminator, Word, blanks_before_set};
use crate::vtl::ast::{Block, Expression, Node, Position, Slot};
use crate::vtl::cursor::{is_identifier_start, is_whitespace, is_word};
use crate::vtl::expression::Parameter;

/// A name that no reference has.
const ASSIGNED_IN_VAIN: &str = "{";

impl Parser<'_, '_> {
    pub(super) fn directive(
        &mut self,
        word: Word<'_>,
        opener: Option<Opener>,
        nodes: &mut Nodes,
    ) -> Parsed<Option<Terminator>> {
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

    /// Whitespace, the `)` of a directive, and the line end after it.
    fn close(&mut self) -> Parsed<()> {
        self.cursor.skip_whitespace();
        if !self.cursor.eat(")") {
            return Err(self.expected("an operator or `)`"));
        }
        self.cursor.skip_line_end();
        Ok(())
    }
}
