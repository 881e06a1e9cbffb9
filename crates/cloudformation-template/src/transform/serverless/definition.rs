//! A serverless resource as the template defines it.

use serde_json::{Map, Value};

use super::{FUNCTION, HTTP_API, REST_API, invalid};
use crate::TemplateError;
use crate::document::Node;
use crate::limits::NAME_CHARACTERS_MAX;

pub(super) struct Definition {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) properties: Map<String, Value>,
    /// What everything that the definition stands for takes over.
    pub(super) shared: Map<String, Value>,
    /// What only the resource of the definition's own name takes over.
    pub(super) own: Map<String, Value>,
    pub(super) line: usize,
}

impl Definition {
    pub(super) fn new(id: &str, kind: &str, properties: Map<String, Value>, line: usize) -> Self {
        let (shared, own) = (Map::new(), Map::new());
        Self { id: id.to_owned(), kind: kind.to_owned(), properties, shared, own, line }
    }

    /// Reads a resource; nothing when it is not a serverless one.
    pub(super) fn read(id: &str, node: &Node) -> Result<Option<Self>, TemplateError> {
        let Some(members) = node.as_map() else { return Ok(None) };
        let kind = members.get("Type").and_then(Node::as_text).unwrap_or_default();
        if !kind.starts_with("AWS::Serverless::") {
            return Ok(None);
        }
        if ![FUNCTION, REST_API, HTTP_API].contains(&kind) {
            return Err(invalid(id, node.line, &format!("Resources of type {kind} are not supported here.")));
        }
        if id.chars().count() > NAME_CHARACTERS_MAX {
            return Err(invalid("", node.line, "Its logical id is too long."));
        }
        let properties = match members.get("Properties").map(Node::to_json) {
            None => Map::new(),
            Some(Value::Object(properties)) => properties,
            Some(_) => return Err(invalid(id, node.line, "Properties must be a map.")),
        };
        let mut definition = Self::new(id, kind, properties, node.line);
        for (name, member) in members {
            match name.as_str() {
                "Type" | "Properties" => {}
                "Condition" | "DeletionPolicy" | "UpdateReplacePolicy" => {
                    definition.shared.insert(name.clone(), member.to_json());
                }
                "DependsOn" | "Metadata" | "CreationPolicy" | "UpdatePolicy" => {
                    definition.own.insert(name.clone(), member.to_json());
                }
                name => {
                    return Err(TemplateError::at(member.line, format!("Invalid template resource property '{name}'")));
                }
            }
        }
        Ok(Some(definition))
    }

    /// The events of a function: name, type and properties.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &str, Map<String, Value>)> {
        let events = self.properties.get("Events").and_then(Value::as_object).into_iter().flatten();
        events.map(|(name, event)| {
            let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
            let properties = event.get("Properties").and_then(Value::as_object).cloned().unwrap_or_default();
            (name.as_str(), kind, properties)
        })
    }

    pub(super) fn invalid(&self, reason: &str) -> TemplateError {
        invalid(&self.id, self.line, reason)
    }

    /// Refuses properties that are not among the known ones.
    pub(super) fn check_properties(&self, known: &[&str]) -> Result<(), TemplateError> {
        match self.properties.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.invalid(&format!(
                "property {name} not defined for resource of type {}, or not supported here",
                self.kind
            ))),
            None => Ok(()),
        }
    }

    /// Takes properties over as they are, where they are given.
    pub(super) fn taken(&self, names: &[&str]) -> Map<String, Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), self.properties.get(*name)?.clone()))).collect()
    }

    /// A property that is a map; empty when it is not there.
    pub(super) fn map(&self, name: &str) -> Result<Map<String, Value>, TemplateError> {
        match self.properties.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(self.invalid(&format!("{name} must be a map."))),
        }
    }

    /// Where something lies in S3, written as an address or as a map; `member` gives the names of the parts.
    pub(super) fn s3_location(
        &self,
        property: &str,
        (bucket, key, version): (&str, &str, &str),
    ) -> Result<Option<Map<String, Value>>, TemplateError> {
        let Some(value) = self.properties.get(property) else { return Ok(None) };
        let mut location = Map::new();
        match value {
            Value::String(address) => {
                let (address, at_version) = match address.split_once("?versionId=") {
                    Some((address, version)) => (address, Some(version)),
                    None => (address.as_str(), None),
                };
                let parts = address.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
                let Some((in_bucket, at_key)) = parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
                else {
                    return Err(self.invalid(&format!(
                        "'{property}' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query \
                         parameter."
                    )));
                };
                location.insert(bucket.to_owned(), in_bucket.into());
                location.insert(key.to_owned(), at_key.into());
                location.extend(at_version.map(|at_version| (version.to_owned(), at_version.into())));
            }
            Value::Object(parts) => {
                let part = |name: &str| parts.get(name).cloned();
                let (Some(in_bucket), Some(at_key)) = (part("Bucket"), part("Key")) else {
                    return Err(
                        self.invalid(&format!("'{property}' requires Bucket and Key properties to be specified."))
                    );
                };
                location.insert(bucket.to_owned(), in_bucket);
                location.insert(key.to_owned(), at_key);
                location.extend(part("Version").map(|at_version| (version.to_owned(), at_version)));
            }
            _ => return Err(self.invalid(&format!("'{property}' must be a string or a map."))),
        }
        Ok(Some(location))
    }
}

/// Tags written as a map, as a list of keys and values.
pub(super) fn tag_list(tags: &Map<String, Value>) -> Value {
    tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect()
}
