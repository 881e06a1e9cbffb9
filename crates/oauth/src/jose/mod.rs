//! JSON Object Signing: the compact serialization of signed tokens (RFC 7515, RFC 7519) with RS256, ES256 and EdDSA on
//! Ed25519 (RFC 7518, section 3; RFC 8037), and no other algorithm.
//!
//! Small and strict on purpose. A key has one algorithm and a token's header cannot choose another; keys are found by
//! their id among those that were handed in, and never taken from a token.

mod jwk;
mod signing;
mod token;
mod verifying;

use claviger_resources::signing_key::SigningAlgorithm;

pub use signing::{KeyError, SigningKey, generate};
pub(crate) use token::UniqueMembers;
pub use token::{Header, TOKEN_BYTES_MAX, Token};
pub use verifying::{KeyPrint, KeySet, VerifyingKey, jwks_document};

/// An algorithm's name in headers and key sets (RFC 7518, section 3.1; RFC 8037, section 3.1).
pub const fn algorithm_name(algorithm: SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::Rs256 => "RS256",
        SigningAlgorithm::Es256 => "ES256",
        SigningAlgorithm::EdDsa => "EdDSA",
    }
}
