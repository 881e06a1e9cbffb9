//! What signed-in users do with their own accounts: `GetUser`, `UpdateUserAttributes`, `DeleteUserAttributes`, `DeleteUser`,
//! `ChangePassword`.

use claviger_resources::Secret;
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_runtime::sessions;
use claviger_store::{Stored, TransactionExt};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::client_secret;
use super::super::errors::Error;
use super::super::operations::Empty;
use super::super::password_policy::PasswordPolicy;
use super::super::user_attributes::{self, UserAttribute, UserAttributes};
use super::access_token::{self, SignedIn};
use super::error::SignInError;
use super::sign_out::OwnAccount;
use super::{attempt, lockout, new_password};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Shows the caller.
pub struct GetUser;
/// Changes attributes of the caller.
pub struct UpdateUserAttributes;
/// Takes attributes of the caller away.
pub struct DeleteUserAttributes;
/// Deletes the caller.
pub struct DeleteUser;
/// Changes the caller's password.
pub struct ChangePassword;

/// The members of `UpdateUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserAttributesInput {
    user_attributes: Vec<UserAttribute>,
    access_token: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `DeleteUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUserAttributesInput {
    user_attribute_names: Vec<String>,
    access_token: String,
}

/// The members of `ChangePassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePasswordInput {
    #[serde(default, deserialize_with = "client_secret::given")]
    previous_password: Option<Secret<String>>,
    #[serde(deserialize_with = "password")]
    proposed_password: Secret<String>,
    access_token: String,
}

/// What `GetUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserOutput {
    username: String,
    user_attributes: Vec<UserAttribute>,
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const ACCESS: Access = Access::Read;
    type Input = OwnAccount;
    type Output = GetUserOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<GetUserOutput, Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { client, user, .. } = SignedIn::find(cx, &token).await?;
        let sub = std::iter::once((user_attributes::SUB, &user.sub));
        let readable = user.attributes.iter().map(|(name, value)| (&**name, value));
        let readable = sub.chain(readable.filter(|(name, _)| client.reads(name)));
        let attribute = |(name, value): (&str, &String)| UserAttribute { name: name.to_owned(), value: value.clone() };
        Ok(GetUserOutput { username: user.username.clone(), user_attributes: readable.map(attribute).collect() })
    }
}

impl Operation for UpdateUserAttributes {
    const NAME: &'static str = "UpdateUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUserAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let change = user_attributes::by_name(&input.user_attributes);
        change_own(cx, &input.access_token, &change).await?;
        Ok(Empty {})
    }
}

impl Operation for DeleteUserAttributes {
    const NAME: &'static str = "DeleteUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = DeleteUserAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let change = input.user_attribute_names.iter().map(|name| (name.clone(), String::new())).collect();
        change_own(cx, &input.access_token, &change).await?;
        Ok(Empty {})
    }
}

impl Operation for DeleteUser {
    const NAME: &'static str = "DeleteUser";
    const ACCESS: Access = Access::Write;
    type Input = OwnAccount;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { user, .. } = SignedIn::find(cx, &token).await?;
        sessions::end_all(cx.tx, &user).await?;
        cx.tx.delete(&user.record).await?;
        Ok(())
    }
}

impl Procedure for ChangePassword {
    const NAME: &'static str = "ChangePassword";
    const ACCESS: Access = Access::Write;
    type Input = ChangePasswordInput;
    type Output = Empty;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Empty, Error> {
        let look = Look { access_token: &input.access_token };
        let SignedIn { pool, user, .. } = perform(services, &caller.tenant(), &look).await?;
        PasswordPolicy::of(&pool).check(&input.proposed_password)?;
        let proved = match (&user.password, &input.previous_password) {
            // Who never had a password proves by the token alone.
            (None, _) => true,
            (Some(_), None) => return Err(SignInError::MissingParameter("PreviousPassword").into()),
            (kept, Some(previous)) => services.passwords.matches(kept.as_ref(), previous).await?,
        };
        let password =
            if proved { Some(new_password::make(services, &user, &input.proposed_password).await?) } else { None };
        perform(services, &caller.tenant(), &Exchange { user: &user, password: password.as_ref() }).await?;
        Ok(Empty {})
    }
}

/// Finds whose password is to be changed.
struct Look<'a> {
    access_token: &'a str,
}

impl Step for Look<'_> {
    const ACCESS: Access = Access::Read;
    type Output = SignedIn;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<SignedIn, Error> {
        let token = access_token::read(cx.services, self.access_token)?;
        let signed_in = SignedIn::find(cx, &token).await?;
        if lockout::is_locked(&signed_in.user, cx.now) {
            return Err(SignInError::AttemptLimit.into());
        }
        Ok(signed_in)
    }
}

/// Sets the new password, or counts a wrong old one.
struct Exchange<'a> {
    user: &'a User,
    password: Option<&'a claviger_resources::user::Password>,
}

impl Step for Exchange<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut user = attempt::again(cx, self.user).await?;
        if lockout::is_locked(&user, cx.now) {
            return Err(SignInError::AttemptLimit.into());
        }
        let Some(password) = self.password else {
            lockout::count(&mut user, cx.now);
            cx.tx.replace(&user).await?;
            return Err(SignInError::Incorrect.into());
        };
        lockout::clear(&mut user);
        user.password = Some(password.clone());
        user.modified = cx.now;
        cx.tx.replace(&user).await?;
        Ok(())
    }
}

async fn change_own(cx: &mut Context<'_>, access_token: &str, change: &UserAttributes) -> Result<(), Error> {
    let token = access_token::read(cx.services, access_token)?;
    let SignedIn { pool, client, mut user } = SignedIn::find(cx, &token).await?;
    user_attributes::check_writable(&client, change)?;
    user_attributes::check_change(&pool, &user.attributes, change)?;
    change_attributes(cx, &pool, &mut user, change).await?;
    user.modified = cx.now;
    cx.tx.replace(&user).await?;
    Ok(())
}

/// Writes changed attributes into a user, and the names that come of them.
#[expect(clippy::unused_async, reason = "the names of other users will be looked at")]
pub(super) async fn change_attributes(
    _cx: &mut Context<'_>,
    _pool: &UserPool,
    user: &mut Stored<User>,
    change: &UserAttributes,
) -> Result<(), Error> {
    user.attributes = user_attributes::changed(&user.attributes, change);
    Ok(())
}

fn password<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
