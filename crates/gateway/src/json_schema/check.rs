//! Checking a body against a model.
//!
//! The order is that of API Gateway's validator: a value's own keywords by name, then what is inside it, properties by
//! name; once anything was found, nothing further down is looked at.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::finding::{self, Findings};
use super::number::{compare, is_multiple};
use super::{Dependency, Items, Keyword, Node, NodeId, Schema};

/// Steps that every check may take, beside one for each byte of the body. A step is a schema met by a value; values that
/// are compared as a whole count by what they hold.
const STEPS: usize = 1_000_000;
/// How deep schemas may follow one another.
const DEPTH_MAX: usize = 300;

impl Schema {
    /// Checks a body; fails with what was found. An empty body counts as an empty object.
    pub fn check(&self, body: &[u8]) -> Result<(), String> {
        let value = if body.is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_slice(body).map_err(|error| format!("[the body is not JSON: {error}]"))?
        };
        let mut check = Check { nodes: &self.nodes, steps: STEPS + body.len(), depth: 0 };
        let mut findings = Findings::default();
        check.value(self.root, &value, &mut findings).map_err(|beyond| format!("[{beyond}]"))?;
        if findings.is_empty() { Ok(()) } else { Err(findings.into_text()) }
    }
}

struct Check<'a> {
    nodes: &'a [Node],
    /// Steps that are left.
    steps: usize,
    depth: usize,
}

/// A check went beyond what it may.
#[derive(Debug, thiserror::Error)]
enum Beyond {
    #[error("body and model are too intricate: the check was given up")]
    Steps,
    #[error("body and model are nested too deeply: the check was given up")]
    Depth,
}

impl Check<'_> {
    fn spend(&mut self, steps: usize) -> Result<(), Beyond> {
        self.steps = self.steps.checked_sub(steps).ok_or(Beyond::Steps)?;
        Ok(())
    }

    fn value(&mut self, node: NodeId, value: &Value, findings: &mut Findings) -> Result<(), Beyond> {
        self.spend(1)?;
        let nodes = self.nodes;
        let Some(node) = nodes.get(node) else { return Ok(()) };
        if self.depth == DEPTH_MAX {
            return Err(Beyond::Depth);
        }
        self.depth += 1;
        for keyword in &node.keywords {
            self.keyword(node, keyword, value, findings)?;
        }
        if findings.is_empty() {
            match value {
                Value::Array(elements) => self.elements(&node.items, elements, findings)?,
                Value::Object(members) => self.members(node, members, findings)?,
                _ => {}
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn elements(&mut self, items: &Items, elements: &[Value], findings: &mut Findings) -> Result<(), Beyond> {
        for (index, element) in elements.iter().enumerate() {
            let node = match items {
                Items::Any => return Ok(()),
                Items::All(node) => Some(*node),
                Items::Each(nodes, rest) => nodes.get(index).copied().or(*rest),
            };
            if let Some(node) = node {
                self.value(node, element, findings)?;
            }
        }
        Ok(())
    }

    fn members(&mut self, node: &Node, members: &Map<String, Value>, findings: &mut Findings) -> Result<(), Beyond> {
        if node.properties.is_empty() && node.pattern_properties.is_empty() && node.additional_properties.is_none() {
            return Ok(());
        }
        let mut names: Vec<&String> = members.keys().collect();
        names.sort_unstable();
        for name in names {
            let Some(value) = members.get(name) else { continue };
            let mut known = false;
            if let Some(property) = node.properties.get(name.as_str()) {
                known = true;
                self.value(*property, value, findings)?;
            }
            for (pattern, property) in &node.pattern_properties {
                self.spend(1 + name.len() / 64)?;
                if pattern.finds(name) {
                    known = true;
                    self.value(*property, value, findings)?;
                }
            }
            if let Some(property) = node.additional_properties.filter(|_| !known) {
                self.value(property, value, findings)?;
            }
        }
        Ok(())
    }

    /// Whether a value satisfies another schema, whatever that finds.
    fn matches(&mut self, node: NodeId, value: &Value) -> Result<bool, Beyond> {
        let mut findings = Findings::default();
        self.value(node, value, &mut findings)?;
        Ok(findings.is_empty())
    }

    fn count(&mut self, schemas: &[NodeId], value: &Value) -> Result<usize, Beyond> {
        let mut matched = 0;
        for schema in schemas {
            matched += usize::from(self.matches(*schema, value)?);
        }
        Ok(matched)
    }

    fn keyword(
        &mut self,
        node: &Node,
        keyword: &Keyword,
        value: &Value,
        findings: &mut Findings,
    ) -> Result<(), Beyond> {
        let found = match (keyword, value) {
            (Keyword::AllOf(schemas), _) => {
                let matched = self.count(schemas, value)?;
                (matched < schemas.len()).then(|| finding::all_of(matched, schemas.len()))
            }
            (Keyword::AnyOf(schemas), _) => {
                let matched = self.count(schemas, value)?;
                (matched == 0).then(|| finding::any_of(schemas.len()))
            }
            (Keyword::OneOf(schemas), _) => {
                let matched = self.count(schemas, value)?;
                (matched != 1).then(|| finding::one_of(matched, schemas.len()))
            }
            (Keyword::Not(schema), _) => self.matches(*schema, value)?.then(finding::not),
            (Keyword::Enum(values), _) => {
                let mut known = false;
                for one in values {
                    self.spend(1)?;
                    known = known || equal(one, value);
                }
                (!known).then(|| finding::not_in_enum(value, values))
            }
            (Keyword::Type(allowed), _) => {
                let found = type_of(value);
                (!allowed.contains(&found)).then(|| finding::wrong_type(found, allowed))
            }
            (keyword, Value::Object(members)) => self.object(node, keyword, members, value, findings)?,
            (Keyword::AdditionalItems(allowed), Value::Array(elements)) => {
                (elements.len() > *allowed).then(|| finding::additional_items(*allowed, elements.len()))
            }
            (Keyword::UniqueItems, Value::Array(elements)) => {
                let mut seen = HashSet::new();
                let mut unique = true;
                for element in elements {
                    let text = canonical(element);
                    self.spend(1 + text.len() / 16)?;
                    unique = seen.insert(text) && unique;
                }
                (!unique).then(finding::duplicates)
            }
            (keyword, Value::String(text)) => {
                self.spend(text.len() / 64)?;
                of_text(keyword, text)
            }
            (keyword, Value::Number(number)) => of_number(keyword, number),
            _ => None,
        };
        if let Some(found) = found {
            findings.add(found);
        }
        Ok(())
    }

    fn object(
        &mut self,
        node: &Node,
        keyword: &Keyword,
        members: &Map<String, Value>,
        value: &Value,
        findings: &mut Findings,
    ) -> Result<Option<String>, Beyond> {
        Ok(match keyword {
            Keyword::AdditionalProperties => {
                let mut foreign = Vec::new();
                for name in members.keys() {
                    self.spend(node.pattern_properties.len() * (1 + name.len() / 64))?;
                    if !node.properties.contains_key(name.as_str())
                        && !node.pattern_properties.iter().any(|(pattern, _)| pattern.finds(name))
                    {
                        foreign.push(name.as_str());
                    }
                }
                foreign.sort_unstable();
                (!foreign.is_empty()).then(|| finding::additional_properties(&foreign))
            }
            Keyword::Dependencies(dependencies) => {
                let present = dependencies.iter().filter(|(property, _)| members.contains_key(&***property));
                for (property, dependency) in present {
                    match dependency {
                        Dependency::Schema(schema) => self.value(*schema, value, findings)?,
                        Dependency::Properties(needed) => {
                            let missing = missing(needed, members);
                            if !missing.is_empty() {
                                findings.add(finding::dependency(property, needed, &missing));
                            }
                        }
                    }
                }
                None
            }
            Keyword::MaxProperties(allowed) => {
                (size(members.len()) > *allowed).then(|| finding::too_many_properties(members.len(), *allowed))
            }
            Keyword::MinProperties(required) => {
                (size(members.len()) < *required).then(|| finding::too_few_properties(members.len(), *required))
            }
            Keyword::Required(names) => {
                let missing = missing(names, members);
                (!missing.is_empty()).then(|| finding::missing(&missing))
            }
            _ => None,
        })
    }
}

fn missing<'n>(names: &'n [Box<str>], members: &Map<String, Value>) -> Vec<&'n str> {
    names.iter().map(AsRef::as_ref).filter(|name| !members.contains_key(*name)).collect()
}

fn of_text(keyword: &Keyword, text: &str) -> Option<String> {
    let length = || size(text.chars().count());
    match keyword {
        Keyword::Format(format) => (!format.is_kept(text)).then(|| finding::format(*format, text)),
        Keyword::MaxLength(allowed) => {
            let length = length();
            (length > *allowed).then(|| finding::too_long(text, length, *allowed))
        }
        Keyword::MinLength(required) => {
            let length = length();
            (length < *required).then(|| finding::too_short(text, length, *required))
        }
        Keyword::Pattern(pattern, written) => (!pattern.finds(text)).then(|| finding::no_match(written, text)),
        _ => None,
    }
}

fn of_number(keyword: &Keyword, number: &serde_json::Number) -> Option<String> {
    match keyword {
        Keyword::Maximum { bound, exclusive } => {
            let order = compare(number, bound);
            if order.is_gt() {
                Some(finding::too_large(number, bound))
            } else {
                (order.is_eq() && *exclusive).then(|| finding::not_lower(bound))
            }
        }
        Keyword::Minimum(bound) => compare(number, bound).is_lt().then(|| finding::too_small(number, bound)),
        Keyword::MultipleOf(of) => (!is_multiple(number, of)).then(|| finding::not_multiple(number, of)),
        _ => None,
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A value's type; a number written with a fraction or an exponent is no integer (draft 4, section 3.5).
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether two values are the same, numbers by what they are worth.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => compare(one, other).is_eq(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| equal(one, other)))
        }
        _ => one == other,
    }
}

/// One text for all values that are the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(real) if number.is_f64() && real.fract() == 0.0 && real.abs() < 1e15 => format!("{real:.0}"),
            _ => number.to_string(),
        },
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}
