//! Refresh tokens: sealed and self-locating, so that nothing of them is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_resources::session::Session;
use claviger_resources::{Random, Sealed, UserPoolId};
use serde::{Deserialize, Serialize};

use crate::vault::{SealedFor, Vault, VaultError};

/// Characters of the largest token that is opened; ours are far shorter.
const TOKEN_CHARACTERS_MAX: usize = 4096;

/// What a refresh token says: which session, and which of its tokens this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The pool.
    #[serde(rename = "p")]
    pub pool: UserPoolId,
    /// The subject of the user.
    #[serde(rename = "u")]
    pub sub: String,
    /// The session.
    #[serde(rename = "s")]
    pub session: String,
    /// How often the session's token had been exchanged when this one was given out.
    #[serde(rename = "r")]
    pub rotation: u32,
}

impl RefreshToken {
    /// The newest token of a session.
    pub fn of(session: &Session) -> Self {
        Self {
            pool: session.pool.clone(),
            sub: session.sub.clone(),
            session: session.id.clone(),
            rotation: session.rotation,
        }
    }

    /// The token as clients hold it.
    pub fn seal(&self, vault: &Vault, random: &mut dyn Random) -> Result<String, VaultError> {
        let plain = serde_json::to_vec(self).map_err(|_| VaultError::Unreadable)?;
        Ok(URL_SAFE_NO_PAD.encode(vault.seal(SealedFor::RefreshToken, &plain, random)?.as_bytes()))
    }

    /// Reads a token; `None` for what is no refresh token of ours.
    pub fn open(vault: &Vault, text: &str) -> Option<Self> {
        let bytes = (text.len() <= TOKEN_CHARACTERS_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        let plain = vault.open_sealed(SealedFor::RefreshToken, &Sealed::from_bytes(bytes)).ok()?;
        serde_json::from_slice(plain.expose()).ok()
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::Secret;
    use claviger_testkit::SeededRandom;

    use super::*;
    use crate::vault::{KEY_BYTES, MasterKey};

    #[test]
    fn a_token_is_read_by_who_sealed_it_and_only_whole() {
        let vault = |byte| {
            let master = MasterKey::new(&Secret::new(vec![byte; KEY_BYTES])).unwrap();
            Vault::create(&master, &mut SeededRandom::new(byte.into())).unwrap().0
        };
        let token = RefreshToken {
            pool: UserPoolId::parse("us-east-1_abc").unwrap(),
            sub: "sub".to_owned(),
            session: "session".to_owned(),
            rotation: 3,
        };
        let text = token.seal(&vault(1), &mut SeededRandom::new(9)).unwrap();
        assert_eq!(RefreshToken::open(&vault(1), &text), Some(token));
        assert_eq!(RefreshToken::open(&vault(2), &text), None);
        for wrong in ["", "e30", "a.b.c", &text[1..], &"A".repeat(5000)] {
            assert_eq!(RefreshToken::open(&vault(1), wrong), None, "{wrong}");
        }
    }
}
