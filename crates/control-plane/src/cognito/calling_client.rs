//! The app client on whose behalf an unsigned call is made: found by its id alone, and asked to show that it knows its
//! secret.

use claviger_oauth::secret_hash;
use claviger_resources::Secret;
use claviger_resources::app_client::AppClient;
use claviger_resources::user_pool::UserPool;
use claviger_store::{Name, Namespace, TransactionExt};

use super::client_secret;
use super::configuration::text;
use super::errors::Error;
use super::user_error::UserError;
use crate::operation::Context;

/// The client of this id, with its pool. Whoever calls without a signature acts in the client's account and region.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<(AppClient, UserPool), Error> {
    let missing = || Error::AppClientNotFound(id.to_owned());
    let client = cx.tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, id)).await?.ok_or_else(missing)?.record;
    let pool = cx.tx.find::<UserPool>(&client.tenant, "", client.pool.as_str()).await?.ok_or_else(missing)?;
    Ok((client, pool.record))
}

/// Refuses a call without the hash that a client with a secret adds to the username; either of two secrets makes it.
pub(super) fn check_secret_hash(
    cx: &Context<'_>,
    client: &AppClient,
    given: Option<&Secret<String>>,
    username: &str,
) -> Result<(), Error> {
    if client.secrets.is_empty() {
        return Ok(());
    }
    let id = client.id.as_str();
    let given = given.ok_or_else(|| UserError::SecretHashMissing(id.to_owned()))?;
    for secret in &client.secrets {
        let secret = client_secret::open(cx, &client.id, secret)?;
        if secret_hash::matches(given.expose(), secret.expose().as_bytes(), username, id) {
            return Ok(());
        }
    }
    Err(UserError::SecretHash(id.to_owned()).into())
}

/// Whether callers are not to learn which users there are (`PreventUserExistenceErrors`).
pub(super) fn hides_users(client: &AppClient) -> bool {
    text(&client.configuration, &["PreventUserExistenceErrors"]) == Some("ENABLED")
}
