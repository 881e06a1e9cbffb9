//! Aliases of functions: `CreateAlias`, `UpdateAlias`, `GetAlias`, `ListAliases`, `DeleteAlias`.

use std::collections::BTreeMap;

use claviger_resources::function::{Alias, Function, LATEST};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::function::revision_id;
use super::reference::{Named, check_revision};
use super::version;
use crate::operation::{Access, Context, Operation};

/// Gives a version a name.
pub struct CreateAlias;
/// Changes an alias.
pub struct UpdateAlias;
/// Shows an alias.
pub struct GetAlias;
/// Lists aliases.
pub struct ListAliases;
/// Deletes an alias.
pub struct DeleteAlias;

/// Aliases on a page of a list (AWS Lambda API, `ListAliases`).
const PAGE_MAX: usize = 50;
/// Aliases that a function may have; AWS names no bound.
const ALIASES_MAX: usize = 500;

/// Which alias is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasInput {
    function_name: String,
    name: String,
}

/// The members of `CreateAlias` and `UpdateAlias`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasSettings {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    revision_id: Option<String>,
}

/// The members of `ListAliases`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliasesInput {
    function_name: String,
    function_version: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// Which share of the calls goes to other versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingConfig {
    #[serde(default)]
    additional_version_weights: BTreeMap<String, f64>,
}

/// An alias as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasConfiguration {
    alias_arn: String,
    name: String,
    function_version: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_config: Option<RoutingConfig>,
    revision_id: String,
}

/// A page of aliases.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliasesOutput {
    aliases: Vec<AliasConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

impl Operation for CreateAlias {
    const NAME: &'static str = "CreateAlias";
    const ACCESS: Access = Access::Write;
    type Input = AliasSettings;
    type Output = AliasConfiguration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        if !is_name(&input.name) {
            return Err(Error::Validation(format!(
                "1 validation error detected: Value '{}' at 'name' failed to satisfy constraint: Member must satisfy regular \
                 expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                input.name
            )));
        }
        let function = named.find(cx).await?;
        let arn = format!("{}:{}", function.arn(), input.name);
        if function.qualified.aliases.contains_key(&input.name) {
            return Err(Error::AliasExists(arn));
        }
        if function.qualified.aliases.len() >= ALIASES_MAX {
            return Err(Error::invalid(format!("A function has at most {ALIASES_MAX} aliases here.")));
        }
        let revision_id = revision_id(cx);
        let alias = Alias { version: String::new(), description: String::new(), weights: BTreeMap::new(), revision_id };
        keep(cx, function, alias, input).await
    }
}

impl Operation for UpdateAlias {
    const NAME: &'static str = "UpdateAlias";
    const ACCESS: Access = Access::Write;
    type Input = AliasSettings;
    type Output = AliasConfiguration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let function = named.find(cx).await?;
        let mut alias = find(&function, &input.name)?.clone();
        check_revision(input.revision_id.as_deref(), &alias.revision_id)?;
        alias.revision_id = revision_id(cx);
        keep(cx, function, alias, input).await
    }
}

impl Operation for GetAlias {
    const NAME: &'static str = "GetAlias";
    const ACCESS: Access = Access::Read;
    type Input = AliasInput;
    type Output = AliasConfiguration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let function = named.find(cx).await?;
        Ok(AliasConfiguration::of(&function, &input.name, find(&function, &input.name)?))
    }
}

impl Operation for ListAliases {
    const NAME: &'static str = "ListAliases";
    const ACCESS: Access = Access::Read;
    type Input = ListAliasesInput;
    type Output = ListAliasesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let function = named.find(cx).await?;
        let size = input.max_items.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let version = input.function_version.as_deref();
        let is_asked_for = |(name, alias): &(&String, &Alias)| {
            input.marker.as_ref().is_none_or(|marker| *name > marker)
                && version.is_none_or(|version| alias.names(version))
        };
        let mut page: Vec<_> = function.qualified.aliases.iter().filter(is_asked_for).take(size + 1).collect();
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|(name, _)| (*name).clone());
        let aliases = page.into_iter().map(|(name, alias)| AliasConfiguration::of(&function, name, alias)).collect();
        Ok(ListAliasesOutput { aliases, next_marker })
    }
}

impl Operation for DeleteAlias {
    const NAME: &'static str = "DeleteAlias";
    const ACCESS: Access = Access::Write;
    type Input = AliasInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let mut function = named.find(cx).await?;
        // One that is not there is as good as deleted.
        if function.qualified.aliases.remove(&input.name).is_some() {
            function.forget(&input.name);
            cx.tx.replace(&function).await?;
        }
        Ok(())
    }
}

impl AliasConfiguration {
    fn of(function: &Function, name: &str, alias: &Alias) -> Self {
        let routing = RoutingConfig { additional_version_weights: alias.weights.clone() };
        Self {
            alias_arn: format!("{}:{name}", function.arn()),
            name: name.to_owned(),
            function_version: alias.version.clone(),
            description: alias.description.clone(),
            routing_config: (!alias.weights.is_empty()).then_some(routing),
            revision_id: alias.revision_id.clone(),
        }
    }
}

/// Whether an alias may be called so: a number would be a version's.
fn is_name(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.bytes().all(is_known) && !name.bytes().all(|byte| byte.is_ascii_digit())
}

fn find<'a>(function: &'a Function, name: &str) -> Result<&'a Alias, Error> {
    let missing = || Error::NotFound(format!("Cannot find alias arn: {}:{name}", function.arn()));
    function.qualified.aliases.get(name).ok_or_else(missing)
}

/// Stores an alias with what a call says of it, and shows it.
async fn keep(
    cx: &mut Context<'_>,
    mut function: Stored<Function>,
    alias: Alias,
    settings: &AliasSettings,
) -> Result<AliasConfiguration, Error> {
    let alias = changed(cx, &function, alias, settings).await?;
    let shown = AliasConfiguration::of(&function, &settings.name, &alias);
    function.qualified.aliases.insert(settings.name.clone(), alias);
    cx.tx.replace(&function).await?;
    Ok(shown)
}

/// The alias with what a call says of it; what it leaves out stays as it is.
async fn changed(
    cx: &mut Context<'_>,
    function: &Function,
    mut alias: Alias,
    settings: &AliasSettings,
) -> Result<Alias, Error> {
    if let Some(version) = &settings.function_version {
        alias.version.clone_from(version);
    }
    if let Some(description) = &settings.description {
        alias.description.clone_from(description);
    }
    if let Some(routing) = &settings.routing_config {
        alias.weights.clone_from(&routing.additional_version_weights);
    }
    check_weights(&alias)?;
    for version in alias.weights.keys().chain([&alias.version]) {
        if version != LATEST && version::find(cx, function.name.as_str(), version).await?.is_none() {
            return Err(Error::FunctionNotFound(format!("{}:{version}", function.arn())));
        }
    }
    Ok(alias)
}

/// AWS Lambda, "Implement Lambda canary deployments using a weighted alias".
fn check_weights(alias: &Alias) -> Result<(), Error> {
    if alias.weights.len() > 1 {
        return Err(Error::invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
    }
    if !alias.weights.is_empty() && alias.names(LATEST) {
        return Err(Error::invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
    }
    if alias.weights.contains_key(&alias.version) {
        let version = &alias.version;
        return Err(Error::invalid(format!(
            "Invalid function version {version}. Function version {version} is already included in routing configuration."
        )));
    }
    Ok(())
}
