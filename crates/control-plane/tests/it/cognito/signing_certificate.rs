//! The certificate of a pool: made once, and its key kept sealed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::UserPoolId;
use claviger_resources::signing_certificate::SigningCertificate;
use claviger_runtime::vault::SealedFor;
use claviger_store::TransactionExt;
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};

use crate::plane::Plane;

async fn certificate(plane: &Plane, pool: &str) -> String {
    let answer = plane.ok("GetSigningCertificate", json!({"UserPoolId": pool})).await;
    let Value::String(certificate) = &answer["Certificate"] else { panic!("{answer}") };
    certificate.clone()
}

#[tokio::test]
async fn a_pool_has_one_certificate_and_keeps_it() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool().await, plane.pool().await);
    let (first, beside) = tokio::join!(certificate(&plane, &pool), certificate(&plane, &pool));
    assert_eq!(first, beside);
    plane.clock.advance_seconds(86_400 * 400);
    assert_eq!(certificate(&plane, &pool).await, first);
    assert_ne!(certificate(&plane, &other).await, first);
}

#[tokio::test]
async fn a_certificate_is_over_the_key_that_is_kept_sealed() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let der = STANDARD.decode(certificate(&plane, &pool).await).unwrap();
    let id = UserPoolId::parse(&pool).unwrap();
    let found = plane.stored().await.find::<SigningCertificate>(&plane.caller.tenant(), "", &pool).await.unwrap();
    let record = found.unwrap().record;
    let private = plane.vault.open_sealed(SealedFor::SigningCertificate(&id), &record.sealed).unwrap();
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&private.expose().as_slice().into(), &PKCS_RSA_SHA256).unwrap();
    let contains = |part: &[u8]| der.windows(part.len()).any(|window| window == part);
    assert!(contains(key.der_bytes()), "the public key is the one in the certificate");
    assert!(contains(pool.as_bytes()), "its subject is the pool");
    // The clock of the test stands at the beginning of 2030.
    assert!(contains(b"300101000000Z") && contains(b"400101120000Z"), "valid for ten years");
    assert!(!record.sealed.as_bytes().windows(private.expose().len()).any(|window| window == private.expose()));
}
