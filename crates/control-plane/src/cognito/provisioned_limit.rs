//! Request rates that an account sets for itself: `GetProvisionedLimit`, `UpdateProvisionedLimit`.
//!
//! They are kept whether or not request rates are enforced; `claviger dev --quotas aws` enforces them.

use std::collections::BTreeMap;

use claviger_resources::provisioned_limit::ProvisionedLimit;
use claviger_resources::request_rates::{Category, CategoryRow, RATE_MAX};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Shows the request rate of a category.
pub struct GetProvisionedLimit;
/// Sets the request rate of a category.
pub struct UpdateProvisionedLimit;

/// The members of `GetProvisionedLimit`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetProvisionedLimitInput {
    limit_definition: LimitDefinition,
}

/// The members of `UpdateProvisionedLimit`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateProvisionedLimitInput {
    limit_definition: LimitDefinition,
    requested_limit_value: i32,
}

/// What both answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LimitOutput {
    limit: Limit,
}

/// What names a limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LimitDefinition {
    limit_class: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
struct Limit {
    limit_definition: LimitDefinition,
    provisioned_limit_value: u32,
    free_limit_value: u32,
}

impl Operation for GetProvisionedLimit {
    const NAME: &'static str = "GetProvisionedLimit";
    const ACCESS: Access = Access::Read;
    type Input = GetProvisionedLimitInput;
    type Output = LimitOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let category = input.limit_definition.category()?;
        let stored = find(cx, category).await?;
        let rate = stored.map_or(category.default, |stored| stored.requests_per_second);
        Ok(LimitOutput::new(&input.limit_definition, category, rate))
    }
}

impl Operation for UpdateProvisionedLimit {
    const NAME: &'static str = "UpdateProvisionedLimit";
    const ACCESS: Access = Access::Write;
    type Input = UpdateProvisionedLimitInput;
    type Output = LimitOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let category = input.limit_definition.category()?;
        let rate = requested(category, input.requested_limit_value)?;
        if let Some(mut stored) = find(cx, category).await? {
            stored.requests_per_second = rate;
            cx.tx.replace(&stored).await?;
        } else {
            let (tenant, category) = (cx.tenant.clone(), category.name.to_owned());
            cx.tx.insert(&ProvisionedLimit { tenant, category, requests_per_second: rate }).await?;
        }
        Ok(LimitOutput::new(&input.limit_definition, category, rate))
    }
}

impl LimitDefinition {
    /// The category it names, in its one attribute.
    fn category(&self) -> Result<&'static CategoryRow, Error> {
        match self.attributes.iter().collect::<Vec<_>>().as_slice() {
            [(key, name)] if *key == "Category" => {
                let category = Category::parse(name).and_then(Category::row);
                category.ok_or_else(|| Error::LimitNotFound((*name).clone()))
            }
            _ => Err(Error::LimitAttributes),
        }
    }
}

/// The rate asked for, when the category may have it: AWS's default or more.
fn requested(category: &'static CategoryRow, value: i32) -> Result<u32, Error> {
    if !category.adjustable {
        return Err(Error::LimitNotAdjustable(category.name));
    }
    let below = || Error::LimitBelowDefault { category: category.name, default: category.default };
    match u32::try_from(value) {
        Ok(rate) if rate > RATE_MAX => Err(Error::LimitTooHigh { category: category.name, maximum: RATE_MAX }),
        Ok(rate) if rate >= category.default => Ok(rate),
        _ => Err(below()),
    }
}

async fn find(cx: &mut Context<'_>, category: &CategoryRow) -> Result<Option<Stored<ProvisionedLimit>>, Error> {
    Ok(cx.tx.find(cx.tenant, "", category.name).await?)
}

impl LimitOutput {
    fn new(definition: &LimitDefinition, category: &CategoryRow, rate: u32) -> Self {
        let limit_definition = definition.clone();
        let limit = Limit { limit_definition, provisioned_limit_value: rate, free_limit_value: category.default };
        Self { limit }
    }
}
