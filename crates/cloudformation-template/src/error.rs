//! Why a template is refused.

/// A refusal, in CloudFormation's own words as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, as `ValidationError` says it.
    pub message: String,
    /// The line of the template, counted from 1, where it can be told.
    pub line: Option<usize>,
}

impl TemplateError {
    /// An error of the template as a whole.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), line: None }
    }

    /// An error at a line of the template.
    pub(crate) fn at(line: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), line: Some(line) }
    }
}
