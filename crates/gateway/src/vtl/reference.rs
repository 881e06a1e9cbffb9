//! The parser for references: `$name`, `$!name`, `${name}`, and the properties, indexes and methods after the name.

use crate::json_path::JsonPath;

use super::ast::{Expression, Prepared, Reference, Step};
use super::cursor::{is_identifier, is_identifier_start};
use super::expression::Parameter;
use super::java_regex::JavaRegex;
use super::parse::{Parsed, Parser};
use super::value::Value;

impl Parser<'_, '_> {
    /// Whether the `$` at which the parser stands begins a reference.
    pub(super) fn reference_ahead(&self) -> bool {
        let Some(after) = self.cursor.rest().strip_prefix('$') else { return false };
        let after = after.strip_prefix('!').unwrap_or(after);
        after.strip_prefix('{').unwrap_or(after).starts_with(is_identifier_start)
    }

    /// Parses the reference that [`Self::reference_ahead`] has seen.
    pub(super) fn reference(&mut self) -> Parsed<Reference> {
        self.enter()?;
        let position = self.cursor.position(self.cursor.offset());
        self.cursor.eat("$");
        // Whether it is quiet makes no difference: nothing renders as nothing in API Gateway.
        self.cursor.eat("!");
        let formal = self.cursor.eat("{");
        let (root, builtin) = {
            let name = self.cursor.take_while(is_identifier);
            self.slot(name)
        };
        let mut steps = Vec::new();
        loop {
            if self.cursor.peek() == Some('[') {
                steps.push(self.index()?);
            } else if self.cursor.peek() == Some('.')
                && self.cursor.byte(1).is_some_and(|byte| byte.is_ascii_alphabetic())
            {
                self.cursor.skip(1);
                steps.push(self.member()?);
            } else {
                break;
            }
        }
        if formal && !self.cursor.eat("}") {
            return Err(self.expected("`}` for `${`"));
        }
        self.leave();
        Ok(Reference { root, builtin, steps: steps.into(), position })
    }

    fn index(&mut self) -> Parsed<Step> {
        self.cursor.skip(1);
        let index = self.parameter(Parameter::Index)?;
        if !self.cursor.eat("]") {
            return Err(self.expected("`]`"));
        }
        Ok(Step::Index(index))
    }

    fn member(&mut self) -> Parsed<Step> {
        let name: Box<str> = self.cursor.take_while(is_identifier).into();
        if self.cursor.peek() != Some('(') {
            return Ok(Step::Property(name));
        }
        self.open("`(`")?;
        let mut arguments = Vec::new();
        if self.cursor.peek() != Some(')') {
            loop {
                arguments.push(self.parameter(Parameter::Argument)?);
                if !self.cursor.eat(",") {
                    break;
                }
            }
        }
        if !self.cursor.eat(")") {
            return Err(self.expected("`,` or `)`; Velocity takes no operators in arguments: `#set` a variable first"));
        }
        let prepared = prepare(&name, &arguments);
        Ok(Step::Method { name, arguments: arguments.into(), prepared })
    }
}

/// Compiles a literal path or pattern. One that does not compile is an error only when it is used.
fn prepare(method: &str, arguments: &[Expression]) -> Prepared {
    let Some(Expression::Literal(Value::Text(text))) = arguments.first() else { return Prepared::Nothing };
    match method {
        "path" | "json" => JsonPath::parse(text).map_or(Prepared::Nothing, Prepared::Path),
        "replaceAll" | "replaceFirst" | "matches" | "split" => {
            JavaRegex::new(text).map_or(Prepared::Nothing, Prepared::Pattern)
        }
        _ => Prepared::Nothing,
    }
}
