//! What a resource type can do: make, change and delete what stands for a resource, by the operations a caller would use.

use std::collections::BTreeMap;

use async_trait::async_trait;
use claviger_aws_protocol::failure::Failure;
use claviger_resources::random;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::reshape::reshape;
use crate::dispatch::Api;
use crate::operation::{Caller, Context, Staged};
use crate::services::Services;

/// What a resource type can do. Everything but [`Handler::prepare`] happens in the transaction that records the step.
#[async_trait]
pub(in crate::cloudformation) trait Handler: Send + Sync {
    /// Does what is slow or outside, before the transaction; it may be done again after a crash.
    async fn prepare(&self, _: &mut Preparation<'_>, _: &Change<'_>) -> Result<(), HandlerFailure> {
        Ok(())
    }

    /// Makes it.
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure>;

    /// Changes it in place.
    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure>;

    /// Deletes it; that it is gone already is no failure.
    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure>;

    /// Whether this change of a property needs a new resource, where the schema says that it depends.
    fn replaces(&self, _property: &str, _before: Option<&Value>, _after: Option<&Value>) -> bool {
        true
    }

    /// Whether making, changing or deleting it takes long enough to be told as begun before it is done.
    fn is_slow(&self) -> bool {
        false
    }
}

/// What a template wants of a resource.
#[derive(Clone, Copy)]
pub(in crate::cloudformation) struct Desired<'a> {
    /// The resource's logical id.
    pub(in crate::cloudformation) logical_id: &'a str,
    /// The name of the stack.
    pub(in crate::cloudformation) stack_name: &'a str,
    /// The stack's tags, which its resources inherit.
    pub(in crate::cloudformation) stack_tags: &'a BTreeMap<String, String>,
    /// Its type, which custom resources choose themselves.
    pub(in crate::cloudformation) resource_type: &'a str,
    /// Its properties, as the type's schema wants them.
    pub(in crate::cloudformation) properties: &'a Map<String, Value>,
}

/// What stands for a resource.
#[derive(Clone)]
pub(in crate::cloudformation) struct Current {
    /// Its physical id.
    pub(in crate::cloudformation) id: String,
    /// The properties it was made with.
    pub(in crate::cloudformation) properties: Map<String, Value>,
    /// What is known of it.
    pub(in crate::cloudformation) attributes: Map<String, Value>,
}

/// What has been made or changed.
#[derive(Clone, Debug, Default)]
pub(in crate::cloudformation) struct Made {
    /// Its physical id.
    pub(in crate::cloudformation) id: String,
    /// What `Ref` gives, when it is not the physical id.
    pub(in crate::cloudformation) reference: Option<String>,
    /// What `Fn::GetAtt` gives.
    pub(in crate::cloudformation) attributes: Map<String, Value>,
}

/// What is about to be done.
pub(in crate::cloudformation) enum Change<'a> {
    /// It is made.
    Create(&'a Desired<'a>),
    /// It is changed.
    Update(&'a Current, &'a Desired<'a>),
    /// It is deleted.
    Delete,
}

/// The time before the transaction.
pub(in crate::cloudformation) struct Preparation<'a> {
    /// What operations share.
    pub(in crate::cloudformation) services: &'a Services,
    /// On whose behalf.
    pub(in crate::cloudformation) caller: &'a Caller,
    /// What has been prepared.
    pub(in crate::cloudformation) prepared: Prepared,
}

/// What was prepared: operations that wait for the transaction.
#[derive(Default)]
pub(in crate::cloudformation) struct Prepared {
    operations: Vec<(&'static str, Box<dyn Staged>)>,
}

impl Preparation<'_> {
    /// A name for a resource whose template gives none, as [`Work::name`] makes it.
    pub(in crate::cloudformation) fn name(&self, desired: &Desired<'_>, max: usize) -> String {
        generated_name(desired, max, &mut *self.services.random())
    }

    /// Does what comes before an operation's transaction.
    pub(in crate::cloudformation) async fn stage(
        &mut self,
        api: Api,
        operation: &'static str,
        input: Map<String, Value>,
    ) -> Result<(), HandlerFailure> {
        let input = shaped(api, operation, input)?;
        let staged = api.stage(operation, input, self.services, self.caller).await;
        self.prepared.operations.push((operation, staged.map_err(|failure| HandlerFailure::new(api, failure))?));
        Ok(())
    }
}

/// The time in the transaction.
pub(in crate::cloudformation) struct Work<'w, 'c> {
    /// The transaction.
    pub(in crate::cloudformation) cx: &'w mut Context<'c>,
    /// On whose behalf.
    pub(in crate::cloudformation) caller: &'w Caller,
    /// What was prepared.
    pub(in crate::cloudformation) prepared: &'w Prepared,
}

impl Work<'_, '_> {
    /// Calls an operation in this transaction: the one that was prepared, when one was.
    pub(in crate::cloudformation) async fn call(
        &mut self,
        api: Api,
        operation: &'static str,
        input: Map<String, Value>,
    ) -> Result<Value, HandlerFailure> {
        let prepared = self.prepared.operations.iter().find(|(name, _)| *name == operation);
        let outcome = if let Some((_, staged)) = prepared {
            staged.run(self.cx).await
        } else {
            let input = shaped(api, operation, input)?;
            let staged = api.stage(operation, input, self.cx.services, self.caller).await;
            staged.map_err(|failure| HandlerFailure::new(api, failure))?.run(self.cx).await
        };
        let output = outcome.map_err(|refused| HandlerFailure::refused(api, refused))?;
        Ok(output.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Calls an operation that deletes; that nothing is there is no failure.
    pub(in crate::cloudformation) async fn remove(
        &mut self,
        api: Api,
        operation: &'static str,
        input: Map<String, Value>,
    ) -> Result<(), HandlerFailure> {
        match self.call(api, operation, input).await {
            Err(failure) if failure.is_not_found() => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// A name for a resource whose template gives none: `{stack}-{logical id}-{random}`, at most `max` characters.
    pub(in crate::cloudformation) fn name(&mut self, desired: &Desired<'_>, max: usize) -> String {
        generated_name(desired, max, self.cx.random)
    }
}

/// Characters of chance in a name that is made up.
const NAME_RANDOM: usize = 12;

fn generated_name(desired: &Desired<'_>, max: usize, source: &mut dyn claviger_resources::Random) -> String {
    let suffix = random::text(source, random::ALPHANUMERIC, NAME_RANDOM);
    let room = max.saturating_sub(NAME_RANDOM + 1);
    let logical: String = desired.logical_id.chars().take(room.saturating_sub(2)).collect();
    // The stack's name gives way: the logical id tells more.
    let stack: String = desired.stack_name.chars().take(room.saturating_sub(logical.len() + 1)).collect();
    format!("{stack}-{logical}-{suffix}")
}

/// The input in the operation's own names. A property that the operation does not take is refused, never passed over.
fn shaped(api: Api, operation: &'static str, input: Map<String, Value>) -> Result<Value, HandlerFailure> {
    let shape = api.input(operation);
    let shape = shape.ok_or_else(|| HandlerFailure::unsupported(format!("{operation} is not served")))?;
    reshape(shape, Value::Object(input), "#").map_err(|path| {
        HandlerFailure::new(
            api,
            Failure::new(
                "ValidationException",
                400,
                format!("{path}: Claviger does not serve this property; leave it out"),
            ),
        )
    })
}

impl Desired<'_> {
    /// A property.
    pub(in crate::cloudformation) fn get(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// A property that is text.
    pub(in crate::cloudformation) fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Value::as_str)
    }

    /// The properties but for some.
    pub(in crate::cloudformation) fn without(&self, names: &[&str]) -> Map<String, Value> {
        let kept = self.properties.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Its tags as a map: the stack's, and its own, which `property` lists as `[{Key, Value}]` or has as a map.
    pub(in crate::cloudformation) fn tags(&self, property: &str) -> Map<String, Value> {
        let inherited = self.stack_tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        let mut tags: Map<String, Value> = inherited.collect();
        tags.extend(tag_map(self.get(property)));
        tags
    }
}

/// Tags that a property lists as `[{Key, Value}]` or has as a map.
pub(super) fn tag_map(tags: Option<&Value>) -> Map<String, Value> {
    match tags {
        Some(Value::Object(map)) => map.clone(),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|tag| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone())))
            .collect(),
        _ => Map::new(),
    }
}

impl Current {
    /// A property it was made with.
    pub(in crate::cloudformation) fn get(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// A property it was made with, as an input's member.
    pub(in crate::cloudformation) fn value(&self, name: &str) -> Value {
        self.properties.get(name).cloned().unwrap_or_default()
    }
}

impl Made {
    /// Something with this physical id and nothing else to say.
    pub(in crate::cloudformation) fn id(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// The same with one more attribute.
    #[must_use]
    pub(in crate::cloudformation) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// What is there still, after a change that leaves id and attributes as they are.
    pub(in crate::cloudformation) fn unchanged(current: &Current) -> Self {
        Self { id: current.id.clone(), reference: None, attributes: current.attributes.clone() }
    }
}

/// An input's members.
macro_rules! members {
    ($($name:literal: $value:expr),* $(,)?) => {{
        let mut members = serde_json::Map::new();
        $(members.insert($name.to_owned(), serde_json::Value::from($value));)*
        members
    }};
}
pub(super) use members;
