//! What is true or false: conditions of the template, and what its rules assert.

use crate::TemplateError;
use crate::document::Node;
use crate::expression::{Expression, Parser};

/// A condition or an assertion.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Equals(Expression, Expression),
    /// `{"Condition": name}`.
    Named(String),
    /// `Fn::Contains`: the list has the value.
    Contains {
        list: Expression,
        value: Expression,
    },
    /// `Fn::EachMemberEquals`: each element is the value.
    EachMemberEquals {
        list: Expression,
        value: Expression,
    },
    /// `Fn::EachMemberIn`: each element is in the other list.
    EachMemberIn {
        list: Expression,
        allowed: Expression,
    },
}

/// Which functions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The section `Conditions`.
    Condition,
    /// The section `Rules`.
    Rule,
}

impl Predicate {
    pub(crate) fn parse(node: &Node, dialect: Dialect, parser: &mut Parser<'_>) -> Result<Self, TemplateError> {
        let error = |message: String| TemplateError::at(node.line, message);
        let Some((name, argument)) = node.single_member() else { return Err(error(not_a_function(dialect))) };
        let operands = argument.as_list().unwrap_or_default();
        match name {
            "Fn::And" | "Fn::Or" => {
                let malformed = || {
                    error(format!(
                        "Template error: every {name} object requires a list of at least 2 and at most 10 boolean \
                         parameters."
                    ))
                };
                if !(2..=10).contains(&operands.len()) || operands.iter().any(|operand| operand.as_map().is_none()) {
                    return Err(malformed());
                }
                let operands =
                    operands.iter().map(|operand| Self::parse(operand, dialect, parser)).collect::<Result<_, _>>()?;
                Ok(if name == "Fn::And" { Self::And(operands) } else { Self::Or(operands) })
            }
            "Fn::Not" => match operands {
                [operand] if operand.as_map().is_some() => {
                    Ok(Self::Not(Box::new(Self::parse(operand, dialect, parser)?)))
                }
                _ => Err(error("Template error: every Fn::Not object requires one boolean parameter.".to_owned())),
            },
            "Fn::Equals" => {
                let malformed = || {
                    error("Template error: every Fn::Equals object requires a list of 2 string parameters.".to_owned())
                };
                let [left, right] = operands else { return Err(malformed()) };
                if [left, right].iter().any(|operand| operand.as_list().is_some()) {
                    return Err(malformed());
                }
                Ok(Self::Equals(parser.expression(left)?, parser.expression(right)?))
            }
            "Condition" if dialect == Dialect::Condition => {
                let condition = argument
                    .as_text()
                    .ok_or_else(|| error("Template error: All Conditions must be of type string".to_owned()))?;
                if !parser.names.conditions.contains(condition) {
                    return Err(error(format!(
                        "Template format error: Unresolved condition dependency {condition} in the Conditions block of \
                         the template"
                    )));
                }
                Ok(Self::Named(condition.to_owned()))
            }
            "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" if dialect == Dialect::Rule => {
                let [list, other] = operands else {
                    return Err(error(format!("Template error: every {name} object requires two parameters")));
                };
                let (list, other) = (parser.expression(list)?, parser.expression(other)?);
                Ok(match name {
                    "Fn::Contains" => Self::Contains { list, value: other },
                    "Fn::EachMemberEquals" => Self::EachMemberEquals { list, value: other },
                    _ => Self::EachMemberIn { list, allowed: other },
                })
            }
            name if name == "Ref" || name == "Condition" || name.starts_with("Fn::") => Err(match dialect {
                Dialect::Condition => error(not_a_function(dialect)),
                Dialect::Rule => error(format!("Template format error: {name} is not allowed in the Rules block")),
            }),
            _ => Err(error(not_a_function(dialect))),
        }
    }

    /// Names of the conditions that this one is made of.
    pub(crate) fn conditions(&self) -> Vec<&str> {
        match self {
            Self::And(operands) | Self::Or(operands) => operands.iter().flat_map(Self::conditions).collect(),
            Self::Not(operand) => operand.conditions(),
            Self::Named(name) => vec![name],
            Self::Equals(left, right) => left.conditions().into_iter().chain(right.conditions()).collect(),
            Self::Contains { .. } | Self::EachMemberEquals { .. } | Self::EachMemberIn { .. } => Vec::new(),
        }
    }
}

fn not_a_function(dialect: Dialect) -> String {
    match dialect {
        Dialect::Condition => {
            "Template format error: Conditions can only be boolean operations on parameters and other conditions"
        }
        Dialect::Rule => "Template format error: Every Rules assertion must be a boolean function",
    }
    .to_owned()
}
