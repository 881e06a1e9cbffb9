//! A sign-in's two transactions: who asks for whom, and what becomes of it.

use claviger_oauth::hook::{ClientMetadata, Trigger};
use claviger_oauth::user_claims::UserGrant;
use claviger_resources::app_client::AppClient;
use claviger_resources::session::Session;
use claviger_resources::user::{User, UserStatus};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Secret, Timestamp};
use claviger_runtime::sessions;
use claviger_store::{StoreError, Stored, TransactionExt};

use super::super::errors::Error;
use super::super::password_policy::PasswordPolicy;
use super::super::user_error::UserError;
use super::super::{app_client, calling_client, mfa, user, user_pool};
use super::error::SignInError;
use super::flow::AuthFlow;
use super::{lockout, nobody};
use crate::operation::{Access, Context, Step};
use crate::services::Services;

/// The client through which a call is made: named alone by users, with its pool by administrators.
#[derive(Clone, Copy, Debug)]
pub(super) struct Through<'a> {
    /// The pool an administrator names, in the own account and region.
    pub(super) pool: Option<&'a str>,
    /// The client.
    pub(super) client: &'a str,
}

/// Finds client and user, and refuses what needs no proof of a password.
pub(super) struct Look<'a> {
    /// The client.
    pub(super) through: Through<'a>,
    /// The flow that is asked for; `None` for the answer to a challenge, which had one.
    pub(super) flow: Option<AuthFlow>,
    /// Any name of the user.
    pub(super) username: &'a str,
    /// `SECRET_HASH`.
    pub(super) secret_hash: Option<&'a Secret<String>>,
    /// What the caller hands on to functions.
    pub(super) client_metadata: Option<&'a ClientMetadata>,
}

/// What was found.
pub(super) struct Seen {
    /// The client.
    pub(super) client: AppClient,
    /// Its pool.
    pub(super) pool: UserPool,
    /// The user; `None` for one that does not exist and that callers are not to tell from others.
    pub(super) user: Option<User>,
    /// What the caller hands on to functions.
    pub(super) client_metadata: Option<ClientMetadata>,
}

/// Counts a password that was not proved, and begins a session for one that was.
pub(super) struct Settle<'a> {
    /// What was found before.
    pub(super) seen: &'a Seen,
    /// Whether the password was proved.
    pub(super) proved: bool,
}

/// What a proved password gives.
pub(super) enum Settled {
    /// A session.
    Session(Box<(Session, UserGrant)>),
    /// The duty to choose a password of one's own.
    NewPassword(Box<User>),
}

impl Through<'_> {
    /// The client and its pool.
    pub(super) async fn find(self, cx: &mut Context<'_>) -> Result<(AppClient, UserPool), Error> {
        match self.pool {
            None => calling_client::find(cx, self.client).await,
            Some(pool) => {
                let client = app_client::find(cx, pool, self.client).await?;
                Ok((client.record, user_pool::find(cx, pool).await?.record))
            }
        }
    }
}

impl Seen {
    /// The username and the subject of the user, who may be nobody (see [`nobody::names`]) and was asked for as `given`.
    pub(super) fn names(&self, services: &Services, given: &str) -> (String, String) {
        match &self.user {
            Some(user) => (user.username.clone(), user.sub.clone()),
            None => nobody::names(services, &self.pool, given),
        }
    }
}

impl Step for Look<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Seen;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Seen, Error> {
        let (client, pool) = self.through.find(cx).await?;
        if let Some(flow) = self.flow {
            flow.check(&client, self.through.pool.is_some())?;
        }
        calling_client::check_secret_hash(cx, &client, self.secret_hash, self.username)?;
        if mfa::is_required(&pool.configuration) {
            return Err(Error::MfaNotServed);
        }
        let user = match user::find(cx, &pool, self.username).await {
            Ok(user) => Some(user.record),
            Err(Error::UserNotFound) if calling_client::hides_users(&client) => None,
            Err(error) => return Err(error),
        };
        if let Some(user) = &user {
            if user.status == UserStatus::ResetRequired {
                return Err(SignInError::ResetRequired.into());
            }
            if lockout::is_locked(user, cx.now) {
                return Err(SignInError::AttemptsExceeded.into());
            }
        }
        Ok(Seen { client, pool, user, client_metadata: self.client_metadata.cloned() })
    }
}

impl Step for Settle<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Settled;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Settled, Error> {
        let seen = self.seen.user.as_ref().ok_or(SignInError::Incorrect)?;
        let mut user = again(cx, seen).await?;
        // Guesses that were made side by side were all looked at; a lock of the others' making counts for each.
        if lockout::is_locked(&user, cx.now) {
            return Err(SignInError::AttemptsExceeded.into());
        }
        if !self.proved {
            lockout::count(&mut user, cx.now);
            cx.tx.replace(&user).await?;
            return Err(SignInError::Incorrect.into());
        }
        check_status(&self.seen.pool, &user, cx.now)?;
        if lockout::clear(&mut user) {
            cx.tx.replace(&user).await?;
        }
        if user.status == UserStatus::ForceChangePassword {
            return Ok(Settled::NewPassword(Box::new(user.record)));
        }
        let session =
            begin(cx, &self.seen.client, &user, Trigger::Authentication, self.seen.client_metadata.as_ref()).await?;
        Ok(Settled::Session(Box::new(session)))
    }
}

/// The user as the store has it now; a user whose password is another one since has proved nothing.
pub(super) async fn again(cx: &mut Context<'_>, seen: &User) -> Result<Stored<User>, Error> {
    let found = cx.tx.find::<User>(&seen.tenant, seen.pool.as_str(), &seen.key).await?;
    let set = |user: &User| user.password.as_ref().map(|password| password.set);
    let same = found.filter(|user| user.sub == seen.sub && set(user) == set(seen));
    same.ok_or_else(|| SignInError::Incorrect.into())
}

/// Begins a session and tells what its tokens say.
pub(super) async fn begin(
    cx: &mut Context<'_>,
    client: &AppClient,
    user: &User,
    trigger: Trigger,
    client_metadata: Option<&ClientMetadata>,
) -> Result<(Session, UserGrant), StoreError> {
    let session = sessions::begin(cx.tx, client, user, cx.now, cx.random).await?;
    let mut grant = sessions::grant(cx.tx, client, user, &session, trigger).await?;
    grant.told.client_metadata = client_metadata.cloned();
    Ok((session, grant))
}

/// Refuses a user who knows the password and may not sign in for another reason.
fn check_status(pool: &UserPool, user: &User, now: Timestamp) -> Result<(), Error> {
    if !user.enabled {
        return Err(UserError::Disabled.into());
    }
    match user.status {
        UserStatus::Confirmed => Ok(()),
        UserStatus::Unconfirmed => Err(SignInError::NotConfirmed.into()),
        UserStatus::ResetRequired => Err(SignInError::ResetRequired.into()),
        UserStatus::ForceChangePassword => {
            let set = user.password.as_ref().map_or(user.created, |password| password.set);
            let lifetime = PasswordPolicy::of(pool).temporary_days.saturating_mul(86_400_000);
            let is_over = set.milliseconds().saturating_add(lifetime) <= now.milliseconds();
            if is_over { Err(SignInError::TemporaryPasswordExpired.into()) } else { Ok(()) }
        }
    }
}
