//! The tree of a parsed template.

use std::sync::Arc;

use crate::json_path::JsonPath;

use super::java_regex::JavaRegex;
use super::value::Value;

pub(super) type Block = Box<[Node]>;

/// A place in the template's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// The number under which a rendering keeps a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) usize);

#[derive(Debug)]
pub(super) enum Node {
    Text(Box<str>),
    Reference(Reference),
    Set {
        target: Reference,
        value: Expression,
    },
    If {
        branches: Box<[(Expression, Block)]>,
        otherwise: Block,
    },
    Foreach {
        element: Slot,
        list: Expression,
        body: Block,
        position: Position,
    },
    Define {
        name: Slot,
        body: Arc<Block>,
    },
    /// Ends the loop that the expression leads to, else the block it stands in.
    Break(Option<Expression>, Position),
    Stop,
}

/// `$root.property[index].method(argument)`.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) root: Slot,
    /// What the root means while no variable has its name.
    pub(super) builtin: Option<Builtin>,
    pub(super) steps: Box<[Step]>,
    pub(super) position: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Input,
    Util,
    Context,
    StageVariables,
    Foreach,
    VelocityCount,
    VelocityHasNext,
}

impl Builtin {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "input" => Self::Input,
            "util" => Self::Util,
            "context" => Self::Context,
            "stageVariables" => Self::StageVariables,
            "foreach" => Self::Foreach,
            "velocityCount" => Self::VelocityCount,
            "velocityHasNext" => Self::VelocityHasNext,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(super) enum Step {
    Property(Box<str>),
    Index(Expression),
    Method { name: Box<str>, arguments: Box<[Expression]>, prepared: Prepared },
}

/// What parsing could already compile of a method's literal argument.
#[derive(Debug)]
pub(super) enum Prepared {
    Nothing,
    Path(JsonPath),
    Pattern(JavaRegex),
}

#[derive(Debug)]
pub(super) enum Expression {
    Literal(Value),
    /// A string with references or directives in it.
    Interpolated(Block),
    Reference(Reference),
    List(Box<[Expression]>),
    Map(Box<[(Expression, Expression)]>),
    Range(Box<(Expression, Expression)>, Position),
    Not(Box<Expression>),
    Binary(Operator, Box<(Expression, Expression)>, Position),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// Every sign and word of every operator, longest first among those that begin alike.
    pub(super) const SPELLINGS: [(&str, Self); 21] = [
        ("||", Self::Or),
        ("or", Self::Or),
        ("&&", Self::And),
        ("and", Self::And),
        ("==", Self::Equal),
        ("eq", Self::Equal),
        ("!=", Self::NotEqual),
        ("ne", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        ("le", Self::LessOrEqual),
        ("<", Self::Less),
        ("lt", Self::Less),
        (">=", Self::GreaterOrEqual),
        ("ge", Self::GreaterOrEqual),
        (">", Self::Greater),
        ("gt", Self::Greater),
        ("+", Self::Add),
        ("-", Self::Subtract),
        ("*", Self::Multiply),
        ("/", Self::Divide),
        ("%", Self::Remainder),
    ];

    /// How tightly the operator binds.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Remainder => 6,
        }
    }

    pub(super) fn sign(self) -> &'static str {
        Self::SPELLINGS.iter().find(|(_, operator)| *operator == self).map_or("", |(sign, _)| sign)
    }
}
