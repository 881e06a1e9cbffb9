//! Tags of APIs, stages, API keys, client certificates, usage plans and custom domain names: `TagResource`,
//! `UntagResource`, `GetTags`.

use std::collections::BTreeMap;

use claviger_resources::api_key::ApiKey;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_resources::domain_name::DomainName;
use claviger_resources::rest_api::{RestApi, Stage};
use claviger_resources::usage_plan::UsagePlan;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::{api_key, client_certificate, rest_api, stage, usage_plan};
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

/// The members of `GetTags`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetTagsInput {
    resource_arn: String,
}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
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
        change(cx, &input.resource_arn, |tags| {
            tags.extend(input.tags.clone());
            check(tags)
        })
        .await
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        change(cx, &input.resource_arn, |tags| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })
        .await
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
            Tagged::ApiKey(key) => key.record.tags,
            Tagged::ClientCertificate(certificate) => certificate.record.tags,
            Tagged::UsagePlan(plan) => plan.record.tags,
            Tagged::DomainName(domain) => Some(domain.record.tags),
        };
        Ok(TagsOutput { tags: tags.unwrap_or_default() })
    }
}

/// Refuses tags that a resource cannot have. The keys of those that are AWS's own start with `aws:`.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::LimitExceeded { what: "tags", scope: "resource", maximum: TAGS_MAX });
    }
    let is_valid = |key: &&String| (1..=128).contains(&key.chars().count()) && !key.starts_with("aws:");
    match tags.keys().find(|key| !is_valid(key)) {
        Some(key) => Err(Error::bad(format!(
            "Invalid tag key: {key}. A tag key must be of 1 to 128 characters and must not start with aws:"
        ))),
        None => Ok(()),
    }
}

/// What an ARN names.
enum Tagged {
    Api(Box<Stored<RestApi>>),
    Stage(Box<Stored<Stage>>),
    ApiKey(Box<Stored<ApiKey>>),
    ClientCertificate(Box<Stored<ClientCertificate>>),
    UsagePlan(Box<Stored<UsagePlan>>),
    DomainName(Box<Stored<DomainName>>),
}

/// `arn:aws:apigateway:{region}::/restapis/{id}[/stages/{name}]`, `…::/apikeys/{id}`, `…::/clientcertificates/{id}`,
/// `…::/usageplans/{id}`, `…::/domainnames/{name}`; the account field is empty.
async fn find(cx: &mut Context<'_>, arn: &str) -> Result<Tagged, Error> {
    let invalid = || Error::bad("Invalid ARN specified in the request");
    let path = arn.split_once("::/").filter(|(head, _)| head.starts_with("arn:")).ok_or_else(invalid)?.1;
    let parts: Vec<&str> = path.split('/').collect();
    Ok(match parts.as_slice() {
        ["restapis", api] => Tagged::Api(Box::new(rest_api::find(cx, api).await?)),
        ["restapis", api, "stages", name] => {
            let api = rest_api::find(cx, api).await?;
            Tagged::Stage(Box::new(stage::find(cx, &api, name).await?))
        }
        ["apikeys", key] => Tagged::ApiKey(Box::new(api_key::find(cx, key).await?)),
        ["clientcertificates", id] => Tagged::ClientCertificate(Box::new(client_certificate::find(cx, id).await?)),
        ["usageplans", plan] => Tagged::UsagePlan(Box::new(usage_plan::find(cx, plan).await?)),
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
            change(api.tags.get_or_insert_default())?;
            cx.tx.replace(&api).await?;
        }
        Tagged::Stage(mut stage) => {
            change(stage.tags.get_or_insert_default())?;
            cx.tx.replace(&stage).await?;
        }
        Tagged::ApiKey(mut key) => {
            change(key.tags.get_or_insert_default())?;
            cx.tx.replace(&key).await?;
        }
        Tagged::ClientCertificate(mut certificate) => {
            change(certificate.tags.get_or_insert_default())?;
            cx.tx.replace(&certificate).await?;
        }
        Tagged::UsagePlan(mut plan) => {
            change(plan.tags.get_or_insert_default())?;
            cx.tx.replace(&plan).await?;
        }
        Tagged::DomainName(mut domain) => {
            change(&mut domain.tags)?;
            cx.tx.replace(&domain).await?;
        }
    }
    Ok(())
}
