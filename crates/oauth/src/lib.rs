//! Token rules: client authentication, the client-credentials grant, scopes, claims, signing, verification.
pub mod secret;
