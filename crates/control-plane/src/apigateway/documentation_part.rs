//! Documentation parts: `CreateDocumentationPart`, `GetDocumentationPart`, `GetDocumentationParts`,
//! `UpdateDocumentationPart`, `DeleteDocumentationPart`, `ImportDocumentationParts`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_gateway::openapi::documentation::{self, ImportedPart};
use claviger_resources::DocumentationPartId;
use claviger_resources::limits::{DOCUMENTATION_BYTES_MAX, DOCUMENTATION_PARTS_PER_API};
use claviger_resources::rest_api::{DocumentationPart, DocumentationPartLocation, DocumentationPartType, RestApi};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::import::Mode;
use super::page::{Page, PageInput};
use super::patch::{PatchOperation, apply_all};
use super::rest_api;
use crate::operation::{Access, Context, Operation};

/// Describes an entity of an API.
pub struct CreateDocumentationPart;
/// Shows a part of an API's documentation.
pub struct GetDocumentationPart;
/// Lists the parts of an API's documentation, or the entities that have none.
pub struct GetDocumentationParts;
/// Changes what a part says.
pub struct UpdateDocumentationPart;
/// Deletes a part.
pub struct DeleteDocumentationPart;
/// Takes an OpenAPI document's documentation, and nothing else of it.
pub struct ImportDocumentationParts;

/// The members of `CreateDocumentationPart`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDocumentationPartInput {
    rest_api_id: String,
    location: DocumentationPartLocation,
    properties: String,
}

/// Which part is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationPartInput {
    rest_api_id: String,
    documentation_part_id: String,
}

/// The members of `GetDocumentationParts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetDocumentationPartsInput {
    rest_api_id: String,
    #[serde(rename = "type")]
    kind: Option<DocumentationPartType>,
    name_query: Option<String>,
    path: Option<String>,
    location_status: Option<LocationStatus>,
    #[serde(flatten)]
    page: PageInput,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum LocationStatus {
    Documented,
    Undocumented,
}

/// The members of `UpdateDocumentationPart`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDocumentationPartInput {
    rest_api_id: String,
    documentation_part_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// The members of `ImportDocumentationParts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportDocumentationPartsInput {
    rest_api_id: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    fail_on_warnings: bool,
    /// The document in base64, as blobs are handed on.
    body: String,
}

/// A part as callers see it; of an entity without documentation, only where it is.
#[derive(Debug, Serialize)]
pub struct DocumentationPartOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<DocumentationPartId>,
    location: DocumentationPartLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<String>,
}

/// The parts that an import made or changed.
#[derive(Debug, Serialize)]
pub struct DocumentationPartIds {
    ids: Vec<DocumentationPartId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl DocumentationPartOutput {
    fn new(part: &DocumentationPart) -> Self {
        Self { id: Some(part.id.clone()), location: part.location.clone(), properties: Some(part.properties.clone()) }
    }
}

impl Operation for CreateDocumentationPart {
    const NAME: &'static str = "CreateDocumentationPart";
    const ACCESS: Access = Access::Write;
    type Input = CreateDocumentationPartInput;
    type Output = DocumentationPartOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        input.location.check().map_err(|error| Error::bad(error.to_string()))?;
        check_properties(&input.properties)?;
        let mut all = list(cx, &api).await?;
        if all.iter().any(|part| part.location.entity() == input.location.entity()) {
            return Err(Error::Conflict(format!(
                "Documentation part already exists for the specified location: {}.",
                input.location
            )));
        }
        let part = new(cx, &api, input.location.clone(), input.properties.clone());
        all.push(part.clone());
        check_limits(all.iter())?;
        cx.tx.insert(&part).await?;
        Ok(DocumentationPartOutput::new(&part))
    }
}

impl Operation for GetDocumentationPart {
    const NAME: &'static str = "GetDocumentationPart";
    const ACCESS: Access = Access::Read;
    type Input = DocumentationPartInput;
    type Output = DocumentationPartOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(DocumentationPartOutput::new(&*find(cx, &input.rest_api_id, &input.documentation_part_id).await?))
    }
}

impl Operation for GetDocumentationParts {
    const NAME: &'static str = "GetDocumentationParts";
    const ACCESS: Access = Access::Read;
    type Input = GetDocumentationPartsInput;
    type Output = Page<DocumentationPartOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let parts = list(cx, &api).await?;
        let shown: Vec<DocumentationPartOutput> = match input.location_status {
            None | Some(LocationStatus::Documented) => parts.iter().map(DocumentationPartOutput::new).collect(),
            Some(LocationStatus::Undocumented) => {
                let definition = rest_api::definition(cx, &api).await?;
                let mut locations = documentation::locations(&definition);
                let known: BTreeSet<_> = parts.iter().map(|part| part.location.entity()).collect();
                locations.retain(|location| !known.contains(&location.entity()));
                let bare = |location| DocumentationPartOutput { id: None, location, properties: None };
                locations.into_iter().map(bare).collect()
            }
        };
        let is_wanted = |part: &DocumentationPartOutput| {
            let location = &part.location;
            input.kind.is_none_or(|kind| location.kind == kind)
                && input.name_query.as_ref().is_none_or(|name| location.name() == name)
                && input.path.as_ref().is_none_or(|path| location.kind.fields().path && location.path() == path)
        };
        input.page.of(shown.into_iter().filter(is_wanted))
    }
}

impl Operation for UpdateDocumentationPart {
    const NAME: &'static str = "UpdateDocumentationPart";
    const ACCESS: Access = Access::Write;
    type Input = UpdateDocumentationPartInput;
    type Output = DocumentationPartOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut part = find(cx, &input.rest_api_id, &input.documentation_part_id).await?;
        apply_all(&input.patch_operations, |patch| {
            if patch.op() != "replace" {
                return Err(patch.unsupported_op());
            }
            match patch.path().as_slice() {
                ["properties"] => {
                    let properties = patch.operation.value.as_deref().unwrap_or_default();
                    check_properties(properties)?;
                    properties.clone_into(&mut part.properties);
                    Ok(())
                }
                _ => Err(patch.invalid_replace(&["/properties"])),
            }
        })?;
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut all = list(cx, &api).await?;
        all.retain(|other| other.id != part.id);
        all.push(part.record.clone());
        check_limits(all.iter())?;
        cx.tx.replace(&part).await?;
        Ok(DocumentationPartOutput::new(&part))
    }
}

impl Operation for DeleteDocumentationPart {
    const NAME: &'static str = "DeleteDocumentationPart";
    const ACCESS: Access = Access::Write;
    type Input = DocumentationPartInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let part = find(cx, &input.rest_api_id, &input.documentation_part_id).await?;
        cx.tx.delete(&part.record).await?;
        Ok(())
    }
}

impl Operation for ImportDocumentationParts {
    const NAME: &'static str = "ImportDocumentationParts";
    const ACCESS: Access = Access::Write;
    type Input = ImportDocumentationPartsInput;
    type Output = DocumentationPartIds;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let document = STANDARD.decode(&input.body).map_err(|_| Error::bad("Invalid OpenAPI input."))?;
        let (parts, warnings) = documentation::import(&document, cx.tenant, input.fail_on_warnings)
            .map_err(|error| Error::bad(error.to_string()))?;
        let ids = put(cx, &api, input.mode, parts).await?;
        Ok(DocumentationPartIds { ids, warnings })
    }
}

/// The parts of an API, in the order of their ids.
pub(super) async fn list(cx: &mut Context<'_>, api: &RestApi) -> Result<Vec<DocumentationPart>, Error> {
    let parts: Vec<Stored<DocumentationPart>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
    Ok(parts.into_iter().map(|part| part.record).collect())
}

/// Adds imported parts to those of an API, or puts them in their place. In a part that is there already, the properties
/// of the document replace those of the same name.
pub(super) async fn put(
    cx: &mut Context<'_>,
    api: &RestApi,
    mode: Mode,
    imported: Vec<ImportedPart>,
) -> Result<Vec<DocumentationPartId>, Error> {
    let before = list(cx, api).await?;
    cx.tx.delete_all::<DocumentationPart>(cx.tenant, api.id.as_str()).await?;
    let known: BTreeMap<_, _> = before.iter().map(|part| (part.location.entity(), part)).collect();
    let (mut ids, mut after) = (Vec::new(), BTreeMap::new());
    if matches!(mode, Mode::Merge) {
        after.extend(before.iter().map(|part| (part.id.clone(), part.clone())));
    }
    for part in imported {
        let part = match known.get(&part.location.entity()) {
            None => new(cx, api, part.location.clone(), part.properties_text()),
            Some(known) => {
                let properties = match mode {
                    Mode::Merge => part.properties_over(&known.properties),
                    Mode::Overwrite => part.properties_text(),
                };
                DocumentationPart { properties, ..(*known).clone() }
            }
        };
        ids.push(part.id.clone());
        after.insert(part.id.clone(), part);
    }
    check_limits(after.values())?;
    for part in after.values() {
        cx.tx.insert(part).await?;
    }
    Ok(ids)
}

async fn find(cx: &mut Context<'_>, api: &str, id: &str) -> Result<Stored<DocumentationPart>, Error> {
    let api = rest_api::find(cx, api).await?;
    cx.tx.find(cx.tenant, api.id.as_str(), id).await?.ok_or_else(|| Error::invalid_identifier("Documentation part"))
}

fn new(
    cx: &mut Context<'_>,
    api: &RestApi,
    location: DocumentationPartLocation,
    properties: String,
) -> DocumentationPart {
    DocumentationPart {
        id: DocumentationPartId::generate(cx.random),
        rest_api_id: api.id.clone(),
        tenant: cx.tenant.clone(),
        location,
        properties,
    }
}

fn check_properties(properties: &str) -> Result<(), Error> {
    if properties.is_empty() {
        return Err(Error::bad("Documentation part properties must be non-empty"));
    }
    if serde_json::from_str::<serde_json::Map<_, _>>(properties).is_err() {
        return Err(Error::bad("Documentation part properties must be a JSON object"));
    }
    Ok(())
}

fn check_limits<'a>(parts: impl Iterator<Item = &'a DocumentationPart>) -> Result<(), Error> {
    let (count, bytes) = parts.fold((0, 0), |(count, bytes), part| (count + 1, bytes + part.properties.len()));
    if count > DOCUMENTATION_PARTS_PER_API {
        return Err(Error::LimitExceeded {
            what: "Documentation parts",
            scope: "API",
            maximum: DOCUMENTATION_PARTS_PER_API,
        });
    }
    if bytes > DOCUMENTATION_BYTES_MAX {
        return Err(Error::bad(format!("The documentation of an API must be at most {DOCUMENTATION_BYTES_MAX} bytes")));
    }
    Ok(())
}
