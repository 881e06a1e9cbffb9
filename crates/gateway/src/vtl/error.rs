//! What can go wrong with a template, and where in it.

use std::borrow::Cow;

use crate::json_path::{JsonPathError, TooMuchWork};

use super::ast::Position;

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}, found {found}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: u32,
    /// The character in the line, counted from 1.
    pub column: u32,
    /// What would have been right there.
    pub expected: Cow<'static, str>,
    /// What is there.
    pub found: String,
}

/// Why a template did not render.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct RenderError {
    /// The line of the reference or directive, counted from 1.
    pub line: u32,
    /// The character in the line, counted from 1.
    pub column: u32,
    /// What happened.
    pub kind: RenderErrorKind,
}

/// What stops a rendering.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenderErrorKind {
    /// A limit on its work.
    #[error("the template takes more than {steps_max} steps; loop over less")]
    TooManySteps {
        /// The limit.
        steps_max: u64,
    },
    /// A limit on its result.
    #[error("the template renders more than {bytes_max} bytes")]
    OutputTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// A limit on its values.
    #[error("the template's values take more than {bytes_max} bytes; build shorter strings and lists")]
    TooMuchMemory {
        /// The limit.
        bytes_max: usize,
    },
    /// A limit on nesting; also a list or map that holds itself, and a `#define` that renders itself.
    #[error("blocks, expressions or values nest deeper than {depth_max}")]
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// `$input.json` or `$input.path` on a body that is not JSON. API Gateway answers 400 when it is the client's.
    #[error("the body is not JSON: {reason}")]
    BodyNotJson {
        /// What the JSON parser says.
        reason: String,
    },
    /// A path that is no path.
    #[error(transparent)]
    Path(#[from] JsonPathError),
    /// A path that goes through too much.
    #[error(transparent)]
    PathWork(#[from] TooMuchWork),
    /// A regular expression that this engine does not take.
    #[error("the regular expression is not supported: {reason}")]
    Pattern {
        /// What is wrong with it.
        reason: String,
    },
    /// A method that Java would have thrown an exception from.
    #[error("`{method}`: {reason}")]
    Method {
        /// The method's name.
        method: String,
        /// What is wrong with the call.
        reason: String,
    },
    /// Integer arithmetic beyond 64 bits.
    #[error("the result of `{operator}` does not fit 64 bits")]
    Overflow {
        /// The operator.
        operator: &'static str,
    },
    /// A second override of the same parameter (API Gateway guide, "Override your API's request and response parameters").
    #[error("`$context.{parameter}` is overridden twice; set a variable and override once at the end")]
    OverriddenTwice {
        /// The parameter's path below `$context`.
        parameter: String,
    },
}

impl RenderErrorKind {
    pub(super) fn at(self, position: Position) -> RenderError {
        RenderError { line: position.line, column: position.column, kind: self }
    }

    pub(super) fn method(method: &str, reason: impl Into<String>) -> Self {
        Self::Method { method: method.to_owned(), reason: reason.into() }
    }
}
