//! `Globals`: properties that all resources of a type share.

use serde_json::{Map, Value};

use super::{FUNCTION, HTTP_API, REST_API, SERVERLESS};
use crate::TemplateError;
use crate::document::Node;

/// The shared properties, by type, with the bytes they take.
pub(super) struct Globals {
    of_kinds: Vec<(&'static str, Map<String, Value>, usize)>,
}

const KINDS: [(&str, &str); 3] = [("Function", FUNCTION), ("Api", REST_API), ("HttpApi", HTTP_API)];

pub(super) fn read(node: Option<&Node>) -> Result<Globals, TemplateError> {
    let mut of_kinds = Vec::new();
    for (name, value) in node.and_then(Node::as_map).into_iter().flatten() {
        let kind = KINDS.iter().find(|(written, _)| written == name);
        match (kind, value.to_json()) {
            (Some((_, kind)), Value::Object(properties)) => {
                let bytes = Value::Object(properties.clone()).to_string().len();
                of_kinds.push((*kind, properties, bytes));
            }
            _ => {
                return Err(TemplateError::at(
                    value.line,
                    format!(
                        "Transform {SERVERLESS} failed with: Invalid Serverless Application Specification document. \
                         Number of errors found: 1. 'Globals' section is invalid. '{name}' is not supported. Must be one \
                         of the following values - ['Api', 'Function', 'HttpApi']"
                    ),
                ));
            }
        }
    }
    Ok(Globals { of_kinds })
}

impl Globals {
    /// Bytes of the properties that resources of a type share.
    pub(super) fn bytes(&self, kind: &str) -> usize {
        let shared = self.of_kinds.iter().find(|(of_kind, ..)| *of_kind == kind);
        shared.map_or(0, |(_, _, bytes)| *bytes)
    }

    /// A resource's own properties over the shared ones: maps are merged, lists follow one another, all else is replaced.
    pub(super) fn under(&self, kind: &str, own: Map<String, Value>) -> Map<String, Value> {
        match self.of_kinds.iter().find(|(of_kind, ..)| *of_kind == kind) {
            Some((_, shared, _)) => merged(shared.clone(), own),
            None => own,
        }
    }
}

fn merged(mut shared: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in own {
        let value = match (shared.shift_remove(&name), value) {
            (Some(Value::Object(shared)), Value::Object(own)) if !is_function(&shared) && !is_function(&own) => {
                merged(shared, own).into()
            }
            (Some(Value::Array(mut shared)), Value::Array(own)) => {
                shared.extend(own);
                shared.into()
            }
            (_, own) => own,
        };
        shared.insert(name, value);
    }
    shared
}

/// Whether a map is an intrinsic function, which is replaced as a whole.
fn is_function(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}
