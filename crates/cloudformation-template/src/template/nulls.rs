//! `null`, which no template may have: an empty member is more often forgotten than meant.

use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};

/// Refuses it in the sections that say what there is to be.
pub(super) fn refuse(root: &Members) -> Result<(), TemplateError> {
    ["Mappings", "Conditions", "Rules", "Resources", "Outputs"]
        .into_iter()
        .try_for_each(|section| refuse_in(root, section))
}

/// Refuses it in a section.
pub(super) fn refuse_in(root: &Members, section: &str) -> Result<(), TemplateError> {
    let Some(node) = root.get(section) else { return Ok(()) };
    walk(node, &mut vec![section.to_owned()])
}

fn walk(node: &Node, path: &mut Vec<String>) -> Result<(), TemplateError> {
    match &node.value {
        NodeValue::Null => Err(TemplateError::at(
            node.line,
            format!("[/{}] 'null' values are not allowed in templates", path.join("/")),
        )),
        NodeValue::List(elements) => elements.iter().enumerate().try_for_each(|(at, element)| {
            path.push(at.to_string());
            walk(element, path)?;
            path.pop();
            Ok(())
        }),
        NodeValue::Map(members) => members.iter().try_for_each(|(name, member)| {
            let of_resource = path.len() == 2 && path.first().is_some_and(|section| section == "Resources");
            path.push(match name.as_str() {
                // What tools describe themselves with is theirs.
                "Metadata" if of_resource => return Ok(()),
                // AWS names the properties of a resource by its type.
                "Properties" if of_resource => "Type".to_owned(),
                name => name.to_owned(),
            });
            walk(member, path)?;
            path.pop();
            Ok(())
        }),
        _ => Ok(()),
    }
}
