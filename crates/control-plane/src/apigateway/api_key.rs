//! API keys: `CreateApiKey`, `GetApiKey`, `GetApiKeys`, `UpdateApiKey`, `DeleteApiKey`.

use std::collections::BTreeMap;

use claviger_resources::api_key::ApiKey;
use claviger_resources::key_usage::KeyUsage;
use claviger_resources::limits::API_KEYS_PER_REGION;
use claviger_resources::random::{ALPHANUMERIC, text};
use claviger_resources::usage_plan::{UsagePlan, UsagePlanKey};
use claviger_resources::{ApiKeyId, Random, Secret};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Deserializer, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::{Patch, PatchOperation, apply_all};
use super::{rest_api, stage};
use crate::operation::{Access, Context, Operation};

/// Adds an API key.
pub struct CreateApiKey;
/// Shows an API key.
pub struct GetApiKey;
/// Lists API keys, the newest first.
pub struct GetApiKeys;
/// Changes an API key.
pub struct UpdateApiKey;
/// Deletes an API key, from its usage plans too.
pub struct DeleteApiKey;

/// Characters of a key's value (API Gateway API reference, `CreateApiKey`).
const VALUE_MIN: usize = 20;
const VALUE_MAX: usize = 128;
/// Characters of a value that is made here.
const VALUE_GENERATED: usize = 40;
/// Characters of a key's name.
const NAME_MAX: usize = 1024;
/// Characters of a key's description: ours, AWS names no bound.
const DESCRIPTION_MAX: usize = 1024;

/// The members of `CreateApiKey`. `generateDistinctId` decides nothing: a key's id never is its value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateApiKeyInput {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) customer_id: Option<String>,
    #[serde(default)]
    pub(super) enabled: bool,
    #[serde(default, deserialize_with = "given")]
    pub(super) value: Option<Secret<String>>,
    #[serde(default)]
    pub(super) stage_keys: Vec<StageKey>,
    pub(super) tags: Option<BTreeMap<String, String>>,
}

/// A stage that a key is made for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageKey {
    #[serde(default)]
    rest_api_id: String,
    #[serde(default)]
    stage_name: String,
}

/// The members of `GetApiKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKeyInput {
    api_key: String,
    #[serde(default)]
    include_value: bool,
}

/// The members of `GetApiKeys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetApiKeysInput {
    #[serde(flatten)]
    page: PageInput,
    name_query: Option<String>,
    customer_id: Option<String>,
    #[serde(default)]
    include_values: bool,
}

/// The members of `UpdateApiKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateApiKeyInput {
    api_key: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// Which API key is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyInput {
    api_key: String,
}

/// An API key as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyOutput {
    id: ApiKeyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    enabled: bool,
    created_date: i64,
    last_updated_date: i64,
    stage_keys: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<BTreeMap<String, String>>,
}

impl ApiKeyOutput {
    fn new(key: &ApiKey, value: Option<Secret<String>>) -> Self {
        Self {
            id: key.id.clone(),
            value: value.map(|value| value.expose().clone()),
            name: key.name.clone(),
            customer_id: key.customer_id.clone(),
            description: key.description.clone(),
            enabled: key.enabled,
            created_date: key.created_date.seconds(),
            last_updated_date: key.last_updated_date.seconds(),
            stage_keys: key.stage_keys.clone(),
            tags: key.tags.clone(),
        }
    }
}

impl Operation for CreateApiKey {
    const NAME: &'static str = "CreateApiKey";
    const ACCESS: Access = Access::Write;
    type Input = CreateApiKeyInput;
    type Output = ApiKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let key = create(cx, input).await?;
        let value = open(cx, &key)?;
        Ok(ApiKeyOutput::new(&key, Some(value)))
    }
}

impl Operation for GetApiKey {
    const NAME: &'static str = "GetApiKey";
    const ACCESS: Access = Access::Read;
    type Input = GetApiKeyInput;
    type Output = ApiKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let key = find(cx, &input.api_key).await?;
        let value = input.include_value.then(|| open(cx, &key)).transpose()?;
        Ok(ApiKeyOutput::new(&key, value))
    }
}

impl Operation for GetApiKeys {
    const NAME: &'static str = "GetApiKeys";
    const ACCESS: Access = Access::Read;
    type Input = GetApiKeysInput;
    type Output = Page<ApiKeyOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut keys: Vec<Stored<ApiKey>> = cx.tx.list_all(cx.tenant, "").await?;
        keys.retain(|key| {
            has_prefix(key.name.as_deref(), input.name_query.as_deref())
                && input.customer_id.as_ref().is_none_or(|wanted| key.customer_id.as_ref() == Some(wanted))
        });
        let page = input.page.newest_first(keys, |key| key.number, |key| key.id.as_str().to_owned())?;
        page.try_map(|key| {
            let value = input.include_values.then(|| open(cx, &key)).transpose()?;
            Ok(ApiKeyOutput::new(&key, value))
        })
    }
}

impl Operation for UpdateApiKey {
    const NAME: &'static str = "UpdateApiKey";
    const ACCESS: Access = Access::Write;
    type Input = UpdateApiKeyInput;
    type Output = ApiKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut key = find(cx, &input.api_key).await?;
        apply_all(&input.patch_operations, |patch| patch_key(&mut key, patch))?;
        check_texts(key.name.as_deref(), key.description.as_deref())?;
        key.last_updated_date = cx.now;
        cx.tx.replace(&key).await?;
        Ok(ApiKeyOutput::new(&key, None))
    }
}

impl Operation for DeleteApiKey {
    const NAME: &'static str = "DeleteApiKey";
    const ACCESS: Access = Access::Write;
    type Input = ApiKeyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let key = find(cx, &input.api_key).await?;
        let plans: Vec<Stored<UsagePlan>> = cx.tx.list_all(cx.tenant, "").await?;
        for plan in &plans {
            if let Some(place) = cx.tx.find::<UsagePlanKey>(cx.tenant, plan.id.as_str(), key.id.as_str()).await? {
                remove_from_plan(cx, &place).await?;
            }
        }
        cx.tx.delete(&key.record).await?;
        Ok(())
    }
}

/// Takes a key out of a plan, with what was counted there.
pub(super) async fn remove_from_plan(cx: &mut Context<'_>, place: &UsagePlanKey) -> Result<(), Error> {
    let (plan, key) = (place.plan.as_str(), place.key.as_str());
    if let Some(usage) = cx.tx.find::<KeyUsage>(cx.tenant, plan, key).await? {
        cx.tx.delete(&usage.record).await?;
    }
    cx.tx.delete(place).await?;
    Ok(())
}

/// Adds an API key.
pub(super) async fn create(cx: &mut Context<'_>, input: &CreateApiKeyInput) -> Result<ApiKey, Error> {
    check_texts(input.name.as_deref(), input.description.as_deref())?;
    let value = match &input.value {
        Some(value) => {
            check_value(value)?;
            value.clone()
        }
        None => generate(cx.random),
    };
    let mut stage_keys = Vec::new();
    for StageKey { rest_api_id, stage_name } in &input.stage_keys {
        let api = rest_api::find(cx, rest_api_id).await?;
        let stage = stage::find(cx, &api, stage_name).await?;
        stage_keys.push(format!("{}/{}", api.id, stage.stage_name));
    }
    if cx.tx.count_of::<ApiKey>(cx.tenant, "").await? >= API_KEYS_PER_REGION as u64 {
        return Err(Error::LimitExceeded { what: "API keys", scope: "account", maximum: API_KEYS_PER_REGION });
    }
    let id = ApiKeyId::generate(cx.random);
    let bytes = value.expose().as_bytes();
    let key = ApiKey {
        number: cx.tx.revision().await?.0,
        tenant: cx.tenant.clone(),
        name: input.name.clone(),
        description: input.description.clone(),
        customer_id: input.customer_id.clone(),
        enabled: input.enabled,
        digest: cx.services.vault.api_key_digest(cx.tenant, bytes),
        sealed: cx.services.vault.seal(SealedFor::ApiKey(&id), bytes, cx.random)?,
        stage_keys,
        tags: input.tags.clone().filter(|tags| !tags.is_empty()),
        created_date: cx.now,
        last_updated_date: cx.now,
        id,
    };
    match cx.tx.insert(&key).await {
        Err(StoreError::NameTaken { namespace: Namespace::ApiKeyValue }) => {
            Err(Error::Conflict("API Key already exists".to_owned()))
        }
        other => {
            other?;
            Ok(key)
        }
    }
}

/// The API key with this id.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<ApiKey>, Error> {
    cx.tx.find(cx.tenant, "", id).await?.ok_or_else(|| Error::invalid_identifier("API Key"))
}

/// The API key with this value.
pub(super) async fn find_by_value(
    cx: &mut Context<'_>,
    value: &Secret<String>,
) -> Result<Option<Stored<ApiKey>>, Error> {
    let digest = cx.services.vault.api_key_digest(cx.tenant, value.expose().as_bytes());
    Ok(cx.tx.find_named(&Name::new(Namespace::ApiKeyValue, digest.to_hexadecimal())).await?)
}

/// The value of an API key.
pub(super) fn open(cx: &Context<'_>, key: &ApiKey) -> Result<Secret<String>, Error> {
    let bytes = cx.services.vault.open_sealed(SealedFor::ApiKey(&key.id), &key.sealed)?;
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| claviger_runtime::vault::VaultError::Unreadable)?;
    Ok(Secret::new(text.to_owned()))
}

/// Whether a name begins with the text that a list is asked for; case counts.
pub(super) fn has_prefix(name: Option<&str>, query: Option<&str>) -> bool {
    query.is_none_or(|query| name.unwrap_or_default().starts_with(query))
}

/// Refuses a name or a description that no key can have.
pub(super) fn check_texts(name: Option<&str>, description: Option<&str>) -> Result<(), Error> {
    let is_longer = |text: Option<&str>, max: usize| text.is_some_and(|text| text.chars().count() > max);
    if is_longer(name, NAME_MAX) {
        return Err(Error::bad("Invalid API Key name, can be at most 1024 characters."));
    }
    if is_longer(description, DESCRIPTION_MAX) {
        return Err(Error::bad("Invalid API Key description specified."));
    }
    Ok(())
}

/// Refuses a value that no key can have.
pub(super) fn check_value(value: &Secret<String>) -> Result<(), Error> {
    match value.expose().chars().count() {
        0..VALUE_MIN => Err(Error::bad("API Key value should be at least 20 characters")),
        VALUE_MIN..=VALUE_MAX => Ok(()),
        _ => Err(Error::bad("API Key value exceeds maximum size of 128 characters")),
    }
}

fn generate(random: &mut dyn Random) -> Secret<String> {
    Secret::new(text(random, ALPHANUMERIC, VALUE_GENERATED))
}

fn patch_key(key: &mut ApiKey, patch: Patch<'_>) -> Result<(), Error> {
    match patch.path().as_slice() {
        ["name"] => key.name = replaced(patch)?,
        ["description"] => key.description = replaced(patch)?,
        ["customerId"] => key.customer_id = replaced(patch)?,
        // What is no boolean is false, as on AWS.
        ["enabled"] => key.enabled = replaced(patch)?.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        _ => return Err(patch.invalid_replace(&["/description", "/enabled", "/name", "/customerId"])),
    }
    Ok(())
}

fn replaced(patch: Patch<'_>) -> Result<Option<String>, Error> {
    patch.only_replace()?;
    patch.text()
}

/// Reads a value without leaving a copy that can be printed.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_names_and_descriptions_have_the_lengths_of_aws() {
        let message = |refused: Result<(), Error>| refused.err().map(|error| error.to_string()).unwrap_or_default();
        let value = |length: usize| message(check_value(&Secret::new("é".repeat(length))));
        assert_eq!(value(19), "API Key value should be at least 20 characters");
        assert_eq!((value(20), value(128)), (String::new(), String::new()));
        assert_eq!(value(129), "API Key value exceeds maximum size of 128 characters");
        let name = |length: usize| message(check_texts(Some(&"é".repeat(length)), None));
        assert_eq!((name(0), name(1024)), (String::new(), String::new()));
        assert_eq!(name(1025), "Invalid API Key name, can be at most 1024 characters.");
        let description = |length: usize| message(check_texts(None, Some(&"é".repeat(length))));
        assert_eq!(description(1024), "");
        assert_eq!(description(1025), "Invalid API Key description specified.");
    }

    #[test]
    fn lists_are_asked_for_by_the_beginning_of_a_name() {
        let check = |name: Option<&str>, query: Option<&str>, expected: bool| {
            assert_eq!(has_prefix(name, query), expected, "{name:?} {query:?}");
        };
        check(Some("Storm station"), None, true);
        check(Some("Storm station"), Some("Storm"), true);
        check(Some("Storm station"), Some("storm"), false);
        check(Some("Storm station"), Some("station"), false);
        check(None, Some("S"), false);
        check(None, None, true);
    }
}
