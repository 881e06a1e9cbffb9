//! Functions: `CreateFunction`, `GetFunction`, `GetFunctionConfiguration`, `ListFunctions`, `DeleteFunction`.

use std::collections::BTreeMap;

use claviger_resources::FunctionName;
use claviger_resources::function::{Code, Function, FunctionVersion, LATEST, Qualified};
use claviger_store::{Record, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::code::{self, FunctionCode};
use super::concurrency::Concurrency;
use super::errors::Error;
use super::output::FunctionConfiguration;
use super::reference::Named;
use super::settings::Settings;
use super::tags;
use super::version::{self, publish};
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Makes a function.
pub struct CreateFunction;
/// Shows a function.
pub struct GetFunction;
/// Shows the configuration of a function.
pub struct GetFunctionConfiguration;
/// Lists functions.
pub struct ListFunctions;
/// Deletes a function.
pub struct DeleteFunction;

/// Functions on a page of a list (AWS Lambda API, `ListFunctions`).
const PAGE_MAX: usize = 50;
/// What a new function may take unless it says otherwise, in seconds (AWS Lambda API, `CreateFunction`).
const TIMEOUT_SECONDS: u32 = 3;
/// What it has of memory, likewise.
const MEMORY_MIB: u32 = 128;

/// The members of `CreateFunction`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFunctionInput {
    function_name: String,
    code: FunctionCode,
    package_type: Option<String>,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(flatten)]
    settings: Settings,
    /// The code, once it is on disk.
    #[serde(skip)]
    kept: Option<Code>,
}

/// Which function is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionInput {
    pub(super) function_name: String,
    pub(super) qualifier: Option<String>,
}

/// The members of `ListFunctions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFunctionsInput {
    function_version: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// A function as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionOutput {
    configuration: FunctionConfiguration,
    code: CodeLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<Concurrency>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

/// Where the code is: nowhere that callers could fetch it from.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CodeLocation {
    repository_type: &'static str,
}

/// A page of functions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFunctionsOutput {
    functions: Vec<FunctionConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

/// The status of a deletion.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteFunctionOutput {
    status_code: u16,
}

impl Operation for CreateFunction {
    const NAME: &'static str = "CreateFunction";
    const ACCESS: Access = Access::Write;
    type Input = CreateFunctionInput;
    type Output = FunctionConfiguration;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let named = Named::parse(&tenant, &input.function_name, None, Self::NAME)?.latest_only(&tenant)?;
        if FunctionName::parse(&named.name).is_err() {
            return Err(Error::Validation(format!(
                "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have \
                 length less than or equal to 64",
                named.name
            )));
        }
        if input.package_type.as_deref() == Some("Image") {
            return Err(Error::invalid("PackageType Image is not served here; leave it out."));
        }
        if input.settings.runtime.is_none() || input.settings.handler.is_none() {
            return Err(Error::invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        }
        tags::check(&input.tags)?;
        input.settings.prepare(services, &named.arn(&tenant))?;
        input.kept = Some(code::keep(services, caller, &mut input.code).await?);
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?;
        let code = input.kept.ok_or(Error::NotRun)?;
        if cx.tx.find::<Function>(cx.tenant, "", &named.name).await?.is_some() {
            return Err(Error::FunctionExists(named.name.clone()));
        }
        let mut function = new(cx, &named, code, input.tags.clone())?;
        input.settings.apply(cx, &mut function).await?;
        let version = if input.publish { Some(publish(cx, &mut function, None).await?) } else { None };
        match cx.tx.insert(&function).await {
            Err(StoreError::AlreadyExists) => return Err(Error::FunctionExists(named.name.clone())),
            other => other?,
        }
        FunctionConfiguration::of(version.as_ref().unwrap_or(&function), &cx.services.vault, named.qualifier.as_deref())
    }
}

impl Operation for GetFunction {
    const NAME: &'static str = "GetFunction";
    const ACCESS: Access = Access::Read;
    type Input = FunctionInput;
    type Output = FunctionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let (latest, function) = named.resolve(cx).await?;
        let concurrency = |most| Concurrency { reserved_concurrent_executions: Some(most) };
        Ok(FunctionOutput {
            configuration: FunctionConfiguration::of(&function, &cx.services.vault, named.qualifier.as_deref())?,
            code: CodeLocation { repository_type: "S3" },
            concurrency: latest.reserved_concurrency.map(concurrency),
            tags: latest.record.tags,
        })
    }
}

impl Operation for GetFunctionConfiguration {
    const NAME: &'static str = "GetFunctionConfiguration";
    const ACCESS: Access = Access::Read;
    type Input = FunctionInput;
    type Output = FunctionConfiguration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let (_, function) = named.resolve(cx).await?;
        FunctionConfiguration::of(&function, &cx.services.vault, named.qualifier.as_deref())
    }
}

impl Operation for ListFunctions {
    const NAME: &'static str = "ListFunctions";
    const ACCESS: Access = Access::Read;
    type Input = ListFunctionsInput;
    type Output = ListFunctionsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let size = input.max_items.unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let after = input.marker.as_deref();
        if input.function_version.as_deref() == Some("ALL") {
            return all_versions(cx, after, size).await;
        }
        let mut page: Vec<Stored<Function>> = cx.tx.list(cx.tenant, "", after, size + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|last| last.id().to_owned());
        let show = |function: &Stored<Function>| FunctionConfiguration::of(function, &cx.services.vault, None);
        Ok(ListFunctionsOutput { functions: page.iter().map(show).collect::<Result<_, _>>()?, next_marker })
    }
}

impl Operation for DeleteFunction {
    const NAME: &'static str = "DeleteFunction";
    const ACCESS: Access = Access::Write;
    type Input = FunctionInput;
    type Output = DeleteFunctionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let mut function = named.find(cx).await?;
        // The code is removed from the disk later, when nothing names it.
        match named.qualifier.as_deref() {
            None => {
                cx.tx.delete_all::<FunctionVersion>(cx.tenant, &named.name).await?;
                cx.tx.delete(&function.record).await?;
            }
            Some(LATEST) => {
                return Err(Error::invalid("$LATEST version cannot be deleted without deleting the function."));
            }
            Some(name) if function.qualified.aliases.contains_key(name) => {
                return Err(Error::invalid("Deletion of aliases is not currently supported."));
            }
            Some(number) => {
                let missing = || Error::FunctionNotFound(named.qualified_arn(cx.tenant));
                let version = version::find(cx, &named.name, number).await?.ok_or_else(missing)?;
                let aliases = function.qualified.aliases.iter();
                let users: Vec<&str> =
                    aliases.filter(|(_, alias)| alias.names(number)).map(|(name, _)| &**name).collect();
                if !users.is_empty() {
                    return Err(Error::VersionInUse(users.join(", ")));
                }
                cx.tx.delete(&version.record).await?;
                function.forget(number);
                cx.tx.replace(&function).await?;
            }
        }
        Ok(DeleteFunctionOutput { status_code: 204 })
    }
}

/// A function of code that is on disk, with Lambda's defaults.
fn new(cx: &mut Context<'_>, named: &Named, code: Code, tags: BTreeMap<String, String>) -> Result<Function, Error> {
    let name = FunctionName::parse(&named.name).map_err(|error| Error::invalid(error.to_string()))?;
    Ok(Function {
        name,
        tenant: cx.tenant.clone(),
        runtime: String::new(),
        handler: String::new(),
        role: String::new(),
        description: String::new(),
        timeout_seconds: TIMEOUT_SECONDS,
        memory_mib: MEMORY_MIB,
        environment: None,
        code,
        last_modified: cx.now,
        revision_id: revision_id(cx),
        version: LATEST.to_owned(),
        layers: Vec::new(),
        reserved_concurrency: None,
        qualified: Qualified::default(),
        tags,
        permissions: Vec::new(),
        policy_revision_id: String::new(),
        configuration: Map::new(),
    })
}

/// A page of all versions of all functions. Its marker names the last function and, after a slash, the last of its versions;
/// the latest one comes before those that have a number.
async fn all_versions(cx: &mut Context<'_>, after: Option<&str>, size: usize) -> Result<ListFunctionsOutput, Error> {
    let (mut after, mut begun) = match after.and_then(|after| after.split_once('/')) {
        Some((name, version)) => (Some(name.to_owned()), Some((name.to_owned(), version.to_owned()))),
        None => (after.map(str::to_owned), None),
    };
    let (mut functions, mut marker) = (Vec::new(), None);
    loop {
        // What is left of the function that the page before ended in comes first.
        let (name, after_version) = if let Some(begun) = begun.take() {
            begun
        } else {
            let next: Vec<Stored<Function>> = cx.tx.list(cx.tenant, "", after.as_deref(), 1).await?;
            let Some(next) = next.first() else { return Ok(ListFunctionsOutput { functions, next_marker: None }) };
            if functions.len() >= size {
                return Ok(ListFunctionsOutput { functions, next_marker: marker });
            }
            functions.push(FunctionConfiguration::of(next, &cx.services.vault, Some(LATEST))?);
            (next.name.to_string(), String::new())
        };
        let room = size.saturating_sub(functions.len());
        let after_version = Some(&*after_version).filter(|after| !after.is_empty());
        let versions: Vec<Stored<FunctionVersion>> = cx.tx.list(cx.tenant, &name, after_version, room + 1).await?;
        let mut last = after_version.unwrap_or_default().to_owned();
        for version in versions.iter().take(room) {
            functions.push(FunctionConfiguration::of(&version.function, &cx.services.vault, None)?);
            last.clone_from(&version.id);
        }
        marker = Some(format!("{name}/{last}"));
        if versions.len() > room {
            return Ok(ListFunctionsOutput { functions, next_marker: marker });
        }
        after = Some(name);
    }
}

/// A name for a state of a function, or of its policy.
pub(super) fn revision_id(cx: &mut Context<'_>) -> String {
    let mut bytes = [0; 16];
    cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
