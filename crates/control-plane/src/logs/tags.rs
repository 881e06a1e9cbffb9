//! Tags of log groups: `TagResource`, `UntagResource`, `ListTagsForResource`, and their older forms `TagLogGroup`,
//! `UntagLogGroup`, `ListTagsLogGroup`.

use std::collections::BTreeMap;

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::group::{GroupInput, by_identifier, find};
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct TagResource;
/// Removes tags.
pub struct UntagResource;
/// Shows tags.
pub struct ListTagsForResource;
/// Adds tags to the group of a name.
pub struct TagLogGroup;
/// Removes tags from the group of a name.
pub struct UntagLogGroup;
/// Shows the tags of the group of a name.
pub struct ListTagsLogGroup;

/// Tags that a group may have (CloudWatch Logs API, `TagResource`).
const TAGS_MAX: usize = 50;

/// The members of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagResourceInput {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

/// The members of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagResourceInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// Which resource is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInput {
    resource_arn: String,
}

/// The members of `TagLogGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagLogGroupInput {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

/// The members of `UntagLogGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagLogGroupInput {
    log_group_name: String,
    /// The keys, whatever the member is called.
    tags: Vec<String>,
}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsOutput {
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    type Input = TagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let name = by_identifier(cx.tenant, &input.resource_arn)?;
        tag(cx, name, &input.tags).await
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let name = by_identifier(cx.tenant, &input.resource_arn)?;
        untag(cx, name, &input.tag_keys).await
    }
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access = Access::Read;
    type Input = ResourceInput;
    type Output = TagsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = by_identifier(cx.tenant, &input.resource_arn)?;
        Ok(TagsOutput { tags: find(cx, name).await?.record.tags })
    }
}

impl Operation for TagLogGroup {
    const NAME: &'static str = "TagLogGroup";
    const ACCESS: Access = Access::Write;
    type Input = TagLogGroupInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        tag(cx, &input.log_group_name, &input.tags).await
    }
}

impl Operation for UntagLogGroup {
    const NAME: &'static str = "UntagLogGroup";
    const ACCESS: Access = Access::Write;
    type Input = UntagLogGroupInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        untag(cx, &input.log_group_name, &input.tags).await
    }
}

impl Operation for ListTagsLogGroup {
    const NAME: &'static str = "ListTagsLogGroup";
    const ACCESS: Access = Access::Read;
    type Input = GroupInput;
    type Output = TagsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(TagsOutput { tags: find(cx, &input.log_group_name).await?.record.tags })
    }
}

async fn tag(cx: &mut Context<'_>, name: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let mut group = find(cx, name).await?;
    group.tags.extend(tags.clone());
    if group.tags.len() > TAGS_MAX {
        return Err(Error::TooManyTags);
    }
    Ok(cx.tx.replace(&group).await?)
}

async fn untag(cx: &mut Context<'_>, name: &str, keys: &[String]) -> Result<(), Error> {
    let mut group = find(cx, name).await?;
    group.tags.retain(|key, _| !keys.contains(key));
    Ok(cx.tx.replace(&group).await?)
}
