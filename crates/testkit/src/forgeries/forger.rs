//! Who makes the forgeries: the keys, a real token's claims, and ways to sign whatever is asked.
#![expect(clippy::expect_used, reason = "without its keys a test has nothing to say")]

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// An RSA key of 2048 bits and its id.
pub struct TestKey {
    /// Its id.
    pub kid: String,
    pair: RsaKeyPair,
}

/// Makes forged tokens for one pool.
pub struct Forger {
    /// The key that signs the pool's access tokens.
    pub access: TestKey,
    /// The key that signs the pool's ID tokens.
    pub id: TestKey,
    /// A key the pool does not have: the attacker's, or another pool's.
    pub foreign: TestKey,
    /// The pool's issuer.
    pub issuer: String,
    /// The issuer of another pool.
    pub foreign_issuer: String,
    /// The client of the real token.
    pub client_id: String,
    /// The one scope the real token has and the method asks for, `{identifier}/{name}`.
    pub scope: String,
    /// The time, in seconds since the epoch.
    pub now_seconds: i64,
}

impl TestKey {
    /// Makes a key.
    ///
    /// # Panics
    /// When the library cannot make one.
    pub fn generate(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: RsaKeyPair::generate(KeySize::Rsa2048).expect("a key") }
    }

    /// The private key (PKCS #8 DER).
    ///
    /// # Panics
    /// When the library cannot write it.
    pub fn pkcs8(&self) -> Vec<u8> {
        AsDer::<Pkcs8V1Der<'_>>::as_der(&self.pair).expect("the private key's DER").as_ref().to_vec()
    }

    /// The public key's modulus and exponent.
    pub fn components(&self) -> (Vec<u8>, Vec<u8>) {
        let public = self.pair.public_key();
        let bytes = |number: aws_lc_rs::io::Positive<'_>| number.big_endian_without_leading_zero().to_vec();
        (bytes(public.modulus()), bytes(public.exponent()))
    }

    /// The public key as a JSON Web Key.
    pub fn jwk(&self) -> Value {
        let (n, e) = self.components();
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        json!({"alg": "RS256", "e": e, "kid": self.kid, "kty": "RSA", "n": n, "use": "sig"})
    }

    /// The public key (X.509 DER).
    ///
    /// # Panics
    /// When the library cannot write it.
    pub fn public_der(&self) -> Vec<u8> {
        AsDer::<PublicKeyX509Der<'_>>::as_der(self.pair.public_key()).expect("the public key's DER").as_ref().to_vec()
    }

    pub(super) fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    pub(super) fn signature(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    }
}

impl Forger {
    /// A forger with keys of its own, at 2030-01-01T00:00:00Z.
    pub fn example() -> Self {
        Self {
            access: TestKey::generate("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            id: TestKey::generate("Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="),
            foreign: TestKey::generate("8PHy8/T19vf4+fr7/P3+/+Dh4uPk5ebn6Onq6+zt7u8="),
            issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_N8F22Uslo".to_owned(),
            foreign_issuer: "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Zz9Yy8Xx7".to_owned(),
            client_id: "4f2hmhnhvjujjor0kila8e8iu9".to_owned(),
            scope: "weather-api/get".to_owned(),
            now_seconds: 1_893_456_000,
        }
    }

    /// A token that must be accepted.
    pub fn genuine(&self) -> String {
        self.signed(&Value::Object(self.claims()))
    }

    /// The claims of a real token.
    pub fn claims(&self) -> Map<String, Value> {
        let now = self.now_seconds;
        let claims = json!({
            "sub": self.client_id, "token_use": "access", "scope": self.scope, "auth_time": now, "iss": self.issuer,
            "exp": now + 3600, "iat": now, "version": 2, "jti": "1038f53f-0ce0-4b5f-808b-95e880a87643",
            "client_id": self.client_id,
        });
        if let Value::Object(claims) = claims { claims } else { Map::new() }
    }

    /// The real claims with one changed, or taken away by `None`.
    pub(super) fn claims_with(&self, name: &str, value: impl Into<Option<Value>>) -> Value {
        let mut claims = self.claims();
        match value.into() {
            Some(value) => claims.insert(name.to_owned(), value),
            None => claims.remove(name),
        };
        Value::Object(claims)
    }

    /// The header of a real token.
    pub(super) fn header(&self) -> Value {
        json!({"kid": self.access.kid, "alg": "RS256"})
    }

    /// The real header with one member changed, or taken away by `None`.
    pub(super) fn header_with(&self, name: &str, value: impl Into<Option<Value>>) -> Value {
        let mut header = self.header();
        if let Value::Object(members) = &mut header {
            match value.into() {
                Some(value) => members.insert(name.to_owned(), value),
                None => members.remove(name),
            };
        }
        header
    }

    /// Claims under the real header, signed by the pool's key.
    pub(super) fn signed(&self, claims: &Value) -> String {
        Self::sign(&self.access, self.header().to_string(), claims.to_string())
    }

    /// Real claims under any header, signed by the pool's key.
    pub(super) fn signed_under(&self, header: &Value) -> String {
        Self::sign(&self.access, header.to_string(), self.real_payload())
    }

    /// Any header and payload, signed by `key` with RS256.
    pub(super) fn sign(key: &TestKey, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let message = message(header, payload);
        let signature = key.signature(&RSA_PKCS1_SHA256, message.as_bytes());
        format!("{message}.{}", encode(signature))
    }

    /// The JSON text of the real claims.
    pub(super) fn real_payload(&self) -> String {
        Value::Object(self.claims()).to_string()
    }

    /// The three segments of the real token.
    pub(super) fn segments(&self) -> [String; 3] {
        let message = message(self.header().to_string(), self.real_payload());
        let signature = encode(self.access.signature(&RSA_PKCS1_SHA256, message.as_bytes()));
        let (header, payload) = message.split_once('.').expect("two segments");
        [header.to_owned(), payload.to_owned(), signature]
    }
}

/// Header and payload as they are signed.
pub(super) fn message(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
