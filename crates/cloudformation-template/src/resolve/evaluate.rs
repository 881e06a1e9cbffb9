//! Evaluating one expression, and the conditions and rules made of expressions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::dynamic::{self, Piece};
use super::{KNOWN_AFTER_APPLY, Known, Need};
use crate::TemplateError;
use crate::expression::{Expression, Kind};
use crate::limits::RESOLVED_BYTES_MAX;
use crate::parameters::Parameters;
use crate::predicate::Predicate;
use crate::pseudo::PseudoParameters;
use crate::template::Body;

/// One evaluation: what it may use, what it lacked and how much it has made.
pub(crate) struct Evaluation<'a> {
    pub(crate) body: &'a Body,
    pub(crate) parameters: &'a Parameters,
    pub(crate) pseudo: &'a PseudoParameters,
    pub(crate) conditions: &'a BTreeMap<String, bool>,
    pub(crate) known: &'a Known,
    pub(crate) needs: BTreeSet<Need>,
    audience: Audience,
    /// Bytes of text made so far.
    made: usize,
}

/// Whom a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The resource it is a property of, which gets everything.
    Resource,
    /// Whoever looks at outputs: dynamic references to secrets stay as they are written.
    Outputs,
    /// Whoever looks at a change set: parameters that are never echoed are not shown either.
    ChangeSet,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// `AWS::NoValue`: whatever holds it goes without.
    None,
    Value(Value),
    /// Something is missing; the value is for showing.
    Unknown(Value),
}

impl Outcome {
    pub(super) fn unknown() -> Self {
        Self::Unknown(KNOWN_AFTER_APPLY.into())
    }

    /// The value of which `known` says whether it is the whole.
    pub(super) fn of(value: Value, known: bool) -> Self {
        if known { Self::Value(value) } else { Self::Unknown(value) }
    }
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(
        body: &'a Body,
        parameters: &'a Parameters,
        pseudo: &'a PseudoParameters,
        conditions: &'a BTreeMap<String, bool>,
        known: &'a Known,
    ) -> Self {
        Self {
            body,
            parameters,
            pseudo,
            conditions,
            known,
            needs: BTreeSet::new(),
            audience: Audience::Resource,
            made: 0,
        }
    }

    pub(crate) fn for_audience(self, audience: Audience) -> Self {
        Self { audience, ..self }
    }

    /// The value, as far as it is known; `null` for `AWS::NoValue`.
    pub(crate) fn value(&mut self, expression: &Expression) -> Result<Value, TemplateError> {
        Ok(match self.outcome(expression)? {
            Outcome::None => Value::Null,
            Outcome::Value(value) | Outcome::Unknown(value) => value,
        })
    }

    /// The value with what its dynamic references lead to.
    pub(crate) fn value_with_dynamic(&mut self, expression: &Expression) -> Result<Value, TemplateError> {
        let value = self.value(expression)?;
        self.dynamic(value, expression.line)
    }

    pub(super) fn outcome(&mut self, expression: &Expression) -> Result<Outcome, TemplateError> {
        let line = expression.line;
        Ok(match &expression.kind {
            Kind::Literal(value) => {
                self.charge(value.as_str().map_or(8, str::len))?;
                Outcome::Value(value.clone())
            }
            Kind::List(elements) => {
                let (mut values, mut known) = (Vec::new(), true);
                for element in elements {
                    match self.outcome(element)? {
                        Outcome::None => {}
                        Outcome::Value(value) => values.push(value),
                        Outcome::Unknown(value) => {
                            known = false;
                            values.push(value);
                        }
                    }
                }
                Outcome::of(Value::Array(values), known)
            }
            Kind::Map(members) => {
                let (mut values, mut known) = (Map::new(), true);
                for (name, member) in members {
                    self.charge(name.len())?;
                    match self.outcome(member)? {
                        Outcome::None => {}
                        Outcome::Value(value) => {
                            values.insert(name.clone(), value);
                        }
                        Outcome::Unknown(value) => {
                            known = false;
                            values.insert(name.clone(), value);
                        }
                    }
                }
                Outcome::of(Value::Object(values), known)
            }
            Kind::Pseudo(pseudo) => match self.pseudo.value(*pseudo) {
                Some(value) => self.copied(&value)?,
                None => Outcome::None,
            },
            Kind::Parameter(name) => {
                let parameter = self.parameters.parameter(name);
                match parameter {
                    Some(parameter) if parameter.no_echo && self.audience == Audience::ChangeSet => {
                        Outcome::Value(parameter.shown().into())
                    }
                    Some(parameter) => self.copied(&parameter.reference)?,
                    None => Outcome::Value(Value::Null),
                }
            }
            Kind::Reference(resource) => match self.known.resources.get(resource) {
                Some(known) => self.copied(&known.reference)?,
                None => self.missing(Need::Resource(resource.clone())),
            },
            Kind::Attribute { resource, attribute } => self.attribute(resource, attribute, line)?,
            Kind::If { condition, then, otherwise } => {
                let holds = self.conditions.get(condition).copied().unwrap_or_default();
                self.outcome(if holds { then } else { otherwise })?
            }
            Kind::RefAll(kind) => {
                let of_kind = self.parameters.all.values().filter(|parameter| {
                    let name = parameter.kind.as_str();
                    name == kind || name.strip_prefix("List<").and_then(|name| name.strip_suffix('>')) == Some(kind)
                });
                let values = of_kind.flat_map(|parameter| match &parameter.reference {
                    Value::Array(elements) => elements.clone(),
                    value => vec![value.clone()],
                });
                Outcome::Value(values.collect())
            }
            _ => self.function(expression)?,
        })
    }

    fn attribute(&mut self, resource: &str, attribute: &Expression, line: usize) -> Result<Outcome, TemplateError> {
        let Outcome::Value(Value::String(attribute)) = self.outcome(attribute)? else { return Ok(Outcome::unknown()) };
        match self.known.resources.get(resource) {
            None => Ok(self.missing(Need::Resource(resource.to_owned()))),
            Some(known) => match known.attributes.get(&attribute) {
                Some(value) => self.copied(value),
                None => Err(TemplateError::at(
                    line,
                    format!(
                        "Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt"
                    ),
                )),
            },
        }
    }

    /// Notes what is missing.
    pub(super) fn missing(&mut self, need: Need) -> Outcome {
        self.needs.insert(need);
        Outcome::unknown()
    }

    /// A copy of a value, which counts.
    pub(super) fn copied(&mut self, value: &Value) -> Result<Outcome, TemplateError> {
        self.charge(weight(value))?;
        Ok(Outcome::Value(value.clone()))
    }

    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.made = self.made.saturating_add(bytes);
        if self.made > RESOLVED_BYTES_MAX {
            return Err(TemplateError::new(format!(
                "Template error: a value must be no longer than {RESOLVED_BYTES_MAX} bytes once it is resolved"
            )));
        }
        Ok(())
    }

    /// Puts in what dynamic references lead to, wherever they stand in the value.
    fn dynamic(&mut self, value: Value, line: usize) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) if text.contains("{{resolve:") => {
                let mut written = String::new();
                for piece in dynamic::pieces(&text) {
                    match piece {
                        Piece::Text(text) => written.push_str(text),
                        Piece::Reference { written: as_written, reference: Some(reference) }
                            if self.audience != Audience::Resource && reference.is_secret() =>
                        {
                            self.charge(as_written.len())?;
                            written.push_str(as_written);
                        }
                        Piece::Reference { reference: Some(reference), .. } => {
                            if let Some(value) = self.known.dynamic.get(&reference) {
                                self.charge(value.len())?;
                                written.push_str(value);
                            } else {
                                self.needs.insert(Need::Dynamic(reference));
                                written.push_str(KNOWN_AFTER_APPLY);
                            }
                        }
                        Piece::Reference { written, reference: None } => {
                            return Err(TemplateError::at(
                                line,
                                format!("Template error: Invalid dynamic reference: {written}"),
                            ));
                        }
                    }
                }
                Value::String(written)
            }
            Value::Array(elements) => {
                elements.into_iter().map(|element| self.dynamic(element, line)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| Ok((name, self.dynamic(member, line)?)))
                .collect::<Result<Map<_, _>, TemplateError>>()?
                .into(),
            other => other,
        })
    }

    /// Whether a condition or an assertion holds. Nothing in it is missing: it cannot refer to resources.
    pub(crate) fn holds(&mut self, predicate: &Predicate) -> Result<bool, TemplateError> {
        Ok(match predicate {
            Predicate::And(operands) => {
                let mut all = true;
                for operand in operands {
                    all &= self.holds(operand)?;
                }
                all
            }
            Predicate::Or(operands) => {
                let mut any = false;
                for operand in operands {
                    any |= self.holds(operand)?;
                }
                any
            }
            Predicate::Not(operand) => !self.holds(operand)?,
            Predicate::Equals(left, right) => comparable(self.value(left)?) == comparable(self.value(right)?),
            Predicate::Named(name) => self.conditions.get(name).copied().unwrap_or_default(),
            Predicate::Contains { list, value } => {
                let value = comparable(self.value(value)?);
                self.elements(list)?.contains(&value)
            }
            Predicate::EachMemberEquals { list, value } => {
                let value = comparable(self.value(value)?);
                self.elements(list)?.iter().all(|element| *element == value)
            }
            Predicate::EachMemberIn { list, allowed } => {
                let allowed = self.elements(allowed)?;
                self.elements(list)?.iter().all(|element| allowed.contains(element))
            }
        })
    }

    /// The elements of a list, as text; of anything else, that alone.
    fn elements(&mut self, list: &Expression) -> Result<Vec<Value>, TemplateError> {
        Ok(match self.value(list)? {
            Value::Array(elements) => elements.into_iter().map(comparable).collect(),
            value => vec![comparable(value)],
        })
    }
}

/// Scalars are compared as text, so that `true` is `"true"`.
fn comparable(value: Value) -> Value {
    match value {
        Value::Bool(value) => value.to_string().into(),
        Value::Number(value) => value.to_string().into(),
        other => other,
    }
}

/// Bytes that a copy of a value takes, roughly.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(elements) => elements.iter().map(weight).fold(8, usize::saturating_add),
        Value::Object(members) => {
            members.iter().map(|(name, member)| name.len() + weight(member)).fold(8, usize::saturating_add)
        }
    }
}
