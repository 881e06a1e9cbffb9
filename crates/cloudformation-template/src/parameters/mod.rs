//! Parameters: what a template declares, and the values one stack gives them.

mod bind;
mod declaration;
mod kind;

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use crate::TemplateError;

pub use declaration::ParameterDeclaration;
pub use kind::ParameterType;

pub(crate) use bind::bind;

/// What a caller says about one parameter.
#[derive(Clone, PartialEq, Eq)]
pub enum Supplied {
    /// A value.
    Value(String),
    /// `UsePreviousValue`.
    Previous,
}

/// What values may come from.
#[derive(Clone, Default)]
pub struct ParameterInputs {
    /// The caller's, by parameter name.
    pub supplied: BTreeMap<String, Supplied>,
    /// The stack's so far, as they were supplied; nothing for a new stack.
    pub previous: BTreeMap<String, String>,
    /// Values of the SSM parameters that [`BindError::Ssm`] asked for, by their names.
    pub ssm: BTreeMap<String, String>,
}

/// Why parameters are not bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindError {
    /// These SSM parameters decide: look them up and bind again. Each is the template's parameter and the name in SSM.
    Ssm(Vec<(String, String)>),
    /// The values are refused.
    Refused(TemplateError),
}

impl From<TemplateError> for BindError {
    fn from(error: TemplateError) -> Self {
        Self::Refused(error)
    }
}

/// One parameter with its value.
#[derive(Clone, PartialEq)]
pub struct Parameter {
    /// As it was supplied, or the default: for an SSM-typed parameter the name in SSM.
    pub value: String,
    /// What SSM says, for an SSM-typed parameter: `ResolvedValue`.
    pub resolved: Option<String>,
    /// Whether it is never shown: `NoEcho`.
    pub no_echo: bool,
    /// What `Ref` gives: text, or a list of texts.
    pub(crate) reference: Value,
    pub(crate) kind: ParameterType,
}

impl Parameter {
    /// What CloudFormation shows: `****` for what is never shown.
    pub fn shown(&self) -> &str {
        if self.no_echo { "****" } else { &self.value }
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown())
    }
}

/// The bound parameters of a stack, in the template's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    pub(crate) all: IndexMap<String, Parameter>,
}

impl Parameters {
    /// A parameter.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.all.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.all.iter().map(|(name, parameter)| (name.as_str(), parameter))
    }
}
