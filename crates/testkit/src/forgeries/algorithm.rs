//! Forgeries that talk the reader into another algorithm.
#![expect(clippy::expect_used, reason = "without its keys a test has nothing to say")]

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
};
use serde_json::{Value, json};

use super::forger::{encode, message};
use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let [_, payload, signature] = forger.segments();
    let header = |algorithm: &str| encode(forger.header_with("alg", json!(algorithm)).to_string());
    let jwk = forger.access.jwk();
    let modulus = jwk.get("n").and_then(Value::as_str).unwrap_or_default();
    let hs256 = |secret: &[u8]| hs256(forger, secret);
    vec![
        ("algorithm none without a signature", Fault::Algorithm, format!("{}.{payload}.", header("none"))),
        (
            "algorithm none over the real signature",
            Fault::Algorithm,
            format!("{}.{payload}.{signature}", header("none")),
        ),
        ("algorithm none in mixed case", Fault::Algorithm, format!("{}.{payload}.", header("nOnE"))),
        ("an empty algorithm", Fault::Algorithm, forger.signed_under(&forger.header_with("alg", json!("")))),
        ("no algorithm", Fault::Malformed, forger.signed_under(&forger.header_with("alg", None))),
        ("a list of algorithms", Fault::Malformed, forger.signed_under(&forger.header_with("alg", json!(["RS256"])))),
        (
            "an algorithm in lower case",
            Fault::Algorithm,
            forger.signed_under(&forger.header_with("alg", json!("rs256"))),
        ),
        ("an algorithm and a NUL", Fault::Algorithm, forger.signed_under(&forger.header_with("alg", json!("RS256\0")))),
        ("HS256 with the public key as PEM", Fault::Algorithm, hs256(forger.access.public_pem().as_bytes())),
        (
            "HS256 with the PEM less its last newline",
            Fault::Algorithm,
            hs256(forger.access.public_pem().trim().as_bytes()),
        ),
        ("HS256 with the public key as DER", Fault::Algorithm, hs256(&forger.access.public_der())),
        ("HS256 with the modulus as text", Fault::Algorithm, hs256(modulus.as_bytes())),
        ("HS256 with the modulus as bytes", Fault::Algorithm, hs256(&forger.access.components().0)),
        ("HS256 with the JSON Web Key", Fault::Algorithm, hs256(jwk.to_string().as_bytes())),
        ("HS256 with the key id", Fault::Algorithm, hs256(forger.access.kid.as_bytes())),
        ("HS256 with an empty secret", Fault::Algorithm, hs256(b"")),
        ("RS512 by the pool's key", Fault::Algorithm, rsa(forger, "RS512", &RSA_PKCS1_SHA512)),
        ("PS256 by the pool's key", Fault::Algorithm, rsa(forger, "PS256", &RSA_PSS_SHA256)),
        ("SHA-512 under the name RS256", Fault::Signature, rsa(forger, "RS256", &RSA_PKCS1_SHA512)),
        ("PSS padding under the name RS256", Fault::Signature, rsa(forger, "RS256", &RSA_PSS_SHA256)),
        (
            "ES256 named over an RSA signature",
            Fault::Algorithm,
            forger.signed_under(&forger.header_with("alg", json!("ES256"))),
        ),
        ("ES256 by a key of the attacker", Fault::Algorithm, es256(forger, "ES256")),
        ("ES256 under the name RS256", Fault::Signature, es256(forger, "RS256")),
        (
            "ES256 with a signature of zeros",
            Fault::Algorithm,
            format!("{}.{payload}.{}", header("ES256"), encode([0; 64])),
        ),
        ("EdDSA by a key of the attacker", Fault::Algorithm, ed25519(forger)),
        ("HMAC under the name RS256", Fault::Signature, hmac_under_rs256(forger)),
    ]
}

fn signed_by(forger: &Forger, algorithm: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = message(forger.header_with("alg", json!(algorithm)).to_string(), forger.real_payload());
    let signature = sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

fn hs256(forger: &Forger, secret: &[u8]) -> String {
    signed_by(forger, "HS256", |message| hmac_sha256(secret, message))
}

fn hmac_under_rs256(forger: &Forger) -> String {
    signed_by(forger, "RS256", |message| hmac_sha256(forger.access.public_pem().as_bytes(), message))
}

fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

fn rsa(forger: &Forger, algorithm: &str, encoding: &'static dyn RsaEncoding) -> String {
    signed_by(forger, algorithm, |message| forger.access.signature(encoding, message))
}

fn es256(forger: &Forger, algorithm: &str) -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let sign = |message: &[u8]| pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec();
    signed_by(forger, algorithm, sign)
}

fn ed25519(forger: &Forger) -> String {
    let pair = Ed25519KeyPair::generate().expect("a key");
    signed_by(forger, "EdDSA", |message| pair.sign(message).as_ref().to_vec())
}
