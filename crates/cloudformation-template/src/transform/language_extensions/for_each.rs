//! `Fn::ForEach`: a piece of the template, once for each element of a collection.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::failed;
use crate::TemplateError;
use crate::document::{Bounds, Members, Node, NodeValue};
use crate::expression::{Names, Parser, Place};
use crate::limits::TEMPLATE_BYTES_MAX;
use crate::resolve::{Evaluation, Known};
use crate::template::{Body, is_alphanumeric};
use crate::transform::Surroundings;

const FOR_EACH: &str = "Fn::ForEach::";
/// Bytes of text of the template once its loops are written out.
const WRITTEN_BYTES_MAX: usize = 4 * TEMPLATE_BYTES_MAX;

/// What each identifier stands for.
type Bindings = BTreeMap<String, String>;

/// Loops being written out.
pub(super) struct Loops<'a> {
    body: &'a Body,
    surroundings: Surroundings<'a>,
    names: Names,
    bounds: Bounds,
    written_bytes: usize,
    section: &'static str,
}

impl<'a> Loops<'a> {
    pub(super) fn new(root: &Members, body: &'a Body, surroundings: Surroundings<'a>) -> Result<Self, TemplateError> {
        let resources = root.get("Resources").and_then(Node::as_map);
        let mut seen = HashSet::new();
        for section in ["Conditions", "Resources", "Outputs"] {
            if let Some(node) = root.get(section) {
                check_loop_names(node, resources, &mut seen)?;
            }
        }
        let names = Names {
            parameters: surroundings.declarations.keys().cloned().collect(),
            mappings: body.mappings.keys().cloned().collect(),
            extended: true,
            ..Names::default()
        };
        Ok(Self { body, surroundings, names, bounds: Bounds::default(), written_bytes: 0, section: "" })
    }

    /// A section with its loops written out.
    pub(super) fn section(&mut self, name: &'static str, node: &Node) -> Result<Node, TemplateError> {
        self.section = name;
        let Some(members) = node.as_map() else { return Ok(node.clone()) };
        let members = self.members(members, &Bindings::new(), true)?;
        Ok(Node::new(NodeValue::Map(members), node.line))
    }

    fn node(&mut self, node: &Node, bindings: &Bindings) -> Result<Node, TemplateError> {
        self.bounds.count()?;
        if let Some(("Ref", argument)) = node.single_member()
            && let Some(value) = argument.as_text().and_then(|name| bindings.get(name))
        {
            self.charge(value.len())?;
            return Ok(Node::text(value, node.line));
        }
        let value = match &node.value {
            NodeValue::Text(text) => NodeValue::Text(self.substituted(text, bindings)?),
            NodeValue::List(elements) => {
                self.bounds.enter()?;
                let elements = elements.iter().map(|element| self.node(element, bindings)).collect::<Result<_, _>>()?;
                self.bounds.leave();
                NodeValue::List(elements)
            }
            NodeValue::Map(members) => NodeValue::Map(self.members(members, bindings, false)?),
            other => other.clone(),
        };
        Ok(Node::new(value, node.line))
    }

    /// The members of a map; `named` where their keys are names of resources, conditions or outputs.
    fn members(&mut self, members: &Members, bindings: &Bindings, named: bool) -> Result<Members, TemplateError> {
        self.bounds.enter()?;
        let mut written = Members::new();
        for (key, node) in members {
            if key.starts_with(FOR_EACH) {
                for (key, node) in self.for_each(key, node, bindings, named)? {
                    put(&mut written, key, node)?;
                }
            } else {
                let key = self.substituted(key, bindings)?;
                let node = self.node(node, bindings)?;
                put(&mut written, key, node)?;
            }
        }
        self.bounds.leave();
        Ok(written)
    }

    fn for_each(
        &mut self,
        name: &str,
        node: &Node,
        bindings: &Bindings,
        named: bool,
    ) -> Result<Members, TemplateError> {
        let layout = || failed(node.line, "Fn::ForEach layout is incorrect");
        let Some([identifier, collection, fragment]) = node.as_list() else { return Err(layout()) };
        let identifier = identifier.as_text().filter(|identifier| !identifier.is_empty()).ok_or_else(layout)?;
        let fragment = fragment.as_map().filter(|fragment| !fragment.is_empty()).ok_or_else(layout)?;
        if collection.as_text().is_some() || name.len() == FOR_EACH.len() || bindings.contains_key(identifier) {
            return Err(layout());
        }
        self.bounds.enter()?;
        let mut written = Members::new();
        for item in self.collection(collection, bindings)? {
            let mut bindings = bindings.clone();
            bindings.insert(identifier.to_owned(), item);
            for (key, node) in self.members(fragment, &bindings, named)? {
                if named && !is_alphanumeric(&key) {
                    let what = if self.section == "Outputs" { "OutputKey" } else { "LogicalId" };
                    return Err(failed(node.line, &format!("{what} '{key}' should be alphanumeric")));
                }
                put(&mut written, key, node)?;
            }
        }
        self.bounds.leave();
        Ok(written)
    }

    /// The elements of a collection, which only parameters and mappings may decide.
    fn collection(&mut self, node: &Node, bindings: &Bindings) -> Result<Vec<String>, TemplateError> {
        let node = self.node(node, bindings)?;
        let unresolved = || failed(node.line, "Could not find a collection or could not be resolved for Fn::ForEach");
        let mut parser = Parser::new(&self.names, Place::Conditions);
        let expression = parser.expression(&node).map_err(|_| unresolved())?;
        parser.finish().map_err(|_| unresolved())?;
        let (conditions, known) = (BTreeMap::new(), Known::default());
        let Surroundings { parameters, pseudo, .. } = self.surroundings;
        let value = Evaluation::new(self.body, parameters, pseudo, &conditions, &known)
            .value(&expression)
            .map_err(|_| unresolved())?;
        let Value::Array(elements) = value else { return Err(unresolved()) };
        elements
            .into_iter()
            .map(|element| match element {
                Value::String(text) => Ok(text),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(unresolved()),
            })
            .collect()
    }

    /// The text with its identifiers filled in: `${Name}`, and `&{Name}` without what names may not have.
    fn substituted(&mut self, text: &str, bindings: &Bindings) -> Result<String, TemplateError> {
        let mut written = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            let value = from.split_once('}').and_then(|(name, after)| {
                let value = bindings.get(name.strip_prefix('{')?)?;
                Some((value, after))
            });
            match (before.strip_suffix('$'), before.strip_suffix('&'), value) {
                (Some(before), _, Some((value, after))) => {
                    written.extend([before, value]);
                    rest = after;
                }
                (None, Some(before), Some((value, after))) => {
                    written.push_str(before);
                    written.extend(value.chars().filter(|character| character.is_alphanumeric()));
                    rest = after;
                }
                _ => {
                    written.extend([before, "{"]);
                    rest = from.strip_prefix('{').unwrap_or_default();
                }
            }
            if written.len() > WRITTEN_BYTES_MAX {
                break;
            }
        }
        written.push_str(rest);
        self.charge(written.len())?;
        Ok(written)
    }

    fn charge(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        if self.written_bytes > WRITTEN_BYTES_MAX {
            return Err(TemplateError::new(format!("Template may not exceed {TEMPLATE_BYTES_MAX} bytes in size.")));
        }
        Ok(())
    }
}

fn put(members: &mut Members, key: String, node: Node) -> Result<(), TemplateError> {
    if members.contains_key(&key) {
        return Err(failed(node.line, &format!("Fn::ForEach produces {key} more than once")));
    }
    members.insert(key, node);
    Ok(())
}

/// Loops are told apart by their names, which no resource may have.
fn check_loop_names<'a>(
    node: &'a Node,
    resources: Option<&Members>,
    seen: &mut HashSet<&'a str>,
) -> Result<(), TemplateError> {
    match &node.value {
        NodeValue::List(elements) => {
            for element in elements {
                check_loop_names(element, resources, seen)?;
            }
        }
        NodeValue::Map(members) => {
            for (key, member) in members {
                if let Some(name) = key.strip_prefix(FOR_EACH) {
                    let is_taken = resources.is_some_and(|resources| resources.contains_key(name));
                    if is_taken || !seen.insert(name) {
                        return Err(failed(member.line, &format!("The loop name {name} is not unique")));
                    }
                }
                check_loop_names(member, resources, seen)?;
            }
        }
        _ => {}
    }
    Ok(())
}
