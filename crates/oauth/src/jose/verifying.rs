//! Verifying: public keys by their id, and the key set document that publishes them.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::ParsedPublicKey;
use claviger_resources::signing_key::SigningAlgorithm;

use super::algorithm_name;
use super::jwk::Jwk;
use super::signing::KeyError;
use super::token::Token;
use crate::refusal::{Refusal, excerpt};

/// A public key that tokens are verified with, by its one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Box<str>,
    algorithm: SigningAlgorithm,
    key: ParsedPublicKey,
    print: KeyPrint,
}

/// What tells one key from every other, whatever their ids: a digest of what the key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPrint([u8; 32]);

impl VerifyingKey {
    /// Reads a JSON Web Key that has a `kid` and an `alg`.
    pub fn from_jwk(jwk: &str) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(jwk).map_err(|_| KeyError)?;
        let members = serde_json::to_vec(&jwk.members).map_err(|_| KeyError)?;
        let mut print = KeyPrint([0; 32]);
        print.0.copy_from_slice(digest(&SHA256, &members).as_ref());
        Ok(Self { kid: jwk.kid.into(), algorithm: jwk.members.algorithm(), key: jwk.members.parse()?, print })
    }

    /// The id that tokens name the key by.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What tells the key from every other.
    pub fn print(&self) -> KeyPrint {
        self.print
    }
}

/// The document that publishes keys (RFC 7517, section 5).
pub fn jwks_document<'a>(jwks: impl IntoIterator<Item = &'a str>) -> String {
    let mut document = String::from(r#"{"keys":["#);
    for (index, jwk) in jwks.into_iter().enumerate() {
        let _ = write!(document, "{}{jwk}", if index == 0 { "" } else { "," });
    }
    document.push_str("]}");
    document
}

/// The keys of one issuer.
#[derive(Clone, Default)]
pub struct KeySet(Vec<VerifyingKey>);

impl KeySet {
    /// A set of these keys.
    pub fn new(keys: Vec<VerifyingKey>) -> Self {
        Self(keys)
    }

    /// Whether the very key of this id and print is among them.
    pub fn has(&self, kid: &str, print: KeyPrint) -> bool {
        self.0.iter().any(|key| key.print == print && *key.kid == *kid)
    }

    /// Checks a token's signature with the key its header names. The algorithm is the key's; the header must agree.
    pub fn verify(&self, token: &Token<'_>) -> Result<(), Refusal> {
        self.verified_by(token).map(drop)
    }

    /// Checks a token's signature, and tells which key it is.
    pub(crate) fn verified_by(&self, token: &Token<'_>) -> Result<&VerifyingKey, Refusal> {
        let header = token.header();
        let key = self
            .0
            .iter()
            .find(|key| *key.kid == *header.kid)
            .ok_or_else(|| Refusal::UnknownKey(excerpt(&header.kid)))?;
        if header.alg != algorithm_name(key.algorithm) {
            return Err(Refusal::AlgorithmNotAllowed(excerpt(&header.alg)));
        }
        key.key.verify_sig(token.signing_input(), token.signature()).map_err(|_| Refusal::BadSignature)?;
        Ok(key)
    }
}

impl AsRef<KeySet> for KeySet {
    fn as_ref(&self) -> &KeySet {
        self
    }
}
