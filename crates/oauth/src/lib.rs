//! Token rules: client authentication, the client-credentials grant, scopes, claims, signing, verification.
//!
//! Everything here is a function from values to a value: time and randomness come in as arguments, and what a rule needs to
//! know of pools and clients is handed to it. [`token_request`] reads a request, [`client_credentials`] and [`client_token`]
//! decide, [`claims`], [`hook`] and [`jose`] make the token; [`verified_token`] and [`authorize`] judge one at the gate.

pub mod authorize;
pub mod claims;
pub mod client;
pub mod client_credentials;
pub mod client_token;
pub mod discovery;
pub mod hook;
pub mod issuer;
pub mod jose;
pub mod refusal;
pub mod secret;
pub mod secret_hash;
pub mod srp;
pub mod token_error;
pub mod token_request;
pub mod user_claims;
pub mod verified_token;
