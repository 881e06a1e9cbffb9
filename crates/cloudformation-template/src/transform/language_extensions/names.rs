//! Functions where otherwise only names may stand: what `Ref` and `Fn::GetAtt` name, conditions and policies of resources.

use std::collections::BTreeMap;

use super::failed;
use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};
use crate::expression::{Names, Parser, Place};
use crate::resolve::{Evaluation, Known};
use crate::template::Body;
use crate::transform::Surroundings;

/// Evaluates them all.
pub(super) fn write_in(mut root: Members, surroundings: Surroundings<'_>) -> Result<Members, TemplateError> {
    // Conditions first: policies may depend on what they come to.
    let mut names = NameWriter {
        body: Body::only_mappings(&root)?,
        conditions: BTreeMap::new(),
        names: Names {
            parameters: surroundings.declarations.keys().cloned().collect(),
            extended: true,
            ..Names::default()
        },
        surroundings,
    };
    names.names.mappings = names.body.mappings.keys().cloned().collect();
    if let Some(conditions) = root.get_mut("Conditions") {
        names.references(conditions)?;
    }
    names.body = Body::only_conditions(&root, surroundings.declarations)?;
    names.names.conditions = names.body.conditions.keys().cloned().collect();
    names.conditions = names.body.decide(surroundings.parameters, surroundings.pseudo)?;
    for section in ["Resources", "Outputs"] {
        let Some(node) = root.get_mut(section) else { continue };
        names.references(node)?;
        let NodeValue::Map(members) = &mut node.value else { continue };
        for definition in members.values_mut() {
            let NodeValue::Map(members) = &mut definition.value else { continue };
            for member in ["Condition", "DeletionPolicy", "UpdateReplacePolicy"] {
                if let Some(node) = members.get_mut(member) {
                    names.name(node)?;
                }
            }
            if let Some(NodeValue::List(elements)) = members.get_mut("DependsOn").map(|node| &mut node.value) {
                for element in elements {
                    names.name(element)?;
                }
            }
        }
    }
    Ok(root)
}

struct NameWriter<'a> {
    body: Body,
    conditions: BTreeMap<String, bool>,
    names: Names,
    surroundings: Surroundings<'a>,
}

impl NameWriter<'_> {
    /// Evaluates what `Ref` and `Fn::GetAtt` name, wherever they stand.
    fn references(&self, node: &mut Node) -> Result<(), TemplateError> {
        match &mut node.value {
            NodeValue::List(elements) => elements.iter_mut().try_for_each(|element| self.references(element)),
            NodeValue::Map(members) => {
                let is_function = members.len() == 1;
                for (name, member) in members {
                    self.references(member)?;
                    if is_function && name == "Ref" {
                        self.name(member)?;
                    }
                    if is_function
                        && name == "Fn::GetAtt"
                        && let NodeValue::List(arguments) = &mut member.value
                        && let Some(resource) = arguments.first_mut()
                    {
                        self.name(resource)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Evaluates a function that gives a name.
    fn name(&self, node: &mut Node) -> Result<(), TemplateError> {
        if node.as_map().is_none() {
            return Ok(());
        }
        let mut parser = Parser::new(&self.names, Place::Conditions);
        let expression = parser.expression(node)?;
        parser.finish()?;
        let Surroundings { parameters, pseudo, .. } = self.surroundings;
        let known = Known::default();
        let value = Evaluation::new(&self.body, parameters, pseudo, &self.conditions, &known).value(&expression)?;
        let name = value.as_str().ok_or_else(|| failed(node.line, "a name must resolve to a string"))?;
        *node = Node::text(name, node.line);
        Ok(())
    }
}
