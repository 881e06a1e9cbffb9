//! Users: `AdminGetUser`, `AdminEnableUser`, `AdminDisableUser`, `AdminDeleteUser`, and finding users by whatever name they
//! go by.

use claviger_resources::group::{Group, GroupMember};
use claviger_resources::quotas::Quota;
use claviger_resources::session::Session;
use claviger_resources::user::{User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Random, random};
use claviger_store::{Name, Namespace, StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::operations::Empty;
use super::sign_in_name::{alias, holder, key, sign_in_attributes};
use super::user_attributes::{SUB, UserAttribute, UserAttributes, VERIFICATIONS};
use super::user_error::UserError;
use super::{message, quota, user_pool};
use crate::operation::{Access, Context, Operation};

/// Shows a user.
pub struct AdminGetUser;
/// Lets a user sign in again.
pub struct AdminEnableUser;
/// Keeps a user from signing in, and ends what was begun.
pub struct AdminDisableUser;
/// Deletes a user.
pub struct AdminDeleteUser;

/// The members of operations on a user as a whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserKey {
    user_pool_id: String,
    username: String,
}

/// What `AdminGetUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminGetUserOutput {
    username: String,
    user_attributes: Vec<UserAttribute>,
    user_create_date: f64,
    user_last_modified_date: f64,
    enabled: bool,
    user_status: &'static str,
}

/// A user as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserDescription {
    pub(super) username: String,
    pub(super) attributes: Vec<UserAttribute>,
    user_create_date: f64,
    user_last_modified_date: f64,
    enabled: bool,
    user_status: &'static str,
}

impl Operation for AdminGetUser {
    const NAME: &'static str = "AdminGetUser";
    const ACCESS: Access = Access::Read;
    type Input = UserKey;
    type Output = AdminGetUserOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (_, user) = in_pool(cx, &input.user_pool_id, &input.username).await?;
        let UserDescription { username, attributes, user_create_date, user_last_modified_date, enabled, user_status } =
            UserDescription::new(&user);
        let user_attributes = attributes;
        Ok(AdminGetUserOutput {
            username,
            user_attributes,
            user_create_date,
            user_last_modified_date,
            enabled,
            user_status,
        })
    }
}

impl Operation for AdminEnableUser {
    const NAME: &'static str = "AdminEnableUser";
    const ACCESS: Access = Access::Write;
    type Input = UserKey;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (_, mut user) = in_pool(cx, &input.user_pool_id, &input.username).await?;
        (user.enabled, user.modified) = (true, cx.now);
        cx.tx.replace(&user).await?;
        Ok(Empty {})
    }
}

impl Operation for AdminDisableUser {
    const NAME: &'static str = "AdminDisableUser";
    const ACCESS: Access = Access::Write;
    type Input = UserKey;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (_, mut user) = in_pool(cx, &input.user_pool_id, &input.username).await?;
        (user.enabled, user.modified, user.signed_out) = (false, cx.now, Some(cx.now));
        cx.tx.delete_all::<Session>(&user.tenant, &Session::owner(&user.pool, &user.sub)).await?;
        cx.tx.replace(&user).await?;
        Ok(Empty {})
    }
}

impl Operation for AdminDeleteUser {
    const NAME: &'static str = "AdminDeleteUser";
    const ACCESS: Access = Access::Write;
    type Input = UserKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (_, user) = in_pool(cx, &input.user_pool_id, &input.username).await?;
        delete(cx, &user).await
    }
}

/// The pool of this id and its user who goes by this name.
pub async fn in_pool(cx: &mut Context<'_>, pool: &str, name: &str) -> Result<(UserPool, Stored<User>), Error> {
    let pool = user_pool::find(cx, pool).await?.record;
    let user = find(cx, &pool, name).await?;
    Ok((pool, user))
}

/// The user who goes by this name in a pool: by username, else by subject, else by an attribute the pool signs users in
/// with.
pub async fn find(cx: &mut Context<'_>, pool: &UserPool, name: &str) -> Result<Stored<User>, Error> {
    if let Some(user) = cx.tx.find::<User>(&pool.tenant, pool.id.as_str(), &key(pool, name)).await? {
        return Ok(user);
    }
    if let Some(user) = of_subject(cx, pool, name).await? {
        return Ok(user);
    }
    for attribute in sign_in_attributes(pool) {
        if let Some(user) = holder(cx, pool, &alias(pool, attribute, name)).await? {
            return Ok(user);
        }
    }
    Err(Error::UserNotFound)
}

/// A new subject: a version 4 UUID (RFC 9562, section 5.4).
pub(super) fn new_sub(random: &mut dyn Random) -> String {
    random::uuid(random)
}

/// Says of each address that is not verified that it is not, as AWS shows it.
pub(super) fn mark_unverified(user: &mut User) {
    for (verification, address) in VERIFICATIONS {
        if user.attributes.contains_key(address) {
            user.attributes.entry(verification.to_owned()).or_insert_with(|| "false".to_owned());
        }
    }
}

/// A user who can do nothing yet, under a name of its own.
pub(super) fn new(cx: &Context<'_>, pool: &UserPool, username: &str, sub: &str, attributes: UserAttributes) -> User {
    User {
        pool: pool.id.clone(),
        tenant: pool.tenant.clone(),
        key: key(pool, username),
        username: username.to_owned(),
        sub: sub.to_owned(),
        aliases: Vec::new(),
        attributes,
        status: UserStatus::Unconfirmed,
        enabled: true,
        created: cx.now,
        modified: cx.now,
        password: None,
        failed_attempts: 0,
        locked_until: None,
        signed_out: None,
        groups: Vec::new(),
    }
}

/// Whether a username is free: nobody has it, and nobody's subject is it.
pub(super) async fn is_free(cx: &mut Context<'_>, pool: &UserPool, username: &str) -> Result<bool, Error> {
    let named = cx.tx.find::<User>(&pool.tenant, pool.id.as_str(), &key(pool, username)).await?;
    Ok(named.is_none() && of_subject(cx, pool, username).await?.is_none())
}

/// Adds a user whose names were found free in this transaction.
pub(super) async fn insert(cx: &mut Context<'_>, user: &User) -> Result<(), Error> {
    let users = cx.tx.count_of::<User>(&user.tenant, user.pool.as_str()).await?;
    quota::check_room(cx, Quota::Users, users)?;
    match cx.tx.insert(user).await {
        Err(StoreError::AlreadyExists | StoreError::NameTaken { .. }) => Err(StoreError::Contention.into()),
        other => Ok(other?),
    }
}

/// Deletes a user with its sessions, its places in groups and what was sent to it.
pub async fn delete(cx: &mut Context<'_>, user: &User) -> Result<(), Error> {
    for membership in &user.groups {
        let group = Group::members_of(&user.pool, &membership.generation);
        cx.tx.delete(&GroupMember { tenant: user.tenant.clone(), group, user: user.key.clone() }).await?;
    }
    cx.tx.delete_all::<Session>(&user.tenant, &Session::owner(&user.pool, &user.sub)).await?;
    message::forget(cx, user).await?;
    cx.tx.delete(user).await?;
    Ok(())
}

async fn of_subject(cx: &mut Context<'_>, pool: &UserPool, sub: &str) -> Result<Option<Stored<User>>, Error> {
    Ok(cx.tx.find_named(&Name::new(Namespace::UserSub, format!("{}/{sub}", pool.id))).await?)
}

/// Nobody, told to those who call without credentials, or nobody at all.
pub(super) fn not_found_by_client(error: Error) -> Error {
    match error {
        Error::UserNotFound => UserError::UsernameNotFound.into(),
        other => other,
    }
}

impl UserDescription {
    pub(super) fn new(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            attributes: shown_attributes(user),
            user_create_date: user.created.fractional_seconds(),
            user_last_modified_date: user.modified.fractional_seconds(),
            enabled: user.enabled,
            user_status: user.status.as_str(),
        }
    }
}

/// A user's attributes as callers see them, the subject first.
pub fn shown_attributes(user: &User) -> Vec<UserAttribute> {
    let sub = UserAttribute { name: SUB.to_owned(), value: user.sub.clone() };
    let attribute = |(name, value): (&String, &String)| UserAttribute { name: name.clone(), value: value.clone() };
    std::iter::once(sub).chain(user.attributes.iter().map(attribute)).collect()
}
