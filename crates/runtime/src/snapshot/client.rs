//! From an app client's record to what the token rules need of it.

use std::sync::Arc;

use claviger_oauth::claims::ExtraClaims;
use claviger_oauth::client::Client;
use claviger_oauth::secret::SecretDigest;
use claviger_resources::app_client::{AppClient, OAuthFlow};
use serde_json::Value;

/// The auth flow that opens `GetClientToken`.
const CLIENT_TOKEN_AUTH: &str = "ALLOW_CLIENT_TOKEN_AUTH";

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
        client_token_auth: has_auth_flow(record, CLIENT_TOKEN_AUTH),
        extra_claims: extra_claims(record),
    }
}

fn has_auth_flow(record: &AppClient, flow: &str) -> bool {
    let flows = record.configuration.get("ExplicitAuthFlows").and_then(Value::as_array);
    flows.is_some_and(|flows| flows.iter().any(|named| named == flow))
}

/// The static claims, which were checked when they were set; were they not, tokens could say a thing twice.
fn extra_claims(record: &AppClient) -> Option<Box<ExtraClaims>> {
    let written = ExtraClaims::new(&record.extra_claims).unwrap_or_else(|error| {
        tracing::error!(client = %record.id, error = &error as &dyn std::error::Error, "static claims left out");
        None
    });
    written.map(Box::new)
}
