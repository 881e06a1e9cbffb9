//! Export of a pool's logs: `GetLogDeliveryConfiguration`, `SetLogDeliveryConfiguration`. Nothing is exported, so nothing but
//! that can be set.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Error;
use super::operations::Empty;
use super::user_pool::{self, UserPoolKey};
use crate::operation::{Access, Context, Operation};

/// Shows where a pool's logs go: nowhere.
pub struct GetLogDeliveryConfiguration;
/// Sets where a pool's logs go: nowhere, which is how tools take a setting back.
pub struct SetLogDeliveryConfiguration;

/// The members of `SetLogDeliveryConfiguration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetLogDeliveryConfigurationInput {
    user_pool_id: String,
    log_configurations: Vec<Value>,
}

/// What both answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogDeliveryConfigurationOutput {
    log_delivery_configuration: LogDeliveryConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogDeliveryConfiguration {
    user_pool_id: String,
    log_configurations: [Empty; 0],
}

impl Operation for GetLogDeliveryConfiguration {
    const NAME: &'static str = "GetLogDeliveryConfiguration";
    const ACCESS: Access = Access::Read;
    type Input = UserPoolKey;
    type Output = LogDeliveryConfigurationOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        LogDeliveryConfigurationOutput::new(cx, &input.user_pool_id).await
    }
}

impl Operation for SetLogDeliveryConfiguration {
    const NAME: &'static str = "SetLogDeliveryConfiguration";
    const ACCESS: Access = Access::Write;
    type Input = SetLogDeliveryConfigurationInput;
    type Output = LogDeliveryConfigurationOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let output = LogDeliveryConfigurationOutput::new(cx, &input.user_pool_id).await?;
        if input.log_configurations.is_empty() { Ok(output) } else { Err(Error::LogDeliveryNotServed) }
    }
}

impl LogDeliveryConfigurationOutput {
    async fn new(cx: &mut Context<'_>, pool: &str) -> Result<Self, Error> {
        let user_pool_id = user_pool::find(cx, pool).await?.id.to_string();
        Ok(Self { log_delivery_configuration: LogDeliveryConfiguration { user_pool_id, log_configurations: [] } })
    }
}
