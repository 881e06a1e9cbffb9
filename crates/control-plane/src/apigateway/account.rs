//! The account's settings: `GetAccount`.

use serde::Serialize;

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Shows the account's settings, which are AWS's defaults.
pub struct GetAccount;

/// The members of `GetAccount`: none.
#[derive(Debug, serde::Deserialize)]
pub struct GetAccountInput {}

/// The account's settings as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountOutput {
    throttle_settings: ThrottleSettings,
    features: [&'static str; 1],
    api_key_version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleSettings {
    burst_limit: i32,
    rate_limit: f64,
}

impl Operation for GetAccount {
    const NAME: &'static str = "GetAccount";
    const ACCESS: Access = Access::Read;
    type Input = GetAccountInput;
    type Output = AccountOutput;
    type Error = Error;

    async fn run(_: &mut Context<'_>, _: &Self::Input) -> Result<Self::Output, Error> {
        Ok(AccountOutput {
            throttle_settings: ThrottleSettings { burst_limit: 5_000, rate_limit: 10_000.0 },
            features: ["UsagePlans"],
            api_key_version: "4",
        })
    }
}
