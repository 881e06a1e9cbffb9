//! The functions that make values of values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::cidr::{self, CidrError};
use super::evaluate::{Evaluation, Outcome};
use super::{KNOWN_AFTER_APPLY, Need, StackOutput};
use crate::TemplateError;
use crate::expression::{Expression, FindInMap, JOIN, Kind, SPLIT, StackOutputOf, SubPart};

/// Zones that `Fn::GetAZs` names in every region.
const ZONES: [&str; 3] = ["a", "b", "c"];

/// A value that is text, or would be shown as text.
enum Text {
    Known(String),
    /// Something is missing; for showing.
    Unknown(String),
}

impl Evaluation<'_> {
    pub(super) fn function(&mut self, expression: &Expression) -> Result<Outcome, TemplateError> {
        let line = expression.line;
        let error = |message: &str| TemplateError::at(line, format!("Template error: {message}"));
        Ok(match &expression.kind {
            Kind::Base64(text) => match self.text(text, "every Fn::Base64 object must have a String-typed value.")? {
                Text::Known(text) => self.made(STANDARD.encode(text))?,
                Text::Unknown(_) => Outcome::unknown(),
            },
            Kind::AvailabilityZones(region) => {
                match self.text(region, "every Fn::GetAZs object must have a String-typed value.")? {
                    Text::Known(region) => {
                        let region = if region.is_empty() { self.pseudo.region.clone() } else { region };
                        Outcome::Value(ZONES.iter().map(|zone| Value::from(format!("{region}{zone}"))).collect())
                    }
                    Text::Unknown(_) => Outcome::unknown(),
                }
            }
            Kind::Cidr { block, count, bits } => self.cidr(block, count, bits.as_deref(), line)?,
            Kind::FindInMap(find) => self.find_in_map(find, line)?,
            Kind::Import(name) => {
                match self.text(
                    name,
                    "the attribute in Fn::ImportValue must be a string or a function that returns a string",
                )? {
                    Text::Known(name) => match self.known.exports.get(&name) {
                        Some(value) => self.made(value.clone())?,
                        None => self.missing(Need::Export(name)),
                    },
                    Text::Unknown(_) => Outcome::unknown(),
                }
            }
            Kind::Join { delimiter, list } => self.join(delimiter, list, line)?,
            Kind::Length(list) => match self.outcome(list)? {
                Outcome::Value(Value::Array(elements)) => Outcome::Value(elements.len().into()),
                Outcome::Value(Value::Object(members)) => Outcome::Value(members.len().into()),
                Outcome::Unknown(_) => Outcome::unknown(),
                Outcome::Value(_) | Outcome::None => {
                    return Err(error("Fn::Length requires an array or a function that returns one"));
                }
            },
            Kind::Select { index, list } => self.select(index, list, line)?,
            Kind::Split { delimiter, text } => match self.text(text, SPLIT)? {
                Text::Known(text) => {
                    self.charge(text.len().saturating_mul(2))?;
                    let parts: Vec<Value> = if delimiter.is_empty() {
                        vec![text.into()]
                    } else {
                        text.split(delimiter.as_str()).map(Value::from).collect()
                    };
                    self.charge(parts.len().saturating_mul(8))?;
                    Outcome::Value(parts.into())
                }
                Text::Unknown(_) => Outcome::unknown(),
            },
            Kind::StackOutput(of) => self.stack_output(of)?,
            Kind::Sub { parts, variables } => self.sub(parts, variables)?,
            Kind::ToJson(value) => match self.outcome(value)? {
                Outcome::None => Outcome::None,
                Outcome::Value(value) => self.made(value.to_string())?,
                Outcome::Unknown(value) => Outcome::Unknown(value.to_string().into()),
            },
            // What is no function has been seen to before.
            _ => Outcome::None,
        })
    }

    /// A text that has been made, which counts.
    fn made(&mut self, text: String) -> Result<Outcome, TemplateError> {
        self.charge(text.len())?;
        Ok(Outcome::Value(text.into()))
    }

    /// The expression as text, for a function that wants text.
    fn text(&mut self, expression: &Expression, otherwise: &str) -> Result<Text, TemplateError> {
        match self.outcome(expression)? {
            Outcome::Value(value) => scalar(value)
                .map(Text::Known)
                .ok_or_else(|| TemplateError::at(expression.line, format!("Template error: {otherwise}"))),
            Outcome::Unknown(value) => Ok(Text::Unknown(scalar(value).unwrap_or_else(|| KNOWN_AFTER_APPLY.to_owned()))),
            Outcome::None => Err(TemplateError::at(expression.line, format!("Template error: {otherwise}"))),
        }
    }

    fn join(&mut self, delimiter: &str, list: &Expression, line: usize) -> Result<Outcome, TemplateError> {
        let malformed = || TemplateError::at(line, format!("Template error: {JOIN}"));
        let (elements, known) = match self.outcome(list)? {
            Outcome::Value(Value::Array(elements)) => (elements, true),
            Outcome::Unknown(Value::Array(elements)) => (elements, false),
            Outcome::Unknown(_) => return Ok(Outcome::unknown()),
            Outcome::Value(_) | Outcome::None => return Err(malformed()),
        };
        let texts = elements.into_iter().map(scalar).collect::<Option<Vec<_>>>().ok_or_else(malformed)?;
        let bytes = texts.iter().map(|text| text.len() + delimiter.len()).fold(0, usize::saturating_add);
        self.charge(bytes)?;
        Ok(Outcome::of(texts.join(delimiter).into(), known))
    }

    fn select(&mut self, index: &Expression, list: &Expression, line: usize) -> Result<Outcome, TemplateError> {
        let error = |message: String| TemplateError::at(line, format!("Template error: Fn::Select {message}"));
        let index =
            self.text(index, "Fn::Select requires a list argument with a valid index value as its first element")?;
        let list = self.outcome(list)?;
        let Text::Known(index) = index else { return Ok(Outcome::unknown()) };
        let index: i64 = index
            .trim()
            .parse()
            .map_err(|_| error("requires a list argument with a valid index value as its first element".to_owned()))?;
        let (mut elements, known) = match list {
            Outcome::Value(Value::Array(elements)) => (elements, true),
            Outcome::Unknown(Value::Array(elements)) => (elements, false),
            Outcome::Unknown(_) => return Ok(Outcome::unknown()),
            Outcome::Value(_) | Outcome::None => {
                return Err(error(
                    "requires a list argument with two elements: an integer index and a list".to_owned(),
                ));
            }
        };
        match usize::try_from(index) {
            Ok(place) if place < elements.len() => Ok(Outcome::of(elements.swap_remove(place), known)),
            _ => Err(error(format!("cannot select nonexistent value at index {index}"))),
        }
    }

    fn sub(&mut self, parts: &[SubPart], variables: &[Expression]) -> Result<Outcome, TemplateError> {
        let mut known = true;
        let mut values = Vec::new();
        for variable in variables {
            values.push(match self.text(variable, "Fn::Sub expression does not resolve to a string")? {
                Text::Known(text) => text,
                Text::Unknown(text) => {
                    known = false;
                    text
                }
            });
        }
        let mut written = String::new();
        for part in parts {
            let text = match part {
                SubPart::Text(text) => text,
                SubPart::Variable(variable) => values.get(*variable).map_or("", String::as_str),
            };
            self.charge(text.len())?;
            written.push_str(text);
        }
        Ok(Outcome::of(written.into(), known))
    }

    fn find_in_map(&mut self, find: &FindInMap, line: usize) -> Result<Outcome, TemplateError> {
        let malformed = "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for \
                         return value";
        let mut names = Vec::new();
        for argument in [&find.map, &find.key, &find.attribute] {
            match self.text(argument, malformed)? {
                Text::Known(name) => names.push(name),
                Text::Unknown(_) => return Ok(Outcome::unknown()),
            }
        }
        let [map, key, attribute] = names.as_slice() else { return Ok(Outcome::None) };
        let body = self.body;
        let mapping = body.mappings.get(map);
        if let Some(value) = mapping.and_then(|mapping| mapping.get(key)).and_then(|keys| keys.get(attribute)) {
            return self.copied(value);
        }
        match &find.default {
            Some(default) => self.outcome(default),
            None => Err(TemplateError::at(
                line,
                if mapping.is_some() {
                    format!("Template error: Unable to get mapping for {map}::{key}::{attribute}")
                } else {
                    format!(
                        "Template error: Mapping named '{map}' is not present in the 'Mappings' section of template."
                    )
                },
            )),
        }
    }

    fn cidr(
        &mut self,
        block: &Expression,
        count: &Expression,
        bits: Option<&Expression>,
        line: usize,
    ) -> Result<Outcome, TemplateError> {
        let mut texts = Vec::new();
        for argument in [Some(block), Some(count), bits].into_iter().flatten() {
            match self.text(argument, "every Fn::Cidr object requires string or number arguments")? {
                Text::Known(text) => texts.push(text),
                Text::Unknown(_) => return Ok(Outcome::unknown()),
            }
        }
        let error = |message: String| TemplateError::at(line, format!("Template error: Fn::Cidr {message}"));
        let number = |text: Option<&String>| {
            text.map(|text| text.trim().parse::<u32>().map_err(|_| error(format!("argument {text} is not a number"))))
                .transpose()
        };
        let block = texts.first().map(String::as_str).unwrap_or_default();
        let count = number(texts.get(1))?.unwrap_or_default();
        let bits = number(texts.get(2))?;
        let blocks = cidr::blocks(block, count, bits).map_err(|reason| {
            error(match reason {
                CidrError::Block => format!("ipBlock {block} is not a valid CIDR block"),
                CidrError::Count => format!("count {count} is not between 1 and 256"),
                CidrError::Bits => {
                    "cidrBits must leave a subnet of at least one bit, and are required for IPv6".to_owned()
                }
                CidrError::Room => format!("cannot fit {count} subnets of that size into {block}"),
            })
        })?;
        Ok(Outcome::Value(blocks.into()))
    }

    fn stack_output(&mut self, of: &StackOutputOf) -> Result<Outcome, TemplateError> {
        let malformed = "every Fn::GetStackOutput argument must be a string or a function that returns a string";
        let mut texts = Vec::new();
        for argument in [Some(&of.stack), Some(&of.output), of.region.as_ref(), of.role.as_ref()] {
            texts.push(match argument.map(|argument| self.text(argument, malformed)).transpose()? {
                None => None,
                Some(Text::Known(text)) => Some(text),
                Some(Text::Unknown(_)) => return Ok(Outcome::unknown()),
            });
        }
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let output = StackOutput {
            stack: next().unwrap_or_default(),
            output: next().unwrap_or_default(),
            region: next(),
            role: next(),
        };
        match self.known.stack_outputs.get(&output) {
            Some(value) => self.made(value.clone()),
            None => Ok(self.missing(Need::StackOutput(output))),
        }
    }
}

/// A scalar as text.
fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
