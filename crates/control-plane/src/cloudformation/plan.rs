//! What carrying out a change set would change, as far as it can be told beforehand.

use std::collections::{BTreeMap, BTreeSet};

use claviger_cloudformation_template::{Instance, KNOWN_AFTER_APPLY, Known, KnownResource, Need, Planned, Resource};
use claviger_resources::stack::StackResource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::engine::{State, changed};
use super::errors::Error;
use super::types::{self, Schema};
use crate::services::Services;

/// A resource's change, as `DescribeChangeSet` shows it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResourceChange {
    pub(super) action: String,
    pub(super) logical_resource_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) physical_resource_id: Option<String>,
    pub(super) resource_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replacement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policy_action: Option<String>,
    #[serde(default)]
    pub(super) scope: Vec<String>,
    #[serde(default)]
    pub(super) details: Vec<Detail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before_context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after_context: Option<String>,
}

impl ResourceChange {
    /// Hides the values of parameters that are not to be shown.
    fn hide(&mut self, hidden: &[&str]) {
        for context in [&mut self.before_context, &mut self.after_context].into_iter().flatten() {
            for value in hidden {
                *context = context.replace(value, "****");
            }
        }
    }

    /// The change without the values of properties.
    pub(super) fn without_values(self) -> Self {
        Self { before_context: None, after_context: None, ..self }
    }
}

/// What of a resource changes, and why.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Detail {
    pub(super) target: Target,
    pub(super) evaluation: String,
    pub(super) change_source: String,
}

/// What of a resource changes.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) attribute: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) requires_recreation: String,
}

/// What would change: added and changed resources in the order in which they would be, then removed ones.
pub(super) fn changes(
    services: &Services,
    stack: &str,
    instance: &Instance,
    existing: &[StackResource],
    looked_up: &Known,
) -> Result<Vec<ResourceChange>, Error> {
    let mut known = looked_up.clone();
    let mut found = Vec::new();
    let hidden: Vec<&str> = instance
        .parameters()
        .iter()
        .filter(|(_, it)| it.no_echo && !it.value.is_empty())
        .map(|(_, it)| it.value.as_str())
        .collect();
    let mut replaced = BTreeSet::new();
    let existing: BTreeMap<&str, &StackResource> =
        existing.iter().filter(|it| it.current.is_some()).map(|it| (it.logical_id.as_str(), it)).collect();
    for resource in instance.creation_order() {
        let Planned { value, needs } = instance.plan(&resource.properties, &known)?;
        let after = value.as_object().cloned().unwrap_or_default();
        let Some(physical) = existing.get(resource.logical_id.as_str()).and_then(|it| it.current.as_ref()) else {
            found.push(added(resource, shown(instance, resource, &known)));
            continue;
        };
        let state = State::open(services, stack, physical)?;
        let schema = types::find(&resource.resource_type).and_then(types::ResourceType::schema);
        // What the schema makes of the values is what was stored; values that are not known yet stay as they are.
        let checked = schema.and_then(|schema| schema.check(&Value::Object(after.clone())).ok());
        let after = checked.and_then(|it| it.as_object().cloned()).unwrap_or(after);
        let names = changed(&state.properties, &after);
        let is_replaced = physical.resource_type != resource.resource_type
            || names.iter().any(|name| schema.is_some_and(|schema| schema.replaces(name)));
        if names.is_empty() && !is_replaced {
            let attributes = state.attributes.clone().into_iter().collect();
            let reference = Value::from(state.reference.as_str());
            known.resources.insert(resource.logical_id.clone(), KnownResource { reference, attributes });
            continue;
        }
        if is_replaced {
            replaced.insert(resource.logical_id.clone());
        } else {
            // Its id stays; attributes may change, so only what is sure is told.
            let attributes = state.attributes.clone().into_iter().collect();
            let reference = Value::from(state.reference.as_str());
            known.resources.insert(resource.logical_id.clone(), KnownResource { reference, attributes });
        }
        let mut change =
            modified(resource, &physical.id, &state.properties, &after, &names, schema, is_replaced, &needs);
        change.after_context = Some(shown(instance, resource, &known));
        found.push(change);
    }
    let gone = existing.values().filter(|it| instance.resource(&it.logical_id).is_none());
    found.extend(gone.map(|it| removed(it)));
    for change in &mut found {
        change.hide(&hidden);
    }
    Ok(found)
}

fn added(resource: &Resource, after: String) -> ResourceChange {
    ResourceChange {
        action: "Add".to_owned(),
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: None,
        resource_type: resource.resource_type.clone(),
        replacement: None,
        policy_action: None,
        scope: Vec::new(),
        details: Vec::new(),
        before_context: None,
        after_context: Some(after),
    }
}

fn removed(resource: &StackResource) -> ResourceChange {
    let policy = resource.current.as_ref().map_or("", |it| it.deletion_policy.as_str());
    let keeps = matches!(policy, "Retain" | "RetainExceptOnCreate");
    ResourceChange {
        action: "Remove".to_owned(),
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: Some(resource.physical_id.clone()),
        resource_type: resource.resource_type.clone(),
        replacement: None,
        policy_action: Some(if keeps { "Retain" } else { "Delete" }.to_owned()),
        scope: Vec::new(),
        details: Vec::new(),
        before_context: None,
        after_context: None,
    }
}

#[expect(clippy::too_many_arguments, reason = "each is one of the things that a change is told from")]
fn modified(
    resource: &Resource,
    physical_id: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    names: &BTreeSet<String>,
    schema: Option<&Schema>,
    is_replaced: bool,
    needs: &BTreeSet<Need>,
) -> ResourceChange {
    let waits = needs.iter().any(|need| matches!(need, Need::Resource(_)));
    let details = names.iter().map(|name| {
        let recreation = match schema {
            Some(schema) if schema.replaces(name) => "Always",
            Some(schema) if schema.may_replace(name) => "Conditionally",
            _ => "Never",
        };
        let is_known = after.get(name).is_none_or(|value| !value.to_string().contains(KNOWN_AFTER_APPLY));
        let target = Target {
            attribute: "Properties".to_owned(),
            name: Some(name.clone()),
            requires_recreation: recreation.to_owned(),
        };
        let (evaluation, source) =
            if is_known || !waits { ("Static", "DirectModification") } else { ("Dynamic", "ResourceReference") };
        Detail { target, evaluation: evaluation.to_owned(), change_source: source.to_owned() }
    });
    let details: Vec<Detail> = details.collect();
    let replacement = if is_replaced {
        "True"
    } else if details.iter().any(|detail| detail.target.requires_recreation == "Conditionally") {
        "Conditional"
    } else {
        "False"
    };
    ResourceChange {
        action: "Modify".to_owned(),
        logical_resource_id: resource.logical_id.clone(),
        physical_resource_id: Some(physical_id.to_owned()),
        resource_type: resource.resource_type.clone(),
        replacement: Some(replacement.to_owned()),
        policy_action: is_replaced.then(|| "ReplaceAndDelete".to_owned()),
        scope: vec!["Properties".to_owned()],
        details,
        before_context: Some(context(before)),
        after_context: None,
    }
}

/// The properties as anyone may see them.
fn shown(instance: &Instance, resource: &Resource, known: &Known) -> String {
    serde_json::json!({ "Properties": instance.show(&resource.properties, known) }).to_string()
}

fn context(properties: &Map<String, Value>) -> String {
    serde_json::json!({ "Properties": properties }).to_string()
}
