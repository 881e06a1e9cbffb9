//! The parser for expressions: what may stand in `#set`, `#if` and the arguments of methods.

use super::ast::{Expression, Operator};
use super::cursor::{is_identifier, is_identifier_start, is_word};
use super::parse::{Parsed, Parser};
use super::string_literal::{self, Literal};
use super::value::Value;

/// Where a value without operators stands, which decides what kinds of it Velocity's grammar has there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// The argument of a method, which may be any word.
    Argument,
    /// An item of a list or map.
    Item,
    /// The argument of a directive.
    Directive,
    /// Between the brackets of an index.
    Index,
    /// An operand, where a condition in parentheses may stand too.
    Operand,
}

impl Parser<'_, '_> {
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.operation(1)
    }

    /// Operators at least as binding as `precedence`, all of them left-associative.
    fn operation(&mut self, precedence: u8) -> Parsed<Expression> {
        self.enter()?;
        let mut left = self.operand()?;
        loop {
            self.cursor.skip_whitespace();
            let start = self.cursor.offset();
            let Some((operator, length)) = self.operator_ahead().filter(|(found, _)| found.precedence() >= precedence)
            else {
                break;
            };
            let position = self.cursor.position(start);
            if operator == Operator::Subtract && self.cursor.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.expected("an operator; a minus before a digit makes a number, so write `- 1`"));
            }
            self.cursor.skip(length);
            let right = self.operation(operator.precedence() + 1)?;
            left = Expression::Binary(operator, Box::new((left, right)), position);
        }
        self.leave();
        Ok(left)
    }

    fn operator_ahead(&self) -> Option<(Operator, usize)> {
        let rest = self.cursor.rest();
        Operator::SPELLINGS.iter().find_map(|(spelling, operator)| {
            let after = rest.strip_prefix(spelling)?;
            let word_goes_on = spelling.starts_with(is_identifier_start) && after.starts_with(is_word);
            (!word_goes_on).then_some((*operator, spelling.len()))
        })
    }

    fn operand(&mut self) -> Parsed<Expression> {
        self.cursor.skip_whitespace();
        let rest = self.cursor.rest();
        let not = rest.strip_prefix("not").is_some_and(|after| !after.starts_with(is_word));
        if not || rest.starts_with('!') {
            self.enter()?;
            self.cursor.skip(if not { 3 } else { 1 });
            let operand = self.operand()?;
            self.leave();
            return Ok(Expression::Not(Box::new(operand)));
        }
        if self.cursor.eat("(") {
            let inner = self.expression()?;
            if !self.cursor.eat(")") {
                return Err(self.expected("an operator or `)`"));
            }
            return Ok(inner);
        }
        self.parameter(Parameter::Operand)
    }

    /// A value without operators, and the whitespace around it.
    pub(super) fn parameter(&mut self, place: Parameter) -> Parsed<Expression> {
        self.enter()?;
        self.cursor.skip_whitespace();
        let value = match self.cursor.peek() {
            Some('"' | '\'') => self.string()?,
            Some('$') if self.reference_ahead() => Expression::Reference(self.reference()?),
            Some('[') if place != Parameter::Index => self.list()?,
            Some('{') if place != Parameter::Index => self.map()?,
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '.') => self.number(place)?,
            Some(c) if is_identifier_start(c) => self.word(place)?,
            _ => return Err(self.expected(kinds(place))),
        };
        self.cursor.skip_whitespace();
        self.leave();
        Ok(value)
    }

    fn word(&mut self, place: Parameter) -> Parsed<Expression> {
        let rest = self.cursor.rest();
        let belongs = if place == Parameter::Argument { is_identifier } else { is_word };
        let word = rest.get(..rest.find(|c| !belongs(c)).unwrap_or(rest.len())).unwrap_or_default();
        let value = match word {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            // As an argument of a method any word is Java's null, and mostly that one.
            _ if place == Parameter::Argument => Value::Null,
            "null" => return Err(self.expected("a value; Velocity has no `null` here, compare with `\"\"` instead")),
            _ => return Err(self.expected(kinds(place))),
        };
        self.cursor.skip(word.len());
        Ok(Expression::Literal(value))
    }

    fn number(&mut self, place: Parameter) -> Parsed<Expression> {
        let rest = self.cursor.rest();
        let unsigned = rest.strip_prefix('-').unwrap_or(rest);
        let sign = rest.len() - unsigned.len();
        let digits = digits(unsigned);
        let after_digits = unsigned.get(digits..).unwrap_or_default();
        let fraction = match after_digits.strip_prefix('.') {
            // `1..3` is a range and not the number `1.` before `.3`.
            Some(after) if !after.starts_with('.') => 1 + self::digits(after),
            _ => 0,
        };
        let exponent = exponent(after_digits.get(fraction..).unwrap_or_default());
        let length = sign + digits + fraction + exponent;
        let text = rest.get(..length).unwrap_or_default();
        if digits == 0 && fraction < 2 {
            return Err(self.expected(kinds(place)));
        }
        let value = if fraction + exponent == 0 {
            text.parse().map(Value::Integer).map_err(|_| self.expected("an integer of at most 64 bits"))?
        } else if place == Parameter::Index {
            return Err(self.expected(kinds(place)));
        } else {
            text.parse().map(Value::Double).map_err(|_| self.expected("a number"))?
        };
        self.cursor.skip(length);
        Ok(Expression::Literal(value))
    }

    fn string(&mut self) -> Parsed<Expression> {
        let start = self.cursor.offset();
        let Some(Literal { content, interpolated, length }) = string_literal::read(self.cursor.rest()) else {
            return Err(self.expected("a string that ends; a quote inside it is written twice"));
        };
        self.cursor.skip(length);
        if !interpolated {
            return Ok(Expression::Literal(Value::Text(content.into())));
        }
        let position = self.cursor.position(start);
        let mut inner = Parser {
            cursor: super::cursor::Cursor::new(&content, Some(position)),
            names: &mut *self.names,
            depth: self.depth,
        };
        Ok(match inner.whole()? {
            block if block.is_empty() => Expression::Literal(Value::Text("".into())),
            block => match &*block {
                [super::ast::Node::Text(text)] => Expression::Literal(Value::Text((**text).into())),
                _ => Expression::Interpolated(block),
            },
        })
    }

    /// `[a, b]` or `[a..b]`.
    fn list(&mut self) -> Parsed<Expression> {
        let start = self.cursor.offset();
        self.cursor.skip(1);
        self.cursor.skip_whitespace();
        let mut items = Vec::new();
        if !self.cursor.eat("]") {
            loop {
                items.push(self.parameter(Parameter::Item)?);
                if self.cursor.eat("..") {
                    return self.range(items.pop(), start);
                }
                if !self.cursor.eat(",") {
                    break;
                }
            }
            if !self.cursor.eat("]") {
                return Err(self.expected("`,` or `]`; Velocity takes no operators in lists: `#set` a variable first"));
            }
        }
        Ok(Expression::List(items.into()))
    }

    fn range(&mut self, from: Option<Expression>, start: usize) -> Parsed<Expression> {
        let to = self.parameter(Parameter::Item)?;
        let is_end =
            |end: &Expression| matches!(end, Expression::Reference(_) | Expression::Literal(Value::Integer(_)));
        match from {
            Some(from) if is_end(&from) && is_end(&to) && self.cursor.eat("]") => {
                let position = self.cursor.position(start);
                Ok(Expression::Range(Box::new((from, to)), position))
            }
            _ => Err(self.expected("a range of integers or references, as in `[1..$n]`")),
        }
    }

    fn map(&mut self) -> Parsed<Expression> {
        self.cursor.skip(1);
        self.cursor.skip_whitespace();
        let mut entries = Vec::new();
        if !self.cursor.eat("}") {
            loop {
                let key = self.parameter(Parameter::Item)?;
                if !self.cursor.eat(":") {
                    return Err(self.expected("`:`"));
                }
                entries.push((key, self.parameter(Parameter::Item)?));
                if !self.cursor.eat(",") {
                    break;
                }
            }
            if !self.cursor.eat("}") {
                return Err(self.expected("`,` or `}`; Velocity takes no operators in maps: `#set` a variable first"));
            }
        }
        Ok(Expression::Map(entries.into()))
    }
}

fn kinds(place: Parameter) -> &'static str {
    match place {
        Parameter::Index => "a string, an integer, `true`, `false` or a reference as index",
        Parameter::Operand => "a reference, a string, a number, `true`, `false`, `[`, `{`, `(` or `!`",
        Parameter::Argument | Parameter::Item | Parameter::Directive => {
            "a reference, a string, a number, `true`, `false`, `[` or `{`"
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Bytes of `e`, a sign and digits at the start of a text; 0 when it does not begin so.
fn exponent(text: &str) -> usize {
    let Some(after) = text.strip_prefix(['e', 'E']) else { return 0 };
    let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
    match digits(unsigned) {
        0 => 0,
        digits => text.len() - unsigned.len() + digits,
    }
}
