//! Values for parameters: whose counts, and whether the template allows it.

use indexmap::IndexMap;
use serde_json::Value;

use super::kind::Shape;
use super::{BindError, Parameter, ParameterDeclaration, ParameterInputs, Parameters, Supplied};
use crate::TemplateError;
use crate::limits::PARAMETER_VALUE_BYTES_MAX;

/// Gives each declared parameter its value.
pub(crate) fn bind(
    declarations: &IndexMap<String, ParameterDeclaration>,
    inputs: &ParameterInputs,
) -> Result<Parameters, BindError> {
    let listed = |names: Vec<&str>| names.join(", ");
    let unknown: Vec<&str> =
        inputs.supplied.keys().map(String::as_str).filter(|name| !declarations.contains_key(*name)).collect();
    if !unknown.is_empty() {
        return Err(
            TemplateError::new(format!("Parameters: [{}] do not exist in the template", listed(unknown))).into()
        );
    }
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for (name, declaration) in declarations {
        let value = match inputs.supplied.get(name) {
            Some(Supplied::Value(value)) => Some(value),
            Some(Supplied::Previous) => Some(inputs.previous.get(name).ok_or_else(|| {
                TemplateError::new(format!(
                    "Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key \
                     not in the previous template"
                ))
            })?),
            None => declaration.default.as_ref(),
        };
        match value {
            Some(value) => values.push((declaration, value)),
            None => missing.push(name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(TemplateError::new(format!("Parameters: [{}] must have values", listed(missing))).into());
    }
    // What can be refused is refused before anything is asked for.
    for (declaration, value) in values.iter().filter(|(declaration, _)| !declaration.kind.from_ssm) {
        check_value(declaration, value)?;
    }
    let asked: Vec<(String, String)> = values
        .iter()
        .filter(|(declaration, value)| declaration.kind.from_ssm && !inputs.ssm.contains_key(*value))
        .map(|(declaration, value)| (declaration.name.clone(), (*value).clone()))
        .collect();
    if !asked.is_empty() {
        return Err(BindError::Ssm(asked));
    }
    let mut all = IndexMap::new();
    for (declaration, value) in values {
        let resolved = declaration.kind.from_ssm.then(|| inputs.ssm.get(value).cloned()).flatten();
        let counts = resolved.as_ref().unwrap_or(value);
        if resolved.is_some() {
            check_value(declaration, counts)?;
        }
        all.insert(
            declaration.name.clone(),
            Parameter {
                reference: if declaration.kind.is_list() { elements(counts).into() } else { counts.as_str().into() },
                value: value.clone(),
                resolved,
                no_echo: declaration.no_echo,
                kind: declaration.kind.clone(),
            },
        );
    }
    Ok(Parameters { all })
}

/// The elements of a list as parameters have it: between commas, without the spaces around.
fn elements(text: &str) -> Vec<Value> {
    text.split(',').map(|element| element.trim().into()).collect()
}

/// Whether the template allows the value.
pub(super) fn check_value(declaration: &ParameterDeclaration, value: &str) -> Result<(), TemplateError> {
    let name = &declaration.name;
    if value.len() > PARAMETER_VALUE_BYTES_MAX {
        return Err(TemplateError::at(
            declaration.line,
            format!(
                "Parameter '{name}' exceeds the maximum parameter value length of {PARAMETER_VALUE_BYTES_MAX} bytes."
            ),
        ));
    }
    let is_list = declaration.kind.is_list();
    let each = if is_list { value.split(',').map(str::trim).collect() } else { vec![value] };
    for element in each {
        if let Some(reason) = violated(declaration, element) {
            let message = match &declaration.constraint_description {
                Some(description) => format!("Parameter {name} failed to satisfy constraint: {description}"),
                None => format!("Parameter '{name}' {reason}"),
            };
            return Err(TemplateError::at(declaration.line, message));
        }
    }
    Ok(())
}

/// What a value, or an element of a list, breaks.
fn violated(declaration: &ParameterDeclaration, value: &str) -> Option<String> {
    if !declaration.allowed_values.is_empty() && !declaration.allowed_values.iter().any(|allowed| allowed == value) {
        return Some("must be one of AllowedValues".to_owned());
    }
    if matches!(declaration.kind.shape, Shape::Number | Shape::NumberList) {
        let Some(number) = value.trim().parse::<f64>().ok().filter(|number| number.is_finite()) else {
            return Some("must be a number".to_owned());
        };
        let (least, most) = declaration.values;
        return match (least.filter(|least| number < *least), most.filter(|most| number > *most)) {
            (Some(least), _) => Some(format!("must be a number not less than {least}")),
            (None, Some(most)) => Some(format!("must be a number not greater than {most}")),
            (None, None) => None,
        };
    }
    let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
    let (least, most) = declaration.lengths;
    if let Some(least) = least.filter(|least| length < *least) {
        return Some(format!("must contain at least {least} characters"));
    }
    if let Some(most) = most.filter(|most| length > *most) {
        return Some(format!("must contain at most {most} characters"));
    }
    let pattern = declaration.pattern.as_ref().filter(|pattern| !pattern.is_match(value))?;
    let written = declaration.allowed_pattern.as_deref().unwrap_or(pattern.as_str());
    Some(format!("must match pattern {written}"))
}
