//! Threat protection: `DescribeRiskConfiguration`. Sign-ins are not rated, so no pool has settings for it.

use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::{app_client, user_pool};
use crate::operation::{Access, Context, Operation};

/// Shows what a pool does about risky sign-ins: nothing.
pub struct DescribeRiskConfiguration;

/// The members of `DescribeRiskConfiguration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRiskConfigurationInput {
    user_pool_id: String,
    client_id: Option<String>,
}

/// What `DescribeRiskConfiguration` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRiskConfigurationOutput {
    risk_configuration: RiskConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RiskConfiguration {
    user_pool_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

impl Operation for DescribeRiskConfiguration {
    const NAME: &'static str = "DescribeRiskConfiguration";
    const ACCESS: Access = Access::Read;
    type Input = DescribeRiskConfigurationInput;
    type Output = DescribeRiskConfigurationOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let user_pool_id = user_pool::find(cx, &input.user_pool_id).await?.id.to_string();
        let client_id = match &input.client_id {
            Some(client) => Some(app_client::find(cx, &user_pool_id, client).await?.id.to_string()),
            None => None,
        };
        Ok(DescribeRiskConfigurationOutput { risk_configuration: RiskConfiguration { user_pool_id, client_id } })
    }
}
