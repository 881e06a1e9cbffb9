//! Tags of functions: `TagResource`, `UntagResource`, `ListTags`.

use std::collections::BTreeMap;

use claviger_resources::function::Function;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::reference::Named;
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct TagResource;
/// Removes tags.
pub struct UntagResource;
/// Shows tags.
pub struct ListTags;

/// Tags a function may have (AWS Lambda, "Using tags on Lambda functions").
const TAGS_MAX: usize = 50;

/// The members of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResourceInput {
    resource: String,
    tags: BTreeMap<String, String>,
}

/// The members of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResourceInput {
    resource: String,
    tag_keys: Vec<String>,
}

/// The members of `ListTags`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsInput {
    resource: String,
}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsOutput {
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    type Input = TagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut function = find(cx, &input.resource, Self::NAME).await?;
        if input.tags.is_empty() {
            return Err(Error::invalid("An error occurred and the request cannot be processed."));
        }
        function.tags.extend(input.tags.clone());
        check(&function.tags)?;
        cx.tx.replace(&function).await?;
        Ok(())
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut function = find(cx, &input.resource, Self::NAME).await?;
        function.tags.retain(|key, _| !input.tag_keys.contains(key));
        cx.tx.replace(&function).await?;
        Ok(())
    }
}

impl Operation for ListTags {
    const NAME: &'static str = "ListTags";
    const ACCESS: Access = Access::Read;
    type Input = ListTagsInput;
    type Output = ListTagsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(ListTagsOutput { tags: find(cx, &input.resource, Self::NAME).await?.record.tags })
    }
}

/// Whether a function may have these tags.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::invalid("Number of tags exceeds resource tag limit."));
    }
    Ok(())
}

async fn find(cx: &mut Context<'_>, arn: &str, operation: &'static str) -> Result<Stored<Function>, Error> {
    let named = Named::parse(cx.tenant, arn, None, operation)?;
    if named.qualifier.is_some() {
        return Err(Error::invalid(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        ));
    }
    named.find(cx).await
}
