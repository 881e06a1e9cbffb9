//! From an app client's record to what the token rules need of it.

use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::secret::SecretDigest;
use claviger_resources::app_client::{AppClient, OAuthFlow};

/// The client of a record; its scopes are shared with those of others.
pub(super) fn of_record(record: &AppClient, intern: &mut dyn FnMut(&str) -> Arc<str>) -> Client {
    let digest = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok().map(SecretDigest);
    let flows = record.oauth_flows.as_deref().unwrap_or_default();
    Client {
        id: record.id.clone(),
        pool: record.pool.clone(),
        secrets: record.secrets.iter().filter_map(|secret| digest(secret.digest.as_bytes())).collect(),
        oauth_enabled: record.oauth_enabled,
        client_credentials: flows.contains(&OAuthFlow::ClientCredentials),
        scopes: record.oauth_scopes.iter().flatten().map(|scope| intern(scope)).collect(),
        access_token_seconds: record.access_token_seconds(),
        limits: record.limits.map(Box::new),
    }
}
