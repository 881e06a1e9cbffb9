//! The sections that make a stack: mappings, conditions, rules, resources and outputs, with everything they name.

use std::collections::{BTreeMap, HashSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::{Output, Resource, check_names, is_alphanumeric, nulls, section};
use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};
use crate::expression::{Names, Parser, Place};
use crate::graph::Graph;
use crate::limits::{MAPPING_ATTRIBUTES_MAX, MAPPINGS_MAX, OUTPUTS_MAX, RESOURCES_MAX};
use crate::parameters::{ParameterDeclaration, Parameters};
use crate::predicate::{Dialect, Predicate};
use crate::pseudo::PseudoParameters;
use crate::resolve::{Evaluation, Known};
use crate::rules::Rule;

/// Values by key and attribute.
pub(crate) type Mapping = IndexMap<String, IndexMap<String, Value>>;

/// The sections, free of errors that can be seen without parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) mappings: IndexMap<String, Mapping>,
    pub(crate) conditions: IndexMap<String, Predicate>,
    pub(crate) rules: IndexMap<String, Rule>,
    pub(crate) resources: IndexMap<String, Resource>,
    pub(crate) outputs: IndexMap<String, Output>,
    /// The document all this was read from.
    pub(crate) root: Members,
}

impl Body {
    /// Reads the sections; `extended` is whether `AWS::LanguageExtensions` has been applied.
    pub(crate) fn parse(
        root: &Members,
        parameters: &IndexMap<String, ParameterDeclaration>,
        extended: bool,
    ) -> Result<Self, TemplateError> {
        nulls::refuse(root)?;
        let empty = Members::new();
        let member = |name: &str| Ok::<_, TemplateError>(section(root, name)?.unwrap_or(&empty));
        let (resources, outputs) = (member("Resources")?, member("Outputs")?);
        let (conditions, mappings, rules) = (member("Conditions")?, member("Mappings")?, member("Rules")?);
        check_names(resources, "resources", RESOURCES_MAX)?;
        check_names(outputs, "outputs", OUTPUTS_MAX)?;
        check_names(mappings, "mappings", MAPPINGS_MAX)?;
        check_common_names(resources, parameters)?;
        let owned = |members: &Members| members.keys().cloned().collect::<HashSet<_>>();
        let names = Names {
            parameters: parameters.keys().cloned().collect(),
            resources: owned(resources),
            conditions: owned(conditions),
            mappings: owned(mappings),
            extended,
        };
        let body = Self {
            mappings: parse_mappings(mappings)?,
            conditions: parse_conditions(conditions, &names)?,
            rules: parse_each(rules, &names, Place::Rules, Rule::parse)?,
            resources: parse_each(resources, &names, Place::Resources, |name, node, parser| {
                let resource = Resource::parse(name, node, parser)?;
                check_alphanumeric(name, "Resource name", node)?;
                Ok(resource)
            })?,
            outputs: parse_each(outputs, &names, Place::Outputs, |name, node, parser| {
                if !is_alphanumeric(name) {
                    return Err(TemplateError::at(
                        node.line,
                        format!("Template format error: Outputs name '{name}' is non alphanumeric."),
                    ));
                }
                Output::parse(name, node, parser)
            })?,
            root: root.clone(),
        };
        // What `Fn::If` chooses is not known yet: a circle that does without is one whatever it chooses.
        Graph::certain(&body.resources)?;
        Ok(body)
    }

    /// Only the mappings: what transforms may look up.
    pub(crate) fn only_mappings(root: &Members) -> Result<Self, TemplateError> {
        let mappings = section(root, "Mappings")?.map(parse_mappings).transpose()?.unwrap_or_default();
        Ok(Self { mappings, ..Self::default() })
    }

    /// Only the mappings and the conditions.
    pub(crate) fn only_conditions(
        root: &Members,
        parameters: &IndexMap<String, ParameterDeclaration>,
    ) -> Result<Self, TemplateError> {
        let body = Self::only_mappings(root)?;
        let Some(members) = section(root, "Conditions")? else { return Ok(body) };
        let names = Names {
            parameters: parameters.keys().cloned().collect(),
            conditions: members.keys().cloned().collect(),
            mappings: body.mappings.keys().cloned().collect(),
            extended: true,
            ..Names::default()
        };
        Ok(Self { conditions: parse_conditions(members, &names)?, ..body })
    }

    /// What each condition comes to, each decided after those it is made of.
    pub(crate) fn decide(
        &self,
        parameters: &Parameters,
        pseudo: &PseudoParameters,
    ) -> Result<BTreeMap<String, bool>, TemplateError> {
        let mut decided = BTreeMap::new();
        let known = Known::default();
        let mut open: Vec<(&String, &Predicate)> = self.conditions.iter().rev().collect();
        // There is no circle among conditions: what is put back comes again after what it waits for.
        while let Some((name, condition)) = open.pop() {
            if decided.contains_key(name) {
                continue;
            }
            let waits_for: Vec<_> = condition
                .conditions()
                .into_iter()
                .filter(|name| !decided.contains_key(*name))
                .filter_map(|name| self.conditions.get_key_value(name))
                .collect();
            if waits_for.is_empty() {
                let holds = Evaluation::new(self, parameters, pseudo, &decided, &known).holds(condition)?;
                decided.insert(name.clone(), holds);
            } else {
                open.push((name, condition));
                open.extend(waits_for);
            }
        }
        Ok(decided)
    }
}

fn check_alphanumeric(name: &str, what: &str, node: &Node) -> Result<(), TemplateError> {
    if is_alphanumeric(name) {
        return Ok(());
    }
    Err(TemplateError::at(node.line, format!("Template format error: {what} {name} is non alphanumeric.")))
}

fn check_common_names(
    resources: &Members,
    parameters: &IndexMap<String, ParameterDeclaration>,
) -> Result<(), TemplateError> {
    let common: Vec<&str> =
        resources.keys().map(String::as_str).filter(|name| parameters.contains_key(*name)).collect();
    if common.is_empty() {
        return Ok(());
    }
    Err(TemplateError::new(format!(
        "Template error: all resources and parameters must have unique names. Common name(s):[{}]",
        common.join(", ")
    )))
}

/// Reads each member of a section, then refuses what the section names that is not there.
fn parse_each<T>(
    members: &Members,
    names: &Names,
    place: Place,
    mut parse: impl FnMut(&str, &Node, &mut Parser<'_>) -> Result<T, TemplateError>,
) -> Result<IndexMap<String, T>, TemplateError> {
    let mut parser = Parser::new(names, place);
    let parsed = members
        .iter()
        .map(|(name, node)| Ok((name.clone(), parse(name, node, &mut parser)?)))
        .collect::<Result<_, TemplateError>>()?;
    parser.finish()?;
    Ok(parsed)
}

fn parse_conditions(members: &Members, names: &Names) -> Result<IndexMap<String, Predicate>, TemplateError> {
    let conditions = parse_each(members, names, Place::Conditions, |_, node, parser| {
        Predicate::parse(node, Dialect::Condition, parser)
    })?;
    let edges: BTreeMap<&str, Vec<&str>> =
        conditions.iter().map(|(name, condition)| (name.as_str(), condition.conditions())).collect();
    let circle = crate::graph::circle(&edges);
    if circle.is_empty() {
        return Ok(conditions);
    }
    Err(TemplateError {
        message: format!("Template error: Found circular condition dependency: [{}]", circle.join(", ")),
        line: circle.first().and_then(|name| members.get(*name)).map(|node| node.line),
    })
}

fn parse_mappings(members: &Members) -> Result<IndexMap<String, Mapping>, TemplateError> {
    let must_be_map = |node: &Node, name: &str| {
        TemplateError::at(node.line, format!("Template format error: Every Mappings member {name} must be a map"))
    };
    let mut mappings = IndexMap::new();
    for (name, node) in members {
        if !is_alphanumeric(name) {
            return Err(TemplateError::at(
                node.line,
                format!("Template format error: Mappings name '{name}' is non alphanumeric."),
            ));
        }
        let mut mapping = Mapping::new();
        for (key, node) in node.as_map().ok_or_else(|| must_be_map(node, name))? {
            let attributes = node.as_map().ok_or_else(|| must_be_map(node, key))?;
            if attributes.len() > MAPPING_ATTRIBUTES_MAX {
                return Err(TemplateError::at(
                    node.line,
                    format!(
                        "Template format error: Number of mapping attributes, {}, is greater than maximum allowed, \
                         {MAPPING_ATTRIBUTES_MAX}",
                        attributes.len()
                    ),
                ));
            }
            let attributes = attributes
                .iter()
                .map(|(attribute, node)| Ok((attribute.clone(), mapped(attribute, node)?)))
                .collect::<Result<_, TemplateError>>()?;
            mapping.insert(key.clone(), attributes);
        }
        mappings.insert(name.clone(), mapping);
    }
    Ok(mappings)
}

/// A value of a mapping: a scalar, or a list of scalars.
fn mapped(attribute: &str, node: &Node) -> Result<Value, TemplateError> {
    let named = !attribute.is_empty()
        && attribute.chars().all(|character| character.is_ascii_alphanumeric() || "-.".contains(character));
    if !named {
        return Err(TemplateError::at(
            node.line,
            format!(
                "Template format error: Mappings element name '{attribute}' must be non-empty and can contain only \
                 alphanumerics, '-' or '.'"
            ),
        ));
    }
    let is_scalar = |node: &Node| !matches!(node.value, NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_));
    let allowed = match &node.value {
        NodeValue::List(elements) => elements.iter().all(is_scalar),
        _ => is_scalar(node),
    };
    if allowed {
        return Ok(node.to_json());
    }
    Err(TemplateError::at(node.line, "Template format error: Every Mappings attribute must be a String or a List."))
}
