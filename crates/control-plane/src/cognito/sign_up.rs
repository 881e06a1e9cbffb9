//! Users who sign themselves up: `SignUp`, `ConfirmSignUp`, `ResendConfirmationCode`, and `AdminConfirmSignUp`.

use claviger_resources::Secret;
use claviger_resources::app_client::AppClient;
use claviger_resources::correspondence::{CodePurpose, MessageTrigger};
use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_store::{Stored, TransactionExt};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::calling_client::{self, check_secret_hash, hides_users};
use super::configuration::is_true;
use super::confirmation_code::{self, Asker};
use super::delivery::{CodeDeliveryDetails, Delivery, pretended};
use super::errors::Error;
use super::operations::Empty;
use super::password_policy::PasswordPolicy;
use super::sign_in_name::{self, Conflict};
use super::user_attributes::{UserAttribute, by_name, check_new, check_writable};
use super::user_error::UserError;
use super::{client_secret, user, user_password};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Adds a user who has to confirm an address.
pub struct SignUp;
/// Confirms a user's address with the code that was sent to it.
pub struct ConfirmSignUp;
/// Sends the code for a sign-up again.
pub struct ResendConfirmationCode;
/// Confirms a sign-up without a code.
pub struct AdminConfirmSignUp;

/// The members of `SignUp`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignUpInput {
    client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    secret_hash: Option<Secret<String>>,
    username: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    password: Option<Secret<String>>,
    #[serde(default)]
    user_attributes: Vec<UserAttribute>,
    #[serde(default, rename = "ValidationData")]
    _validation_data: IgnoredAny,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `ConfirmSignUp`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConfirmSignUpInput {
    client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    secret_hash: Option<Secret<String>>,
    username: String,
    #[serde(deserialize_with = "user_password::required")]
    confirmation_code: Secret<String>,
    #[serde(default)]
    force_alias_creation: bool,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
    #[serde(default, rename = "Session")]
    _session: IgnoredAny,
}

/// The members of operations by which a client asks for a code.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeRequest {
    pub(super) client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    pub(super) secret_hash: Option<Secret<String>>,
    #[serde(default, rename = "UserContextData")]
    _user_context_data: IgnoredAny,
    pub(super) username: String,
    #[serde(default, rename = "AnalyticsMetadata")]
    _analytics_metadata: IgnoredAny,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `AdminConfirmSignUp`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminConfirmSignUpInput {
    user_pool_id: String,
    username: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// What `SignUp` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignUpOutput {
    user_confirmed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_delivery_details: Option<CodeDeliveryDetails>,
    user_sub: String,
}

/// What operations answer by which a client asks for a code.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeSent {
    pub(super) code_delivery_details: CodeDeliveryDetails,
}

impl Procedure for SignUp {
    const NAME: &'static str = "SignUp";
    const ACCESS: Access = Access::Write;
    type Input = SignUpInput;
    type Output = SignUpOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<SignUpOutput, Error> {
        let (tenant, sub) = (caller.tenant(), user::new_sub(&mut *services.random()));
        let draft = perform(services, &tenant, &Draft { input: &input, sub: &sub }).await?;
        let password = match &input.password {
            Some(password) => Some(user_password::make(services, &draft, password).await?),
            None => None,
        };
        perform(services, &tenant, &Add { input: &input, sub: &sub, password: password.as_ref() }).await
    }
}

/// The user that would be added.
struct Draft<'a> {
    input: &'a SignUpInput,
    sub: &'a str,
}

impl Step for Draft<'_> {
    const ACCESS: Access = Access::Read;
    type Output = User;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<User, Error> {
        draft(cx, self.input, self.sub).await.map(|(_, user)| user)
    }
}

struct Add<'a> {
    input: &'a SignUpInput,
    sub: &'a str,
    password: Option<&'a Password>,
}

impl Step for Add<'_> {
    const ACCESS: Access = Access::Write;
    type Output = SignUpOutput;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<SignUpOutput, Error> {
        let (pool, mut user) = draft(cx, self.input, self.sub).await?;
        user.password = self.password.cloned();
        user::insert(cx, &user).await?;
        let code_delivery_details = match Delivery::to_verify(&pool, &user.attributes) {
            Some(delivery) => {
                let (purpose, trigger) = (CodePurpose::SignUp, MessageTrigger::SignUp);
                Some(confirmation_code::send(cx, &pool, &user, purpose, trigger, &delivery, Asker::Pool).await?)
            }
            None => None,
        };
        Ok(SignUpOutput { user_confirmed: false, code_delivery_details, user_sub: user.sub })
    }
}

async fn draft(cx: &mut Context<'_>, input: &SignUpInput, sub: &str) -> Result<(UserPool, User), Error> {
    let (client, pool) = calling_client::find(cx, &input.client_id).await?;
    check_secret_hash(cx, &client, input.secret_hash.as_ref(), &input.username)?;
    if is_true(&pool.configuration, &["AdminCreateUserConfig", "AllowAdminCreateUserOnly"]) {
        return Err(UserError::SignUpNotPermitted.into());
    }
    let mut attributes = by_name(&input.user_attributes);
    check_writable(&client, &attributes)?;
    let username = sign_in_name::username(&pool, &input.username, sub, &mut attributes)?;
    check_new(&pool, &attributes)?;
    match &input.password {
        Some(password) => PasswordPolicy::of(&pool).check(password)?,
        None if user_password::is_optional(&pool) => {}
        None => return Err(UserError::PasswordMissing.into()),
    }
    if !user::is_free(cx, &pool, &username).await? {
        return Err(UserError::UsernameTaken.into());
    }
    attributes.retain(|_, value| !value.is_empty());
    let mut user = user::new(cx, &pool, &username, sub, attributes);
    sign_in_name::claim(cx, &pool, &mut user, Conflict::RefuseNew).await?;
    user::mark_unverified(&mut user);
    Ok((pool, user))
}

impl Operation for ConfirmSignUp {
    const NAME: &'static str = "ConfirmSignUp";
    const ACCESS: Access = Access::Write;
    type Input = ConfirmSignUpInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (client, pool) = calling_client::find(cx, &input.client_id).await?;
        check_secret_hash(cx, &client, input.secret_hash.as_ref(), &input.username)?;
        let mut user = match user::find(cx, &pool, &input.username).await {
            Err(Error::UserNotFound) if hides_users(&client) => return Err(UserError::CodeExpired.into()),
            other => other.map_err(user::not_found_by_client)?,
        };
        check_unconfirmed(&user)?;
        let attribute = confirmation_code::spend(cx, &user, CodePurpose::SignUp, &input.confirmation_code).await?;
        user.attributes.insert(format!("{attribute}_verified"), "true".to_owned());
        let conflict = if input.force_alias_creation { Conflict::TakeOver } else { Conflict::RefuseChange };
        sign_in_name::claim(cx, &pool, &mut user, conflict).await?;
        confirm(cx, user).await
    }
}

impl Operation for AdminConfirmSignUp {
    const NAME: &'static str = "AdminConfirmSignUp";
    const ACCESS: Access = Access::Write;
    type Input = AdminConfirmSignUpInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (_, user) = user::in_pool(cx, &input.user_pool_id, &input.username).await?;
        check_unconfirmed(&user)?;
        confirmation_code::void(cx, &user, |code| code.purpose == CodePurpose::SignUp).await?;
        confirm(cx, user).await
    }
}

impl Operation for ResendConfirmationCode {
    const NAME: &'static str = "ResendConfirmationCode";
    const ACCESS: Access = Access::Write;
    type Input = CodeRequest;
    type Output = CodeSent;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<CodeSent, Error> {
        let (client, pool, found) = requesting(cx, input).await?;
        let Some(user) = found else {
            return Ok(CodeSent { code_delivery_details: pretended(cx, &pool, &client, &input.username) });
        };
        if user.status != UserStatus::Unconfirmed {
            return Err(UserError::AlreadyConfirmed.into());
        }
        let delivery = Delivery::to_verify(&pool, &user.attributes).ok_or(UserError::NotAutoVerified)?;
        let (purpose, trigger) = (CodePurpose::SignUp, MessageTrigger::ResendCode);
        let sent = confirmation_code::send(cx, &pool, &user, purpose, trigger, &delivery, Asker::Anyone).await?;
        Ok(CodeSent { code_delivery_details: sent })
    }
}

/// Who asks for a code: client, pool and user; no user where there is none and callers are not to learn that.
pub(super) async fn requesting(
    cx: &mut Context<'_>,
    input: &CodeRequest,
) -> Result<(AppClient, UserPool, Option<Stored<User>>), Error> {
    let (client, pool) = calling_client::find(cx, &input.client_id).await?;
    check_secret_hash(cx, &client, input.secret_hash.as_ref(), &input.username)?;
    let user = match user::find(cx, &pool, &input.username).await {
        Err(Error::UserNotFound) if hides_users(&client) => None,
        other => Some(other.map_err(user::not_found_by_client)?),
    };
    Ok((client, pool, user))
}

fn check_unconfirmed(user: &User) -> Result<(), UserError> {
    match user.status {
        UserStatus::Unconfirmed => Ok(()),
        status => Err(UserError::CannotBeConfirmed(status.as_str())),
    }
}

async fn confirm(cx: &mut Context<'_>, mut user: Stored<User>) -> Result<Empty, Error> {
    (user.status, user.modified) = (UserStatus::Confirmed, cx.now);
    cx.tx.replace(&user).await?;
    Ok(Empty {})
}
