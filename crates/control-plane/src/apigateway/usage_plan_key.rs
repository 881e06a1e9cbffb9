//! The API keys of usage plans: `CreateUsagePlanKey`, `GetUsagePlanKey`, `GetUsagePlanKeys`, `DeleteUsagePlanKey`.

use claviger_resources::ApiKeyId;
use claviger_resources::api_key::ApiKey;
use claviger_resources::limits::USAGE_PLANS_PER_API_KEY;
use claviger_resources::usage_plan::{UsagePlan, UsagePlanKey};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::page::{Page, PageInput};
use super::{api_key, usage_plan};
use crate::operation::{Access, Context, Operation};

/// Puts an API key into a usage plan.
pub struct CreateUsagePlanKey;
/// Shows an API key of a usage plan.
pub struct GetUsagePlanKey;
/// Lists the API keys of a usage plan, the newest first.
pub struct GetUsagePlanKeys;
/// Takes an API key out of a usage plan.
pub struct DeleteUsagePlanKey;

/// The members of `CreateUsagePlanKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateUsagePlanKeyInput {
    usage_plan_id: String,
    key_id: String,
    key_type: String,
}

/// Which key of a plan is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanKeyInput {
    usage_plan_id: String,
    key_id: String,
}

/// The members of `GetUsagePlanKeys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetUsagePlanKeysInput {
    usage_plan_id: String,
    #[serde(flatten)]
    page: PageInput,
    name_query: Option<String>,
}

/// A key of a plan as callers see it.
#[derive(Serialize)]
pub struct UsagePlanKeyOutput {
    id: ApiKeyId,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl UsagePlanKeyOutput {
    fn new(cx: &Context<'_>, key: &ApiKey) -> Result<Self, Error> {
        let value = Some(api_key::open(cx, key)?.expose().clone());
        Ok(Self { id: key.id.clone(), kind: "API_KEY", value, name: key.name.clone() })
    }
}

impl Operation for CreateUsagePlanKey {
    const NAME: &'static str = "CreateUsagePlanKey";
    const ACCESS: Access = Access::Write;
    type Input = CreateUsagePlanKeyInput;
    type Output = UsagePlanKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.key_type != "API_KEY" {
            return Err(Error::bad("Invalid Key Type specified. Valid options are API_KEY"));
        }
        let plan = usage_plan::find(cx, &input.usage_plan_id).await?;
        let key = api_key::find(cx, &input.key_id).await?;
        if find_place(cx, &plan, key.id.as_str()).await?.is_some() {
            return Err(Error::Conflict(format!("{} is already subscribed to Usage Plan {}", key.id, plan.id)));
        }
        check_places(cx, &key.id, std::slice::from_ref(&plan.record)).await?;
        put(cx, &plan, &key).await?;
        UsagePlanKeyOutput::new(cx, &key)
    }
}

impl Operation for GetUsagePlanKey {
    const NAME: &'static str = "GetUsagePlanKey";
    const ACCESS: Access = Access::Read;
    type Input = UsagePlanKeyInput;
    type Output = UsagePlanKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (_, place) = find(cx, &input.usage_plan_id, &input.key_id).await?;
        let key = api_key::find(cx, place.key.as_str()).await?;
        UsagePlanKeyOutput::new(cx, &key)
    }
}

impl Operation for GetUsagePlanKeys {
    const NAME: &'static str = "GetUsagePlanKeys";
    const ACCESS: Access = Access::Read;
    type Input = GetUsagePlanKeysInput;
    type Output = Page<UsagePlanKeyOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let plan = usage_plan::find(cx, &input.usage_plan_id).await?;
        let places: Vec<Stored<UsagePlanKey>> = cx.tx.list_all(cx.tenant, plan.id.as_str()).await?;
        let mut keys = Vec::with_capacity(places.len());
        for place in places {
            let key: Option<Stored<ApiKey>> = cx.tx.find(cx.tenant, "", place.key.as_str()).await?;
            let wanted = |key: &Stored<ApiKey>| api_key::has_prefix(key.name.as_deref(), input.name_query.as_deref());
            keys.extend(key.filter(wanted).map(|key| (place.number, key)));
        }
        let page = input.page.newest_first(keys, |(number, _)| *number, |(_, key)| key.id.as_str().to_owned())?;
        page.try_map(|(_, key)| UsagePlanKeyOutput::new(cx, &key))
    }
}

impl Operation for DeleteUsagePlanKey {
    const NAME: &'static str = "DeleteUsagePlanKey";
    const ACCESS: Access = Access::Write;
    type Input = UsagePlanKeyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (_, place) = find(cx, &input.usage_plan_id, &input.key_id).await?;
        api_key::remove_from_plan(cx, &place).await
    }
}

/// A plan and the place that a key has in it.
pub(super) async fn find(
    cx: &mut Context<'_>,
    plan: &str,
    key: &str,
) -> Result<(Stored<UsagePlan>, Stored<UsagePlanKey>), Error> {
    let plan = usage_plan::find(cx, plan).await?;
    let place = find_place(cx, &plan, key).await?;
    place.map(|place| (plan, place)).ok_or_else(|| Error::invalid_identifier("API Key"))
}

async fn find_place(cx: &mut Context<'_>, plan: &UsagePlan, key: &str) -> Result<Option<Stored<UsagePlanKey>>, Error> {
    Ok(cx.tx.find(cx.tenant, plan.id.as_str(), key).await?)
}

/// Puts a key into a plan, unless it is in it.
pub(super) async fn put(cx: &mut Context<'_>, plan: &UsagePlan, key: &ApiKey) -> Result<(), Error> {
    if find_place(cx, plan, key.id.as_str()).await?.is_some() {
        return Ok(());
    }
    let place = UsagePlanKey {
        plan: plan.id.clone(),
        key: key.id.clone(),
        tenant: cx.tenant.clone(),
        number: cx.tx.revision().await?.0,
        grant: None,
    };
    Ok(cx.tx.insert(&place).await?)
}

/// Refuses plans that a key cannot be in beside those it is in already: two for one stage, or too many.
pub(super) async fn check_places(cx: &mut Context<'_>, key: &ApiKeyId, added: &[UsagePlan]) -> Result<(), Error> {
    let mut plans: Vec<UsagePlan> = plans_of(cx, key.as_str()).await?.into_iter().map(|plan| plan.record).collect();
    for plan in added {
        if plans.iter().any(|one| one.id == plan.id) {
            continue;
        }
        if let Some(shared) = shared_stage(&plans, plan) {
            return Err(Error::Conflict(format!(
                "Usage Plan {} cannot be added because API Key {key} cannot reference multiple Usage Plans with the same \
                 API stage: {shared}",
                plan.id
            )));
        }
        plans.push(plan.clone());
    }
    check_count(plans.len())
}

/// Refuses plans that a new key cannot be in together.
pub(super) fn check_together(plans: &[UsagePlan]) -> Result<(), Error> {
    for (index, plan) in plans.iter().enumerate() {
        if let Some(shared) = shared_stage(plans.get(..index).unwrap_or_default(), plan) {
            return Err(Error::Conflict(format!(
                "Usage Plan {} cannot be added because an API Key cannot reference multiple Usage Plans with the same API \
                 stage: {shared}",
                plan.id
            )));
        }
    }
    check_count(plans.len())
}

fn check_count(plans: usize) -> Result<(), Error> {
    if plans > USAGE_PLANS_PER_API_KEY {
        return Err(Error::LimitExceeded { what: "usage plans", scope: "API key", maximum: USAGE_PLANS_PER_API_KEY });
    }
    Ok(())
}

/// The stage that a plan is for, and one of the others too.
pub(super) fn shared_stage(others: &[UsagePlan], plan: &UsagePlan) -> Option<String> {
    let of_others = |api: &str, stage: &str| others.iter().any(|one| one.id != plan.id && one.covers(api, stage));
    let shared = plan.api_stages.iter().find(|one| of_others(one.api_id.as_str(), one.stage.as_str()))?;
    Some(format!("{}:{}", shared.api_id, shared.stage))
}

/// The plans that a key is in.
pub(super) async fn plans_of(cx: &mut Context<'_>, key: &str) -> Result<Vec<Stored<UsagePlan>>, Error> {
    let mut of_key = Vec::new();
    for plan in cx.tx.list_all::<UsagePlan>(cx.tenant, "").await? {
        if find_place(cx, &plan, key).await?.is_some() {
            of_key.push(plan);
        }
    }
    Ok(of_key)
}
