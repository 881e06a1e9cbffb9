//! Transforms: templates made of templates, before anything in them is read as a resource.

mod language_extensions;
mod serverless;

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

/// Whether the template may have the section `Globals`.
pub(crate) fn has_globals(transforms: &[String]) -> bool {
    transforms.iter().any(|transform| transform == serverless::SERVERLESS)
}

/// Applies transforms. Loops are written out first, whatever the order, so that the others see resources.
pub(crate) fn apply(
    root: &Members,
    transforms: &[String],
    surroundings: Surroundings<'_>,
) -> Result<Members, TemplateError> {
    let mut root = root.clone();
    root.shift_remove("Transform");
    let known = [LANGUAGE_EXTENSIONS, serverless::SERVERLESS];
    let unknown = transforms.iter().find(|name| !known.contains(&name.as_str()));
    if let Some(unknown) = unknown {
        let account = &surroundings.pseudo.account_id;
        return Err(TemplateError::new(format!("No transform named {account}::{unknown} found.")));
    }
    if extends_language(transforms) {
        root = language_extensions::apply(root, surroundings)?;
    }
    if has_globals(transforms) {
        root = serverless::apply(root, surroundings.pseudo)?;
    }
    Ok(root)
}
