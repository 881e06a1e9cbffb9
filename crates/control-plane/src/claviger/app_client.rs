//! What an app client has beyond AWS's settings: `DescribeAppClientExtras`, `UpdateAppClientExtras`.

use claviger_oauth::claims::check_extra;
use claviger_resources::app_client::AppClient;
use claviger_resources::client_limits::{ClientLimits, Period, TokenBudget};
use claviger_resources::rate::RateLimit;
use claviger_resources::request_rates::RATE_MAX;
use claviger_resources::{ClientId, UserPoolId};
use claviger_store::{Name, Namespace, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Shows an app client's rate, its budget, what of the budget is used, and its static claims.
pub struct DescribeAppClientExtras;
/// Sets what is given, takes away what is named in `Unset`, and leaves the rest as it is.
pub struct UpdateAppClientExtras;

/// The members of `DescribeAppClientExtras`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAppClientExtrasInput {
    client_id: String,
}

/// The members of `UpdateAppClientExtras`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAppClientExtrasInput {
    client_id: String,
    rate: Option<RateChange>,
    budget: Option<Budget>,
    #[serde(default)]
    claims: Map<String, Value>,
    #[serde(default)]
    unset: Vec<Extra>,
    #[serde(default)]
    unset_claims: Vec<String>,
}

/// A rate, or the part of one that changes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RateChange {
    requests_per_second: Option<f64>,
    burst: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Budget {
    tokens: u64,
    period: BudgetPeriod,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum BudgetPeriod {
    Day,
    Month,
}

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Extra {
    Rate,
    Budget,
    Claims,
}

/// What both answer; what is not set is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AppClientExtras {
    client_id: ClientId,
    user_pool_id: UserPoolId,
    client_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<RateShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<BudgetShown>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RateShown {
    requests_per_second: f64,
    burst: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BudgetShown {
    tokens: u64,
    period: BudgetPeriod,
    /// The tokens that the client has had of it.
    used: u64,
    /// When the next day or month begins.
    resets_at: f64,
}

impl Operation for DescribeAppClientExtras {
    const NAME: &'static str = "DescribeAppClientExtras";
    const ACCESS: Access = Access::Read;
    type Input = DescribeAppClientExtrasInput;
    type Output = AppClientExtras;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<AppClientExtras, Error> {
        let client = find(cx, &input.client_id).await?;
        Ok(AppClientExtras::new(cx, client.record))
    }
}

impl Operation for UpdateAppClientExtras {
    const NAME: &'static str = "UpdateAppClientExtras";
    const ACCESS: Access = Access::Write;
    type Input = UpdateAppClientExtrasInput;
    type Output = AppClientExtras;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<AppClientExtras, Error> {
        let mut client = find(cx, &input.client_id).await?;
        client.limits = limits(client.limits.unwrap_or_default(), input)?;
        client.record.extra_claims = claims(std::mem::take(&mut client.record.extra_claims), input)?;
        cx.tx.replace(&client).await?;
        Ok(AppClientExtras::new(cx, client.record))
    }
}

/// The limits after a change; `None` when none is left.
fn limits(mut limits: ClientLimits, input: &UpdateAppClientExtrasInput) -> Result<Option<ClientLimits>, Error> {
    for extra in &input.unset {
        match extra {
            Extra::Rate if input.rate.is_some() => return Err(Error::SetAndUnset("Rate")),
            Extra::Budget if input.budget.is_some() => return Err(Error::SetAndUnset("Budget")),
            Extra::Rate => limits.rate = None,
            Extra::Budget => limits.budget = None,
            Extra::Claims => {}
        }
    }
    if let Some(change) = input.rate {
        limits.rate = Some(change.over(limits.rate)?);
    }
    if let Some(Budget { tokens, period }) = input.budget {
        limits.budget = Some(TokenBudget { tokens, period: period.into() });
    }
    Ok((limits != ClientLimits::default()).then_some(limits))
}

/// The static claims after a change.
fn claims(mut claims: Map<String, Value>, input: &UpdateAppClientExtrasInput) -> Result<Map<String, Value>, Error> {
    if input.unset.contains(&Extra::Claims) {
        claims.clear();
    }
    claims.retain(|name, _| !input.unset_claims.contains(name));
    claims.extend(input.claims.clone());
    check_extra(&claims).map_err(Error::Claims)?;
    Ok(claims)
}

impl RateChange {
    /// The rate after the change. Without a burst, a rate allows what one second does, and at least one request.
    fn over(self, before: Option<RateLimit>) -> Result<RateLimit, Error> {
        let rate = self.requests_per_second.or(before.map(|before| before.rate)).ok_or(Error::BurstWithoutRate)?;
        if rate <= 0.0 || rate > f64::from(RATE_MAX) {
            return Err(Error::RateOutOfRange);
        }
        let kept = before.filter(|_| self.requests_per_second.is_none()).map(|before| before.burst);
        Ok(RateLimit { rate, burst: self.burst.or(kept).unwrap_or_else(|| one_second(rate)) })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is at most a million")]
fn one_second(rate: f64) -> u32 {
    rate.ceil().max(1.0) as u32
}

/// The app client with this id, in whatever account and region.
async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<AppClient>, Error> {
    let client = cx.tx.find_named(&Name::new(Namespace::ClientId, id)).await?;
    client.ok_or_else(|| Error::AppClientNotFound(id.to_owned()))
}

impl AppClientExtras {
    fn new(cx: &Context<'_>, client: AppClient) -> Self {
        let ClientLimits { rate, budget } = client.limits.unwrap_or_default();
        let rate = rate.map(|RateLimit { rate, burst }| RateShown { requests_per_second: rate, burst });
        let budget = budget.map(|budget| BudgetShown {
            tokens: budget.tokens,
            period: budget.period.into(),
            used: cx.services.issuance.limits().usage.tokens(&client.id, budget),
            resets_at: budget.period.at(cx.now).end().fractional_seconds(),
        });
        let claims = client.extra_claims;
        Self { client_id: client.id, user_pool_id: client.pool, client_name: client.name, rate, budget, claims }
    }
}

impl From<BudgetPeriod> for Period {
    fn from(period: BudgetPeriod) -> Self {
        match period {
            BudgetPeriod::Day => Self::Day,
            BudgetPeriod::Month => Self::Month,
        }
    }
}

impl From<Period> for BudgetPeriod {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Month => Self::Month,
        }
    }
}
