//! Transforms: templates made of templates, before anything in them is read as a resource.

mod language_extensions;

use indexmap::IndexMap;

use crate::TemplateError;
use crate::document::Members;
use crate::parameters::{ParameterDeclaration, Parameters};
use crate::pseudo::PseudoParameters;

/// What a transform may look at.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) declarations: &'a IndexMap<String, ParameterDeclaration>,
    pub(crate) parameters: &'a Parameters,
    pub(crate) pseudo: &'a PseudoParameters,
}

const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";

/// Whether the functions of `AWS::LanguageExtensions` may be used.
pub(crate) fn extends_language(transforms: &[String]) -> bool {
    transforms.iter().any(|transform| transform == LANGUAGE_EXTENSIONS)
}

/// Applies transforms. Loops are written out first, whatever the order, so that the others see resources.
pub(crate) fn apply(
    root: &Members,
    transforms: &[String],
    surroundings: Surroundings<'_>,
) -> Result<Members, TemplateError> {
    let mut root = root.clone();
    root.shift_remove("Transform");
    let unknown = transforms.iter().find(|name| name.as_str() != LANGUAGE_EXTENSIONS);
    if let Some(unknown) = unknown {
        let account = &surroundings.pseudo.account_id;
        return Err(TemplateError::new(format!("No transform named {account}::{unknown} found.")));
    }
    if extends_language(transforms) {
        root = language_extensions::apply(root, surroundings)?;
    }
    Ok(root)
}
