//! The names users sign in with: a username, or an attribute in its place (`UsernameAttributes`), or both
//! (`AliasAttributes`).

use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_store::{Name, Namespace, Stored, TransactionExt};

use super::configuration::{at, texts};
use super::errors::Error;
use super::user_attributes::{UserAttributes, VERIFICATIONS, is_email, is_phone_number, is_verified};
use super::user_error::UserError;
use crate::operation::Context;

/// What happens when somebody else already signs in with an attribute of a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// A new user is not created.
    RefuseNew,
    /// A user is not changed.
    RefuseChange,
    /// The other one signs in with it no longer (`ForceAliasCreation`), where users have usernames besides.
    TakeOver,
}

/// The username of a new user. Where users sign in with an attribute in its place, what is given is that attribute's value,
/// and the username is the subject.
pub(super) fn username(
    pool: &UserPool,
    given: &str,
    sub: &str,
    attributes: &mut UserAttributes,
) -> Result<String, UserError> {
    let is_among = |member, name| texts(&pool.configuration, member).any(|attribute| attribute == name);
    let (email, phone_number) =
        (is_among("UsernameAttributes", "email"), is_among("UsernameAttributes", "phone_number"));
    if !email && !phone_number {
        return if is_among("AliasAttributes", "email") && is_email(given) {
            Err(UserError::UsernameOfAliasFormat { form: "email" })
        } else if is_among("AliasAttributes", "phone_number") && is_phone_number(given) {
            Err(UserError::UsernameOfAliasFormat { form: "phone number" })
        } else {
            Ok(given.to_owned())
        };
    }
    let attribute = match (email && is_email(given), phone_number && is_phone_number(given)) {
        (true, _) => "email",
        (false, true) => "phone_number",
        (false, false) => {
            return Err(UserError::UsernameFormat(match (email, phone_number) {
                (true, true) => "either an email or a phone number",
                (true, false) => "an email",
                (false, _) => "a phone number",
            }));
        }
    };
    if attributes.get(attribute).is_some_and(|value| value != given) {
        return Err(UserError::UsernameIsNotAttribute(attribute));
    }
    attributes.insert(attribute.to_owned(), given.to_owned());
    Ok(sub.to_owned())
}

/// Gives a user the names that its attributes say, as far as nobody else has them.
pub(super) async fn claim(
    cx: &mut Context<'_>,
    pool: &UserPool,
    user: &mut User,
    conflict: Conflict,
) -> Result<(), Error> {
    let names = of(pool, &user.attributes);
    for (attribute, alias) in &names {
        if user.aliases.contains(alias) {
            continue;
        }
        let Some(holder) = holder(cx, pool, alias).await?.filter(|holder| holder.sub != user.sub) else { continue };
        if texts(&pool.configuration, "UsernameAttributes").next().is_some() {
            return Err(match conflict {
                Conflict::RefuseNew => UserError::UsernameAttributeTaken((*attribute).to_owned()),
                Conflict::RefuseChange | Conflict::TakeOver => {
                    UserError::UsernameAttributeInUse((*attribute).to_owned())
                }
            }
            .into());
        }
        match conflict {
            Conflict::TakeOver => take_from(cx, holder, attribute, alias).await?,
            Conflict::RefuseNew | Conflict::RefuseChange => {
                return Err(UserError::AliasTaken((*attribute).to_owned()).into());
            }
        }
    }
    user.aliases = names.into_iter().map(|(_, alias)| alias).collect();
    Ok(())
}

/// What a username is filed under: itself, or its lower-case form where the pool does not tell cases apart.
pub(super) fn key(pool: &UserPool, username: &str) -> String {
    if is_case_sensitive(pool) { username.to_owned() } else { username.to_lowercase() }
}

/// One of [`User::aliases`].
pub(super) fn alias(pool: &UserPool, attribute: &str, value: &str) -> String {
    format!("{attribute}/{}", key(pool, value))
}

/// The attributes that users of the pool may sign in with in place of, or beside, their username.
pub(super) fn sign_in_attributes(pool: &UserPool) -> impl Iterator<Item = &str> {
    texts(&pool.configuration, "UsernameAttributes").chain(texts(&pool.configuration, "AliasAttributes"))
}

/// Who signs in with an alias.
pub(super) async fn holder(cx: &mut Context<'_>, pool: &UserPool, alias: &str) -> Result<Option<Stored<User>>, Error> {
    Ok(cx.tx.find_named(&Name::new(Namespace::UserAlias, format!("{}/{alias}", pool.id))).await?)
}

/// The names a user with these attributes signs in with. Beside a username, an address counts once it is verified.
fn of<'a>(pool: &'a UserPool, attributes: &UserAttributes) -> Vec<(&'a str, String)> {
    let value = |name: &str| attributes.get(name).filter(|value| !value.is_empty());
    let instead = texts(&pool.configuration, "UsernameAttributes").filter(|name| value(name).is_some());
    let is_address = |name: &str| VERIFICATIONS.iter().any(|(_, address)| *address == name);
    let beside = texts(&pool.configuration, "AliasAttributes")
        .filter(|name| value(name).is_some() && (!is_address(name) || is_verified(attributes, name)));
    instead.chain(beside).filter_map(|name| Some((name, alias(pool, name, value(name)?)))).collect()
}

async fn take_from(cx: &mut Context<'_>, mut holder: Stored<User>, attribute: &str, alias: &str) -> Result<(), Error> {
    holder.aliases.retain(|other| other != alias);
    if let Some((verification, _)) = VERIFICATIONS.iter().find(|(_, address)| *address == attribute) {
        holder.attributes.insert((*verification).to_owned(), "false".to_owned());
    } else {
        holder.attributes.remove(attribute);
    }
    holder.modified = cx.now;
    cx.tx.replace(&holder).await?;
    Ok(())
}

/// Pools made through the API tell cases apart unless they say otherwise (`UsernameConfiguration.CaseSensitive`).
fn is_case_sensitive(pool: &UserPool) -> bool {
    at(&pool.configuration, &["UsernameConfiguration", "CaseSensitive"]).and_then(serde_json::Value::as_bool)
        != Some(false)
}
