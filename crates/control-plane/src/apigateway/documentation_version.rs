//! Documentation versions: `CreateDocumentationVersion`, `GetDocumentationVersion`, `GetDocumentationVersions`,
//! `UpdateDocumentationVersion`, `DeleteDocumentationVersion`.

use claviger_resources::limits::DOCUMENTATION_VERSIONS_PER_API;
use claviger_resources::rest_api::{DocumentationVersion, RestApi, Stage};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::authorizer::ListInput;
use super::errors::Error;
use super::page::Page;
use super::patch::{PatchOperation, apply_all};
use super::{documentation_part, rest_api, stage};
use crate::operation::{Access, Context, Operation};

/// Freezes an API's documentation as it is now, and makes it a stage's when one is named.
pub struct CreateDocumentationVersion;
/// Shows a version.
pub struct GetDocumentationVersion;
/// Lists the versions of an API's documentation.
pub struct GetDocumentationVersions;
/// Changes the description of a version.
pub struct UpdateDocumentationVersion;
/// Deletes a version.
pub struct DeleteDocumentationVersion;

/// The member of a stage's settings that names its version.
const MEMBER: &str = "documentationVersion";

/// The members of `CreateDocumentationVersion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDocumentationVersionInput {
    rest_api_id: String,
    documentation_version: String,
    stage_name: Option<String>,
    description: Option<String>,
}

/// Which version is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationVersionInput {
    rest_api_id: String,
    documentation_version: String,
}

/// The members of `UpdateDocumentationVersion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDocumentationVersionInput {
    rest_api_id: String,
    documentation_version: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A version as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationVersionOutput {
    version: String,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl DocumentationVersionOutput {
    fn new(version: &DocumentationVersion) -> Self {
        Self {
            version: version.version.clone(),
            created_date: version.created_date.seconds(),
            description: version.description.clone(),
        }
    }
}

impl Operation for CreateDocumentationVersion {
    const NAME: &'static str = "CreateDocumentationVersion";
    const ACCESS: Access = Access::Write;
    type Input = CreateDocumentationVersionInput;
    type Output = DocumentationVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        if input.documentation_version.is_empty() {
            return Err(Error::bad("Documentation version must be non-empty"));
        }
        let count = cx.tx.count_of::<DocumentationVersion>(cx.tenant, api.id.as_str()).await?;
        if count >= DOCUMENTATION_VERSIONS_PER_API as u64 {
            return Err(Error::LimitExceeded {
                what: "Documentation versions",
                scope: "API",
                maximum: DOCUMENTATION_VERSIONS_PER_API,
            });
        }
        let version = DocumentationVersion {
            version: input.documentation_version.clone(),
            rest_api_id: api.id.clone(),
            tenant: cx.tenant.clone(),
            created_date: cx.now,
            description: input.description.clone(),
            parts: documentation_part::list(cx, &api).await?,
        };
        match cx.tx.insert(&version).await {
            Err(StoreError::AlreadyExists) => {
                return Err(Error::Conflict("Documentation version already exists".to_owned()));
            }
            other => other?,
        }
        if let Some(name) = input.stage_name.as_deref().filter(|name| !name.is_empty()) {
            let mut stage = stage::find(cx, &api, name).await?;
            stage.configuration.insert(MEMBER.to_owned(), version.version.as_str().into());
            stage.last_updated_date = cx.now;
            cx.tx.replace(&stage).await?;
        }
        Ok(DocumentationVersionOutput::new(&version))
    }
}

impl Operation for GetDocumentationVersion {
    const NAME: &'static str = "GetDocumentationVersion";
    const ACCESS: Access = Access::Read;
    type Input = DocumentationVersionInput;
    type Output = DocumentationVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        Ok(DocumentationVersionOutput::new(&*find(cx, &api, &input.documentation_version).await?))
    }
}

impl Operation for GetDocumentationVersions {
    const NAME: &'static str = "GetDocumentationVersions";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<DocumentationVersionOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.id.as_str(), DocumentationVersionOutput::new).await
    }
}

impl Operation for UpdateDocumentationVersion {
    const NAME: &'static str = "UpdateDocumentationVersion";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDocumentationVersionInput;
    type Output = DocumentationVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut version = find(cx, &api, &input.documentation_version).await?;
        apply_all(&input.patch_operations, |patch| match patch.path().as_slice() {
            ["description"] => {
                patch.only_replace()?;
                version.description = patch.text()?;
                Ok(())
            }
            _ => Err(patch.invalid_replace(&["/description"])),
        })?;
        cx.tx.replace(&version).await?;
        Ok(DocumentationVersionOutput::new(&version))
    }
}

impl Operation for DeleteDocumentationVersion {
    const NAME: &'static str = "DeleteDocumentationVersion";
    const ACCESS: Access = Access::Write;
    type Input = DocumentationVersionInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let version = find(cx, &api, &input.documentation_version).await?;
        // A stage that went on naming it would get the next version of that name.
        let stages: Vec<Stored<Stage>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
        for mut stage in stages {
            if of_stage(&stage) == Some(&version.record.version) {
                stage.configuration.remove(MEMBER);
                cx.tx.replace(&stage).await?;
            }
        }
        cx.tx.delete(&version.record).await?;
        Ok(())
    }
}

/// The version with this name.
pub(super) async fn find(
    cx: &mut Context<'_>,
    api: &RestApi,
    name: &str,
) -> Result<Stored<DocumentationVersion>, Error> {
    let found = cx.tx.find(cx.tenant, api.id.as_str(), name).await?;
    found.ok_or_else(|| Error::NotFound("Invalid Documentation version specified".to_owned()))
}

/// The name of a stage's version.
pub(super) fn of_stage(stage: &Stage) -> Option<&str> {
    stage.configuration.get(MEMBER)?.as_str()
}

/// Refuses a stage whose version does not exist.
pub(super) async fn check(cx: &mut Context<'_>, api: &RestApi, name: Option<&str>) -> Result<(), Error> {
    if let Some(name) = name {
        find(cx, api, name).await?;
    }
    Ok(())
}
