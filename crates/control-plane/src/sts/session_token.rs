//! Temporary credentials of the caller's own: `GetSessionToken`.

use claviger_resources::Timestamp;
use claviger_runtime::temporary_credentials::TemporaryCredentials;
use serde::{Deserialize, Serialize};

use super::credentials::Credentials;
use super::errors::Error;
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Gives the caller temporary credentials of its own.
pub struct GetSessionToken;

/// How long they are good, unless the caller says, in seconds (AWS STS API, `GetSessionToken`). AWS gives the root of an
/// account an hour; tools that know this server as a user's are given what they expect.
const DURATION_SECONDS: i64 = 12 * 60 * 60;

/// The members of `GetSessionToken`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenInput {
    duration_seconds: Option<i64>,
    token_code: Option<String>,
}

/// The credentials.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenOutput {
    credentials: Credentials,
}

impl Procedure for GetSessionToken {
    const NAME: &'static str = "GetSessionToken";
    const ACCESS: Access = Access::Read;
    type Input = GetSessionTokenInput;
    type Output = GetSessionTokenOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        if caller.is_session {
            return Err(Error::SessionFromSession);
        }
        if input.token_code.is_some() {
            return Err(Error::MultiFactor);
        }
        let seconds = input.duration_seconds.unwrap_or(DURATION_SECONDS);
        let expires = Timestamp::from_seconds(services.clock.now().seconds().saturating_add(seconds));
        let mut random = services.random();
        let lineage = caller.lineage.clone();
        let given = TemporaryCredentials::issue(&services.vault, &mut *random, &caller.principal, lineage, expires)?;
        Ok(GetSessionTokenOutput { credentials: given.into() })
    }
}
