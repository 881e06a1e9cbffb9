//! Key sets of other issuers (RFC 7517): their RSA keys and those on NIST curves, which are what API Gateway takes.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use serde::Deserialize;
use serde_json::Value;

use super::signing::KeyError;
use super::token::Token;
use crate::refusal::{Refusal, excerpt};

/// Keys of a set that are looked at.
const KEYS_MAX: usize = 100;
/// Bytes of the modulus of the weakest and of the strongest key that is taken.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Some issuers pad what should not be padded.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The algorithms of RSA keys (RFC 7518, section 3.3).
const RSA: [(&str, &RsaParameters); 3] = [
    ("RS256", &RSA_PKCS1_2048_8192_SHA256),
    ("RS384", &RSA_PKCS1_2048_8192_SHA384),
    ("RS512", &RSA_PKCS1_2048_8192_SHA512),
];
/// The curves, each with its one algorithm and the bytes of a coordinate (same RFC, sections 3.4 and 6.2.1).
const CURVES: [(&str, &str, &EcdsaVerificationAlgorithm, usize); 3] = [
    ("P-256", "ES256", &ECDSA_P256_SHA256_FIXED, 32),
    ("P-384", "ES384", &ECDSA_P384_SHA384_FIXED, 48),
    ("P-521", "ES512", &ECDSA_P521_SHA512_FIXED, 66),
];

/// The keys of an issuer that is not a pool of ours.
#[derive(Clone, Debug, Default)]
pub struct ForeignKeySet(Vec<ForeignKey>);

#[derive(Clone, Debug)]
struct ForeignKey {
    kid: Box<str>,
    /// The one algorithm, or all, each with the key made ready for it.
    ready: Vec<(&'static str, ParsedPublicKey)>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The members of a key that are looked at (RFC 7517, section 4).
#[derive(Deserialize)]
struct Members {
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    #[serde(flatten)]
    parameters: Parameters,
}

/// What the key itself is (RFC 7518, sections 6.2.1 and 6.3.1).
#[derive(Deserialize)]
#[serde(tag = "kty")]
enum Parameters {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Curve { crv: String, x: String, y: String },
}

impl ForeignKeySet {
    /// Reads a key set. Keys that are of no use here are passed over.
    pub fn parse(document: &[u8]) -> Result<Self, KeyError> {
        let document: Document = serde_json::from_slice(document).map_err(|_| KeyError)?;
        let members = document.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self(members.filter_map(ForeignKey::new).collect()))
    }

    /// Whether there is a key of this id.
    pub fn contains(&self, kid: &str) -> bool {
        self.0.iter().any(|key| *key.kid == *kid)
    }

    /// Checks a token's signature with the key its header names. A key that names its algorithm takes no other.
    pub fn verify(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let header = token.header();
        let named = || self.0.iter().filter(|key| *key.kid == *header.kid);
        if named().next().is_none() {
            return Err(Refusal::UnknownKey(excerpt(&header.kid)));
        }
        let ready = named().flat_map(|key| &key.ready).filter(|(algorithm, _)| *algorithm == header.alg);
        let mut refusal = Refusal::AlgorithmNotAllowed(excerpt(&header.alg));
        for (_, key) in ready {
            match key.verify_sig(token.signing_input(), token.signature()) {
                Ok(()) => return Ok(()),
                Err(_) => refusal = Refusal::BadSignature,
            }
        }
        Err(refusal)
    }
}

impl ForeignKey {
    fn new(members: Members) -> Option<Self> {
        if members.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let mut ready = match members.parameters {
            Parameters::Rsa { n, e } => rsa(&n, &e)?,
            Parameters::Curve { crv, x, y } => vec![on_curve(&crv, &x, &y)?],
        };
        ready.retain(|(algorithm, _)| members.alg.as_deref().is_none_or(|named| named == *algorithm));
        (!ready.is_empty()).then(|| Self { kid: members.kid.into(), ready })
    }
}

fn rsa(n: &str, e: &str) -> Option<Vec<(&'static str, ParsedPublicKey)>> {
    let (n, e) = (BASE64.decode(n).ok()?, BASE64.decode(e).ok()?);
    if !MODULUS_BYTES.contains(&n.len()) {
        return None;
    }
    let components = RsaPublicKeyComponents { n, e };
    let ready = |(algorithm, parameters)| Some((algorithm, components.to_parsed_public_key(parameters).ok()?));
    Some(RSA.into_iter().filter_map(ready).collect())
}

fn on_curve(curve: &str, x: &str, y: &str) -> Option<(&'static str, ParsedPublicKey)> {
    let (_, algorithm, verification, length) = CURVES.into_iter().find(|(name, ..)| *name == curve)?;
    let (x, y) = (BASE64.decode(x).ok()?, BASE64.decode(y).ok()?);
    if x.len() != length || y.len() != length {
        return None;
    }
    // An uncompressed point (SEC 1, section 2.3.3).
    let point = [&[4][..], &x, &y].concat();
    Some((algorithm, ParsedPublicKey::new(verification, point).ok()?))
}
