//! The keys a pool signs with: one pair for access tokens, one for ID tokens, as Cognito has them.

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp, UserPoolId};

/// The signing keys of a user pool, as they are stored. A pool exists before its keys do: making one takes long.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SigningKeys {
    /// The pool that signs with them.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The keys, in the order the key set publishes them.
    pub keys: Vec<SigningKeyRecord>,
}

/// One stored key pair.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SigningKeyRecord {
    /// The key id that tokens name.
    pub kid: String,
    /// Which tokens it signs.
    pub purpose: KeyPurpose,
    /// Its JWS algorithm (RFC 7518, section 3.1).
    pub algorithm: SigningAlgorithm,
    /// The public key as a JSON Web Key (RFC 7517), ready to publish: readable without opening the private half.
    pub jwk: String,
    /// The private key (PKCS #8 DER) under the store's data key.
    pub sealed: Sealed,
    /// When it was made.
    pub created: Timestamp,
}

/// Which tokens a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Access tokens.
    Access,
    /// ID tokens.
    Id,
}

/// A JWS algorithm we sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; RSA keys of 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}
