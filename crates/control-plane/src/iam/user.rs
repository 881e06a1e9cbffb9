//! The one user there is, the account's root: `GetUser`.

use claviger_resources::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::date;
use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Shows a user.
pub struct GetUser;

/// The members of `GetUser`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserInput {
    user_name: Option<String>,
}

/// A user.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserOutput {
    user: User,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
struct User {
    path: &'static str,
    user_name: &'static str,
    user_id: String,
    arn: String,
    create_date: i64,
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const ACCESS: Access = Access::Read;
    type Input = GetUserInput;
    type Output = GetUserOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if let Some(name) = &input.user_name {
            return Err(Error::NoSuchEntity(format!("The user with name {name} cannot be found.")));
        }
        let account = cx.tenant.account;
        let user = User {
            path: "/",
            user_name: "root",
            user_id: account.to_string(),
            arn: format!("arn:aws:iam::{account}:root"),
            create_date: date(Timestamp::from_seconds(0)),
        };
        Ok(GetUserOutput { user })
    }
}
