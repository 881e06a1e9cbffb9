//! Tags of parameters: `AddTagsToResource`, `ListTagsForResource`, `RemoveTagsFromResource`.

use std::collections::BTreeMap;

use claviger_resources::parameter::Parameter;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::name::Named;
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct AddTagsToResource;
/// Shows tags.
pub struct ListTagsForResource;
/// Removes tags.
pub struct RemoveTagsFromResource;

/// Tags that a parameter may have (AWS Systems Manager User Guide, "Tagging Systems Manager resources").
const TAGS_MAX: usize = 50;

/// A tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The members of `AddTagsToResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddTagsToResourceInput {
    resource_type: String,
    resource_id: String,
    tags: Vec<Tag>,
}

/// The members of `ListTagsForResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceInput {
    resource_type: String,
    resource_id: String,
}

/// The members of `RemoveTagsFromResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveTagsFromResourceInput {
    resource_type: String,
    resource_id: String,
    tag_keys: Vec<String>,
}

/// What adding and removing tags answers: an empty object.
#[derive(Debug, Serialize)]
pub struct Done {}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceOutput {
    tag_list: Vec<Tag>,
}

impl Operation for AddTagsToResource {
    const NAME: &'static str = "AddTagsToResource";
    const ACCESS: Access = Access::Write;
    type Input = AddTagsToResourceInput;
    type Output = Done;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Done, Error> {
        let mut parameter = find(cx, &input.resource_type, &input.resource_id).await?;
        parameter.tags.extend(input.tags.iter().cloned().map(Tag::into_pair));
        check(&parameter.tags)?;
        cx.tx.replace(&parameter).await?;
        Ok(Done {})
    }
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access = Access::Read;
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let parameter = find(cx, &input.resource_type, &input.resource_id).await?.record;
        let tag_list = parameter.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
        Ok(ListTagsForResourceOutput { tag_list })
    }
}

impl Operation for RemoveTagsFromResource {
    const NAME: &'static str = "RemoveTagsFromResource";
    const ACCESS: Access = Access::Write;
    type Input = RemoveTagsFromResourceInput;
    type Output = Done;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Done, Error> {
        let mut parameter = find(cx, &input.resource_type, &input.resource_id).await?;
        parameter.tags.retain(|key, _| !input.tag_keys.contains(key));
        cx.tx.replace(&parameter).await?;
        Ok(Done {})
    }
}

impl Tag {
    /// Its key and its value.
    pub(super) fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

/// Whether a parameter may have these tags.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX { Err(Error::TooManyTags) } else { Ok(()) }
}

async fn find(cx: &mut Context<'_>, kind: &str, id: &str) -> Result<Stored<Parameter>, Error> {
    if kind != "Parameter" {
        return Err(Error::ResourceType(kind.to_owned()));
    }
    let name = Named::parse(cx.tenant, id).name;
    let found = cx.tx.find::<Parameter>(cx.tenant, "", name).await?;
    found.ok_or_else(|| Error::ResourceId(id.to_owned()))
}
