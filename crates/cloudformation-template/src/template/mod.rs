//! A template: what it declares, and, where no transform has to come first, what it consists of.

mod body;
mod nulls;
mod output;
mod resource;
mod summary;

use indexmap::IndexMap;

use crate::document::{self, Members, Node, NodeValue};
use crate::limits::{DESCRIPTION_BYTES_MAX, NAME_CHARACTERS_MAX, PARAMETERS_MAX, TEMPLATE_BYTES_MAX};
use crate::parameters::{self, BindError, ParameterDeclaration, ParameterInputs, Parameters};
use crate::pseudo::PseudoParameters;
use crate::transform::{self, Surroundings};
use crate::{Instance, TemplateError};

pub(crate) use body::Body;
pub use output::{Export, Output};
pub(crate) use output::{is_export_name, malformed_export};
pub use resource::{DeletionPolicy, Resource};
pub use summary::Summary;

/// A template as it was given, free of errors that can be seen without its parameters.
#[derive(Clone, Debug)]
pub struct Template {
    pub(crate) root: Members,
    description: Option<String>,
    parameters: IndexMap<String, ParameterDeclaration>,
    transforms: Vec<String>,
    /// Nothing while transforms still have to be applied.
    body: Option<Body>,
}

const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

impl Template {
    /// Reads a template in JSON or YAML.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::new(format!("Template may not exceed {TEMPLATE_BYTES_MAX} bytes in size.")));
        }
        let NodeValue::Map(root) = document::read(text)?.value else {
            return Err(TemplateError::new("Template format error: unsupported structure."));
        };
        let transforms = transforms(root.get("Transform"))?;
        let is_known = |section: &str| {
            SECTIONS.contains(&section) || (section == "Globals" && transform::has_globals(&transforms))
        };
        let unknown: Vec<&str> = root.keys().map(String::as_str).filter(|section| !is_known(section)).collect();
        if !unknown.is_empty() {
            return Err(TemplateError {
                message: format!("Invalid template property or properties [{}]", unknown.join(", ")),
                line: unknown.first().and_then(|section| root.get(*section)).map(|node| node.line),
            });
        }
        check_version(root.get("AWSTemplateFormatVersion"))?;
        let description = description(root.get("Description"))?;
        section(&root, "Metadata")?;
        nulls::refuse_in(&root, "Parameters")?;
        let parameters = declarations(&root)?;
        let no_resources =
            || TemplateError::new("Template format error: At least one Resources member must be defined.");
        section(&root, "Resources")?.filter(|resources| !resources.is_empty()).ok_or_else(no_resources)?;
        let body = transforms.is_empty().then(|| Body::parse(&root, &parameters, false)).transpose()?;
        Ok(Self { root, description, parameters, transforms, body })
    }

    /// Gives parameters their values, or says what has to be looked up first.
    pub fn bind(&self, inputs: &ParameterInputs) -> Result<Parameters, BindError> {
        parameters::bind(&self.parameters, inputs)
    }

    /// Applies transforms, checks rules and decides conditions.
    pub fn instantiate(&self, parameters: Parameters, pseudo: PseudoParameters) -> Result<Instance, TemplateError> {
        let body = if let Some(body) = &self.body {
            body.clone()
        } else {
            let surroundings =
                Surroundings { declarations: &self.parameters, parameters: &parameters, pseudo: &pseudo };
            let root = transform::apply(&self.root, &self.transforms, surroundings)?;
            Body::parse(&root, &self.parameters, transform::extends_language(&self.transforms))?
        };
        Instance::new(body, parameters, pseudo)
    }

    /// What the template says of itself.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The parameters it declares, in its order.
    pub fn parameters(&self) -> impl Iterator<Item = &ParameterDeclaration> {
        self.parameters.values()
    }

    /// Names of the transforms it asks for, in the order they apply.
    pub fn transforms(&self) -> &[String] {
        &self.transforms
    }

    /// The line, counted from 1, where a resource is defined.
    pub fn line_of(&self, logical_id: &str) -> Option<usize> {
        Some(self.root.get("Resources")?.as_map()?.get(logical_id)?.line)
    }
}

/// A section, which must be a map.
pub(crate) fn section<'a>(root: &'a Members, name: &str) -> Result<Option<&'a Members>, TemplateError> {
    let Some(node) = root.get(name) else { return Ok(None) };
    node.as_map()
        .map(Some)
        .ok_or_else(|| TemplateError::at(node.line, format!("Template format error: [/{name}] {name} must be a map")))
}

/// Names of resources, parameters and outputs are letters and digits.
pub(crate) fn is_alphanumeric(name: &str) -> bool {
    !name.is_empty() && name.chars().all(char::is_alphanumeric)
}

/// Bounds how many members a section has and how long their names are.
pub(crate) fn check_names(members: &Members, what: &str, most: usize) -> Result<(), TemplateError> {
    if members.len() > most {
        return Err(TemplateError::new(format!(
            "Template format error: Number of {what}, {}, is greater than maximum allowed, {most}",
            members.len()
        )));
    }
    match members.iter().find(|(name, _)| name.chars().count() > NAME_CHARACTERS_MAX) {
        Some((name, node)) => Err(TemplateError::at(
            node.line,
            format!(
                "Template format error: Name '{name}' of {what} exceeds the maximum length of {NAME_CHARACTERS_MAX} \
                 characters"
            ),
        )),
        None => Ok(()),
    }
}

fn check_version(node: Option<&Node>) -> Result<(), TemplateError> {
    match node {
        Some(node) if node.as_text() != Some("2010-09-09") => {
            Err(TemplateError::at(node.line, "Template format error: unsupported value for AWSTemplateFormatVersion."))
        }
        _ => Ok(()),
    }
}

fn description(node: Option<&Node>) -> Result<Option<String>, TemplateError> {
    let Some(node) = node else { return Ok(None) };
    let text = node
        .scalar_text()
        .ok_or_else(|| TemplateError::at(node.line, "Template format error: Description must be a string"))?;
    if text.len() > DESCRIPTION_BYTES_MAX {
        return Err(TemplateError::at(
            node.line,
            format!("Template format error: Description must be no longer than {DESCRIPTION_BYTES_MAX} bytes"),
        ));
    }
    Ok(Some(text))
}

fn transforms(node: Option<&Node>) -> Result<Vec<String>, TemplateError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let malformed =
        || TemplateError::at(node.line, "Template format error: Transform must be a string or a list of strings.");
    match &node.value {
        NodeValue::Text(name) => Ok(vec![name.clone()]),
        NodeValue::List(names) => {
            names.iter().map(|name| name.as_text().map(str::to_owned).ok_or_else(malformed)).collect()
        }
        _ => Err(malformed()),
    }
}

fn declarations(root: &Members) -> Result<IndexMap<String, ParameterDeclaration>, TemplateError> {
    let Some(members) = section(root, "Parameters")? else { return Ok(IndexMap::new()) };
    check_names(members, "parameters", PARAMETERS_MAX)?;
    let mut parameters = IndexMap::new();
    for (name, node) in members {
        if !is_alphanumeric(name) {
            return Err(TemplateError::at(
                node.line,
                format!("Template format error: Parameter name {name} is non alphanumeric."),
            ));
        }
        parameters.insert(name.clone(), ParameterDeclaration::parse(name, node)?);
    }
    Ok(parameters)
}
