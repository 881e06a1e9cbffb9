//! Forgeries that talk the reader into another key, and signatures that are none.
#![expect(clippy::expect_used, reason = "without its keys a test has nothing to say")]

use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::forger::encode;
use super::{Fault, Forger, Row};

pub(super) fn forgeries(forger: &Forger) -> Vec<Row> {
    let mut rows = other_keys(forger);
    rows.extend(other_signatures(forger));
    rows
}

fn other_keys(forger: &Forger) -> Vec<Row> {
    let (access, foreign) = (&forger.access, &forger.foreign);
    let named = |kid: Value| forger.signed_under(&forger.header_with("kid", kid));
    let by_foreign = |header: &Value| Forger::sign(foreign, header.to_string(), forger.real_payload());
    let with = |name: &str, value: Value| by_foreign(&forger.header_with(name, value));
    let certificate = STANDARD.encode(foreign.public_der());
    let mut own = forger.header_with("kid", json!(foreign.kid));
    if let Value::Object(members) = &mut own {
        members.insert("jwk".to_owned(), foreign.jwk());
    }
    let foreign_claims = forger.claims_with("iss", json!(forger.foreign_issuer)).to_string();
    vec![
        ("another pool's key under this key's id", Fault::Signature, by_foreign(&forger.header())),
        ("another pool's key and its id", Fault::Key, with("kid", json!(foreign.kid))),
        ("another pool's token", Fault::Issuer, {
            let header = forger.header_with("kid", json!(foreign.kid)).to_string();
            Forger::sign(foreign, header, foreign_claims)
        }),
        ("the id of the pool's other key", Fault::Signature, named(json!(forger.id.kid))),
        ("no key id", Fault::Malformed, forger.signed_under(&forger.header_with("kid", None))),
        ("a key id that is a number", Fault::Malformed, named(json!(1))),
        ("a key id that is null", Fault::Malformed, named(Value::Null)),
        ("an empty key id", Fault::Key, named(json!(""))),
        ("a key id that is a path", Fault::Key, named(json!("../../../../dev/null"))),
        ("a key id that is a query", Fault::Key, named(json!("x' UNION SELECT 'secret"))),
        ("a key id in lower case", Fault::Key, named(json!(access.kid.to_lowercase()))),
        ("a key id without its padding", Fault::Key, named(json!(access.kid.trim_end_matches('=')))),
        ("a key id with a space behind it", Fault::Key, named(json!(format!("{} ", access.kid)))),
        ("the attacker's key inside the header", Fault::Signature, with("jwk", foreign.jwk())),
        ("the attacker's key and its id inside the header", Fault::Key, by_foreign(&own)),
        ("an address of the attacker's keys", Fault::Signature, with("jku", json!("https://keys.example/jwks.json"))),
        ("the attacker's certificate", Fault::Signature, with("x5c", json!([certificate]))),
        (
            "an address of the attacker's certificate",
            Fault::Signature,
            with("x5u", json!("https://keys.example/c.pem")),
        ),
    ]
}

fn other_signatures(forger: &Forger) -> Vec<Row> {
    let [header, payload, signature] = forger.segments();
    let bytes = URL_SAFE_NO_PAD.decode(&signature).expect("base64url");
    let with_signature = |signature: &[u8]| format!("{header}.{payload}.{}", encode(signature));
    let with_payload = |claims: &Value| format!("{header}.{}.{signature}", encode(claims.to_string()));
    let with_header = |text: String| format!("{}.{payload}.{signature}", encode(text));
    let changed = |position: usize, bit: u8| {
        let mut bytes = bytes.clone();
        if let Some(byte) = bytes.get_mut(position) {
            *byte ^= bit;
        }
        with_signature(&bytes)
    };
    let other_token = forger.signed(&forger.claims_with("jti", json!("00000000-0000-4000-8000-000000000000")));
    let other_signature = other_token.rsplit('.').next().unwrap_or_default();
    let payload_only = forger.access.signature(&RSA_PKCS1_SHA256, payload.as_bytes());
    let decoded = forger.access.signature(&RSA_PKCS1_SHA256, forger.real_payload().as_bytes());
    let (modulus, _) = forger.access.components();
    let cut = bytes.get(..bytes.len() - 1).unwrap_or_default();
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    let wide = format!("{} {}2", forger.scope, forger.scope);
    let kid = &forger.access.kid;
    vec![
        ("a wider scope", Fault::Signature, with_payload(&forger.claims_with("scope", json!(wide)))),
        ("a later end", Fault::Signature, with_payload(&forger.claims_with("exp", json!(forger.now_seconds + 86_400)))),
        ("another client", Fault::Signature, with_payload(&forger.claims_with("client_id", json!("somebody")))),
        ("one more claim", Fault::Signature, with_payload(&forger.claims_with("admin", json!(true)))),
        ("one claim less", Fault::Signature, with_payload(&forger.claims_with("jti", None))),
        ("the same claims with a space", Fault::Signature, {
            format!("{header}.{}.{signature}", encode(forger.real_payload().replace(":2,", ": 2,")))
        }),
        (
            "the same header in another order",
            Fault::Signature,
            with_header(json!({"alg": "RS256", "kid": kid}).to_string()),
        ),
        (
            "the same header with a type",
            Fault::Signature,
            with_header(forger.header_with("typ", json!("JWT")).to_string()),
        ),
        ("the signature of another token", Fault::Signature, format!("{header}.{payload}.{other_signature}")),
        ("a signature of the payload alone", Fault::Signature, with_signature(&payload_only)),
        ("a signature of the decoded payload", Fault::Signature, with_signature(&decoded)),
        ("no signature", Fault::Signature, format!("{header}.{payload}.")),
        ("a signature cut short", Fault::Signature, with_signature(cut)),
        ("a signature with a byte behind it", Fault::Signature, with_signature(&[&*bytes, &[0]].concat())),
        ("a signature with a zero before it", Fault::Signature, with_signature(&[&[0], &*bytes].concat())),
        ("a signature with its first bit changed", Fault::Signature, changed(0, 0x80)),
        ("a signature with its last bit changed", Fault::Signature, changed(bytes.len() - 1, 1)),
        ("a signature turned around", Fault::Signature, with_signature(&reversed)),
        ("a signature of zeros", Fault::Signature, with_signature(&vec![0; bytes.len()])),
        ("a signature of ones", Fault::Signature, with_signature(&vec![0xff; bytes.len()])),
        ("a signature of one", Fault::Signature, with_signature(&[&*vec![0; bytes.len() - 1], &[1]].concat())),
        ("the modulus for a signature", Fault::Signature, with_signature(&modulus)),
    ]
}
