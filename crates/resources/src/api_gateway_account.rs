//! The settings of an account for API Gateway.

use serde::{Deserialize, Serialize};

use crate::Tenant;

/// What an account has set for API Gateway in a region, as it is stored; accounts that set nothing have no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiGatewayAccount {
    /// The account and region.
    pub tenant: Tenant,
    /// The role under which logs would be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudwatch_role_arn: Option<String>,
}
