//! Keys of every algorithm sign what they verify, and parsers stand whatever comes.

use std::sync::LazyLock;

use claviger_oauth::jose::{
    KeyError, KeySet, SigningKey, Token, VerifyingKey, algorithm_name, generate, jwks_document,
};
use claviger_oauth::refusal::Refusal;
use claviger_resources::signing_key::SigningAlgorithm;
use claviger_resources::signing_key::SigningAlgorithm::{EdDsa, Es256, Rs256};
use proptest::prelude::*;

const KID: &str = "DTlJI0oNsx+5c8UKd5bbRS6yznqEcU2KuNcYx8g6/cM=";

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::from_pkcs8(KID, algorithm, &generate(algorithm).unwrap()).unwrap()
}

fn keys(key: &SigningKey) -> KeySet {
    KeySet::new(vec![VerifyingKey::from_jwk(&key.jwk().unwrap()).unwrap()])
}

static CURVE_KEY: LazyLock<(SigningKey, KeySet)> = LazyLock::new(|| {
    let key = key(EdDsa);
    let keys = keys(&key);
    (key, keys)
});

#[test]
fn every_algorithm_signs_and_verifies_under_its_own_name() {
    for algorithm in [Rs256, Es256, EdDsa] {
        let key = key(algorithm);
        let token = key.sign(b"{\"a\":1}").unwrap();
        let parsed = Token::parse(&token).unwrap();
        assert_eq!((&*parsed.header().alg, &*parsed.header().kid), (algorithm_name(algorithm), KID));
        assert_eq!(parsed.payload(), b"{\"a\":1}");
        assert_eq!(keys(&key).verify(&parsed), Ok(()));
        for other in [Rs256, Es256, EdDsa].into_iter().filter(|other| *other != algorithm) {
            let outcome = keys(&self::key(other)).verify(&parsed);
            assert_eq!(
                outcome,
                Err(Refusal::AlgorithmNotAllowed(algorithm_name(algorithm).into())),
                "{algorithm:?} {other:?}"
            );
        }
        assert_eq!(keys(&self::key(algorithm)).verify(&parsed), Err(Refusal::BadSignature), "{algorithm:?}");
    }
}

#[test]
fn headers_have_the_recorded_members_in_the_recorded_order() {
    use base64::Engine as _;
    let token = key(Es256).sign(b"{}").unwrap();
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    assert_eq!(String::from_utf8(header).unwrap(), format!(r#"{{"kid":"{KID}","alg":"ES256"}}"#));
}

#[test]
fn key_sets_have_the_recorded_members_in_the_recorded_order() {
    let check = |algorithm, expected: &[&str]| {
        let jwk: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&key(algorithm).jwk().unwrap()).unwrap();
        assert_eq!(jwk.keys().collect::<Vec<_>>(), expected);
        assert_eq!((&jwk["alg"], &jwk["use"]), (&algorithm_name(algorithm).into(), &"sig".into()));
    };
    check(Rs256, &["alg", "e", "kid", "kty", "n", "use"]);
    check(Es256, &["alg", "crv", "kid", "kty", "use", "x", "y"]);
    check(EdDsa, &["alg", "crv", "kid", "kty", "use", "x"]);

    assert_eq!(jwks_document([]), r#"{"keys":[]}"#);
    assert_eq!(jwks_document([r#"{"kid":"a"}"#, r#"{"kid":"b"}"#]), r#"{"keys":[{"kid":"a"},{"kid":"b"}]}"#);
}

#[test]
fn refuses_private_keys_of_another_algorithm() {
    for algorithm in [Rs256, Es256, EdDsa] {
        let der = generate(algorithm).unwrap();
        for other in [Rs256, Es256, EdDsa].into_iter().filter(|other| *other != algorithm) {
            assert_eq!(SigningKey::from_pkcs8(KID, other, &der).err(), Some(KeyError), "{algorithm:?} {other:?}");
        }
        assert_eq!(SigningKey::from_pkcs8(KID, algorithm, &der[1..]).err(), Some(KeyError), "{algorithm:?}");
    }
}

#[test]
fn refuses_json_web_keys_that_are_weak_or_contradict_themselves() {
    let check = |jwk: &str| assert!(VerifyingKey::from_jwk(jwk).is_err(), "{jwk}");
    let (one, coordinate) = ("A".repeat(171), "A".repeat(43));
    // 1024 bits.
    check(&format!(r#"{{"alg":"RS256","e":"AQAB","kid":"k","kty":"RSA","n":"{one}","use":"sig"}}"#));
    check(&key(Rs256).jwk().unwrap().replace("RS256", "ES256"));
    check(&key(Rs256).jwk().unwrap().replace("RS256", "none"));
    check(&key(Rs256).jwk().unwrap().replace("\"RSA\"", "\"oct\""));
    check(&key(Rs256).jwk().unwrap().replace("\"kid\"", "\"id\""));
    check(&key(Es256).jwk().unwrap().replace("P-256", "P-384"));
    check(&key(EdDsa).jwk().unwrap().replace("Ed25519", "X25519"));
    // Not a point of the curve.
    check(&format!(
        r#"{{"alg":"ES256","crv":"P-256","kid":"k","kty":"EC","use":"sig","x":"{coordinate}","y":"{coordinate}"}}"#
    ));
    check(r#"{"alg":"HS256","k":"c2VjcmV0","kid":"k","kty":"oct","use":"sig"}"#);
    check("{}");
    check("");
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Token::parse(&text);
    }

    #[test]
    fn parsing_anything_in_three_segments_never_panics(
        header in proptest::collection::vec(any::<u8>(), 0..64),
        payload in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let _ = Token::parse(&format!("{}.{}.", encode(&header), encode(&payload)));
    }

    #[test]
    fn whatever_is_signed_verifies_and_no_changed_character_does(
        claims in "\\PC{0,80}",
        position in any::<proptest::sample::Index>(),
        replacement in proptest::sample::select(b"ABCwxyz0189-_.".as_slice()),
    ) {
        let (key, keys) = &*CURVE_KEY;
        let token = key.sign(claims.as_bytes()).unwrap();
        let parsed = Token::parse(&token).unwrap();
        prop_assert_eq!(parsed.payload(), claims.as_bytes());
        prop_assert_eq!(keys.verify(&parsed), Ok(()));

        let mut changed = token.clone().into_bytes();
        changed[position.index(token.len())] = replacement;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        let accepted = Token::parse(&changed).and_then(|parsed| keys.verify(&parsed));
        prop_assert!(accepted.is_err(), "{}", changed);
    }
}
