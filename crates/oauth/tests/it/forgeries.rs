//! Every class of forged token is refused at the gate, and for the reason that it should be.

use claviger_oauth::authorize::authorize;
use claviger_oauth::jose::{KeySet, VerifyingKey};
use claviger_oauth::refusal::Refusal;
use claviger_oauth::verified_token::{Demand, TokenUse};
use claviger_resources::UserPoolId;
use claviger_testkit::forgeries::{Fault, Forger};

fn fault(refusal: &Refusal) -> Option<Fault> {
    Some(match refusal {
        Refusal::Missing => Fault::Missing,
        Refusal::Malformed(_) => Fault::Malformed,
        Refusal::UnknownKey(_) => Fault::Key,
        Refusal::AlgorithmNotAllowed(_) => Fault::Algorithm,
        Refusal::BadSignature => Fault::Signature,
        Refusal::Claim(_) => Fault::Claim,
        Refusal::Expired => Fault::Expired,
        Refusal::NotYetValid => Fault::NotYetValid,
        Refusal::WrongIssuer(_) => Fault::Issuer,
        Refusal::WrongTokenUse { .. } => Fault::TokenUse,
        Refusal::MissingScope(_) => Fault::Scope,
        Refusal::Revoked(_) | Refusal::Audience | Refusal::NoPool | Refusal::NoKeys => return None,
    })
}

#[test]
fn the_gate_refuses_every_forgery_for_its_own_reason() {
    let forger = Forger::example();
    let (own, foreign) = (pool(&forger.issuer), pool(&forger.foreign_issuer));
    let keys = [&forger.access, &forger.id].map(|key| VerifyingKey::from_jwk(&key.jwk().to_string()).unwrap());
    let keys = KeySet::new(keys.into());
    let foreign_keys = KeySet::new(vec![VerifyingKey::from_jwk(&forger.foreign.jwk().to_string()).unwrap()]);
    let scopes = [forger.scope.as_str().into()];
    let token_use = TokenUse::Access;
    let demand = Demand { pools: std::slice::from_ref(&own), token_use, scopes: &scopes, audience: None };
    // The other pool exists, with keys of its own: only the authorizer's list keeps its tokens out.
    let judge = |token: &str| {
        let keys_of = |pool: &UserPoolId| Ok(if *pool == foreign { &foreign_keys } else { &keys });
        authorize(token, demand, keys_of, forger.now_seconds)
    };
    judge(&forger.genuine()).unwrap();
    judge(&format!("Bearer {}", forger.genuine())).unwrap();

    let forgeries = forger.forgeries();
    let wrong: Vec<_> = forgeries
        .iter()
        .filter_map(|forgery| {
            let outcome = judge(&forgery.token);
            let found = outcome.as_ref().err().and_then(fault);
            (found != Some(forgery.fault)).then(|| (forgery.class, forgery.fault, outcome.map(|_| "accepted")))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn pool(issuer: &str) -> UserPoolId {
    UserPoolId::parse(issuer.rsplit('/').next().unwrap()).unwrap()
}
