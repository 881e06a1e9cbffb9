//! From a path's text to its steps.

use super::filter::{Condition, Operand, Operator};
use super::{JsonPath, JsonPathError, Step};

/// Filters and brackets inside one another.
const DEPTH_MAX: usize = 32;
/// A path longer than this is no path a person wrote.
const BYTES_MAX: usize = 4096;

type Parsed<T> = Result<T, Wrong>;

/// What was expected where the parser stands.
struct Wrong(&'static str);

pub(super) fn path(text: &str) -> Result<JsonPath, JsonPathError> {
    let mut parser = Parser { text: text.trim(), offset: 0, depth: 0 };
    parser.whole().map_err(|Wrong(expected)| JsonPathError {
        path: text.chars().take(200).collect(),
        column: parser.text.get(..parser.offset).map_or(0, |before| before.chars().count()) + 1,
        expected,
    })
}

struct Parser<'t> {
    text: &'t str,
    offset: usize,
    depth: usize,
}

impl Parser<'_> {
    fn whole(&mut self) -> Parsed<JsonPath> {
        if self.text.len() > BYTES_MAX {
            return Err(Wrong("a path of at most 4096 bytes"));
        }
        if !self.eat("$") {
            if self.rest().is_empty() {
                return Err(Wrong("`$`"));
            }
            return self.steps(true, false);
        }
        self.steps(false, false)
    }

    /// The steps after `$` or `@`. `bare` when a name stands here without its dot.
    fn steps(&mut self, bare: bool, in_filter: bool) -> Parsed<JsonPath> {
        let mut steps = Vec::new();
        let mut length = false;
        if bare && self.peek() != Some('[') {
            steps.push(self.dotted()?);
        }
        while let Some(next) = self.peek() {
            if length {
                return Err(Wrong("nothing after `length()`"));
            }
            if self.eat("..") {
                let inner = if self.peek() == Some('[') { self.bracket()? } else { self.dotted()? };
                steps.push(Step::Deep(Box::new(inner)));
            } else if self.eat(".") {
                let start = self.offset;
                let step = self.dotted()?;
                if self.eat("()") {
                    if !matches!(&step, Step::Name(name) if matches!(&**name, "length" | "size")) {
                        self.offset = start;
                        return Err(Wrong("`length()`, the only function"));
                    }
                    length = true;
                } else {
                    steps.push(step);
                }
            } else if next == '[' {
                steps.push(self.bracket()?);
            } else if in_filter {
                break;
            } else {
                return Err(Wrong("`.` or `[`"));
            }
        }
        if length && in_filter {
            return Err(Wrong("a path without `length()` in a filter"));
        }
        Ok(JsonPath { steps: steps.into(), length })
    }

    fn dotted(&mut self) -> Parsed<Step> {
        if self.eat("*") {
            return Ok(Step::Wildcard);
        }
        let name = self.take(|c| !c.is_whitespace() && !".[]()'\"=!<>&|,*?".contains(c));
        if name.is_empty() { Err(Wrong("a name or `*`")) } else { Ok(Step::Name(name.into())) }
    }

    fn bracket(&mut self) -> Parsed<Step> {
        self.require("[", "`[`")?;
        self.space();
        let step = match self.peek() {
            Some('*') => {
                self.offset += 1;
                Step::Wildcard
            }
            Some('?') => {
                self.offset += 1;
                self.space();
                self.require("(", "`(` after `?`")?;
                let condition = self.any()?;
                self.require(")", "`)`")?;
                Step::Filter(condition)
            }
            Some('\'' | '"') => {
                let name = self.quoted()?;
                self.space();
                if self.peek() == Some(',') {
                    return Err(Wrong("one name in brackets"));
                }
                Step::Name(name)
            }
            _ => self.indexes()?,
        };
        self.space();
        self.require("]", "`]`")?;
        Ok(step)
    }

    fn indexes(&mut self) -> Parsed<Step> {
        let first = self.integer()?;
        self.space();
        if self.eat(":") {
            self.space();
            let end = self.integer()?;
            return Ok(Step::Slice(first, end));
        }
        let mut indexes = vec![first.ok_or(Wrong("an index, `*`, a quoted name or a filter"))?];
        while self.eat(",") {
            self.space();
            indexes.push(self.integer()?.ok_or(Wrong("an index"))?);
            self.space();
        }
        Ok(match *indexes {
            [index] => Step::Index(index),
            _ => Step::Indexes(indexes.into()),
        })
    }

    fn integer(&mut self) -> Parsed<Option<i64>> {
        let start = self.offset;
        self.eat("-");
        self.take(|c| c.is_ascii_digit());
        let digits = self.text.get(start..self.offset).unwrap_or_default();
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| Wrong("an integer"))
    }

    fn quoted(&mut self) -> Parsed<Box<str>> {
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        let Some((_, quote)) = characters.next() else { return Err(Wrong("a quoted string")) };
        while let Some((at, c)) = characters.next() {
            if c == quote {
                self.offset += at + 1;
                return Ok(text.into());
            }
            let escaped = (c == '\\').then(|| characters.next()).flatten();
            text.push(escaped.map_or(c, |(_, escaped)| escaped));
        }
        Err(Wrong("a quoted string that ends"))
    }

    fn any(&mut self) -> Parsed<Condition> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Wrong("fewer filters inside one another"));
        }
        let mut conditions = vec![self.all()?];
        while self.eat("||") {
            conditions.push(self.all()?);
        }
        self.depth -= 1;
        Ok(one_or(conditions, Condition::Any))
    }

    fn all(&mut self) -> Parsed<Condition> {
        let mut conditions = vec![self.condition()?];
        while self.eat("&&") {
            conditions.push(self.condition()?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn condition(&mut self) -> Parsed<Condition> {
        self.space();
        let mut negations = 0_usize;
        while self.eat("!") {
            negations += 1;
            self.space();
        }
        let condition = if self.eat("(") {
            let condition = self.any()?;
            self.require(")", "`)`")?;
            condition
        } else {
            self.comparison()?
        };
        self.space();
        Ok(if negations % 2 == 1 { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn comparison(&mut self) -> Parsed<Condition> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let left = self.operand()?;
        self.space();
        for (sign, operator) in OPERATORS {
            if self.eat(sign) {
                self.space();
                return Ok(Condition::Compare(left, operator, self.operand()?));
            }
        }
        Ok(Condition::Exists(left))
    }

    fn operand(&mut self) -> Parsed<Operand> {
        const EXPECTED: Wrong = Wrong("`@`, `$`, a quoted string, a number, `true`, `false` or `null`");
        match self.peek() {
            Some('@') => {
                self.offset += 1;
                Ok(Operand::Here(self.nested_steps()?))
            }
            Some('$') => {
                self.offset += 1;
                Ok(Operand::Root(self.nested_steps()?))
            }
            Some('\'' | '"') => Ok(Operand::Text(self.quoted()?)),
            _ => {
                let start = self.offset;
                let word = self.take(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)).to_owned();
                match word.as_str() {
                    "true" => Ok(Operand::Boolean(true)),
                    "false" => Ok(Operand::Boolean(false)),
                    "null" => Ok(Operand::Null),
                    number => number.parse().map(Operand::Number).map_err(|_| {
                        self.offset = start;
                        EXPECTED
                    }),
                }
            }
        }
    }

    fn nested_steps(&mut self) -> Parsed<Box<[Step]>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Wrong("fewer filters inside one another"));
        }
        let steps = self.steps(false, true)?.steps;
        self.depth -= 1;
        Ok(steps)
    }

    fn rest(&self) -> &str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &str {
        let start = self.offset;
        let rest = self.rest();
        self.offset += rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.text.get(start..self.offset).unwrap_or_default()
    }

    fn eat(&mut self, expected: &str) -> bool {
        let ahead = self.rest().starts_with(expected);
        if ahead {
            self.offset += expected.len();
        }
        ahead
    }

    fn require(&mut self, expected: &str, name: &'static str) -> Parsed<()> {
        if self.eat(expected) { Ok(()) } else { Err(Wrong(name)) }
    }
}

fn one_or(mut conditions: Vec<Condition>, several: fn(Box<[Condition]>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        Some(last) => {
            conditions.push(last);
            several(conditions.into())
        }
        None => several(Box::default()),
    }
}
