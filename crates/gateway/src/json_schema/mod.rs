//! JSON Schema as API Gateway's request validators understand it: draft 4, without the keywords it passes over, its
//! findings in the words of the validator that API Gateway uses (`$context.error.validationErrorString`).
//!
//! [`Models`] compiles the models of an API as methods come to need them; models may refer to each other and to
//! themselves. Nothing is ever fetched. A check takes no more steps and goes no deeper than it may, whatever schema and
//! body: what would go beyond is not valid.

mod check;
mod compile;
mod finding;
mod format;
mod number;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

pub use self::compile::{InvalidSchema, Models};
use self::format::Format;
use crate::vtl::java_regex::JavaRegex;

/// A compiled model: what a body must satisfy.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The model's name.
    pub model: Arc<str>,
    nodes: Arc<[Node]>,
    root: NodeId,
}

type NodeId = usize;

/// One schema within a model.
#[derive(Clone, Debug, Default)]
struct Node {
    /// What it demands of a value itself, ordered by the keywords' names.
    keywords: Vec<Keyword>,
    properties: HashMap<Box<str>, NodeId>,
    pattern_properties: Vec<(JavaRegex, NodeId)>,
    /// For what neither of the two is for.
    additional_properties: Option<NodeId>,
    items: Items,
}

/// The schemas of an array's elements.
#[derive(Clone, Debug, Default)]
enum Items {
    /// None.
    #[default]
    Any,
    /// One for all of them.
    All(NodeId),
    /// One for each place, and one for those that follow.
    Each(Vec<NodeId>, Option<NodeId>),
}

#[derive(Clone, Debug)]
enum Keyword {
    /// The elements beyond the first so many are not allowed.
    AdditionalItems(usize),
    /// Properties without a schema are not allowed.
    AdditionalProperties,
    AllOf(Vec<NodeId>),
    AnyOf(Vec<NodeId>),
    Dependencies(BTreeMap<Box<str>, Dependency>),
    Enum(Vec<Value>),
    Format(Format),
    MaxLength(u64),
    MaxProperties(u64),
    Maximum {
        bound: serde_json::Number,
        exclusive: bool,
    },
    MinLength(u64),
    MinProperties(u64),
    Minimum(serde_json::Number),
    MultipleOf(serde_json::Number),
    Not(NodeId),
    OneOf(Vec<NodeId>),
    Pattern(JavaRegex, Box<str>),
    Required(Vec<Box<str>>),
    Type(Vec<&'static str>),
    UniqueItems,
}

/// What a property asks of the object it stands in.
#[derive(Clone, Debug)]
enum Dependency {
    Properties(Vec<Box<str>>),
    Schema(NodeId),
}

#[cfg(test)]
mod tests;
