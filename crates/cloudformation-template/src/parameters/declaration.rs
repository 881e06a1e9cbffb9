//! A parameter as a template declares it.

use regex::{Regex, RegexBuilder};

use super::ParameterType;
use super::bind::check_value;
use super::kind::Shape;
use crate::TemplateError;
use crate::document::{Node, NodeValue};

/// What a template says about a parameter.
#[derive(Clone, Debug)]
pub struct ParameterDeclaration {
    /// Its name.
    pub name: String,
    /// `Type`.
    pub kind: ParameterType,
    /// `Description`.
    pub description: Option<String>,
    /// `Default`.
    pub default: Option<String>,
    /// `NoEcho`.
    pub no_echo: bool,
    /// `AllowedValues`.
    pub allowed_values: Vec<String>,
    /// `AllowedPattern`, as it was written.
    pub allowed_pattern: Option<String>,
    /// `ConstraintDescription`.
    pub constraint_description: Option<String>,
    pub(super) pattern: Option<Regex>,
    pub(super) lengths: (Option<u64>, Option<u64>),
    pub(super) values: (Option<f64>, Option<f64>),
    pub(super) line: usize,
}

const MEMBERS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];
/// Bytes of a compiled `AllowedPattern`.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl ParameterDeclaration {
    pub(crate) fn parse(name: &str, node: &Node) -> Result<Self, TemplateError> {
        let error = |message: String| TemplateError::at(node.line, message);
        let members = node
            .as_map()
            .ok_or_else(|| error("Template format error: Any Parameters member must be a JSON object.".to_owned()))?;
        if let Some(unknown) = members.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
            return Err(error(format!("Invalid template parameter property '{unknown}'")));
        }
        let text = |member: &str| match members.get(member) {
            None => Ok(None),
            Some(node) => node.scalar_text().map(Some).ok_or_else(|| {
                TemplateError::at(
                    node.line,
                    format!("Template format error: Every {member} member must be a string. (Parameter '{name}')"),
                )
            }),
        };
        let kind = text("Type")?.ok_or_else(|| {
            error("Template format error: Every Parameters object must contain a Type member.".to_owned())
        })?;
        let kind = ParameterType::named(&kind)
            .ok_or_else(|| error(format!("Template format error: Unrecognized parameter type: {kind}")))?;
        let number = |member: &str| {
            let Some(written) = text(member)? else { return Ok(None) };
            written
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Some)
                .ok_or_else(|| error(format!("Template error: Parameter '{name}' {member} must be a number")))
        };
        let length = |member: &str| {
            let Some(written) = text(member)? else { return Ok(None) };
            written
                .trim()
                .parse::<u64>()
                .map(Some)
                .map_err(|_| error(format!("Template error: Parameter '{name}' {member} must be a number")))
        };
        let allowed_pattern = text("AllowedPattern")?;
        let pattern = allowed_pattern
            .as_deref()
            .map(compile)
            .transpose()
            .map_err(|_| error(format!("Parameter '{name}' AllowedPattern must be a valid regular expression.")))?;
        let declaration = Self {
            name: name.to_owned(),
            description: text("Description")?,
            default: text("Default")?,
            no_echo: text("NoEcho")?.is_some_and(|value| value.eq_ignore_ascii_case("true")),
            allowed_values: allowed_values(members.get("AllowedValues"))?,
            allowed_pattern,
            constraint_description: text("ConstraintDescription")?,
            pattern,
            lengths: (length("MinLength")?, length("MaxLength")?),
            values: (number("MinValue")?, number("MaxValue")?),
            line: node.line,
            kind,
        };
        declaration.check()?;
        Ok(declaration)
    }

    /// Constraints fit the type and one another, and the default fits them.
    fn check(&self) -> Result<(), TemplateError> {
        let name = &self.name;
        let error = |message: String| TemplateError::at(self.line, message);
        let is_number = matches!(self.kind.shape, Shape::Number | Shape::NumberList);
        let misplaced = [
            ("MinValue", self.values.0.is_some() && !is_number, "Number"),
            ("MaxValue", self.values.1.is_some() && !is_number, "Number"),
            ("MinLength", self.lengths.0.is_some() && is_number, "String"),
            ("MaxLength", self.lengths.1.is_some() && is_number, "String"),
            ("AllowedPattern", self.pattern.is_some() && is_number, "String"),
        ];
        if let Some((member, _, kind)) = misplaced.into_iter().find(|(_, misplaced, _)| *misplaced) {
            return Err(error(format!(
                "Template error: Parameter '{name}' {member} must be on a parameter of type {kind}"
            )));
        }
        if matches!(self.lengths, (Some(least), Some(most)) if least > most) {
            return Err(error(format!("Template error: Parameter '{name}' MinLength must be less than MaxLength.")));
        }
        if matches!(self.values, (Some(least), Some(most)) if least > most) {
            return Err(error(format!("Template error: Parameter '{name}' MinValue must be less than MaxValue.")));
        }
        match &self.default {
            // The default of an SSM-typed parameter is a name; what it leads to is checked when it is known.
            Some(default) if !self.kind.from_ssm => {
                check_value(self, default).map_err(|refused| error(format!("Template error: {}", refused.message)))
            }
            _ => Ok(()),
        }
    }
}

fn allowed_values(node: Option<&Node>) -> Result<Vec<String>, TemplateError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let malformed =
        || TemplateError::at(node.line, "Template format error: Every AllowedValues value must be a string.");
    let NodeValue::List(elements) = &node.value else { return Err(malformed()) };
    elements.iter().map(|element| element.scalar_text().ok_or_else(malformed)).collect()
}

/// A pattern must match the whole value, as AWS has it. Look-around and back-references do not exist here.
fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES_MAX).build()
}
