//! Signing: private keys, prepared once, that turn claims into compact tokens.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A key that cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be made or read")]
pub struct KeyError;

/// An RSA private key ready to sign with RS256.
pub struct SigningKey {
    pair: KeyPair,
    /// `{"kid":…,"alg":"RS256"}` in base64url and the dot behind it: the same for every token of the key.
    header: String,
}

/// Makes an RSA-2048 private key (PKCS #8 DER). This takes a fifth of a second: not for a request to wait on.
pub fn generate_rsa_2048() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

impl SigningKey {
    /// Prepares a private key (PKCS #8 DER) that tokens will name as `kid`.
    pub fn from_pkcs8(kid: &str, der: &[u8]) -> Result<Self, KeyError> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_| KeyError)?;
        let mut header = serde_json::Map::new();
        header.insert("kid".to_owned(), kid.into());
        header.insert("alg".to_owned(), "RS256".into());
        let mut header = URL_SAFE_NO_PAD.encode(serde_json::Value::Object(header).to_string());
        header.push('.');
        Ok(Self { pair, header })
    }

    /// The public half's modulus and exponent, base64url without padding, as a JSON Web Key writes them.
    pub fn public_components(&self) -> (String, String) {
        let public = self.pair.public_key();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        (
            encode(public.modulus().big_endian_without_leading_zero()),
            encode(public.exponent().big_endian_without_leading_zero()),
        )
    }

    /// The compact token of these claims (RFC 7515, section 7.1).
    pub fn sign(&self, claims: &[u8]) -> Result<String, KeyError> {
        let mut signature = [0_u8; 512];
        let signature = signature.get_mut(..self.pair.public_modulus_len()).ok_or(KeyError)?;
        let length = self.header.len() + (claims.len() + signature.len()) * 4 / 3 + 8;
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), signature).map_err(|_| KeyError)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&*signature, &mut token);
        Ok(token)
    }
}
