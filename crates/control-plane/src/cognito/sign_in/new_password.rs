//! `NEW_PASSWORD_REQUIRED`: who was given a temporary password chooses another, and fills in what is missing.

use std::collections::BTreeMap;

use claviger_oauth::user_claims::UserGrant;
use claviger_resources::app_client::AppClient;
use claviger_resources::session::Session;
use claviger_resources::user::{Password, User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_store::TransactionExt;
use serde_json::json;

use super::super::errors::Error;
use super::super::password_policy::PasswordPolicy;
use super::super::sign_in_name::{self, Conflict};
use super::super::user_attributes::{self, UserAttributes, Violations};
use super::super::user_error::UserError;
use super::super::{schema, user_password};
use super::attempt::{Look, Seen, again, begin};
use super::error::SignInError;
use super::outcome::{AuthOutput, Challenge, signed_in};
use super::parameters::Parameters;
use super::state::{Awaited, State};
use crate::operation::{Access, Caller, Context, Step, perform};
use crate::services::Services;

/// The prefix of attributes among the challenge's answers.
const ATTRIBUTE: &str = "userAttributes.";

/// Gives the challenge.
pub(super) fn challenge(
    services: &Services,
    client: &AppClient,
    pool: &UserPool,
    user: &User,
) -> Result<AuthOutput, Error> {
    let set = user.password.as_ref().map_or(user.created, |password| password.set);
    let state = State::new(client, &user.sub, Awaited::NewPassword { set }, services.clock.now());
    let shown: BTreeMap<&String, &String> = user.attributes.iter().filter(|(name, _)| client.reads(name)).collect();
    let required: Vec<String> = missing(pool, user).map(|name| format!("{ATTRIBUTE}{name}")).collect();
    let parameters = vec![
        ("USER_ID_FOR_SRP", user.username.clone()),
        ("requiredAttributes", json!(required).to_string()),
        ("userAttributes", json!(shown).to_string()),
    ];
    let session = Some(state.seal(services)?);
    Ok(Challenge { name: "NEW_PASSWORD_REQUIRED", session, parameters, available: None }.into())
}

/// Takes the answer to the challenge.
pub(super) async fn answer(
    services: &Services,
    caller: &Caller,
    look: Look<'_>,
    session: &str,
    answers: &Parameters,
) -> Result<AuthOutput, Error> {
    let new = answers.required_secret("NEW_PASSWORD")?;
    let seen = perform(services, &caller.tenant(), &look).await?;
    let (state, _) = State::open(services, &seen.client, session)?;
    let user = seen.user.as_ref().filter(|user| is_awaited(&state, user)).ok_or(SignInError::InvalidSession)?;
    PasswordPolicy::of(&seen.pool).check(new)?;
    let change: UserAttributes =
        answers.under(ATTRIBUTE).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    check_attributes(&seen, user, &change)?;
    let password = user_password::make(services, user, new).await?;
    let step = Accept { seen: &seen, user, change: &change, password: &password };
    let (session, grant) = perform(services, &caller.tenant(), &step).await?;
    signed_in(services, &session, &grant).await
}

/// Whether the user is still the one that the challenge was given to.
fn is_awaited(state: &State, user: &User) -> bool {
    let set = user.password.as_ref().map_or(user.created, |password| password.set);
    user.sub == state.sub
        && user.enabled
        && user.status == UserStatus::ForceChangePassword
        && state.awaited == Awaited::NewPassword { set }
}

/// The attributes that every user of the pool has and this one lacks.
fn missing<'a>(pool: &UserPool, user: &'a User) -> impl Iterator<Item = String> + use<'a> {
    let required = schema::shown(&pool.configuration).into_iter();
    let required = required.filter(|attribute| attribute.required == Some(true)).filter_map(|attribute| attribute.name);
    required.filter(|name| name != user_attributes::SUB && !user.attributes.contains_key(name))
}

fn check_attributes(seen: &Seen, user: &User, change: &UserAttributes) -> Result<(), Error> {
    user_attributes::check_writable(&seen.client, change)?;
    user_attributes::check_change(&seen.pool, &user.attributes, change)?;
    match missing(&seen.pool, user).find(|name| change.get(name).is_none_or(String::is_empty)) {
        Some(name) => Err(UserError::Schema(Violations(vec![(name, "The attribute is required".to_owned())])).into()),
        None => Ok(()),
    }
}

/// Sets the password and begins a session.
struct Accept<'a> {
    seen: &'a Seen,
    user: &'a User,
    change: &'a UserAttributes,
    password: &'a Password,
}

impl Step for Accept<'_> {
    const ACCESS: Access = Access::Write;
    type Output = (Session, UserGrant);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let mut user = again(cx, self.user).await?;
        if user.status != UserStatus::ForceChangePassword {
            return Err(SignInError::InvalidSession.into());
        }
        user.attributes = user_attributes::changed(&user.attributes, self.change);
        sign_in_name::claim(cx, &self.seen.pool, &mut user, Conflict::RefuseChange).await?;
        user_password::set(&mut user, self.password.clone(), UserStatus::Confirmed, cx.now);
        cx.tx.replace(&user).await?;
        Ok(begin(cx, &self.seen.client, &user).await?)
    }
}
