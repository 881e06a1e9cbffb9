//! A template as it was written, before anything in it means something: values, each with its line, and the short forms
//! of functions (`!Ref X`) written out (`{"Ref": "X"}`). Transforms read this form and write it.

mod json;
mod yaml;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::TemplateError;
use crate::limits::{DEPTH_MAX, NODES_MAX};

/// Members of a map, in the order they were written.
pub(crate) type Members = IndexMap<String, Node>;

/// A value of the template and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: NodeValue,
    /// Counted from 1.
    pub(crate) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Members),
}

impl Node {
    pub(crate) fn new(value: NodeValue, line: usize) -> Self {
        Self { value, line }
    }

    pub(crate) fn text(text: impl Into<String>, line: usize) -> Self {
        Self::new(NodeValue::Text(text.into()), line)
    }

    /// A function with its argument.
    pub(crate) fn function(name: impl Into<String>, argument: Self) -> Self {
        let line = argument.line;
        Self::new(NodeValue::Map(Members::from([(name.into(), argument)])), line)
    }

    /// A JSON value, all of it on one line.
    pub(crate) fn from_json(value: Value, line: usize) -> Self {
        let value = match value {
            Value::Null => NodeValue::Null,
            Value::Bool(value) => NodeValue::Bool(value),
            Value::Number(value) => NodeValue::Number(value),
            Value::String(text) => NodeValue::Text(text),
            Value::Array(elements) => {
                NodeValue::List(elements.into_iter().map(|element| Self::from_json(element, line)).collect())
            }
            Value::Object(members) => NodeValue::Map(
                members.into_iter().map(|(name, member)| (name, Self::from_json(member, line))).collect(),
            ),
        };
        Self::new(value, line)
    }

    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(value) => Value::Number(value.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::List(elements) => elements.iter().map(Self::to_json).collect(),
            NodeValue::Map(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), member.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Members> {
        if let NodeValue::Map(members) = &self.value { Some(members) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let NodeValue::List(elements) = &self.value { Some(elements) } else { None }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let NodeValue::Text(text) = &self.value { Some(text) } else { None }
    }

    /// A scalar as text: CloudFormation takes `1` and `true` where it wants a string.
    pub(crate) fn scalar_text(&self) -> Option<String> {
        match &self.value {
            NodeValue::Text(text) => Some(text.clone()),
            NodeValue::Number(number) => Some(number.to_string()),
            NodeValue::Bool(value) => Some(value.to_string()),
            NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    /// The one member of a map that has just one: the shape of a function.
    pub(crate) fn single_member(&self) -> Option<(&str, &Self)> {
        let members = self.as_map().filter(|members| members.len() == 1)?;
        members.first().map(|(name, argument)| (name.as_str(), argument))
    }
}

/// Counts what a document holds, so that none is too deep or too large to work with.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    depth: usize,
    nodes: usize,
}

impl Bounds {
    pub(crate) fn enter(&mut self) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(TemplateError::new(format!(
                "Template format error: Template is nested more than {DEPTH_MAX} levels deep"
            )));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(crate) fn count(&mut self) -> Result<(), TemplateError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(TemplateError::new(format!(
                "Template format error: Template has more than {NODES_MAX} values"
            )));
        }
        Ok(())
    }
}

/// Reads a template in JSON, which begins with `{`, or in YAML.
pub(crate) fn read(text: &str) -> Result<Node, TemplateError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') { json::read(text) } else { yaml::read(text) }
}

/// Puts a member into a map; a second one of the same name is refused, because either could have been meant.
fn insert_member(members: &mut Members, name: String, value: Node, line: usize) -> Result<(), TemplateError> {
    if members.contains_key(&name) {
        return Err(TemplateError::at(line, format!("Template format error: Duplicate key '{name}' (line {line})")));
    }
    members.insert(name, value);
    Ok(())
}
