//! JSON Web Keys (RFC 7517): public keys as key sets publish them and as they are read back.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_resources::signing_key::SigningAlgorithm;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::signing::KeyError;

/// Bytes of the modulus of the weakest RSA key that is taken (RFC 7518, section 3.3).
const RSA_MODULUS_BYTES_MIN: usize = 256;
/// Bytes of each coordinate of a point on P-256, leading zeros included (RFC 7518, section 6.2.1.2).
const P256_COORDINATE_BYTES: usize = 32;

/// A public key for signatures and its id.
#[derive(Deserialize)]
pub(super) struct Jwk {
    pub(super) kid: String,
    #[serde(flatten)]
    pub(super) members: KeyMembers,
}

/// What a key is made of (RFC 7518, section 6; RFC 8037, section 2). Its algorithm decides its kind, and no other pair is
/// readable.
#[derive(Serialize, Deserialize)]
#[serde(tag = "alg")]
pub(super) enum KeyMembers {
    #[serde(rename = "RS256")]
    Rsa { kty: Rsa, n: String, e: String },
    #[serde(rename = "ES256")]
    P256 { kty: Ec, crv: P256, x: String, y: String },
    #[serde(rename = "EdDSA")]
    Ed25519 { kty: Okp, crv: Ed25519, x: String },
}

macro_rules! one_value {
    ($($name:ident: $text:literal),*) => { $(
        #[derive(Serialize, Deserialize)]
        pub(super) enum $name {
            #[serde(rename = $text)]
            Value,
        }
    )* };
}
one_value!(Rsa: "RSA", Ec: "EC", Okp: "OKP", P256: "P-256", Ed25519: "Ed25519");

impl Jwk {
    /// The key as JSON, its members in alphabetical order as Cognito has them.
    pub(super) fn to_json(&self) -> String {
        let mut members = match serde_json::to_value(&self.members) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        members.insert("kid".to_owned(), self.kid.as_str().into());
        members.insert("use".to_owned(), "sig".into());
        members.sort_keys();
        Value::Object(members).to_string()
    }
}

impl KeyMembers {
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa { kty: Rsa::Value, n: encode(modulus), e: encode(exponent) }
    }

    /// The key of an uncompressed point: the byte 4, then both coordinates (SEC 1, section 2.3.3).
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let (x, y) = point.strip_prefix(&[4])?.split_at_checked(P256_COORDINATE_BYTES)?;
        Some(Self::P256 { kty: Ec::Value, crv: P256::Value, x: encode(x), y: encode(y) })
    }

    pub(super) fn ed25519(key: &[u8]) -> Self {
        Self::Ed25519 { kty: Okp::Value, crv: Ed25519::Value, x: encode(key) }
    }

    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa { .. } => SigningAlgorithm::Rs256,
            Self::P256 { .. } => SigningAlgorithm::Es256,
            Self::Ed25519 { .. } => SigningAlgorithm::EdDsa,
        }
    }

    /// The key made ready to verify with.
    pub(super) fn parse(&self) -> Result<ParsedPublicKey, KeyError> {
        match self {
            Self::Rsa { n, e, .. } => {
                let n = decode(n)?;
                if n.len() < RSA_MODULUS_BYTES_MIN {
                    return Err(KeyError);
                }
                let components = RsaPublicKeyComponents { n, e: decode(e)? };
                components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            Self::P256 { x, y, .. } => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], &*decode(x)?, &*decode(y)?].concat())
            }
            Self::Ed25519 { x, .. } => ParsedPublicKey::new(&ED25519, decode(x)?),
        }
        .map_err(|_| KeyError)
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError)
}
