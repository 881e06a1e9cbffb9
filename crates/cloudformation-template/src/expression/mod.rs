//! Values of a template with their intrinsic functions, parsed once: a function that does not exist, lacks an argument or
//! names what the template does not have is refused before anything is deployed.

mod arguments;
mod parse;
mod sub;
mod visit;

use serde_json::Value;

use crate::pseudo::Pseudo;

pub(crate) use arguments::{JOIN, SPLIT};
pub(crate) use parse::{Names, Parser, Place};
pub(crate) use sub::SubPart;

/// A value that may depend on parameters, conditions and resources.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A scalar.
    Literal(Value),
    List(Vec<Expression>),
    Map(Vec<(String, Expression)>),
    Pseudo(Pseudo),
    Parameter(String),
    Reference(String),
    Attribute {
        resource: String,
        attribute: Box<Expression>,
    },
    Base64(Box<Expression>),
    Cidr {
        block: Box<Expression>,
        count: Box<Expression>,
        bits: Option<Box<Expression>>,
    },
    AvailabilityZones(Box<Expression>),
    FindInMap(Box<FindInMap>),
    If {
        condition: String,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Import(Box<Expression>),
    Join {
        delimiter: String,
        list: Box<Expression>,
    },
    Length(Box<Expression>),
    Select {
        index: Box<Expression>,
        list: Box<Expression>,
    },
    Split {
        delimiter: String,
        text: Box<Expression>,
    },
    StackOutput(Box<StackOutputOf>),
    Sub {
        parts: Vec<SubPart>,
        variables: Vec<Expression>,
    },
    ToJson(Box<Expression>),
    /// `Fn::RefAll`, in rules: the values of all parameters of a type.
    RefAll(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FindInMap {
    pub(crate) map: Expression,
    pub(crate) key: Expression,
    pub(crate) attribute: Expression,
    pub(crate) default: Option<Expression>,
}

/// The arguments of `Fn::GetStackOutput`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StackOutputOf {
    pub(crate) stack: Expression,
    pub(crate) output: Expression,
    pub(crate) region: Option<Expression>,
    pub(crate) role: Option<Expression>,
}

impl Expression {
    pub(crate) fn new(kind: Kind, line: usize) -> Self {
        Self { kind, line }
    }

    /// The line of the template, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The member of a map, where the expression is one and not a function.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(members) => members.iter().find(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The members of a map, where the expression is one and not a function.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = if let Kind::Map(members) = &self.kind { members.as_slice() } else { &[] };
        members.iter().map(|(name, value)| (name.as_str(), value))
    }
}
