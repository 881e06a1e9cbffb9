//! SigV4: who signed a request and what for, and whether the signature holds.
//!
//! [`credential_scope`] only looks, for routing. Verification has two steps, because the secret to verify with depends on
//! who claims to have signed: [`Authentication::read`] parses the claim, [`Authentication::verify`] proves it.

mod authentication;
mod canonical;
mod chunks;
mod credential;
mod error;
mod moment;
mod query;
mod signing;
mod verification;

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod suite_tests;

pub use authentication::Authentication;
pub use chunks::ChunkSignatures;
pub use credential::{Credential, credential_scope, session_token};
pub use error::SignatureError;
pub use signing::{Signer, sign};
pub use verification::{Payload, SignedPayload, SignedRequest, Streaming, Verified};
