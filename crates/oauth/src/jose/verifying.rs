//! Verifying: public keys by their id, and the key set document that publishes them.

use std::fmt::Write as _;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::signing::KeyError;
use super::token::Token;
use crate::refusal::Refusal;

/// A public RSA key that tokens signed with RS256 are verified with.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Box<str>,
    key: ParsedPublicKey,
}

/// The members of a JSON Web Key that are read back from storage.
#[derive(Deserialize)]
struct Jwk {
    kid: Box<str>,
    n: String,
    e: String,
}

impl VerifyingKey {
    /// Reads an RSA key from its JSON Web Key.
    pub fn from_jwk(jwk: &str) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(jwk).map_err(|_| KeyError)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError);
        let der = rsa_public_key_der(&decode(&jwk.n)?, &decode(&jwk.e)?);
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| KeyError)?;
        Ok(Self { kid: jwk.kid, key })
    }

    /// The id that tokens name the key by.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// The JSON Web Key of an RSA key for RS256 (RFC 7517), its members in the order Cognito writes them.
pub fn rsa_jwk(kid: &str, modulus: &str, exponent: &str) -> String {
    let kid = serde_json::Value::from(kid);
    format!(r#"{{"alg":"RS256","e":"{exponent}","kid":{kid},"kty":"RSA","n":"{modulus}","use":"sig"}}"#)
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

    /// Checks a token's signature with the key its header names. The algorithm is the key's; the header must agree.
    pub fn verify(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let header = token.header();
        if header.alg != "RS256" {
            return Err(Refusal::AlgorithmNotAllowed);
        }
        let key = self.0.iter().find(|key| *key.kid == *header.kid).ok_or(Refusal::UnknownKey)?;
        key.key.verify_sig(token.signing_input(), token.signature()).map_err(|_| Refusal::BadSignature)
    }
}

/// `RSAPublicKey` (RFC 8017, appendix A.1.1) in DER.
fn rsa_public_key_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let body = [integer(modulus), integer(exponent)].concat();
    tagged(0x30, &body)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let significant = bytes.iter().position(|byte| *byte != 0).and_then(|start| bytes.get(start..)).unwrap_or(&[0]);
    // A leading one bit would make the number negative.
    let sign: &[u8] = if significant.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    tagged(0x02, &[sign, significant].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    match significant.as_slice() {
        [] => der.push(0),
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7f));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}
