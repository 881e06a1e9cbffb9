//! Where a sign-in stands between two requests: sealed and given out, never stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::app_client::AppClient;
use claviger_resources::{ClientId, Sealed, Timestamp, UserPoolId};
use claviger_runtime::vault::{SealedFor, VaultError};
use serde::{Deserialize, Serialize};

use super::super::errors::Error;
use super::error::SignInError;
use crate::services::Services;

/// Characters of the largest state that is opened; ours are far shorter.
const CHARACTERS_MAX: usize = 8192;

/// Where a sign-in stands: for one client and one user, for a few minutes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pool: UserPoolId,
    client: ClientId,
    /// The subject of the user, or one that nobody has.
    pub(super) sub: String,
    expires: Timestamp,
    /// What is waited for.
    pub(super) awaited: Awaited,
}

/// What the user must show next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Awaited {
    /// A proof of the password.
    Proof {
        /// The name the client makes its proof with.
        username: String,
        /// The client's public number.
        client_number: String,
        /// The server's secret number, in base64.
        secret: String,
    },
    /// A password in place of the temporary one.
    NewPassword {
        /// When the temporary one was set: it is good for one exchange.
        set: Timestamp,
    },
    /// The choice of a way to sign in.
    Choice,
}

impl State {
    /// Where a sign-in through this client stands from `now` on.
    pub(super) fn new(client: &AppClient, sub: &str, awaited: Awaited, now: Timestamp) -> Self {
        let lifetime = i64::from(client.auth_session_minutes()).saturating_mul(60_000);
        Self {
            pool: client.pool.clone(),
            client: client.id.clone(),
            sub: sub.to_owned(),
            expires: Timestamp::from_milliseconds(now.milliseconds().saturating_add(lifetime)),
            awaited,
        }
    }

    /// The state as clients hold it, in base64.
    pub(super) fn seal(&self, services: &Services) -> Result<String, Error> {
        let plain = serde_json::to_vec(self).map_err(|_| VaultError::Unreadable)?;
        let sealed = services.vault.seal(SealedFor::Challenge, &plain, &mut *services.random())?;
        Ok(STANDARD.encode(sealed.as_bytes()))
    }

    /// Reads a state that was given to this client, with its sealed bytes.
    pub(super) fn open(services: &Services, client: &AppClient, text: &str) -> Result<(Self, Vec<u8>), SignInError> {
        let bytes = (text.len() <= CHARACTERS_MAX).then(|| STANDARD.decode(text).ok()).flatten();
        let bytes = bytes.ok_or(SignInError::InvalidSession)?;
        let plain = services.vault.open_sealed(SealedFor::Challenge, &Sealed::from_bytes(bytes.clone()));
        let state: Option<Self> = plain.ok().and_then(|plain| serde_json::from_slice(plain.expose()).ok());
        let own = state.filter(|state| state.client == client.id && state.pool == client.pool);
        let state = own.ok_or(SignInError::InvalidSession)?;
        if state.expires <= services.clock.now() {
            return Err(SignInError::ExpiredSession);
        }
        Ok((state, bytes))
    }
}
