//! The Velocity template engine of mapping templates (API Gateway guide, "Mapping template transformations").
//!
//! A [`Template`] is parsed once, at deployment, into a tree that is immutable and shared; rendering it walks the tree
//! over a [`Scope`], which holds what a call brings: `$input`, `$context`, `$stageVariables` and `$util`. The scope of a
//! call goes on from its request template to its response template, so that what the first put into
//! `$context.requestOverride` and `$context.responseOverride` is there for the second and, at the end, for
//! [`Scope::overrides`].
//!
//! The language is Velocity 1.7's, to the letter where the letter shows: identifiers may hold hyphens, `-1` after a value
//! is a number and not a subtraction, strings know no backslash escapes, a directive swallows the line end after it.
//! Two things are API Gateway's own, as calls to it show. A reference that leads nowhere is the empty string, which
//! renders as nothing and is true in an `#if`. `#macro` defines nothing, so a call of a macro renders as its own source,
//! as `#evaluate`, `#parse` and `#include` do.
//!
//! Every template ends: steps, output, memory and depth are bounded by [`Limits`].
//!
//! Start with [`Template`], then `parse`, `render` and `method`; `tests/corpus` shows what templates render, by theme.

mod arithmetic;
mod ast;
mod cursor;
mod error;
mod expression;
mod heap;
mod input;
pub(crate) mod java_regex;
mod json;
mod method;
mod parse;
mod reference;
mod render;
mod scope;
mod string_literal;
mod text;
mod util;
mod value;

use std::sync::Arc;

use claviger_resources::limits;

pub use error::{ParseError, RenderError, RenderErrorKind};
pub use scope::{Call, Overrides, Pairs, RequestOverrides, ResponseOverrides, Scope};

use ast::{Block, Node};

/// A mapping template, ready to render. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Template {
    program: Arc<Program>,
}

/// What parsing makes of a template's text.
#[derive(Debug)]
struct Program {
    block: Block,
    /// How many variables the template names.
    slots: usize,
}

/// How much one rendering may use up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes walked, and work in methods in proportion to the text it goes through.
    pub steps: u64,
    /// Bytes of the result.
    pub output_bytes: usize,
    /// Bytes of all values the rendering makes, the parsed body included.
    pub memory_bytes: usize,
    /// Blocks, expressions and values inside one another.
    pub depth: usize,
    /// Rounds of one `#foreach`; it ends quietly after them, as Velocity's does (API Gateway quotas, "Iterations in a
    /// `#foreach` loop").
    pub foreach_iterations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 1_000_000,
            output_bytes: limits::GATEWAY_BODY_BYTES_MAX,
            memory_bytes: 64 * 1024 * 1024,
            depth: 200,
            foreach_iterations: 1000,
        }
    }
}

impl Template {
    /// Parses a template of at most 300 KB.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        if source.len() > limits::TEMPLATE_BYTES_MAX {
            return Err(ParseError {
                line: 1,
                column: 1,
                expected: format!("a template of at most {} bytes", limits::TEMPLATE_BYTES_MAX).into(),
                found: format!("{} bytes", source.len()),
            });
        }
        let (block, slots) = parse::template(source)?;
        Ok(Self { program: Arc::new(Program { block, slots }) })
    }

    /// The text of a template without references and directives, which is its result whatever the call.
    pub fn constant(&self) -> Option<&str> {
        match &*self.program.block {
            [] => Some(""),
            [Node::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Renders the template over a scope, which keeps what the template does to `$context`.
    pub fn render(&self, scope: &mut Scope<'_>, limits: &Limits) -> Result<String, RenderError> {
        match self.constant() {
            Some(text) if text.len() <= limits.output_bytes => Ok(text.to_owned()),
            _ => render::template(&self.program, scope, limits),
        }
    }
}

#[cfg(test)]
mod tests;
