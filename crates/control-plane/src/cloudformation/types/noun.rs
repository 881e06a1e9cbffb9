//! Types whose resources are nouns of one service: an operation makes one, another changes it, another deletes it.

use async_trait::async_trait;
use claviger_resources::Tenant;
use serde_json::{Map, Value, json};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, tag_map};
use crate::dispatch::Api;

/// A type whose resources are nouns of one service.
pub(super) struct Noun {
    /// The service.
    pub(super) api: Api,
    /// The operation that makes one.
    pub(super) create: &'static str,
    /// How one is changed.
    pub(super) update: Update,
    /// The operation that deletes one.
    pub(super) delete: &'static str,
    /// Properties whose member has another name: property and member.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// Properties that only the operation that makes one takes.
    pub(super) fixed: &'static [&'static str],
    /// The property that names one, and its longest name, when the template need not give it.
    pub(super) name: Option<(&'static str, usize)>,
    /// The property that lists its tags.
    pub(super) tags: Option<Tags>,
    /// The members by which the other operations know one.
    pub(super) key: fn(&Current) -> Map<String, Value>,
    /// What has been made, from the properties and what the operation answered.
    pub(super) made: fn(&Map<String, Value>, &Value, &Tenant) -> Option<Made>,
    /// Whether the operations that make and change one have parts that are slow or outside.
    pub(super) prepares: bool,
}

/// How a noun is changed.
pub(super) enum Update {
    /// By an operation that takes all of its settings.
    Whole(&'static str),
    /// By an operation that takes patch operations: property and path.
    Patches(&'static str, &'static [(&'static str, &'static str)]),
    /// Every change needs a new one.
    Never,
}

/// Where a noun's tags go.
#[derive(Clone, Copy)]
pub(super) struct Tags {
    /// The property.
    pub(super) property: &'static str,
    /// The member of the operation that makes one.
    pub(super) member: &'static str,
    /// The ARN under which they are changed; `None` when the operation that changes one takes them.
    pub(super) arn: Option<fn(&Tenant, &Current) -> String>,
}

impl Noun {
    fn input(&self, desired: &Desired<'_>) -> Map<String, Value> {
        let mut input = desired.without(&self.tags.map(|tags| tags.property).into_iter().collect::<Vec<_>>());
        for (property, member) in self.renamed {
            if let Some(value) = input.remove(*property) {
                input.insert((*member).to_owned(), value);
            }
        }
        if let Some(tags) = self.tags {
            let tagged = desired.tags(tags.property);
            if !tagged.is_empty() {
                input.insert(tags.member.to_owned(), Value::Object(tagged));
            }
        }
        input
    }

    fn member(&self, property: &'static str) -> &'static str {
        self.renamed.iter().find(|(from, _)| *from == property).map_or(property, |(_, to)| to)
    }

    /// The input of the operation that changes the whole.
    fn whole(&self, current: &Current, desired: &Desired<'_>) -> Map<String, Value> {
        let mut input = self.input(desired);
        for property in self.fixed {
            input.remove(self.member(property));
        }
        if let Some(tags) = self.tags.filter(|tags| tags.arn.is_some()) {
            input.remove(tags.member);
        }
        if let Some((name, _)) = self.name {
            let member = self.member(name);
            if let Some(kept) = current.get(name).filter(|_| !input.contains_key(member)) {
                input.insert(member.to_owned(), kept.clone());
            }
        }
        input.extend((self.key)(current));
        input
    }
}

#[async_trait]
impl Handler for Noun {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        match (change, &self.update) {
            (Change::Create(desired), _) if self.prepares && self.name.is_none() => {
                preparation.stage(self.api, self.create, self.input(desired)).await
            }
            (Change::Update(current, desired), Update::Whole(operation)) if self.prepares => {
                preparation.stage(self.api, operation, self.whole(current, desired)).await
            }
            _ => Ok(()),
        }
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = self.input(desired);
        let mut properties = desired.properties.clone();
        if let Some((name, max)) = self.name
            && !properties.contains_key(name)
        {
            let generated = work.name(desired, max);
            input.insert(self.member(name).to_owned(), Value::from(generated.as_str()));
            properties.insert(name.to_owned(), Value::from(generated));
        }
        let output = work.call(self.api, self.create, input).await?;
        (self.made)(&properties, &output, work.cx.tenant).ok_or_else(|| HandlerFailure::silent(self.create))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        match self.update {
            Update::Never => {}
            Update::Whole(operation) => drop(work.call(self.api, operation, self.whole(current, desired)).await?),
            Update::Patches(operation, paths) => {
                let patches = patches(paths, &current.properties, desired.properties);
                if !patches.is_empty() {
                    let mut input = (self.key)(current);
                    input.insert("patchOperations".to_owned(), Value::Array(patches));
                    work.call(self.api, operation, input).await?;
                }
            }
        }
        if let Some(Tags { property, arn: Some(arn), .. }) = self.tags {
            let arn = arn(work.cx.tenant, current);
            retag(work, self.api, &arn, &tag_map(current.get(property)), &desired.tags(property)).await?;
        }
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(self.api, self.delete, (self.key)(current)).await
    }
}

/// The patch operations that lead from one set of properties to another: texts, numbers and booleans are replaced, lists
/// of texts lose and gain elements, maps of texts lose and gain entries.
pub(super) fn patches(paths: &[(&str, &str)], before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Value> {
    paths.iter().flat_map(|(property, path)| patch(path, before.get(*property), after.get(*property))).collect()
}

fn patch(path: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    if before == after {
        return Vec::new();
    }
    match (before, after) {
        (None | Some(Value::Array(_)), None | Some(Value::Array(_))) => {
            let elements = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
            let (old, new) = (elements(before), elements(after));
            let gone = old.iter().filter(|it| !new.contains(it));
            let come = new.iter().filter(|it| !old.contains(it));
            let come = come.map(|it| json!({"op": "add", "path": path, "value": text(it)}));
            // What comes is added first: some lists must not be empty.
            come.chain(gone.map(|it| json!({"op": "remove", "path": path, "value": text(it)}))).collect()
        }
        (None | Some(Value::Object(_)), None | Some(Value::Object(_))) => {
            let entries = |map: Option<&Value>| map.and_then(Value::as_object).cloned().unwrap_or_default();
            let (old, new) = (entries(before), entries(after));
            let at = |key: &str| format!("{path}/{}", escaped(key));
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            let gone = gone.map(|key| json!({"op": "remove", "path": at(key)}));
            let set = new.iter().filter(|(key, value)| old.get(*key) != Some(value));
            gone.chain(set.map(|(key, value)| json!({"op": "replace", "path": at(key), "value": text(value)})))
                .collect()
        }
        (_, Some(value)) => vec![json!({"op": "replace", "path": path, "value": text(value)})],
        (Some(Value::Bool(_)), None) => vec![json!({"op": "replace", "path": path, "value": "false"})],
        (_, None) => vec![json!({"op": "remove", "path": path})],
    }
}

/// A value as patch operations carry it.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A segment of a patch operation's path (RFC 6901).
pub(super) fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// Changes the tags of what this ARN names.
pub(super) async fn retag(
    work: &mut Work<'_, '_>,
    api: Api,
    arn: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), HandlerFailure> {
    let gone: Vec<Value> =
        before.keys().filter(|key| !after.contains_key(*key)).map(|key| Value::from(key.as_str())).collect();
    let member = if api == Api::Lambda { "Resource" } else { "resourceArn" };
    let keyed =
        |name: &str, value: Value| Map::from_iter([(member.to_owned(), Value::from(arn)), (name.to_owned(), value)]);
    let (keys, tags) = if api == Api::Lambda { ("TagKeys", "Tags") } else { ("tagKeys", "tags") };
    if !gone.is_empty() {
        work.call(api, "UntagResource", keyed(keys, Value::Array(gone))).await?;
    }
    if after.iter().any(|(key, value)| before.get(key) != Some(value)) {
        work.call(api, "TagResource", keyed(tags, Value::Object(after.clone()))).await?;
    }
    Ok(())
}

/// A text within what an operation answered.
pub(super) fn at<'a>(output: &'a Value, pointer: &str) -> Option<&'a str> {
    output.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_lead_from_one_to_the_other() {
        let check = |before: Value, after: Value, expected: Value| {
            let (before, after) = (before.as_object().unwrap().clone(), after.as_object().unwrap().clone());
            assert_eq!(Value::Array(patches(&[("A", "/a")], &before, &after)), expected);
        };
        check(json!({"A": 1}), json!({"A": 1}), json!([]));
        check(json!({"A": 1}), json!({"A": 2}), json!([{"op": "replace", "path": "/a", "value": "2"}]));
        check(json!({}), json!({"A": true}), json!([{"op": "replace", "path": "/a", "value": "true"}]));
        check(json!({"A": "x"}), json!({}), json!([{"op": "remove", "path": "/a"}]));
        check(json!({"A": true}), json!({}), json!([{"op": "replace", "path": "/a", "value": "false"}]));
        check(
            json!({"A": ["x", "y"]}),
            json!({"A": ["y", "z"]}),
            json!([{"op": "add", "path": "/a", "value": "z"}, {"op": "remove", "path": "/a", "value": "x"}]),
        );
        check(
            json!({"A": {"gone": "1", "kept": "2", "changed/": "3"}}),
            json!({"A": {"kept": "2", "changed/": "4"}}),
            json!([{"op": "remove", "path": "/a/gone"}, {"op": "replace", "path": "/a/changed~1", "value": "4"}]),
        );
    }
}
