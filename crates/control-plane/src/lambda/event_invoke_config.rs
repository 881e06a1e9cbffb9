//! What becomes of events that nobody waits for: `PutFunctionEventInvokeConfig`, `UpdateFunctionEventInvokeConfig`,
//! `GetFunctionEventInvokeConfig`, `ListFunctionEventInvokeConfigs`, `DeleteFunctionEventInvokeConfig`.

use claviger_resources::function::{EventInvokeConfig, Function, LATEST};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::Error;
use super::function::FunctionInput;
use super::reference::Named;
use crate::operation::{Access, Context, Operation};

/// Sets what becomes of events, all of it anew.
pub struct PutFunctionEventInvokeConfig;
/// Changes some of it.
pub struct UpdateFunctionEventInvokeConfig;
/// Shows it.
pub struct GetFunctionEventInvokeConfig;
/// Shows it for all qualifiers of a function.
pub struct ListFunctionEventInvokeConfigs;
/// Returns to what holds for all functions.
pub struct DeleteFunctionEventInvokeConfig;

/// Configurations on a page of a list (AWS Lambda API, `ListFunctionEventInvokeConfigs`).
const PAGE_MAX: usize = 50;

/// The members of `PutFunctionEventInvokeConfig` and `UpdateFunctionEventInvokeConfig`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventInvokeConfigSettings {
    function_name: String,
    qualifier: Option<String>,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Value>,
}

/// The members of `ListFunctionEventInvokeConfigs`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEventInvokeConfigsInput {
    function_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// A configuration as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionEventInvokeConfig {
    last_modified: f64,
    function_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Value,
}

/// A page of configurations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEventInvokeConfigsOutput {
    function_event_invoke_configs: Vec<FunctionEventInvokeConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

impl Operation for PutFunctionEventInvokeConfig {
    const NAME: &'static str = "PutFunctionEventInvokeConfig";
    const ACCESS: Access = Access::Write;
    type Input = EventInvokeConfigSettings;
    type Output = FunctionEventInvokeConfig;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        set(cx, input, Self::NAME, |_, _| Ok(EventInvokeConfig::default())).await
    }
}

impl Operation for UpdateFunctionEventInvokeConfig {
    const NAME: &'static str = "UpdateFunctionEventInvokeConfig";
    const ACCESS: Access = Access::Write;
    type Input = EventInvokeConfigSettings;
    type Output = FunctionEventInvokeConfig;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        set(cx, input, Self::NAME, |function, qualifier| find(function, qualifier).cloned()).await
    }
}

impl Operation for GetFunctionEventInvokeConfig {
    const NAME: &'static str = "GetFunctionEventInvokeConfig";
    const ACCESS: Access = Access::Read;
    type Input = FunctionInput;
    type Output = FunctionEventInvokeConfig;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (function, qualifier) = named(cx, &input.function_name, input.qualifier.as_deref(), Self::NAME).await?;
        Ok(FunctionEventInvokeConfig::of(&function, &qualifier, find(&function, &qualifier)?))
    }
}

impl Operation for ListFunctionEventInvokeConfigs {
    const NAME: &'static str = "ListFunctionEventInvokeConfigs";
    const ACCESS: Access = Access::Read;
    type Input = ListEventInvokeConfigsInput;
    type Output = ListEventInvokeConfigsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (function, _) = named(cx, &input.function_name, None, Self::NAME).await?;
        let size = input.max_items.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let all = function.qualified.event_invoke_configs.iter();
        let rest = all.filter(|(qualifier, _)| input.marker.as_ref().is_none_or(|marker| *qualifier > marker));
        let mut page: Vec<_> = rest.take(size + 1).collect();
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|(qualifier, _)| (*qualifier).clone());
        let show = |(qualifier, config): (&String, &EventInvokeConfig)| {
            FunctionEventInvokeConfig::of(&function, qualifier, config)
        };
        Ok(ListEventInvokeConfigsOutput {
            function_event_invoke_configs: page.into_iter().map(show).collect(),
            next_marker,
        })
    }
}

impl Operation for DeleteFunctionEventInvokeConfig {
    const NAME: &'static str = "DeleteFunctionEventInvokeConfig";
    const ACCESS: Access = Access::Write;
    type Input = FunctionInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (mut function, qualifier) = named(cx, &input.function_name, input.qualifier.as_deref(), Self::NAME).await?;
        find(&function, &qualifier)?;
        function.qualified.event_invoke_configs.remove(&qualifier);
        cx.tx.replace(&function).await?;
        Ok(())
    }
}

impl FunctionEventInvokeConfig {
    fn of(function: &Function, qualifier: &str, config: &EventInvokeConfig) -> Self {
        let nowhere = || json!({ "OnSuccess": {}, "OnFailure": {} });
        Self {
            last_modified: config.last_modified.fractional_seconds(),
            function_arn: format!("{}:{qualifier}", function.arn()),
            maximum_retry_attempts: config.retries_max,
            maximum_event_age_in_seconds: config.age_seconds_max,
            destination_config: config.destinations.clone().unwrap_or_else(nowhere),
        }
    }
}

/// The function, and the qualifier that is meant, which exists.
async fn named(
    cx: &mut Context<'_>,
    name: &str,
    qualifier: Option<&str>,
    operation: &'static str,
) -> Result<(Stored<Function>, String), Error> {
    let named = Named::parse(cx.tenant, name, qualifier, operation)?;
    let (function, _) = named.resolve(cx).await?;
    Ok((function, named.qualifier.unwrap_or_else(|| LATEST.to_owned())))
}

fn find<'a>(function: &'a Function, qualifier: &str) -> Result<&'a EventInvokeConfig, Error> {
    let arn = || format!("The function {}:{qualifier} doesn't have an EventInvokeConfig", function.arn());
    function.event_invoke_config(Some(qualifier)).ok_or_else(|| Error::NotFound(arn()))
}

async fn set(
    cx: &mut Context<'_>,
    input: &EventInvokeConfigSettings,
    operation: &'static str,
    before: impl Fn(&Function, &str) -> Result<EventInvokeConfig, Error>,
) -> Result<FunctionEventInvokeConfig, Error> {
    let (mut function, qualifier) = named(cx, &input.function_name, input.qualifier.as_deref(), operation).await?;
    let says_nothing = input.maximum_retry_attempts.is_none()
        && input.maximum_event_age_in_seconds.is_none()
        && input.destination_config.is_none();
    if says_nothing {
        return Err(Error::invalid("You must specify at least one of error handling or destination setting."));
    }
    let mut config = before(&function, &qualifier)?;
    config.retries_max = input.maximum_retry_attempts.or(config.retries_max);
    config.age_seconds_max = input.maximum_event_age_in_seconds.or(config.age_seconds_max);
    config.destinations = input.destination_config.clone().or(config.destinations);
    config.last_modified = cx.now;
    let output = FunctionEventInvokeConfig::of(&function, &qualifier, &config);
    function.qualified.event_invoke_configs.insert(qualifier, config);
    cx.tx.replace(&function).await?;
    Ok(output)
}
