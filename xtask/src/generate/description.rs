//! Service descriptions, as far as the tables need them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A service's description.
#[derive(Deserialize)]
pub(super) struct Description {
    pub(super) metadata: Metadata,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) protocol: String,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) http: Http,
    pub(super) input: Option<Reference>,
    pub(super) output: Option<Reference>,
    pub(super) authtype: Option<String>,
    #[serde(default)]
    pub(super) errors: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) request_uri: String,
    pub(super) response_code: Option<u16>,
}

/// The use of a shape: as a member, an element, an input.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) shape: String,
    pub(super) location: Option<String>,
    pub(super) location_name: Option<String>,
    #[serde(default)]
    pub(super) flattened: bool,
}

#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// In the order of the description, which is the order of messages; see [`Shape::members`].
    #[serde(default)]
    members: Map<String, Value>,
    #[serde(default)]
    pub(super) required: BTreeSet<String>,
    pub(super) payload: Option<String>,
    pub(super) member: Option<Reference>,
    pub(super) key: Option<Reference>,
    pub(super) value: Option<Reference>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) pattern: Option<String>,
    #[serde(rename = "enum", default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(default)]
    pub(super) document: bool,
    pub(super) flattened: Option<bool>,
    #[serde(default)]
    pub(super) fault: bool,
    pub(super) error: Option<ErrorTrait>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorTrait {
    pub(super) code: Option<String>,
    pub(super) http_status_code: Option<u16>,
}

impl Description {
    pub(super) fn shape(&self, name: &str) -> anyhow::Result<&Shape> {
        self.shapes.get(name).with_context(|| format!("no shape {name}"))
    }

    /// Leaves out every operation but these.
    pub(super) fn keep_operations(&mut self, names: &[&str]) -> anyhow::Result<()> {
        self.operations.retain(|name, _| names.contains(&name.as_str()));
        anyhow::ensure!(self.operations.len() == names.len(), "not every operation of {names:?} is described");
        Ok(())
    }

    /// The names of every shape that these reach, themselves included.
    pub(super) fn reachable<'a>(&'a self, from: impl Iterator<Item = &'a str>) -> anyhow::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<String> = from.map(str::to_owned).collect();
        while let Some(name) = waiting.pop() {
            if found.contains(&name) {
                continue;
            }
            let shape = self.shape(&name)?;
            waiting.extend(shape.members()?.into_iter().map(|(_, member)| member.shape));
            let parts = [&shape.member, &shape.key, &shape.value];
            waiting.extend(parts.into_iter().flatten().map(|part| part.shape.clone()));
            found.insert(name);
        }
        Ok(found)
    }

    /// Every exception the operations declare, by the name it has on the wire, with its status.
    pub(super) fn exceptions(&self) -> anyhow::Result<BTreeMap<&str, u16>> {
        let names = self.operations.values().flat_map(|operation| &operation.errors);
        names
            .map(|error| {
                let shape = self.shape(&error.shape)?;
                let code = shape.error.as_ref().and_then(|error| error.code.as_deref()).filter(|_| self.is_query());
                Ok((code.unwrap_or(&error.shape), shape.status()))
            })
            .collect()
    }

    /// Whether the service speaks awsQuery, whose answers are XML that is written by their shapes.
    pub(super) fn is_query(&self) -> bool {
        self.metadata.protocol == "query"
    }
}

impl Shape {
    /// The members in the order of the description.
    pub(super) fn members(&self) -> anyhow::Result<Vec<(&str, Reference)>> {
        let parse = |(name, member): (_, &Value)| Ok((name, Reference::deserialize(member)?));
        self.members.iter().map(|(name, member)| parse((name.as_str(), member))).collect()
    }

    fn status(&self) -> u16 {
        let declared = self.error.as_ref().and_then(|error| error.http_status_code);
        declared.unwrap_or(if self.fault { 500 } else { 400 })
    }
}
