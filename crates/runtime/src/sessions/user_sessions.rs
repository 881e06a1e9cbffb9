//! The data plane's way to sessions: the three OAuth endpoints of users need the store, and nothing else of it.

use std::sync::Arc;

use claviger_oauth::user_claims::ACCOUNT_SCOPE;
use claviger_resources::app_client::AppClient;
use claviger_resources::user::User;
use claviger_resources::{Clock, Random, UserPoolId};
use claviger_store::{Name, Namespace, Store, StoreError, Transaction, TransactionExt};
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use super::refresh_token::RefreshToken;
use super::{RefreshError, Renewal, end, find, is_revoked};
use crate::issuance::{Issuance, IssueError, UserTokens};
use crate::vault::{Vault, VaultError};

/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 8;
/// The scopes that each release some attributes, and those attributes (OpenID Connect Core 1.0, section 5.4).
const SCOPES: [(&str, &[&str]); 2] =
    [("email", &["email", "email_verified"]), ("phone", &["phone_number", "phone_number_verified"])];

/// Renews, revokes and tells of users' sessions.
pub struct UserSessions {
    /// Where sessions are kept.
    pub store: Arc<dyn Store>,
    /// Opens refresh tokens.
    pub vault: Arc<Vault>,
    /// Issues tokens.
    pub issuance: Arc<Issuance>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes a source of randomness.
    pub random: fn() -> Box<dyn Random>,
    /// Where commits are waited for: never on a thread that answers traffic.
    pub threads: Handle,
}

/// What a refresh token was exchanged for.
pub struct Renewed {
    /// The new tokens.
    pub tokens: UserTokens,
    /// The refresh token to use from now on, where they are exchanged.
    pub refresh_token: Option<String>,
}

/// Who asks for what is known of a user.
#[derive(Clone, Debug)]
pub struct UserInfo {
    /// The pool.
    pub pool: UserPoolId,
    /// The subject of the user.
    pub sub: String,
    /// The app client.
    pub client: String,
    /// The scopes of the access token.
    pub scope: String,
    /// The session it names.
    pub session: Option<String>,
    /// When it was issued.
    pub issued_at_seconds: i64,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The refresh token is not good.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The client does not exist any more.
    #[error("the app client does not exist")]
    NoClient,
    /// The client's tokens cannot be revoked (`EnableTokenRevocation`).
    #[error("EnableTokenRevocation is false for the client")]
    RevocationDisabled,
    /// The user is gone, disabled, or has signed out.
    #[error("the user is deleted or disabled, or has signed out")]
    NoUser,
    /// The tokens cannot be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The node is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl UserSessions {
    /// Exchanges a refresh token for new tokens (RFC 6749, section 6).
    pub async fn renew(self: &Arc<Self>, client: &str, token: &str) -> Result<Renewed, SessionError> {
        let (sessions, client, token) = (Arc::clone(self), client.to_owned(), token.to_owned());
        let work = async move {
            let renewal = sessions.renewal(&client, &token).await?;
            let tokens = sessions.issuance.user(&renewal.grant).await?;
            let seal = |token: RefreshToken| token.seal(&sessions.vault, &mut *(sessions.random)());
            Ok(Renewed { tokens, refresh_token: renewal.exchanged.map(seal).transpose()? })
        };
        self.threads.spawn(work).await.map_err(|_| SessionError::Stopping)?
    }

    /// Ends the session of a refresh token (RFC 7009).
    pub async fn revoke(self: &Arc<Self>, client: &str, token: &str) -> Result<(), SessionError> {
        let (sessions, client, token) = (Arc::clone(self), client.to_owned(), token.to_owned());
        let work = async move { sessions.end(&client, &token).await };
        self.threads.spawn(work).await.map_err(|_| SessionError::Stopping)?
    }

    /// The claims that an access token releases of its user (OpenID Connect Core 1.0, section 5.3).
    pub async fn user_info(self: &Arc<Self>, request: UserInfo) -> Result<Map<String, Value>, SessionError> {
        let sessions = Arc::clone(self);
        let work = async move { sessions.info(&request).await };
        self.threads.spawn(work).await.map_err(|_| SessionError::Stopping)?
    }

    async fn renewal(&self, client: &str, token: &str) -> Result<Renewal, SessionError> {
        let mut attempt = 1;
        loop {
            match self.renew_once(client, token).await {
                Err(error) if error.is_contention() && attempt < ATTEMPTS_MAX => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn end(&self, client: &str, token: &str) -> Result<(), SessionError> {
        let mut attempt = 1;
        loop {
            match self.end_once(client, token).await {
                Err(error) if error.is_contention() && attempt < ATTEMPTS_MAX => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn renew_once(&self, client: &str, token: &str) -> Result<Renewal, SessionError> {
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let client = app_client(&mut *tx, client).await?;
        let found = find(&mut *tx, &self.vault, token, &client, now).await?;
        let renewal = found.renew(&mut *tx, &client, now).await?;
        if renewal.exchanged.is_some() {
            tx.commit().await?;
        }
        Ok(renewal)
    }

    async fn end_once(&self, client: &str, token: &str) -> Result<(), SessionError> {
        let mut tx = self.store.write().await?;
        let client = app_client(&mut *tx, client).await?;
        if !client.token_revocation() {
            return Err(SessionError::RevocationDisabled);
        }
        end(&mut *tx, &self.vault, token, &client).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn info(&self, request: &UserInfo) -> Result<Map<String, Value>, SessionError> {
        let mut tx = self.store.read().await?;
        let client = app_client(&mut *tx, &request.client).await?;
        let subject = Name::new(Namespace::UserSub, format!("{}/{}", request.pool, request.sub));
        let user = tx.find_named::<User>(&subject).await?.filter(|user| user.enabled).ok_or(SessionError::NoUser)?;
        if is_revoked(&mut *tx, &user, request.session.as_deref(), request.issued_at_seconds).await? {
            return Err(SessionError::NoUser);
        }
        let mut claims = Map::from_iter([("sub".to_owned(), Value::from(user.sub.as_str()))]);
        let released = user.attributes.iter().filter(|(name, _)| client.reads(name) && releases(&request.scope, name));
        // Booleans are texts here, and an address is one too (Amazon Cognito, "The userInfo endpoint").
        claims.extend(released.map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        claims.insert("username".to_owned(), Value::from(user.username.as_str()));
        Ok(claims)
    }
}

impl SessionError {
    fn is_contention(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Contention | StoreError::Conflict)
                | Self::Refresh(RefreshError::Store(StoreError::Contention | StoreError::Conflict))
        )
    }
}

async fn app_client(tx: &mut dyn Transaction, id: &str) -> Result<AppClient, SessionError> {
    let found = tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, id)).await?;
    found.map(|found| found.record).ok_or(SessionError::NoClient)
}

/// Whether these scopes release an attribute. `openid` alone releases all of them, with others only theirs.
fn releases(scopes: &str, attribute: &str) -> bool {
    let has = |wanted: &str| scopes.split(' ').any(|scope| scope == wanted);
    let named = SCOPES.iter().find(|(_, attributes)| attributes.contains(&attribute));
    let limited = has("profile") || SCOPES.iter().any(|(scope, _)| has(scope));
    !limited || has(ACCOUNT_SCOPE) || named.map_or_else(|| has("profile"), |(scope, _)| has(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_release_their_attributes_and_openid_alone_all() {
        let check = |scopes: &str, attribute: &str, expected: bool| {
            assert_eq!(releases(scopes, attribute), expected, "{scopes}: {attribute}");
        };
        check("openid", "email", true);
        check("openid", "custom:tenant", true);
        check("openid email", "email_verified", true);
        check("openid email", "name", false);
        check("openid profile", "name", true);
        check("openid profile", "phone_number", false);
        check("openid phone", "phone_number", true);
    }
}
