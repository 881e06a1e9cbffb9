//! Token requests stand whatever comes, and a token made of one opens the method it is for.

use std::sync::Arc;

use claviger_oauth::authorize::authorize;
use claviger_oauth::claims::AccessClaims;
use claviger_oauth::client::Client;
use claviger_oauth::client_credentials::decide;
use claviger_oauth::issuer;
use claviger_oauth::jose::{KeySet, SigningKey, VerifyingKey, generate};
use claviger_oauth::refusal::Refusal;
use claviger_oauth::secret::DigestKey;
use claviger_oauth::token_request::TokenRequest;
use claviger_oauth::verified_token::{Demand, TokenUse};
use claviger_resources::signing_key::SigningAlgorithm;
use claviger_resources::user_pool::IssuerType;
use claviger_resources::{ClientId, UserPoolId};
use proptest::prelude::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[test]
fn a_granted_token_opens_the_method_of_its_scope_until_it_expires() {
    let pool = UserPoolId::parse("us-east-1_N8F22Uslo").unwrap();
    let digest_key = DigestKey::new(&[7; 32]);
    let client = Client {
        id: ClientId::parse("machine").unwrap(),
        pool: pool.clone(),
        secrets: Box::new([digest_key.digest("machine", b"secret")]),
        oauth_enabled: true,
        client_credentials: true,
        scopes: ["https://api.example/v1/read", "api/write"].map(Arc::from).into(),
        access_token_seconds: 300,
        limits: None,
        client_token_auth: false,
        extra_claims: None,
    };
    let body = b"grant_type=client_credentials&client_id=machine&client_secret=secret";
    let request = TokenRequest::parse(FORM, None, None, body).unwrap();
    let grant = decide(&request, Some(&client), &digest_key, |_| true).unwrap();

    let key = generate(SigningAlgorithm::Es256).unwrap();
    let key = SigningKey::from_pkcs8("kid", SigningAlgorithm::Es256, &key).unwrap();
    let claims = AccessClaims {
        client_id: grant.client.id.as_str(),
        scopes: &grant.scopes,
        issuer: &issuer::of(&pool, IssuerType::Original),
        issued_at: 1000,
        lifetime_seconds: grant.client.access_token_seconds,
        id: uuid::Uuid::nil(),
        extra: None,
    };
    let token = key.sign(claims.to_json().as_bytes()).unwrap();

    let keys = KeySet::new(vec![VerifyingKey::from_jwk(&key.jwk().unwrap()).unwrap()]);
    let judge = |scopes: &[&str], now: i64| {
        let token_use = if scopes.is_empty() { TokenUse::Id } else { TokenUse::Access };
        let scopes: Vec<Box<str>> = scopes.iter().map(|&scope| scope.into()).collect();
        let demand = Demand { pools: std::slice::from_ref(&pool), token_use, scopes: &scopes, audience: None };
        authorize(&token, demand, |_| Ok(&keys), now).map(|accepted| accepted.expires_at())
    };
    assert_eq!(judge(&["api/write"], 1000), Ok(1300));
    assert_eq!(judge(&["x/y", "https://api.example/v1/read"], 1299), Ok(1300));
    // A node whose clock is behind the issuer's takes the token all the same.
    assert_eq!(judge(&["api/write"], 999), Ok(1300));
    assert_eq!(judge(&["api/write"], 1300).err(), Some(Refusal::Expired));
    let granted = "https://api.example/v1/read api/write".into();
    assert_eq!(judge(&["api/writ"], 1000).err(), Some(Refusal::MissingScope(granted)));
    assert_eq!(judge(&[], 1000).err(), Some(Refusal::WrongTokenUse { expected: "id" }));
}

proptest! {
    #[test]
    fn reading_a_request_never_panics(
        authorization in proptest::option::of("(Basic )?\\PC{0,40}"),
        query in proptest::option::of("\\PC{0,40}"),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = TokenRequest::parse(FORM, authorization.as_deref(), query.as_deref(), &body);
        let well_begun = [b"grant_type=client_credentials&client_id=", body.as_slice()].concat();
        let _ = TokenRequest::parse(FORM, authorization.as_deref(), query.as_deref(), &well_begun);
    }
}
