//! `RevokeTokens`: tokens are refused before their time is over.

use claviger_resources::app_client::AppClient;
use claviger_resources::revocation::Revocation;
use claviger_resources::user_pool::UserPool;
use claviger_resources::{ClientId, UserPoolId};
use claviger_runtime::revocations;
use claviger_store::{Name, Namespace, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Refuses everything that was issued so far to an app client, or by a user pool, or one token.
pub struct RevokeTokens;

/// The members of `RevokeTokens`.
#[derive(Debug, Deserialize)]
pub struct RevokeTokensInput {
    #[serde(rename = "UserPoolId")]
    pool: Option<String>,
    #[serde(rename = "ClientId")]
    client: Option<String>,
    #[serde(rename = "TokenId")]
    token: Option<String>,
}

/// What was revoked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeTokensOutput {
    user_pool_id: UserPoolId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    /// When the revocation is forgotten, because all of the tokens have expired.
    expires_at: f64,
}

impl Operation for RevokeTokens {
    const NAME: &'static str = "RevokeTokens";
    const ACCESS: Access = Access::Write;
    type Input = RevokeTokensInput;
    type Output = RevokeTokensOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<RevokeTokensOutput, Error> {
        let RevokeTokensInput { pool, client, token } = input;
        let (revocation, client) = match (pool, client, token) {
            (None, Some(id), None) => {
                let found = cx.tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, id)).await?;
                let found = found.ok_or_else(|| Error::AppClientNotFound(id.clone()))?;
                let AppClient { pool, tenant, id, .. } = found.record;
                (Revocation::of_client(pool, tenant, id.clone(), cx.now), Some(id))
            }
            (Some(id), None, token) => {
                let found = cx.tx.find_named::<UserPool>(&Name::new(Namespace::UserPoolId, id)).await?;
                let found = found.ok_or_else(|| Error::UserPoolNotFound(id.clone()))?;
                let UserPool { id, tenant, .. } = found.record;
                let revocation = match token {
                    Some(token) => Revocation::of_token(id, tenant, token.clone(), cx.now),
                    None => Revocation::of_pool(id, tenant, cx.now),
                };
                (revocation, None)
            }
            _ => return Err(Error::WhatToRevoke),
        };
        let expires_at = revocation.expires.fractional_seconds();
        let user_pool_id = revocation.pool.clone();
        revocations::revoke(cx.tx, revocation).await?;
        Ok(RevokeTokensOutput { user_pool_id, client_id: client, token_id: token.clone(), expires_at })
    }
}
