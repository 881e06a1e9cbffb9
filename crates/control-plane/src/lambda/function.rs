//! Functions: `CreateFunction`, `GetFunction`, `GetFunctionConfiguration`, `ListFunctions`, `DeleteFunction`.

use std::collections::BTreeMap;

use claviger_resources::FunctionName;
use claviger_resources::function::{Code, Function};
use claviger_store::{Record, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::code::{self, FunctionCode};
use super::errors::Error;
use super::output::FunctionConfiguration;
use super::reference::Named;
use super::settings::Settings;
use super::tags;
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
        let named = Named::parse(&tenant, &input.function_name, None, Self::NAME)?;
        if FunctionName::parse(&named.name).is_err() {
            return Err(Error::Validation(format!(
                "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have \
                 length less than or equal to 64",
                named.name
            )));
        }
        if input.package_type.as_deref() == Some("Image") || input.publish {
            let what = if input.publish { "Publish" } else { "PackageType Image" };
            return Err(Error::invalid(format!("{what} is not served here; leave it out.")));
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
        let function = create(cx, &named, code, &input.settings, input.tags.clone()).await?;
        FunctionConfiguration::of(&function, &cx.services.vault, named.is_qualified)
    }
}

impl Operation for GetFunction {
    const NAME: &'static str = "GetFunction";
    const ACCESS: Access = Access::Read;
    type Input = FunctionInput;
    type Output = FunctionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (named, function) = find(cx, input, Self::NAME).await?;
        Ok(FunctionOutput {
            configuration: FunctionConfiguration::of(&function, &cx.services.vault, named.is_qualified)?,
            code: CodeLocation { repository_type: "S3" },
            tags: function.record.tags,
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
        let (named, function) = find(cx, input, Self::NAME).await?;
        FunctionConfiguration::of(&function, &cx.services.vault, named.is_qualified)
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
        let mut page: Vec<Stored<Function>> = cx.tx.list(cx.tenant, "", after, size + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|last| last.id().to_owned());
        let all_versions = input.function_version.as_deref() == Some("ALL");
        let show = |function: &Stored<Function>| FunctionConfiguration::of(function, &cx.services.vault, all_versions);
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
        let (named, function) = find(cx, input, Self::NAME).await?;
        if named.is_qualified {
            return Err(Error::invalid("$LATEST version cannot be deleted without deleting the function."));
        }
        // Its code is removed from the disk later, when no function names it.
        cx.tx.delete(&function.record).await?;
        Ok(DeleteFunctionOutput { status_code: 204 })
    }
}

/// Makes a function of code that is on disk.
async fn create(
    cx: &mut Context<'_>,
    named: &Named,
    code: Code,
    settings: &Settings,
    tags: BTreeMap<String, String>,
) -> Result<Function, Error> {
    let name = FunctionName::parse(&named.name).map_err(|error| Error::invalid(error.to_string()))?;
    let mut function = Function {
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
        tags,
        permissions: Vec::new(),
        policy_revision_id: String::new(),
        configuration: Map::new(),
    };
    settings.apply(&mut function);
    match cx.tx.insert(&function).await {
        Err(StoreError::AlreadyExists) => Err(Error::FunctionExists(named.name.clone())),
        other => Ok(other.map(|()| function)?),
    }
}

async fn find(
    cx: &mut Context<'_>,
    input: &FunctionInput,
    operation: &'static str,
) -> Result<(Named, Stored<Function>), Error> {
    let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), operation)?;
    let function = named.find(cx).await?;
    Ok((named, function))
}

/// A name for a state of a function, or of its policy.
pub(super) fn revision_id(cx: &mut Context<'_>) -> String {
    let mut bytes = [0; 16];
    cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
