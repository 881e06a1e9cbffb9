//! Key sets of other issuers.

use claviger_oauth::jose::{ForeignKeySet, Token, VerifyingKey};

/// A token that names the key `k` and that nobody signed.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.e30.AAAA";

/// A document, or a key.
pub(super) fn run(data: &[u8]) {
    if let Ok(keys) = ForeignKeySet::parse(data)
        && let Ok(token) = Token::parse(TOKEN)
    {
        assert!(keys.verify(&token).is_err(), "no key makes a signature of four letters good");
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(key) = VerifyingKey::from_jwk(text)
    {
        let _ = (key.kid(), key.print());
    }
}
