//! Operations that take the client's secret itself, not a hash made with it.

use claviger_oauth::secret::SecretDigest;
use claviger_resources::Secret;
use claviger_resources::app_client::AppClient;

use super::error::SignInError;
use crate::operation::Context;

/// Refuses a call through a client with a secret that does not name one of its secrets.
pub(super) fn check(cx: &Context<'_>, client: &AppClient, given: Option<&Secret<String>>) -> Result<(), SignInError> {
    if client.secrets.is_empty() {
        return Ok(());
    }
    let given = given.ok_or_else(|| SignInError::MissingSecret(client.id.to_string()))?;
    let presented = cx.services.vault.digest(&client.id, given.expose().as_bytes());
    let kept = client.secrets.iter().filter_map(|secret| secret.digest.as_bytes().try_into().ok().map(SecretDigest));
    // All are compared, so that time does not tell one secret from the other.
    if kept.filter(|kept| *kept == presented).count() > 0 { Ok(()) } else { Err(SignInError::InvalidSecret) }
}
