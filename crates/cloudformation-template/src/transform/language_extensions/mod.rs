//! `AWS::LanguageExtensions`: loops, and functions where otherwise only names may stand. Its functions `Fn::Length` and
//! `Fn::ToJsonString` are evaluated like all others.

mod for_each;
mod names;

use super::Surroundings;
use crate::TemplateError;
use crate::document::Members;
use crate::template::Body;

use for_each::Loops;

/// An error of the transform.
fn failed(line: usize, reason: &str) -> TemplateError {
    TemplateError::at(line, format!("Transform {} failed with: {reason}", super::LANGUAGE_EXTENSIONS))
}

/// Writes loops out and names in.
pub(super) fn apply(mut root: Members, surroundings: Surroundings<'_>) -> Result<Members, TemplateError> {
    let mappings = Body::only_mappings(&root)?;
    let mut loops = Loops::new(&root, &mappings, surroundings)?;
    for section in ["Conditions", "Resources", "Outputs"] {
        if let Some(node) = root.get_mut(section) {
            *node = loops.section(section, node)?;
        }
    }
    names::write_in(root, surroundings)
}
