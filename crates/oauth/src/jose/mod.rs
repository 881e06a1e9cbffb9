//! JSON Object Signing: the compact serialization of signed tokens (RFC 7515, RFC 7519) with RS256 (RFC 7518).
//!
//! Small and strict on purpose. A key has one algorithm and a token's header cannot choose another; keys are found by
//! their id among those that were handed in, and never taken from a token.

mod signing;
mod token;
mod verifying;

pub use signing::{KeyError, SigningKey, generate_rsa_2048};
pub(crate) use token::UniqueMembers;
pub use token::{Header, TOKEN_BYTES_MAX, Token};
pub use verifying::{KeySet, VerifyingKey, jwks_document, rsa_jwk};
