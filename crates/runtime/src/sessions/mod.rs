//! Sessions of users: begun by a sign-in, renewed by a refresh token, ended by a sign-out.
//!
//! Both planes come here: the control plane from within its transactions, the data plane through [`UserSessions`]. The way
//! of machines to a token does not.

mod profile;
pub mod refresh_token;
mod user_sessions;

use claviger_oauth::user_claims::UserGrant;
use claviger_resources::app_client::AppClient;
use claviger_resources::limits::SESSIONS_PER_USER;
use claviger_resources::session::Session;
use claviger_resources::user::User;
use claviger_resources::{Random, Timestamp};
use claviger_store::{Name, Namespace, StoreError, Stored, Transaction, TransactionExt};
use uuid::Builder;

pub use self::profile::grant;
use self::refresh_token::RefreshToken;
pub use self::user_sessions::{Renewed, SessionError, UserInfo, UserSessions};
use crate::vault::Vault;

/// How long a session is kept after its refresh token has expired: as long as an access token may live, which is refused
/// when its session is gone.
const KEPT_MILLISECONDS: i64 = 86_400_000;

/// Why a refresh token is not good.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It was not given out here, or not to this client.
    #[error("Invalid Refresh Token")]
    Invalid,
    /// Its time is over.
    #[error("Refresh Token has expired")]
    Expired,
    /// Its session was ended.
    #[error("Refresh Token has been revoked")]
    Revoked,
    /// It was exchanged for another one.
    #[error("Refresh Token has been used already")]
    Reused,
    /// Its user may not sign in any more.
    #[error("User is disabled.")]
    UserDisabled,
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A session that a refresh token leads to, with its user.
pub struct Found {
    /// The session.
    pub session: Stored<Session>,
    /// The user.
    pub user: Stored<User>,
    rotation: u32,
}

/// What a refresh token gives.
pub struct Renewal {
    /// What the new tokens say.
    pub grant: UserGrant,
    /// The refresh token in place of the one that was used, where they are exchanged.
    pub exchanged: Option<RefreshToken>,
}

/// Begins a session, and lets go of those of the user that are over: the oldest too, when there are too many.
pub async fn begin(
    tx: &mut dyn Transaction,
    client: &AppClient,
    user: &User,
    now: Timestamp,
    random: &mut dyn Random,
) -> Result<Session, StoreError> {
    let owner = Session::owner(&user.pool, &user.sub);
    let mut kept = Vec::new();
    for session in tx.list_all::<Session>(&user.tenant, &owner).await? {
        if session.expires.milliseconds().saturating_add(KEPT_MILLISECONDS) <= now.milliseconds() {
            tx.delete(&session.record).await?;
        } else {
            kept.push(session.record);
        }
    }
    kept.sort_by_key(|session| session.began);
    let surplus = (kept.len() + 1).saturating_sub(SESSIONS_PER_USER);
    for session in kept.iter().take(surplus) {
        tx.delete(session).await?;
    }
    let lifetime = i64::from(client.refresh_token_seconds()).saturating_mul(1000);
    let session = Session {
        tenant: user.tenant.clone(),
        pool: user.pool.clone(),
        owner,
        sub: user.sub.clone(),
        user: user.key.clone(),
        id: uuid(random),
        event: uuid(random),
        client: client.id.clone(),
        began: now,
        expires: Timestamp::from_milliseconds(now.milliseconds().saturating_add(lifetime)),
        rotation: 0,
        rotated: None,
    };
    tx.insert(&session).await?;
    Ok(session)
}

/// The session and user that a refresh token of this client leads to.
pub async fn find(
    tx: &mut dyn Transaction,
    vault: &Vault,
    token: &str,
    client: &AppClient,
    now: Timestamp,
) -> Result<Found, RefreshError> {
    let token = RefreshToken::open(vault, token).filter(|token| token.pool == client.pool);
    let token = token.ok_or(RefreshError::Invalid)?;
    let owner = Session::owner(&token.pool, &token.sub);
    let session = tx.find::<Session>(&client.tenant, &owner, &token.session).await?;
    let session = session.ok_or(RefreshError::Revoked)?;
    if session.client != client.id {
        return Err(RefreshError::Invalid);
    }
    if session.expires <= now {
        return Err(RefreshError::Expired);
    }
    let user = user(tx, &session).await?.ok_or(RefreshError::Revoked)?;
    Ok(Found { session, user, rotation: token.rotation })
}

/// The user of a session, if there still is one.
async fn user(tx: &mut dyn Transaction, session: &Session) -> Result<Option<Stored<User>>, StoreError> {
    let subject = Name::new(Namespace::UserSub, format!("{}/{}", session.pool, session.sub));
    tx.find_named(&subject).await
}

impl Found {
    /// Takes the refresh token for a renewal. Where the client's tokens are exchanged, the session has a new one afterwards,
    /// and this one is good for the grace period only.
    pub async fn renew(
        mut self,
        tx: &mut dyn Transaction,
        client: &AppClient,
        now: Timestamp,
    ) -> Result<Renewal, RefreshError> {
        if !self.user.enabled {
            return Err(RefreshError::UserDisabled);
        }
        let rotation = client.refresh_token_rotation();
        if self.rotation == self.session.rotation {
            if rotation.is_some() {
                self.session.rotation = self.session.rotation.saturating_add(1);
                self.session.rotated = Some(now);
                tx.replace(&self.session).await?;
            }
        } else if !self.is_in_grace(rotation.unwrap_or_default(), now) {
            return Err(RefreshError::Reused);
        }
        let grant = grant(tx, client, &self.user, &self.session).await?;
        let exchanged = rotation.is_some().then(|| RefreshToken::of(&self.session));
        Ok(Renewal { grant, exchanged })
    }

    fn is_in_grace(&self, grace_seconds: u32, now: Timestamp) -> bool {
        let grace = i64::from(grace_seconds).saturating_mul(1000);
        let within = |rotated: Timestamp| now.milliseconds() < rotated.milliseconds().saturating_add(grace);
        self.rotation.checked_add(1) == Some(self.session.rotation) && self.session.rotated.is_some_and(within)
    }
}

/// Ends every session of a user; tells how many there were.
pub async fn end_all(tx: &mut dyn Transaction, user: &User) -> Result<u64, StoreError> {
    tx.delete_all::<Session>(&user.tenant, &Session::owner(&user.pool, &user.sub)).await
}

/// Ends the session that a refresh token of this client leads to. One that leads nowhere any more is as good as ended.
pub async fn end(tx: &mut dyn Transaction, vault: &Vault, token: &str, client: &AppClient) -> Result<(), RefreshError> {
    let token = RefreshToken::open(vault, token).filter(|token| token.pool == client.pool);
    let token = token.ok_or(RefreshError::Invalid)?;
    let owner = Session::owner(&token.pool, &token.sub);
    match tx.find::<Session>(&client.tenant, &owner, &token.session).await? {
        Some(session) if session.client == client.id => tx.delete(&session.record).await.map(drop).map_err(Into::into),
        Some(_) => Err(RefreshError::Invalid),
        None => Ok(()),
    }
}

/// Whether an access token is void before its time: its session was ended, or, where it names none, its user has signed out
/// everywhere since.
pub async fn is_revoked(
    tx: &mut dyn Transaction,
    user: &User,
    session: Option<&str>,
    issued_at_seconds: i64,
) -> Result<bool, StoreError> {
    match session {
        Some(id) => {
            let owner = Session::owner(&user.pool, &user.sub);
            Ok(tx.find::<Session>(&user.tenant, &owner, id).await?.is_none())
        }
        None => Ok(user.signed_out.is_some_and(|signed_out| issued_at_seconds <= signed_out.seconds())),
    }
}

fn uuid(random: &mut dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
