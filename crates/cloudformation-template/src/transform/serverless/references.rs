//! References to what a definition stands for: `!Ref Api.Stage` and `${Function.Alias}`.

use indexmap::IndexMap;
use serde_json::Value;

use crate::document::{Node, NodeValue};

/// The resource that a value names: by its id, or by a `Ref` to it.
pub(super) fn resource(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value.get("Ref")?.as_str())?;
    Some(name.to_owned())
}

/// Puts the logical ids in, wherever they are referred to.
pub(super) fn rewrite(node: &mut Node, aliases: &IndexMap<String, String>) {
    match &mut node.value {
        NodeValue::List(elements) => elements.iter_mut().for_each(|element| rewrite(element, aliases)),
        NodeValue::Map(members) => {
            for (name, member) in members {
                match (name.as_str(), &mut member.value) {
                    ("Ref" | "DependsOn", NodeValue::Text(text)) => replace(text, aliases),
                    ("Fn::GetAtt" | "DependsOn", NodeValue::List(elements)) => {
                        for element in elements {
                            if let NodeValue::Text(text) = &mut element.value {
                                replace(text, aliases);
                            }
                        }
                    }
                    ("Fn::Sub", NodeValue::Text(text)) => substitute(text, aliases),
                    ("Fn::Sub", NodeValue::List(elements)) => {
                        for element in elements {
                            match &mut element.value {
                                NodeValue::Text(text) => substitute(text, aliases),
                                _ => rewrite(element, aliases),
                            }
                        }
                    }
                    _ => rewrite(member, aliases),
                }
            }
        }
        _ => {}
    }
}

fn replace(text: &mut String, aliases: &IndexMap<String, String>) {
    if let Some(id) = aliases.get(text.as_str()) {
        text.clone_from(id);
    }
}

fn substitute(text: &mut String, aliases: &IndexMap<String, String>) {
    let mut written = String::new();
    let mut rest = text.as_str();
    while let Some((before, from)) = rest.split_once("${") {
        let Some((name, after)) = from.split_once('}') else { break };
        let name = aliases.get(name).map_or(name, String::as_str);
        written.extend([before, "${", name, "}"]);
        rest = after;
    }
    written.push_str(rest);
    *text = written;
}
