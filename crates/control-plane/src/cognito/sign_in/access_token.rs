//! Access tokens as proof of who calls: what a signed-in user does with the own account.

use claviger_oauth::authorize::UserToken;
use claviger_oauth::refusal::Refusal;
use claviger_oauth::user_claims::ACCOUNT_SCOPE;
use claviger_resources::app_client::AppClient;
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_runtime::sessions;
use claviger_store::{Name, Namespace, Stored, TransactionExt};

use super::super::errors::Error;
use super::super::user_error::UserError;
use super::error::SignInError;
use crate::operation::Context;
use crate::services::Services;

/// Reads an access token: signed by the pool it names, not expired, and for managing one's own account.
pub(super) fn read(services: &Services, text: &str) -> Result<UserToken, SignInError> {
    let token = services.issuance.user_token(text).map_err(|refusal| match refusal {
        Refusal::Expired => SignInError::ExpiredAccessToken,
        Refusal::MissingScope(_) => SignInError::MissingScope,
        _ => SignInError::InvalidAccessToken,
    })?;
    if token.has_scope(ACCOUNT_SCOPE) { Ok(token) } else { Err(SignInError::MissingScope) }
}

/// Who calls, as the store knows them now.
pub(super) struct SignedIn {
    /// The pool.
    pub(super) pool: UserPool,
    /// The app client through which the user signed in.
    pub(super) client: AppClient,
    /// The user.
    pub(super) user: Stored<User>,
}

impl SignedIn {
    /// The user of a token that is not void: one whose session was not ended, of a user who is still there.
    pub(super) async fn find(cx: &mut Context<'_>, token: &UserToken) -> Result<Self, Error> {
        let pool = cx.tx.find_named::<UserPool>(&Name::new(Namespace::UserPoolId, token.pool.as_str())).await?;
        let pool = pool.ok_or(SignInError::InvalidAccessToken)?.record;
        let client = cx.tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, token.client.as_str())).await?;
        let client = client.ok_or(SignInError::RevokedAccessToken)?.record;
        let subject = Name::new(Namespace::UserSub, format!("{}/{}", pool.id, token.sub));
        let user: Stored<User> = cx.tx.find_named(&subject).await?.ok_or(Error::UserNotFound)?;
        if sessions::is_revoked(cx.tx, &user, token.session.as_deref(), token.issued_at).await? {
            return Err(SignInError::RevokedAccessToken.into());
        }
        if !user.enabled {
            return Err(UserError::Disabled.into());
        }
        Ok(Self { pool, client, user })
    }
}
