//! The base path mappings of custom domain names: `CreateBasePathMapping`, `GetBasePathMapping`, `GetBasePathMappings`,
//! `UpdateBasePathMapping`, `DeleteBasePathMapping`.
//!
//! The control plane of HTTP APIs shows the same ones as API mappings.

use claviger_resources::api_mapping::ApiMapping;
use claviger_resources::domain_name::DomainName;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::domain_name::{self, DomainNameInput};
use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{Patch, PatchOperation, apply_all};
use crate::domain_name::{ApiKind, api_kind, has_stage, map, mapping_of_key, remap};
use crate::operation::{Access, Context, Operation};

/// Maps a path of a domain to an API.
pub struct CreateBasePathMapping;
/// Shows the mapping of a path.
pub struct GetBasePathMapping;
/// Lists the mappings of a domain.
pub struct GetBasePathMappings;
/// Changes the mapping of a path.
pub struct UpdateBasePathMapping;
/// Deletes the mapping of a path.
pub struct DeleteBasePathMapping;

/// The members of `CreateBasePathMapping`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateBasePathMappingInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    base_path: Option<String>,
    rest_api_id: String,
    stage: Option<String>,
}

/// Which mapping is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BasePathMappingInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    base_path: String,
}

/// The members of `GetBasePathMappings`.
#[derive(Debug, Deserialize)]
pub struct GetBasePathMappingsInput {
    #[serde(flatten)]
    domain: DomainNameInput,
    #[serde(flatten)]
    page: PageInput,
}

/// The members of `UpdateBasePathMapping`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateBasePathMappingInput {
    #[serde(flatten)]
    mapping: BasePathMappingInput,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A mapping as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BasePathMappingOutput {
    base_path: String,
    rest_api_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
}

/// How the empty path is written, and in updates no stage.
const NONE: &str = "(none)";

impl BasePathMappingOutput {
    fn new(mapping: &ApiMapping) -> Self {
        let key = &mapping.api_mapping_key;
        Self {
            base_path: if key.is_empty() { NONE.to_owned() } else { key.clone() },
            rest_api_id: mapping.api_id.clone(),
            stage: mapping.stage.clone(),
        }
    }
}

impl Operation for CreateBasePathMapping {
    const NAME: &'static str = "CreateBasePathMapping";
    const ACCESS: Access = Access::Write;
    type Input = CreateBasePathMappingInput;
    type Output = BasePathMappingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let domain = domain_name::find(cx, &input.domain).await?;
        let key = without_none(input.base_path.as_deref().unwrap_or_default());
        let stage = input.stage.as_deref().map(without_none).filter(|stage| !stage.is_empty());
        check(cx, key, &input.rest_api_id, stage).await?;
        Ok(BasePathMappingOutput::new(&map(cx, &domain, key, &input.rest_api_id, stage).await?))
    }
}

impl Operation for GetBasePathMapping {
    const NAME: &'static str = "GetBasePathMapping";
    const ACCESS: Access = Access::Read;
    type Input = BasePathMappingInput;
    type Output = BasePathMappingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(BasePathMappingOutput::new(&find(cx, input).await?.1))
    }
}

impl Operation for GetBasePathMappings {
    const NAME: &'static str = "GetBasePathMappings";
    const ACCESS: Access = Access::Read;
    type Input = GetBasePathMappingsInput;
    type Output = Page<BasePathMappingOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let domain = domain_name::find(cx, &input.domain).await?;
        input.page.read(cx.tx, cx.tenant, &domain.domain_name, BasePathMappingOutput::new).await
    }
}

impl Operation for UpdateBasePathMapping {
    const NAME: &'static str = "UpdateBasePathMapping";
    const ACCESS: Access = Access::Write;
    type Input = UpdateBasePathMappingInput;
    type Output = BasePathMappingOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (domain, mut mapping) = find(cx, &input.mapping).await?;
        apply_all(&input.patch_operations, |patch| patch_mapping(&mut mapping, patch))?;
        check(cx, &mapping.api_mapping_key, &mapping.api_id, mapping.stage.as_deref()).await?;
        remap(cx, &domain, &mapping).await?;
        Ok(BasePathMappingOutput::new(&mapping))
    }
}

impl Operation for DeleteBasePathMapping {
    const NAME: &'static str = "DeleteBasePathMapping";
    const ACCESS: Access = Access::Write;
    type Input = BasePathMappingInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (_, mapping) = find(cx, input).await?;
        cx.tx.delete(&mapping.record).await?;
        Ok(())
    }
}

fn without_none(text: &str) -> &str {
    if text == NONE { "" } else { text }
}

async fn find(
    cx: &mut Context<'_>,
    input: &BasePathMappingInput,
) -> Result<(Stored<DomainName>, Stored<ApiMapping>), Error> {
    let domain = domain_name::find(cx, &input.domain).await?;
    let mapping = mapping_of_key(cx, &domain, without_none(&input.base_path)).await?;
    Ok((domain, mapping.ok_or_else(|| Error::invalid_identifier("base path mapping"))?))
}

/// Refuses a path of several levels, an API that is none, and a stage that the API does not have.
async fn check(cx: &mut Context<'_>, key: &str, api: &str, stage: Option<&str>) -> Result<(), Error> {
    if key.contains('/') {
        return Err(Error::bad(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base \
             path mapping, use API Gateway V2.",
        ));
    }
    if api_kind(cx, api).await? != Some(ApiKind::Rest) {
        return Err(Error::bad("Invalid REST API identifier specified"));
    }
    match stage {
        Some(stage) if !has_stage(cx, ApiKind::Rest, api, stage).await? => {
            Err(Error::bad("Invalid stage identifier specified"))
        }
        _ => Ok(()),
    }
}

fn patch_mapping(mapping: &mut ApiMapping, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["basePath"] => {
            patch.only_replace()?;
            without_none(patch.value()?).clone_into(&mut mapping.api_mapping_key);
        }
        // AWS's pages write it in the first way, its own description of a mapping in the second.
        ["restapiId" | "restApiId"] => {
            patch.only_replace()?;
            patch.value()?.clone_into(&mut mapping.api_id);
        }
        ["stage"] => {
            let stage = patch.text()?.filter(|stage| !without_none(stage).is_empty());
            mapping.stage = stage;
        }
        _ => return Err(patch.invalid_replace(&["/basePath", "/restapiId", "/stage"])),
    }
    Ok(())
}
