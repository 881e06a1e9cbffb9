//! What `GetTemplateSummary` and `ValidateTemplate` say of a template.

use indexmap::IndexSet;
use serde_json::Value;

use super::Template;
use crate::document::Node;
use crate::parameters::ParameterDeclaration;

/// What a template declares. Which capabilities it needs follows from the resource types, which are not known here.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// `AWSTemplateFormatVersion`.
    pub version: Option<&'a str>,
    /// `Description`.
    pub description: Option<&'a str>,
    /// The section `Metadata`.
    pub metadata: Option<Value>,
    /// `Parameters`.
    pub parameters: Vec<&'a ParameterDeclaration>,
    /// Types of the resources, each once, as the template writes them: before transforms.
    pub resource_types: IndexSet<String>,
    /// `DeclaredTransforms`.
    pub transforms: &'a [String],
}

impl Template {
    /// What the template declares.
    pub fn summary(&self) -> Summary<'_> {
        let resources = self.root.get("Resources").and_then(Node::as_map).into_iter().flatten();
        let kind = |node: &Node| Some(node.as_map()?.get("Type")?.as_text()?.to_owned());
        Summary {
            version: self.root.get("AWSTemplateFormatVersion").and_then(Node::as_text),
            description: self.description(),
            metadata: self.root.get("Metadata").map(Node::to_json),
            parameters: self.parameters.values().collect(),
            resource_types: resources.filter_map(|(_, node)| kind(node)).collect(),
            transforms: &self.transforms,
        }
    }
}
