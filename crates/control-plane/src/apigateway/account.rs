//! The account's settings: `GetAccount`, `UpdateAccount`.

use claviger_resources::api_gateway_account::ApiGatewayAccount;
use claviger_resources::limits::API_GATEWAY_ACCOUNT_RATE;
use claviger_store::{API_GATEWAY_ACCOUNT_ID, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::patch::{PatchOperation, apply_all};
use crate::operation::{Access, Context, Operation};

/// Shows the account's settings.
pub struct GetAccount;
/// Changes the account's settings: the role for logs; its limits are AWS's to change.
pub struct UpdateAccount;

/// The members of `GetAccount`: none.
#[derive(Debug, Deserialize)]
pub struct GetAccountInput {}

/// The members of `UpdateAccount`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAccountInput {
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// The account's settings as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_role_arn: Option<String>,
    throttle_settings: ThrottleSettings,
    features: [&'static str; 1],
    api_key_version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleSettings {
    burst_limit: u32,
    rate_limit: f64,
}

impl AccountOutput {
    fn new(cloudwatch_role_arn: Option<String>) -> Self {
        Self {
            cloudwatch_role_arn,
            throttle_settings: ThrottleSettings {
                burst_limit: API_GATEWAY_ACCOUNT_RATE.burst,
                rate_limit: API_GATEWAY_ACCOUNT_RATE.rate,
            },
            features: ["UsagePlans"],
            api_key_version: "4",
        }
    }
}

impl Operation for GetAccount {
    const NAME: &'static str = "GetAccount";
    const ACCESS: Access = Access::Read;
    type Input = GetAccountInput;
    type Output = AccountOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, _: &Self::Input) -> Result<Self::Output, Error> {
        let stored = find(cx).await?;
        Ok(AccountOutput::new(stored.and_then(|stored| stored.record.cloudwatch_role_arn)))
    }
}

impl Operation for UpdateAccount {
    const NAME: &'static str = "UpdateAccount";
    const ACCESS: Access = Access::Write;
    type Input = UpdateAccountInput;
    type Output = AccountOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let stored = find(cx).await?;
        let mut role = stored.as_ref().and_then(|stored| stored.cloudwatch_role_arn.clone());
        apply_all(&input.patch_operations, |patch| match (patch.op(), patch.path().as_slice()) {
            ("replace", ["cloudwatchRoleArn"]) => {
                role = patch.text()?.filter(|arn| !arn.is_empty());
                let is_arn = role.as_deref().is_none_or(|arn| arn.starts_with("arn:"));
                if is_arn { Ok(()) } else { Err(Error::bad("Invalid ARN specified in the request")) }
            }
            // Usage plans cannot be had twice, and are there from the start.
            ("add", ["features"]) if patch.value()? == "UsagePlans" => Ok(()),
            _ => Err(patch.invalid_replace(&["/cloudwatchRoleArn"])),
        })?;
        let record = ApiGatewayAccount { tenant: cx.tenant.clone(), cloudwatch_role_arn: role.clone() };
        match (stored, &role) {
            (Some(stored), None) => drop(cx.tx.delete(&stored.record).await?),
            (Some(stored), Some(_)) => cx.tx.replace(&Stored { record, ..stored }).await?,
            (None, None) => {}
            (None, Some(_)) => cx.tx.insert(&record).await?,
        }
        Ok(AccountOutput::new(role))
    }
}

async fn find(cx: &mut Context<'_>) -> Result<Option<Stored<ApiGatewayAccount>>, Error> {
    Ok(cx.tx.find(cx.tenant, "", API_GATEWAY_ACCOUNT_ID).await?)
}
