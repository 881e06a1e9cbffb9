//! Forgotten passwords: `ForgotPassword`, `ConfirmForgotPassword`, `AdminResetUserPassword`.

use claviger_resources::Secret;
use claviger_resources::correspondence::{CodePurpose, MessageTrigger};
use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::calling_client::{self, check_secret_hash, hides_users};
use super::confirmation_code::{self, Asker};
use super::delivery::{Delivery, pretended};
use super::errors::Error;
use super::operations::Empty;
use super::password_policy::PasswordPolicy;
use super::sign_up::{CodeRequest, CodeSent, requesting};
use super::user_error::UserError;
use super::{client_secret, user, user_password};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Sends a user a code with which to choose a new password.
pub struct ForgotPassword;
/// Gives a user the password it chose, for the code that was sent to it.
pub struct ConfirmForgotPassword;
/// Makes a user choose a new password, with a code that is sent to it.
pub struct AdminResetUserPassword;

/// The members of `ConfirmForgotPassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConfirmForgotPasswordInput {
    client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    secret_hash: Option<Secret<String>>,
    username: String,
    #[serde(deserialize_with = "user_password::required")]
    confirmation_code: Secret<String>,
    #[serde(deserialize_with = "user_password::required")]
    password: Secret<String>,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `AdminResetUserPassword`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminResetUserPasswordInput {
    user_pool_id: String,
    username: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

impl Operation for ForgotPassword {
    const NAME: &'static str = "ForgotPassword";
    const ACCESS: Access = Access::Write;
    type Input = CodeRequest;
    type Output = CodeSent;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<CodeSent, Error> {
        let (client, pool, found) = requesting(cx, input).await?;
        // A disabled user is as good as none to those who are not to learn which there are.
        let Some(user) = found.filter(|user| user.enabled || !hides_users(&client)) else {
            return Ok(CodeSent { code_delivery_details: pretended(cx, &pool, &client, &input.username) });
        };
        if !user.enabled {
            return Err(UserError::Disabled.into());
        }
        let delivery = delivery(&pool, &user)?;
        let (purpose, trigger) = (CodePurpose::PasswordReset, MessageTrigger::ForgotPassword);
        let sent = confirmation_code::send(cx, &pool, &user, purpose, trigger, &delivery, Asker::Anyone).await?;
        Ok(CodeSent { code_delivery_details: sent })
    }
}

impl Operation for AdminResetUserPassword {
    const NAME: &'static str = "AdminResetUserPassword";
    const ACCESS: Access = Access::Write;
    type Input = AdminResetUserPasswordInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (pool, mut user) = user::in_pool(cx, &input.user_pool_id, &input.username).await?;
        let delivery = delivery(&pool, &user)?;
        let (purpose, trigger) = (CodePurpose::PasswordReset, MessageTrigger::ForgotPassword);
        confirmation_code::send(cx, &pool, &user, purpose, trigger, &delivery, Asker::Pool).await?;
        (user.status, user.modified) = (UserStatus::ResetRequired, cx.now);
        cx.tx.replace(&user).await?;
        Ok(Empty {})
    }
}

impl Procedure for ConfirmForgotPassword {
    const NAME: &'static str = "ConfirmForgotPassword";
    const ACCESS: Access = Access::Write;
    type Input = ConfirmForgotPasswordInput;
    type Output = Empty;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Empty, Error> {
        let tenant = caller.tenant();
        let user = perform(services, &tenant, &Verify(&input)).await?;
        let password = user_password::make(services, &user, &input.password).await?;
        perform(services, &tenant, &Change { input: &input, sub: &user.sub, password: &password }).await?;
        Ok(Empty {})
    }
}

/// The user, if code and password will do. The code stays good: nobody makes us hash passwords without one.
struct Verify<'a>(&'a ConfirmForgotPasswordInput);

impl Step for Verify<'_> {
    const ACCESS: Access = Access::Write;
    type Output = User;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<User, Error> {
        let (pool, user) = confirming(cx, self.0).await?;
        PasswordPolicy::of(&pool).check(&self.0.password)?;
        confirmation_code::verify(cx, &user, CodePurpose::PasswordReset, &self.0.confirmation_code).await?;
        Ok(user.record)
    }
}

struct Change<'a> {
    input: &'a ConfirmForgotPasswordInput,
    sub: &'a str,
    password: &'a Password,
}

impl Step for Change<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let (_, mut user) = confirming(cx, self.input).await?;
        if user.sub != self.sub {
            return Err(UserError::CodeExpired.into());
        }
        confirmation_code::spend(cx, &user, CodePurpose::PasswordReset, &self.input.confirmation_code).await?;
        user_password::set(&mut user, self.password.clone(), UserStatus::Confirmed, cx.now);
        cx.tx.replace(&user).await?;
        Ok(())
    }
}

async fn confirming(
    cx: &mut Context<'_>,
    input: &ConfirmForgotPasswordInput,
) -> Result<(UserPool, Stored<User>), Error> {
    let (client, pool) = calling_client::find(cx, &input.client_id).await?;
    check_secret_hash(cx, &client, input.secret_hash.as_ref(), &input.username)?;
    match user::find(cx, &pool, &input.username).await {
        Err(Error::UserNotFound) if hides_users(&client) => Err(UserError::CodeMismatch.into()),
        Ok(user) if !user.enabled && hides_users(&client) => Err(UserError::CodeMismatch.into()),
        Ok(user) if !user.enabled => Err(UserError::Disabled.into()),
        other => Ok((pool, other.map_err(user::not_found_by_client)?)),
    }
}

/// Where the code goes. A password that was never the user's own is not forgotten but exchanged.
fn delivery(pool: &UserPool, user: &User) -> Result<Delivery, UserError> {
    match user.status {
        UserStatus::ForceChangePassword => Err(UserError::PasswordNotResettable),
        _ => Delivery::to_recover(pool, &user.attributes),
    }
}
