//! Client secrets as the token path knows them: digests under a key, compared in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

/// HMAC-SHA-256 of a client id and its secret.
#[derive(Clone, Copy)]
pub struct SecretDigest(pub [u8; 32]);

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// Whether two values are the same; tells nothing by how long it takes but whether their lengths are.
pub fn are_equal(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

/// The key of all client-secret digests of a store.
pub struct DigestKey(hmac::Key);

impl DigestKey {
    /// Prepares a key of 32 random bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The digest of `secret` as a secret of `client`; binding the id keeps equal secrets of two clients apart.
    pub fn digest(&self, client: &str, secret: &[u8]) -> SecretDigest {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(client.as_bytes());
        // No client id holds a NUL, so no id and secret can run into each other.
        context.update(&[0]);
        context.update(secret);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        SecretDigest(digest)
    }
}
