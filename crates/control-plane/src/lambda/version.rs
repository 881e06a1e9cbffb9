//! Versions of functions: `PublishVersion`, `ListVersionsByFunction`.

use claviger_resources::function::{Function, FunctionVersion, LATEST};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::function::revision_id;
use super::output::{FunctionConfiguration, code_sha256};
use super::reference::{Named, check_revision};
use crate::operation::{Access, Context, Operation};

/// Keeps a function as it is, under a number.
pub struct PublishVersion;
/// Lists a function's versions.
pub struct ListVersionsByFunction;

/// Versions on a page of a list (AWS Lambda API, `ListVersionsByFunction`).
const PAGE_MAX: usize = 50;

/// The members of `PublishVersion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublishVersionInput {
    function_name: String,
    #[serde(rename = "CodeSha256")]
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
    publish_to: Option<String>,
}

/// The members of `ListVersionsByFunction`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsByFunctionInput {
    function_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// A page of versions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsByFunctionOutput {
    versions: Vec<FunctionConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

impl Operation for PublishVersion {
    const NAME: &'static str = "PublishVersion";
    const ACCESS: Access = Access::Write;
    type Input = PublishVersionInput;
    type Output = FunctionConfiguration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        if input.publish_to.is_some() {
            return Err(Error::invalid("PublishTo is not served here; leave it out."));
        }
        let mut function = named.find(cx).await?;
        check_revision(input.revision_id.as_deref(), &function.revision_id)?;
        let current = code_sha256(&function);
        if let Some(given) = input.code_sha256.as_deref().filter(|given| !given.is_empty() && *given != current) {
            return Err(Error::invalid(format!(
                "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the \
                 CodeSHA256 in $LATEST."
            )));
        }
        let made = function.qualified.versions_made;
        let version = publish(cx, &mut function, input.description.clone()).await?;
        if function.qualified.versions_made != made {
            cx.tx.replace(&function).await?;
        }
        FunctionConfiguration::of(&version, &cx.services.vault, None)
    }
}

impl Operation for ListVersionsByFunction {
    const NAME: &'static str = "ListVersionsByFunction";
    const ACCESS: Access = Access::Read;
    type Input = ListVersionsByFunctionInput;
    type Output = ListVersionsByFunctionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let latest = named.find(cx).await?;
        let size = input.max_items.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let after = input.marker.as_deref();
        let mut page = Vec::new();
        if after.is_none() {
            page.push(FunctionConfiguration::of(&latest, &cx.services.vault, Some(LATEST))?);
        }
        let room = size - page.len();
        // The marker of a page that had room for the latest version only comes before all others.
        let after = after.filter(|after| *after != LATEST);
        let versions: Vec<Stored<FunctionVersion>> = cx.tx.list(cx.tenant, &named.name, after, room + 1).await?;
        let next_marker = (versions.len() > room).then(|| {
            let last = room.checked_sub(1).and_then(|last| versions.get(last));
            last.map_or_else(|| LATEST.to_owned(), |last| last.id.clone())
        });
        for version in versions.iter().take(room) {
            page.push(FunctionConfiguration::of(&version.function, &cx.services.vault, None)?);
        }
        Ok(ListVersionsByFunctionOutput { versions: page, next_marker })
    }
}

/// The version that a function is as it is now: the newest one when nothing has changed since, else a new one. The
/// function's own record is for the caller to store.
pub(super) async fn publish(
    cx: &mut Context<'_>,
    function: &mut Function,
    description: Option<String>,
) -> Result<Function, Error> {
    let newest = find(cx, function.name.as_str(), &function.qualified.versions_made.to_string()).await?;
    if let Some(newest) = newest.filter(|newest| function.is_as_published(&newest.function)) {
        return Ok(newest.record.function);
    }
    let revision_id = revision_id(cx);
    let version = function.publish(description, revision_id);
    cx.tx.insert(&version).await?;
    Ok(version.function)
}

/// A version by its number.
pub(super) async fn find(
    cx: &mut Context<'_>,
    function: &str,
    number: &str,
) -> Result<Option<Stored<FunctionVersion>>, Error> {
    match FunctionVersion::id_of(number) {
        Some(id) => Ok(cx.tx.find(cx.tenant, function, &id).await?),
        None => Ok(None),
    }
}
