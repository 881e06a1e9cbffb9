//! Users: finding them by whatever name they go by.

use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_store::{Name, Namespace, Stored, TransactionExt};

use super::configuration::{at, texts};
use super::errors::Error;
use crate::operation::Context;

/// The user who goes by this name in a pool: by username, else by subject, else by an attribute the pool signs users in
/// with.
pub async fn find(cx: &mut Context<'_>, pool: &UserPool, name: &str) -> Result<Stored<User>, Error> {
    let tenant = pool.tenant.clone();
    if let Some(user) = cx.tx.find::<User>(&tenant, pool.id.as_str(), &key(pool, name)).await? {
        return Ok(user);
    }
    let subject = Name::new(Namespace::UserSub, format!("{}/{name}", pool.id));
    if let Some(user) = cx.tx.find_named(&subject).await? {
        return Ok(user);
    }
    for attribute in sign_in_attributes(pool) {
        let alias = Name::new(Namespace::UserAlias, format!("{}/{}", pool.id, alias(pool, attribute, name)));
        if let Some(user) = cx.tx.find_named(&alias).await? {
            return Ok(user);
        }
    }
    Err(Error::UserNotFound)
}

/// The attributes that users of the pool may sign in with in place of, or beside, their username.
pub(super) fn sign_in_attributes(pool: &UserPool) -> impl Iterator<Item = &str> {
    texts(&pool.configuration, "UsernameAttributes").chain(texts(&pool.configuration, "AliasAttributes"))
}

/// What a username is filed under: itself, or its lower-case form where the pool does not tell cases apart.
pub(super) fn key(pool: &UserPool, username: &str) -> String {
    if is_case_sensitive(pool) { username.to_owned() } else { username.to_lowercase() }
}

/// One of [`User::aliases`].
pub(super) fn alias(pool: &UserPool, attribute: &str, value: &str) -> String {
    format!("{attribute}/{}", key(pool, value))
}

/// Pools made through the API tell cases apart unless they say otherwise (`UsernameConfiguration.CaseSensitive`).
fn is_case_sensitive(pool: &UserPool) -> bool {
    at(&pool.configuration, &["UsernameConfiguration", "CaseSensitive"]).and_then(serde_json::Value::as_bool)
        != Some(false)
}
