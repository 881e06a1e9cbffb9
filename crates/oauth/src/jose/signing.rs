//! Signing: private keys, prepared once, that turn claims into compact tokens.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_resources::signing_key::SigningAlgorithm;
use zeroize::Zeroizing;

use super::algorithm_name;
use super::jwk::{Jwk, KeyMembers};

/// A key that cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be made or read")]
pub struct KeyError;

/// A private key ready to sign. It cannot be turned back into bytes, and nothing of it is shown.
pub struct SigningKey {
    kid: String,
    pair: Pair,
    /// `{"kid":…,"alg":…}` in base64url and the dot behind it: the same for every token of the key.
    header: String,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The largest RSA key the library takes has 8192 bits.
const RSA_SIGNATURE_BYTES_MAX: usize = 1024;
/// Both halves of an ECDSA or Ed25519 signature (RFC 7518, section 3.4; RFC 8032, section 5.1.6).
const CURVE_SIGNATURE_BYTES: usize = 64;

/// Makes a private key (PKCS #8 DER): of 2048 bits for RS256, as Cognito's are, which takes a fifth of a second and is not for
/// a request to wait on. The randomness is the library's own; for RSA it takes no other.
pub fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = match algorithm {
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
            der.as_ref().to_vec()
        }
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError)?;
            pair.to_pkcs8v1().map_err(|_| KeyError)?.as_ref().to_vec()
        }
        SigningAlgorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate().map_err(|_| KeyError)?;
            pair.to_pkcs8().map_err(|_| KeyError)?.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(der))
}

impl SigningKey {
    /// Prepares a private key (PKCS #8 DER) that tokens will name as `kid`. It must fit its algorithm; RSA keys have 2048 bits
    /// or more.
    pub fn from_pkcs8(kid: &str, algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            SigningAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            SigningAlgorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256),
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        let pair = pair.map_err(|_| KeyError)?;
        // The members Cognito writes, in its order; there is no `typ`.
        let header = serde_json::Map::from_iter([
            ("kid".to_owned(), kid.into()),
            ("alg".to_owned(), algorithm_name(algorithm).into()),
        ]);
        let mut header = URL_SAFE_NO_PAD.encode(serde_json::Value::Object(header).to_string());
        header.push('.');
        Ok(Self { kid: kid.to_owned(), pair, header })
    }

    /// The public half as a JSON Web Key (RFC 7517), ready to publish.
    pub fn jwk(&self) -> Result<String, KeyError> {
        let members = match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                KeyMembers::rsa(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                )
            }
            Pair::P256(pair) => KeyMembers::p256(pair.public_key().as_ref()).ok_or(KeyError)?,
            Pair::Ed25519(pair) => KeyMembers::ed25519(pair.public_key().as_ref()),
        };
        Ok(Jwk { kid: self.kid.clone(), members }.to_json())
    }

    /// The compact token of these claims (RFC 7515, section 7.1).
    pub fn sign(&self, claims: &[u8]) -> Result<String, KeyError> {
        let signature_bytes = match &self.pair {
            Pair::Rsa(pair) => pair.public_modulus_len(),
            Pair::P256(_) | Pair::Ed25519(_) => CURVE_SIGNATURE_BYTES,
        };
        let length = self.header.len() + (claims.len() + signature_bytes) * 4 / 3 + 8;
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = [0_u8; RSA_SIGNATURE_BYTES_MAX];
                let signature = signature.get_mut(..signature_bytes).ok_or(KeyError)?;
                pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), signature).map_err(|_| KeyError)?;
                push_signature(signature, &mut token);
            }
            Pair::P256(pair) => {
                push_signature(pair.sign(&random, token.as_bytes()).map_err(|_| KeyError)?.as_ref(), &mut token);
            }
            Pair::Ed25519(pair) => {
                push_signature(pair.try_sign(token.as_bytes()).map_err(|_| KeyError)?.as_ref(), &mut token);
            }
        }
        Ok(token)
    }
}

fn push_signature(signature: &[u8], token: &mut String) {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, token);
}
