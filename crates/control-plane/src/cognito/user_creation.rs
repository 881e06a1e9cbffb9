//! Users whom administrators create: `AdminCreateUser`.
//!
//! Such a user gets a temporary password, which is sent with an invitation and must be exchanged for one of its own.

use claviger_resources::Secret;
use claviger_resources::correspondence::Medium;
use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_store::{Stored, TransactionExt};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::errors::Error;
use super::password_policy::PasswordPolicy;
use super::sign_in_name::{self, Conflict};
use super::user::UserDescription;
use super::user_attributes::{UserAttribute, by_name, check_new};
use super::user_error::UserError;
use super::{client_secret, message, user, user_password, user_pool};
use crate::operation::{Access, Caller, Context, Operation, Step, perform};
use crate::services::Services;

/// Adds a user, or invites one again.
pub struct AdminCreateUser;

/// The members of `AdminCreateUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminCreateUserInput {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    user_attributes: Vec<UserAttribute>,
    #[serde(default, rename = "ValidationData")]
    _validation_data: IgnoredAny,
    #[serde(default, deserialize_with = "client_secret::given")]
    temporary_password: Option<Secret<String>>,
    #[serde(default)]
    force_alias_creation: bool,
    message_action: Option<MessageAction>,
    #[serde(default = "text_message")]
    desired_delivery_mediums: Vec<Medium>,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
    /// Who it is about, and the password, once they are known.
    #[serde(skip)]
    prepared: Option<Prepared>,
}

/// What is known of a user before it is added or invited again.
struct Prepared {
    sub: String,
    /// None where users need none.
    password: Option<(Password, Secret<String>)>,
}

/// What is done about the invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum MessageAction {
    /// It is sent again, with a new temporary password, to a user who is there.
    Resend,
    /// None is sent.
    Suppress,
}

/// What `AdminCreateUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminCreateUserOutput {
    user: UserDescription,
}

/// AWS sends text messages unless told otherwise.
fn text_message() -> Vec<Medium> {
    vec![Medium::Sms]
}

impl Operation for AdminCreateUser {
    const NAME: &'static str = "AdminCreateUser";
    const ACCESS: Access = Access::Write;
    type Input = AdminCreateUserInput;
    type Output = AdminCreateUserOutput;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        let (tenant, sub) = (caller.tenant(), user::new_sub(&mut *services.random()));
        let (user, clear) = perform(services, &tenant, &Draft { input, sub: &sub }).await?;
        let password = match clear {
            Some(clear) => Some((user_password::make(services, &user, &clear).await?, clear)),
            None => None,
        };
        input.prepared = Some(Prepared { sub: user.sub, password });
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let prepared = input.prepared.as_ref().ok_or(Error::NotPrepared)?;
        let user = if input.message_action == Some(MessageAction::Resend) {
            invite(cx, input, prepared).await?
        } else {
            add(cx, input, prepared).await?
        };
        Ok(AdminCreateUserOutput { user: UserDescription::new(&user) })
    }
}

/// The user that would be added or invited, and its password in clear; none where users need none.
struct Draft<'a> {
    input: &'a AdminCreateUserInput,
    sub: &'a str,
}

impl Step for Draft<'_> {
    const ACCESS: Access = Access::Read;
    type Output = (User, Option<Secret<String>>);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let pool = user_pool::find(cx, &self.input.user_pool_id).await?.record;
        let invites = self.input.message_action == Some(MessageAction::Resend);
        let user = if invites {
            invited(cx, &pool, &self.input.username).await?.record
        } else {
            draft(cx, &pool, self.input, self.sub).await?
        };
        let policy = PasswordPolicy::of(&pool);
        let clear = match &self.input.temporary_password {
            Some(given) => {
                policy.check(given)?;
                Some(given.clone())
            }
            None if user_password::is_optional(&pool) && !invites => None,
            None => Some(policy.generate(cx.random)),
        };
        Ok((user, clear))
    }
}

async fn add(cx: &mut Context<'_>, input: &AdminCreateUserInput, prepared: &Prepared) -> Result<User, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?.record;
    let mut user = draft(cx, &pool, input, &prepared.sub).await?;
    let conflict = if input.force_alias_creation { Conflict::TakeOver } else { Conflict::RefuseNew };
    sign_in_name::claim(cx, &pool, &mut user, conflict).await?;
    // Who needs no password has nothing to exchange.
    user.status = UserStatus::Confirmed;
    if let Some((password, _)) = &prepared.password {
        user_password::set(&mut user, password.clone(), UserStatus::ForceChangePassword, cx.now);
    }
    user::insert(cx, &user).await?;
    if let Some((_, clear)) = &prepared.password
        && input.message_action != Some(MessageAction::Suppress)
    {
        message::keep_invitations(cx, &pool, &user, &deliveries(input, &user), clear).await?;
    }
    Ok(user)
}

async fn invite(cx: &mut Context<'_>, input: &AdminCreateUserInput, prepared: &Prepared) -> Result<User, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?.record;
    let mut user = invited(cx, &pool, &prepared.sub).await?;
    if let Some((password, clear)) = &prepared.password {
        user_password::set(&mut user, password.clone(), UserStatus::ForceChangePassword, cx.now);
        cx.tx.replace(&user).await?;
        message::keep_invitations(cx, &pool, &user, &deliveries(input, &user), clear).await?;
    }
    Ok(user.record)
}

async fn draft(cx: &mut Context<'_>, pool: &UserPool, input: &AdminCreateUserInput, sub: &str) -> Result<User, Error> {
    let mut attributes = by_name(&input.user_attributes);
    let username = sign_in_name::username(pool, &input.username, sub, &mut attributes)?;
    check_new(pool, &attributes)?;
    if !user::is_free(cx, pool, &username).await? {
        return Err(UserError::UserExists.into());
    }
    attributes.retain(|_, value| !value.is_empty());
    let mut user = user::new(cx, pool, &username, sub, attributes);
    if !input.force_alias_creation {
        sign_in_name::claim(cx, pool, &mut user, Conflict::RefuseNew).await?;
    }
    Ok(user)
}

async fn invited(cx: &mut Context<'_>, pool: &UserPool, name: &str) -> Result<Stored<User>, Error> {
    let user = user::find(cx, pool, name).await?;
    match user.status {
        UserStatus::ForceChangePassword => Ok(user),
        _ => Err(UserError::ResendNotPossible(user.username.clone()).into()),
    }
}

/// The addresses that are asked for and that the user has.
fn deliveries(input: &AdminCreateUserInput, user: &User) -> Vec<Delivery> {
    let delivery = |medium| match medium {
        Medium::Email => Delivery::by_email(&user.attributes),
        Medium::Sms => Delivery::by_text_message(&user.attributes),
    };
    let asked_for = [Medium::Sms, Medium::Email].into_iter().filter(|one| input.desired_delivery_mediums.contains(one));
    asked_for.filter_map(delivery).collect()
}
