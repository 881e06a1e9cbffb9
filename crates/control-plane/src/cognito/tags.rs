//! Tags of user pools: `TagResource`, `UntagResource`, `ListTagsForResource`.

use std::collections::BTreeMap;

use claviger_resources::quotas::Quota;
use claviger_resources::user_pool::{self as pool, UserPool};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::{Error, InvalidTags};
use super::operations::Empty;
use super::user_pool;
use crate::operation::{Access, Context, Operation};

/// Adds tags to a pool, or changes their values.
pub struct TagResource;
/// Takes tags from a pool.
pub struct UntagResource;
/// Lists a pool's tags.
pub struct ListTagsForResource;

/// The members of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResourceInput {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

/// The members of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResourceInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// The members of `ListTagsForResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceInput {
    resource_arn: String,
}

/// What `ListTagsForResource` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceOutput {
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    type Input = TagResourceInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let mut pool = find(cx, &input.resource_arn).await?;
        check(cx, &input.tags).map_err(Error::Tags)?;
        pool.tags.extend(input.tags.clone());
        check(cx, &pool.tags).map_err(Error::Tags)?;
        cx.tx.replace(&pool).await?;
        Ok(Empty {})
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let mut pool = find(cx, &input.resource_arn).await?;
        pool.tags.retain(|key, _| !input.tag_keys.contains(key));
        cx.tx.replace(&pool).await?;
        Ok(Empty {})
    }
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access = Access::Read;
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ListTagsForResourceOutput { tags: find(cx, &input.resource_arn).await?.record.tags })
    }
}

/// Refuses tags that no pool can have.
pub(super) fn check(cx: &Context<'_>, tags: &BTreeMap<String, String>) -> Result<(), InvalidTags> {
    let maximum = cx.services.settings.quotas.of(Quota::Tags);
    if tags.len() as u64 > maximum {
        return Err(InvalidTags::TooMany(maximum));
    }
    let reserved = |key: &String| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if tags.keys().any(reserved) { Err(InvalidTags::Reserved) } else { Ok(()) }
}

async fn find(cx: &mut Context<'_>, arn: &str) -> Result<Stored<UserPool>, Error> {
    let id = pool::id_of_arn(arn).ok_or_else(|| Error::ResourceArn(arn.to_owned()))?;
    user_pool::find(cx, id.as_str()).await
}
