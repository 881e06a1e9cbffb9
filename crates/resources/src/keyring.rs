//! The keyring: the random keys under which secrets are kept, themselves wrapped by the master key.

use serde::{Deserialize, Serialize};

use crate::Sealed;

/// The store's keys as they are stored. There is one per store, made when the store is.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Keyring {
    /// The key that seals secrets and private keys (AES-256-GCM), wrapped by the master key.
    pub data_key: Sealed,
    /// The key of client-secret digests (HMAC-SHA-256), wrapped by the master key.
    pub digest_key: Sealed,
}
