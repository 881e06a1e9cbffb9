//! An output as a template defines it.

use super::resource::condition;
use crate::TemplateError;
use crate::document::Node;
use crate::expression::{Expression, Kind, Parser};

/// An output of the template.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// `Description`.
    pub description: Option<String>,
    /// `Value`.
    pub value: Expression,
    /// `Export`.
    pub export: Option<Export>,
    /// `Condition`.
    pub condition: Option<String>,
    /// Where it is defined, counted from 1.
    pub line: usize,
}

/// How other stacks get at an output.
#[derive(Clone, Debug)]
pub struct Export {
    /// `Name`.
    pub name: Expression,
}

impl Output {
    pub(crate) fn parse(name: &str, node: &Node, parser: &mut Parser<'_>) -> Result<Self, TemplateError> {
        let error = |message: String| TemplateError::at(node.line, format!("Template format error: {message}"));
        let members = node
            .as_map()
            .ok_or_else(|| error(format!("[/Outputs/{name}] Every Outputs member must be a JSON object.")))?;
        if let Some(unknown) =
            members.keys().find(|member| !["Condition", "Description", "Export", "Value"].contains(&member.as_str()))
        {
            return Err(TemplateError::at(node.line, format!("Invalid output property '{unknown}' in output {name}")));
        }
        let value =
            members.get("Value").ok_or_else(|| error("Every Outputs member must contain a Value object".to_owned()))?;
        let value = parser.expression(value)?;
        match &value.kind {
            Kind::Map(_) => {
                return Err(error(
                    "The Value field of every Outputs member must evaluate to a String and not a Map.".to_owned(),
                ));
            }
            Kind::List(_) => {
                return Err(error(
                    "The Value field of every Outputs member must evaluate to a String and not a List.".to_owned(),
                ));
            }
            _ => {}
        }
        let description = match members.get("Description") {
            None => None,
            Some(node) => Some(node.as_text().map(str::to_owned).ok_or_else(|| {
                TemplateError::at(
                    node.line,
                    format!("Template format error: [/Outputs/{name}/Description] Description must be a string"),
                )
            })?),
        };
        let export = members.get("Export").map(|node| export(name, node, parser)).transpose()?;
        let condition = condition(members, "Outputs", parser)?;
        Ok(Self { name: name.to_owned(), description, value, export, condition, line: node.line })
    }

    /// The expressions of the output.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        [Some(&self.value), self.export.as_ref().map(|export| &export.name)].into_iter().flatten()
    }
}

fn export(output: &str, node: &Node, parser: &mut Parser<'_>) -> Result<Export, TemplateError> {
    let malformed = || malformed_export(output, node.line);
    let members = node.as_map().filter(|members| members.len() == 1).ok_or_else(malformed)?;
    let name = parser.expression(members.get("Name").ok_or_else(malformed)?)?;
    match &name.kind {
        Kind::Literal(value) if !value.as_str().is_some_and(is_export_name) => Err(malformed()),
        Kind::List(_) | Kind::Map(_) => Err(malformed()),
        _ => Ok(Export { name }),
    }
}

/// The refusal of an export.
pub(crate) fn malformed_export(output: &str, line: usize) -> TemplateError {
    TemplateError::at(
        line,
        format!(
            "Template format error: Output {output} is malformed. The Name field of every Export member must be specified \
             and consist only of alphanumeric characters, colons, or hyphens."
        ),
    )
}

/// Whether an export may be called that.
pub(crate) fn is_export_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || ":-".contains(character))
}
