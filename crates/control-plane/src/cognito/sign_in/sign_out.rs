//! Ending sessions: `GlobalSignOut`, `AdminUserGlobalSignOut`, `RevokeToken`.
//!
//! Cognito's own operations refuse the tokens of an ended session; whoever verifies tokens by the pool's keys alone accepts
//! them until they expire.

use claviger_oauth::jose::Token;
use claviger_resources::Secret;
use claviger_resources::user::User;
use claviger_runtime::sessions::{self, RefreshError};
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::errors::Error;
use super::super::operations::Empty;
use super::super::{calling_client, client_secret, user, user_pool};
use super::access_token::{self, SignedIn};
use super::error::SignInError;
use super::secret;
use crate::operation::{Access, Context, Operation};

/// Ends all sessions of the caller.
pub struct GlobalSignOut;
/// Ends all sessions of a user.
pub struct AdminUserGlobalSignOut;
/// Ends the session of a refresh token.
pub struct RevokeToken;

/// The one member of operations on the caller's own account as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OwnAccount {
    pub(super) access_token: String,
}

/// The members of `AdminUserGlobalSignOut`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminUserGlobalSignOutInput {
    user_pool_id: String,
    username: String,
}

/// The members of `RevokeToken`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeTokenInput {
    token: String,
    client_id: String,
    #[serde(default, deserialize_with = "client_secret::given")]
    client_secret: Option<Secret<String>>,
    #[serde(default, rename = "RevokeAssociatedSessions")]
    _revoke_associated_sessions: IgnoredAny,
}

impl Operation for GlobalSignOut {
    const NAME: &'static str = "GlobalSignOut";
    const ACCESS: Access = Access::Write;
    type Input = OwnAccount;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { user, .. } = SignedIn::find(cx, &token).await?;
        sign_out(cx, user).await?;
        Ok(Empty {})
    }
}

impl Operation for AdminUserGlobalSignOut {
    const NAME: &'static str = "AdminUserGlobalSignOut";
    const ACCESS: Access = Access::Write;
    type Input = AdminUserGlobalSignOutInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let pool = user_pool::find(cx, &input.user_pool_id).await?;
        let user = user::find(cx, &pool, &input.username).await?;
        sign_out(cx, user).await?;
        Ok(Empty {})
    }
}

impl Operation for RevokeToken {
    const NAME: &'static str = "RevokeToken";
    const ACCESS: Access = Access::Write;
    type Input = RevokeTokenInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (client, _) = calling_client::find(cx, &input.client_id).await?;
        secret::check(cx, &client, input.client_secret.as_ref())?;
        if !client.token_revocation() {
            return Err(SignInError::RevocationDisabled.into());
        }
        if Token::parse(&input.token).is_ok() {
            return Err(SignInError::UnsupportedTokenType.into());
        }
        match sessions::end(cx.tx, &cx.services.vault, &input.token, &client).await {
            // What is no token of this client counts as revoked already (RFC 7009, section 2.2).
            Ok(()) | Err(RefreshError::Invalid) => Ok(Empty {}),
            Err(error) => Err(error.into()),
        }
    }
}

async fn sign_out(cx: &mut Context<'_>, mut user: Stored<User>) -> Result<(), Error> {
    sessions::end_all(cx.tx, &user).await?;
    user.signed_out = Some(cx.now);
    cx.tx.replace(&user).await?;
    Ok(())
}
