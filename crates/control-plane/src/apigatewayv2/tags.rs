//! Tags of HTTP APIs, their stages and custom domain names: `TagResource`, `UntagResource`, `GetTags`.

use std::collections::BTreeMap;

use claviger_resources::domain_name::DomainName;
use claviger_resources::http_api::{HttpApi, Stage};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::{api, stage};
use crate::domain_name;
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct TagResource;
/// Removes tags.
pub struct UntagResource;
/// Shows tags.
pub struct GetTags;

/// Tags a resource may have (API Gateway, "Amazon API Gateway quotas").
const TAGS_MAX: usize = 50;

/// The members of `TagResource`.
#[derive(Debug, Deserialize)]
pub struct TagResourceInput {
    #[serde(rename = "ResourceArn")]
    resource_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The members of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResourceInput {
    resource_arn: String,
    tag_keys: Vec<String>,
}

/// The members of `GetTags`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagsInput {
    resource_arn: String,
}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
pub struct TagsOutput {
    tags: BTreeMap<String, String>,
}

/// Nothing, where AWS answers an empty object.
#[derive(Debug, Serialize)]
pub struct Nothing {}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    type Input = TagResourceInput;
    type Output = Nothing;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let add = |tags: &mut BTreeMap<String, String>| {
            tags.extend(input.tags.clone());
            if tags.len() > TAGS_MAX {
                return Err(Error::LimitExceeded { what: "tags", scope: "resource", maximum: TAGS_MAX });
            }
            Ok(())
        };
        change(cx, &input.resource_arn, add).await.map(|()| Nothing {})
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let remove = |tags: &mut BTreeMap<String, String>| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        };
        change(cx, &input.resource_arn, remove).await
    }
}

impl Operation for GetTags {
    const NAME: &'static str = "GetTags";
    const ACCESS: Access = Access::Read;
    type Input = GetTagsInput;
    type Output = TagsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let tags = match find(cx, &input.resource_arn).await? {
            Tagged::Api(api) => api.record.tags,
            Tagged::Stage(stage) => stage.record.tags,
            Tagged::DomainName(domain) => domain.record.tags,
        };
        Ok(TagsOutput { tags })
    }
}

/// What an ARN names.
enum Tagged {
    Api(Box<Stored<HttpApi>>),
    Stage(Box<Stored<Stage>>),
    DomainName(Box<Stored<DomainName>>),
}

/// `arn:aws:apigateway:{region}::/apis/{id}[/stages/{name}]`, `…::/domainnames/{name}`; the account field is empty.
async fn find(cx: &mut Context<'_>, arn: &str) -> Result<Tagged, Error> {
    let invalid = || Error::bad("Invalid ARN specified in the request");
    let path = arn.split_once("::/").filter(|(head, _)| head.starts_with("arn:")).ok_or_else(invalid)?.1;
    let parts: Vec<&str> = path.split('/').collect();
    Ok(match parts.as_slice() {
        ["apis", api] => Tagged::Api(Box::new(api::find(cx, api).await?)),
        ["apis", api, "stages", name] => {
            let api = api::find(cx, api).await?;
            Tagged::Stage(Box::new(stage::find(cx, &api, name).await?))
        }
        ["domainnames", name] => Tagged::DomainName(Box::new(domain_name::find(cx, name).await?)),
        _ => return Err(invalid()),
    })
}

async fn change(
    cx: &mut Context<'_>,
    arn: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Error>,
) -> Result<(), Error> {
    match find(cx, arn).await? {
        Tagged::Api(mut api) => {
            change(&mut api.tags)?;
            cx.tx.replace(&api).await?;
        }
        Tagged::Stage(mut stage) => {
            change(&mut stage.tags)?;
            cx.tx.replace(&stage).await?;
        }
        Tagged::DomainName(mut domain) => {
            change(&mut domain.tags)?;
            cx.tx.replace(&domain).await?;
        }
    }
    Ok(())
}
