//! Passwords that administrators set: `AdminSetUserPassword`; and what becomes of a new password.

use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Secret, Timestamp};
use claviger_runtime::passwords::Owner;
use claviger_store::TransactionExt;
use serde::{Deserialize, Deserializer};

use super::configuration::{at, texts};
use super::errors::Error;
use super::operations::Empty;
use super::password_policy::PasswordPolicy;
use super::user;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Gives a user a password.
pub struct AdminSetUserPassword;

/// The members of `AdminSetUserPassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminSetUserPasswordInput {
    user_pool_id: String,
    username: String,
    #[serde(deserialize_with = "required")]
    password: Secret<String>,
    #[serde(default)]
    permanent: bool,
}

impl Procedure for AdminSetUserPassword {
    const NAME: &'static str = "AdminSetUserPassword";
    const ACCESS: Access = Access::Write;
    type Input = AdminSetUserPasswordInput;
    type Output = Empty;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Empty, Error> {
        let tenant = caller.tenant();
        let user = perform(services, &tenant, &Look(&input)).await?;
        let password = make(services, &user, &input.password).await?;
        perform(services, &tenant, &Set { input: &input, user: &user, password: &password }).await?;
        Ok(Empty {})
    }
}

/// The user, if the password will do.
struct Look<'a>(&'a AdminSetUserPasswordInput);

impl Step for Look<'_> {
    const ACCESS: Access = Access::Read;
    type Output = User;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<User, Error> {
        let (pool, user) = user::in_pool(cx, &self.0.user_pool_id, &self.0.username).await?;
        PasswordPolicy::of(&pool).check(&self.0.password)?;
        Ok(user.record)
    }
}

struct Set<'a> {
    input: &'a AdminSetUserPasswordInput,
    user: &'a User,
    password: &'a Password,
}

impl Step for Set<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let (_, mut user) = user::in_pool(cx, &self.input.user_pool_id, &self.user.sub).await?;
        let status = if self.input.permanent { UserStatus::Confirmed } else { UserStatus::ForceChangePassword };
        set(&mut user, self.password.clone(), status, cx.now);
        cx.tx.replace(&user).await?;
        Ok(())
    }
}

/// What is kept of a user's new password; slow.
pub(super) async fn make(services: &Services, user: &User, password: &Secret<String>) -> Result<Password, Error> {
    let owner = Owner { pool: &user.pool, username: &user.username, sub: &user.sub };
    let mut random = services.random();
    Ok(services.passwords.make(owner, password, &mut *random, services.clock.now()).await?)
}

/// Gives a user a new password; wrong attempts at the old one are forgotten.
pub(super) fn set(user: &mut User, password: Password, status: UserStatus, now: Timestamp) {
    user.password = Some(password);
    (user.status, user.modified) = (status, now);
    (user.failed_attempts, user.locked_until) = (0, None);
}

/// Whether users of the pool may sign in by something else than a password, and so need none.
pub(super) fn is_optional(pool: &UserPool) -> bool {
    let policy = at(&pool.configuration, &["Policies", "SignInPolicy"]).and_then(serde_json::Value::as_object);
    policy.is_some_and(|policy| texts(policy, "AllowedFirstAuthFactors").any(|factor| factor != "PASSWORD"))
}

/// Reads a secret without leaving a copy that can be printed.
pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
