//! Temporary credentials as callers see them.

use claviger_runtime::temporary_credentials::TemporaryCredentials;
use serde::Serialize;

/// An access key that ends.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: i64,
}

impl From<TemporaryCredentials> for Credentials {
    fn from(given: TemporaryCredentials) -> Self {
        Self {
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key.expose().clone(),
            session_token: given.session_token.expose().clone(),
            expiration: given.expires.seconds(),
        }
    }
}
