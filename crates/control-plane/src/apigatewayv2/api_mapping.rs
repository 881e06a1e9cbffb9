//! The API mappings of custom domain names: `CreateApiMapping`, `GetApiMapping`, `GetApiMappings`, `UpdateApiMapping`,
//! `DeleteApiMapping`.
//!
//! The control plane of REST APIs shows the same ones as base path mappings.

use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::domain_name::DomainName;
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;

use super::domain_name::{DomainNameInput, ONLY_REGIONAL};
use super::errors::Error;
use super::page::{Page, PageInput};
use super::shown::Shown;
use crate::domain_name::{REGIONAL, api_kind, find as find_domain, has_stage, map, remap};
use crate::operation::{Access, Context, Operation};

/// Maps a path of a domain to a stage of an API.
pub struct CreateApiMapping;
/// Shows a mapping.
pub struct GetApiMapping;
/// Lists the mappings of a domain.
pub struct GetApiMappings;
/// Changes a mapping.
pub struct UpdateApiMapping;
/// Deletes a mapping.
pub struct DeleteApiMapping;

/// The members of `CreateApiMapping`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiMappingInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    api_id: String,
    stage: String,
    api_mapping_key: Option<String>,
}

/// The members of `UpdateApiMapping`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateApiMappingInput {
    #[serde(flatten)]
    mapping: ApiMappingInput,
    api_id: String,
    stage: Option<String>,
    api_mapping_key: Option<String>,
}

/// Which mapping is meant.
#[derive(Debug, Deserialize)]
pub struct ApiMappingInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    #[serde(rename = "ApiMappingId")]
    api_mapping_id: String,
}

/// The members of `GetApiMappings`.
#[derive(Debug, Deserialize)]
pub struct GetApiMappingsInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    #[serde(flatten)]
    page: PageInput,
}

/// A mapping as callers see it.
fn shown(mapping: &ApiMapping) -> Shown {
    Shown::of(mapping).without("domainName")
}

impl Operation for CreateApiMapping {
    const NAME: &'static str = "CreateApiMapping";
    const ACCESS: Access = Access::Write;
    type Input = CreateApiMappingInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let domain = find_domain(cx, &input.domain.domain_name).await?;
        if !domain.has_endpoint(REGIONAL) {
            return Err(Error::bad(ONLY_REGIONAL));
        }
        check(cx, &input.api_id, Some(&input.stage)).await?;
        let key = input.api_mapping_key.as_deref().unwrap_or_default();
        Ok(shown(&map(cx, &domain, key, &input.api_id, Some(&input.stage)).await?))
    }
}

impl Operation for GetApiMapping {
    const NAME: &'static str = "GetApiMapping";
    const ACCESS: Access = Access::Read;
    type Input = ApiMappingInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(shown(&find(cx, input).await?.1))
    }
}

impl Operation for GetApiMappings {
    const NAME: &'static str = "GetApiMappings";
    const ACCESS: Access = Access::Read;
    type Input = GetApiMappingsInput;
    type Output = Page;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let domain = find_domain(cx, &input.domain.domain_name).await?;
        input.page.read(cx.tx, cx.tenant, &domain.domain_name, shown).await
    }
}

impl Operation for UpdateApiMapping {
    const NAME: &'static str = "UpdateApiMapping";
    const ACCESS: Access = Access::Write;
    type Input = UpdateApiMappingInput;
    type Output = Shown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (domain, mut mapping) = find(cx, &input.mapping).await?;
        mapping.api_id.clone_from(&input.api_id);
        if let Some(stage) = &input.stage {
            mapping.stage = Some(stage.clone());
        }
        if let Some(key) = &input.api_mapping_key {
            mapping.api_mapping_key.clone_from(key);
        }
        check(cx, &mapping.api_id, mapping.stage.as_deref()).await?;
        remap(cx, &domain, &mapping).await?;
        Ok(shown(&mapping))
    }
}

impl Operation for DeleteApiMapping {
    const NAME: &'static str = "DeleteApiMapping";
    const ACCESS: Access = Access::Write;
    type Input = ApiMappingInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (_, mapping) = find(cx, input).await?;
        cx.tx.delete(&mapping.record).await?;
        Ok(())
    }
}

async fn find(
    cx: &mut Context<'_>,
    input: &ApiMappingInput,
) -> Result<(Stored<DomainName>, Stored<ApiMapping>), Error> {
    let domain = find_domain(cx, &input.domain.domain_name).await?;
    let mapping = cx.tx.find(cx.tenant, &domain.domain_name, &input.api_mapping_id).await?;
    Ok((domain, mapping.ok_or(Error::NotFound("API mapping"))?))
}

/// Refuses an API that is none, and a stage that the API does not have.
async fn check(cx: &mut Context<'_>, api: &str, stage: Option<&str>) -> Result<(), Error> {
    let Some(kind) = api_kind(cx, api).await? else {
        return Err(Error::ApiNotFound { account: cx.tenant.account, id: api.to_owned() });
    };
    match stage {
        Some(stage) if !has_stage(cx, kind, api, stage).await? => Err(Error::bad("Invalid stage identifier specified")),
        _ => Ok(()),
    }
}
