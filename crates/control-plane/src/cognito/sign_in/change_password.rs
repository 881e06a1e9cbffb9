//! A signed-in user's own new password: `ChangePassword`.

use claviger_resources::Secret;
use claviger_resources::user::{Password, User};
use claviger_store::TransactionExt;
use serde::Deserialize;

use super::super::errors::Error;
use super::super::operations::Empty;
use super::super::password_policy::PasswordPolicy;
use super::super::{client_secret, user_password};
use super::access_token::{self, SignedIn};
use super::error::SignInError;
use super::{attempt, lockout};
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Changes the caller's password.
pub struct ChangePassword;

/// The members of `ChangePassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangePasswordInput {
    #[serde(default, deserialize_with = "client_secret::given")]
    previous_password: Option<Secret<String>>,
    #[serde(deserialize_with = "user_password::required")]
    proposed_password: Secret<String>,
    access_token: String,
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
            if proved { Some(user_password::make(services, &user, &input.proposed_password).await?) } else { None };
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
    password: Option<&'a Password>,
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
        let status = user.status;
        user_password::set(&mut user, password.clone(), status, cx.now);
        cx.tx.replace(&user).await?;
        Ok(())
    }
}
