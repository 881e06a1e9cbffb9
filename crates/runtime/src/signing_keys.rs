//! Making signing keys: a pair for a pool, one key for access tokens and one for ID tokens, sealed and ready to store.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_oauth::jose::{KeyError, SigningKey, generate};
use claviger_resources::signing_key::{KeyPurpose, SigningAlgorithm, SigningKeyRecord};
use claviger_resources::{Random, Timestamp, UserPoolId};
use zeroize::Zeroizing;

use crate::vault::{SealedFor, Vault, VaultError};

/// Private keys for access and for ID tokens (PKCS #8 DER).
pub struct PrivateKeys {
    /// What they are made for.
    pub algorithm: SigningAlgorithm,
    /// The one that signs access tokens.
    pub access: Zeroizing<Vec<u8>>,
    /// The one that signs ID tokens.
    pub id: Zeroizing<Vec<u8>>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum MakeKeysError {
    /// A key cannot be made or read.
    #[error("a signing key cannot be made")]
    Key(#[from] KeyError),
    /// The vault cannot seal it.
    #[error("a signing key cannot be sealed")]
    Vault(#[from] VaultError),
    /// The node is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl PrivateKeys {
    /// Makes them on a thread where nobody else waits: for RSA it takes two fifths of a second.
    pub async fn make(algorithm: SigningAlgorithm) -> Result<Self, MakeKeysError> {
        let work = move || Ok(Self { algorithm, access: generate(algorithm)?, id: generate(algorithm)? });
        tokio::task::spawn_blocking(work).await.map_err(|_| MakeKeysError::Stopping)?
    }

    /// The keys as a pool stores them, with ids of their own; they sign from now on.
    pub fn records(
        &self,
        pool: &UserPoolId,
        vault: &Vault,
        random: &mut dyn Random,
        now: Timestamp,
    ) -> Result<Vec<SigningKeyRecord>, MakeKeysError> {
        let keys = [(KeyPurpose::Access, &self.access), (KeyPurpose::Id, &self.id)];
        let records = keys.into_iter().map(|(purpose, der)| {
            let mut kid = [0_u8; 32];
            random.fill(&mut kid);
            let kid = STANDARD.encode(kid);
            Ok(SigningKeyRecord {
                purpose,
                algorithm: self.algorithm,
                jwk: SigningKey::from_pkcs8(&kid, self.algorithm, der)?.jwk()?,
                sealed: vault.seal(SealedFor::SigningKey(pool), der, random)?,
                created: now,
                signs_from: now,
                retires: None,
                kid,
            })
        });
        records.collect()
    }
}
