//! Usage plans: `CreateUsagePlan`, `GetUsagePlan`, `GetUsagePlans`, `UpdateUsagePlan`, `DeleteUsagePlan`.

mod patches;

use std::collections::BTreeMap;

use claviger_resources::key_usage::KeyUsage;
use claviger_resources::limits::USAGE_PLANS_PER_REGION;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::{RestApi, Stage};
use claviger_resources::usage_plan::{ApiStage, UsagePlan, UsagePlanKey};
use claviger_resources::usage_quota::{QuotaPeriod, UsageQuota};
use claviger_resources::{RestApiId, StageName, UsagePlanId};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use self::patches::Patched;
use super::errors::Error;
use super::page::{Page, PageInput};
use super::patch::PatchOperation;
use super::usage_plan_key;
use crate::operation::{Access, Context, Operation};

/// Adds a usage plan.
pub struct CreateUsagePlan;
/// Shows a usage plan.
pub struct GetUsagePlan;
/// Lists usage plans, all or those of an API key.
pub struct GetUsagePlans;
/// Changes a usage plan.
pub struct UpdateUsagePlan;
/// Deletes a usage plan that is for no stage.
pub struct DeleteUsagePlan;

/// The members of `CreateUsagePlan`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateUsagePlanInput {
    name: String,
    description: Option<String>,
    #[serde(default)]
    api_stages: Vec<ApiStageInput>,
    throttle: Option<ThrottleSettings>,
    quota: Option<QuotaSettings>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiStageInput {
    #[serde(default)]
    api_id: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    throttle: BTreeMap<String, ThrottleSettings>,
}

/// How fast, in the wire's words. What is not given is zero.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ThrottleSettings {
    burst_limit: i64,
    rate_limit: f64,
}

/// How often, in the wire's words.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QuotaSettings {
    limit: i64,
    offset: i64,
    period: Option<String>,
}

/// Which usage plan is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanInput {
    usage_plan_id: String,
}

/// The members of `GetUsagePlans`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetUsagePlansInput {
    #[serde(flatten)]
    page: PageInput,
    key_id: Option<String>,
}

/// The members of `UpdateUsagePlan`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUsagePlanInput {
    usage_plan_id: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A usage plan as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanOutput {
    id: UsagePlanId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    api_stages: Vec<ApiStageOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle: Option<ThrottleSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<UsageQuota>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_code: Option<String>,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiStageOutput {
    api_id: RestApiId,
    stage: StageName,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    throttle: BTreeMap<String, ThrottleSettings>,
}

impl UsagePlanOutput {
    fn new(plan: &UsagePlan) -> Self {
        let stage = |one: &ApiStage| ApiStageOutput {
            api_id: one.api_id.clone(),
            stage: one.stage.clone(),
            throttle: one.throttle.iter().map(|(method, limit)| (method.clone(), (*limit).into())).collect(),
        };
        Self {
            id: plan.id.clone(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            api_stages: plan.api_stages.iter().map(stage).collect(),
            throttle: plan.throttle.map(Into::into),
            quota: plan.quota,
            product_code: plan.product_code.clone(),
            tags: plan.tags.clone().unwrap_or_default(),
        }
    }
}

impl Operation for CreateUsagePlan {
    const NAME: &'static str = "CreateUsagePlan";
    const ACCESS: Access = Access::Write;
    type Input = CreateUsagePlanInput;
    type Output = UsagePlanOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.name.is_empty() {
            return Err(Error::bad("Usage Plan name must not be empty"));
        }
        let mut api_stages: Vec<ApiStage> = Vec::new();
        for one in &input.api_stages {
            let not_found = || Error::NotFound(format!("API Stage not found: {}:{}", one.api_id, one.stage));
            let mut stage = find_stage(cx, &one.api_id, &one.stage).await?.ok_or_else(not_found)?;
            for (method, throttle) in &one.throttle {
                stage.throttle.insert(method.clone(), throttle.limit()?);
            }
            if api_stages.iter().any(|known| known.is(&one.api_id, &one.stage)) {
                return Err(Error::bad("Invalid API Stage specified"));
            }
            api_stages.push(stage);
        }
        if cx.tx.count_of::<UsagePlan>(cx.tenant, "").await? >= USAGE_PLANS_PER_REGION as u64 {
            return Err(Error::LimitExceeded {
                what: "usage plans",
                scope: "account",
                maximum: USAGE_PLANS_PER_REGION,
            });
        }
        let plan = UsagePlan {
            id: UsagePlanId::generate(cx.random),
            tenant: cx.tenant.clone(),
            name: input.name.clone(),
            description: input.description.clone(),
            api_stages,
            throttle: input.throttle.map(ThrottleSettings::limit).transpose()?,
            quota: input.quota.as_ref().map(QuotaSettings::quota).transpose()?,
            product_code: None,
            tags: input.tags.clone().filter(|tags| !tags.is_empty()),
        };
        cx.tx.insert(&plan).await?;
        Ok(UsagePlanOutput::new(&plan))
    }
}

impl Operation for GetUsagePlan {
    const NAME: &'static str = "GetUsagePlan";
    const ACCESS: Access = Access::Read;
    type Input = UsagePlanInput;
    type Output = UsagePlanOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(UsagePlanOutput::new(&*find(cx, &input.usage_plan_id).await?))
    }
}

impl Operation for GetUsagePlans {
    const NAME: &'static str = "GetUsagePlans";
    const ACCESS: Access = Access::Read;
    type Input = GetUsagePlansInput;
    type Output = Page<UsagePlanOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        match &input.key_id {
            None => input.page.read(cx.tx, cx.tenant, "", UsagePlanOutput::new).await,
            Some(key) => {
                let plans = usage_plan_key::plans_of(cx, key).await?;
                input.page.of(plans.iter().map(|plan| UsagePlanOutput::new(plan)))
            }
        }
    }
}

impl Operation for UpdateUsagePlan {
    const NAME: &'static str = "UpdateUsagePlan";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUsagePlanInput;
    type Output = UsagePlanOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut plan = find(cx, &input.usage_plan_id).await?;
        let Patched { plan: patched, added } = patches::apply(&plan, &input.patch_operations)?;
        for (api, stage) in &added {
            if find_stage(cx, api, stage).await?.is_none() {
                return Err(no_such_stage(&plan, api, stage));
            }
            check_keys(cx, &plan, api, stage).await?;
        }
        plan.record = patched;
        cx.tx.replace(&plan).await?;
        Ok(UsagePlanOutput::new(&plan))
    }
}

impl Operation for DeleteUsagePlan {
    const NAME: &'static str = "DeleteUsagePlan";
    const ACCESS: Access = Access::Write;
    type Input = UsagePlanInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let plan = find(cx, &input.usage_plan_id).await?;
        if let Some(one) = plan.api_stages.first() {
            return Err(Error::bad(format!(
                "Cannot delete Usage Plan {} because there are API Stages associated with it, including {}:{}",
                plan.id, one.api_id, one.stage
            )));
        }
        cx.tx.delete_all::<UsagePlanKey>(cx.tenant, plan.id.as_str()).await?;
        cx.tx.delete_all::<KeyUsage>(cx.tenant, plan.id.as_str()).await?;
        cx.tx.delete(&plan.record).await?;
        Ok(())
    }
}

/// The usage plan with this id.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<UsagePlan>, Error> {
    let found = cx.tx.find(cx.tenant, "", id).await?;
    found.ok_or_else(|| Error::NotFound("Invalid Usage Plan ID specified".to_owned()))
}

/// Takes the stages of an API, or one of them, out of all plans: they are about to be deleted.
pub(super) async fn forget_stages(cx: &mut Context<'_>, api: &RestApi, stage: Option<&StageName>) -> Result<(), Error> {
    let is_gone = |one: &ApiStage| one.api_id == api.id && stage.is_none_or(|stage| one.stage == *stage);
    for mut plan in cx.tx.list_all::<UsagePlan>(cx.tenant, "").await? {
        if plan.api_stages.iter().any(is_gone) {
            plan.api_stages.retain(|one| !is_gone(one));
            cx.tx.replace(&plan).await?;
        }
    }
    Ok(())
}

/// A stage without throttles of its own; `None` when there is no such stage.
async fn find_stage(cx: &mut Context<'_>, api: &str, stage: &str) -> Result<Option<ApiStage>, Error> {
    let found: Option<Stored<Stage>> = cx.tx.find(cx.tenant, api, stage).await?;
    Ok(found.map(|found| ApiStage {
        api_id: found.rest_api_id.clone(),
        stage: found.stage_name.clone(),
        throttle: BTreeMap::new(),
    }))
}

fn no_such_stage(plan: &UsagePlan, api: &str, stage: &str) -> Error {
    Error::NotFound(format!("Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {}", plan.id))
}

/// Refuses a stage for which another plan of one of the plan's keys is already.
async fn check_keys(cx: &mut Context<'_>, plan: &UsagePlan, api: &str, stage: &str) -> Result<(), Error> {
    let others: Vec<Stored<UsagePlan>> = cx.tx.list_all(cx.tenant, "").await?;
    for other in others.iter().filter(|other| other.id != plan.id && other.covers(api, stage)) {
        for place in cx.tx.list_all::<UsagePlanKey>(cx.tenant, other.id.as_str()).await? {
            let key = place.key.as_str();
            if cx.tx.find::<UsagePlanKey>(cx.tenant, plan.id.as_str(), key).await?.is_some() {
                return Err(Error::Conflict(format!(
                    "Usage Plan {} cannot be updated because API Key {key} cannot reference multiple Usage Plans with the \
                     same API stage: {api}:{stage}",
                    plan.id
                )));
            }
        }
    }
    Ok(())
}

impl ThrottleSettings {
    fn limit(self) -> Result<RateLimit, Error> {
        let burst = u32::try_from(self.burst_limit).map_err(|_| Error::bad("Invalid burst limit specified"))?;
        if !(self.rate_limit.is_finite() && self.rate_limit >= 0.0) {
            return Err(Error::bad("Invalid rate limit specified"));
        }
        Ok(RateLimit { rate: self.rate_limit, burst })
    }
}

impl From<RateLimit> for ThrottleSettings {
    fn from(limit: RateLimit) -> Self {
        Self { burst_limit: i64::from(limit.burst), rate_limit: limit.rate }
    }
}

impl QuotaSettings {
    fn quota(&self) -> Result<UsageQuota, Error> {
        let limit = u32::try_from(self.limit).map_err(|_| Error::bad("Invalid quota limit specified"))?;
        let period = self.period.as_deref().and_then(QuotaPeriod::parse);
        let period =
            period.ok_or_else(|| Error::bad("Invalid quota period specified. Valid options are DAY, WEEK, MONTH"))?;
        let offset = u32::try_from(self.offset).ok().filter(|offset| *offset <= period.offset_max());
        let offset = offset.ok_or_else(|| {
            let (period, max) = (period.as_str(), period.offset_max());
            Error::bad(format!(
                "Invalid quota offset specified: it must be between 0 and {max} for the period {period}"
            ))
        })?;
        Ok(UsageQuota { limit, offset, period })
    }
}
