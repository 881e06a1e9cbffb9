//! Whose an access key is: `GetAccessKeyInfo`.

use claviger_runtime::temporary_credentials::account_of;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Tells the account of an access key.
pub struct GetAccessKeyInfo;

/// The members of `GetAccessKeyInfo`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoInput {
    access_key_id: String,
}

/// The account of an access key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyInfoOutput {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACCESS: Access = Access::Read;
    type Input = GetAccessKeyInfoInput;
    type Output = GetAccessKeyInfoOutput;
    type Error = Error;

    async fn run(_: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let account = account_of(&input.access_key_id);
        let account = account.ok_or_else(|| Error::AccessKey(input.access_key_id.clone()))?;
        Ok(GetAccessKeyInfoOutput { account: account.to_string() })
    }
}
