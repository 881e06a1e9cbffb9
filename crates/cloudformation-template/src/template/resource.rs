//! A resource as a template defines it.

use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};
use crate::expression::{Expression, Kind, Parser};

/// A resource of the template.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// `Type`.
    pub resource_type: String,
    /// `Properties`; an empty map where there are none.
    pub properties: Expression,
    /// `DependsOn`.
    pub depends_on: Vec<String>,
    /// `Condition`.
    pub condition: Option<String>,
    /// `DeletionPolicy`; nothing where the template does not say.
    pub deletion_policy: Option<DeletionPolicy>,
    /// `UpdateReplacePolicy`; nothing where the template does not say.
    pub update_replace_policy: Option<DeletionPolicy>,
    /// `Metadata`.
    pub metadata: Option<Expression>,
    /// `CreationPolicy`.
    pub creation_policy: Option<Expression>,
    /// `UpdatePolicy`.
    pub update_policy: Option<Expression>,
    /// Where it is defined, counted from 1.
    pub line: usize,
}

/// What becomes of a resource that a stack no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It is left as it is.
    Retain,
    /// It is left as it is, unless the operation that created it is rolled back.
    RetainExceptOnCreate,
    /// A snapshot is left.
    Snapshot,
}

const MEMBERS: [&str; 11] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
];

impl Resource {
    pub(crate) fn parse(logical_id: &str, node: &Node, parser: &mut Parser<'_>) -> Result<Self, TemplateError> {
        let error = |message: String| TemplateError::at(node.line, message);
        let members = node.as_map().filter(|_| !logical_id.starts_with("Fn::ForEach")).ok_or_else(|| {
            error(format!("Template format error: [/Resources/{logical_id}] resource definition is malformed"))
        })?;
        if let Some(unknown) = members.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
            return Err(error(format!("Invalid template resource property '{unknown}'")));
        }
        let resource_type = members.get("Type").and_then(Node::as_text).ok_or_else(|| {
            error(format!(
                "Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type member."
            ))
        })?;
        let mut map = |member: &str| match members.get(member) {
            None => Ok(None),
            Some(node) if node.as_map().is_some() => parser.expression(node).map(Some),
            Some(node) => Err(TemplateError::at(
                node.line,
                format!("Template format error: [/Resources/{logical_id}/{member}] {member} must be an object"),
            )),
        };
        Ok(Self {
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            properties: map("Properties")?.unwrap_or_else(|| Expression::new(Kind::Map(Vec::new()), node.line)),
            metadata: map("Metadata")?,
            creation_policy: map("CreationPolicy")?,
            update_policy: map("UpdatePolicy")?,
            depends_on: depends_on(members.get("DependsOn"), parser)?,
            condition: condition(members, "Resources", parser)?,
            deletion_policy: policy(members, "DeletionPolicy", logical_id)?,
            update_replace_policy: policy(members, "UpdateReplacePolicy", logical_id)?,
            line: node.line,
        })
    }

    /// The expressions of the resource.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        [Some(&self.properties), self.metadata.as_ref(), self.creation_policy.as_ref(), self.update_policy.as_ref()]
            .into_iter()
            .flatten()
    }
}

/// The `Condition` of a resource or an output.
pub(super) fn condition(members: &Members, place: &str, parser: &Parser<'_>) -> Result<Option<String>, TemplateError> {
    let Some(node) = members.get("Condition") else { return Ok(None) };
    let error = |message: String| TemplateError::at(node.line, format!("Template format error: {message}"));
    let name = node.as_text().ok_or_else(|| error("Every Condition member must be a string.".to_owned()))?;
    if !parser.names.conditions.contains(name) {
        return Err(error(format!("Unresolved condition dependency {name} in the {place} block of the template")));
    }
    Ok(Some(name.to_owned()))
}

fn depends_on(node: Option<&Node>, parser: &mut Parser<'_>) -> Result<Vec<String>, TemplateError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let names = match &node.value {
        NodeValue::Text(name) => vec![name.clone()],
        NodeValue::List(names) => names
            .iter()
            .map(|name| {
                name.as_text().map(str::to_owned).ok_or_else(|| {
                    TemplateError::at(name.line, "Template format error: Every DependsOn value must be a string.")
                })
            })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(TemplateError::at(
                node.line,
                "Template format error: DependsOn must be a string or list of strings.",
            ));
        }
    };
    for name in names.iter().filter(|name| !parser.names.resources.contains(*name)) {
        parser.unresolved(name);
    }
    Ok(names)
}

fn policy(members: &Members, member: &str, logical_id: &str) -> Result<Option<DeletionPolicy>, TemplateError> {
    let Some(node) = members.get(member) else { return Ok(None) };
    match node.as_text() {
        Some("Delete") => Ok(Some(DeletionPolicy::Delete)),
        Some("Retain") => Ok(Some(DeletionPolicy::Retain)),
        Some("RetainExceptOnCreate") if member == "DeletionPolicy" => Ok(Some(DeletionPolicy::RetainExceptOnCreate)),
        Some("Snapshot") => Ok(Some(DeletionPolicy::Snapshot)),
        Some(other) => Err(TemplateError::at(
            node.line,
            format!("Template format error: Unrecognized {member} {other} for resource {logical_id}"),
        )),
        None => {
            Err(TemplateError::at(node.line, format!("Template format error: Every {member} member must be a string.")))
        }
    }
}
