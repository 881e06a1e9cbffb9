//! Who calls: `GetCallerIdentity`.

use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Tells the caller who it is.
pub struct GetCallerIdentity;

/// `GetCallerIdentity` takes nothing.
#[derive(Debug, Deserialize)]
pub struct GetCallerIdentityInput {}

/// Who calls.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentityOutput {
    user_id: String,
    account: String,
    arn: String,
}

impl Procedure for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    const ACCESS: Access = Access::Read;
    type Input = GetCallerIdentityInput;
    type Output = GetCallerIdentityOutput;
    type Error = Error;

    async fn run(_: &Services, caller: &Caller, _: Self::Input) -> Result<Self::Output, Error> {
        let principal = caller.principal.clone();
        Ok(GetCallerIdentityOutput {
            user_id: principal.id,
            account: principal.account.to_string(),
            arn: principal.arn,
        })
    }
}
