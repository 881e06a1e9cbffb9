//! Verified tokens are kept while what decided still holds, and no longer.

use std::sync::Arc;

use claviger_oauth::jose::{SigningKey, generate};
use claviger_oauth::refusal::Refusal;
use claviger_oauth::verified_token::VerifiedToken;
use claviger_resources::signing_key::{KeyPolicy, KeyPurpose, SigningAlgorithm, SigningKeyRecord, SigningKeys};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Sealed, Timestamp, UserPoolId};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::snapshot::{Builder, Snapshot};
use claviger_runtime::token_cache::{Issued, TokenCache};
use claviger_store::TransactionExt;
use claviger_testkit::memory_store;
use serde_json::{Value, json};

use super::{client, commit, pool, tenant};

const NOW: i64 = 1_893_456_000;

/// A pool's key, and the tokens it signs.
struct Signer {
    key: SigningKey,
    record: SigningKeyRecord,
}

impl Signer {
    fn new(kid: &str) -> Self {
        let algorithm = SigningAlgorithm::Es256;
        let key = SigningKey::from_pkcs8(kid, algorithm, &generate(algorithm).unwrap()).unwrap();
        let record = SigningKeyRecord {
            kid: kid.to_owned(),
            purpose: KeyPurpose::Access,
            algorithm,
            jwk: key.jwk().unwrap(),
            sealed: Sealed::from_bytes(vec![1; 32]),
            created: Timestamp::default(),
            signs_from: Timestamp::default(),
            retires: None,
        };
        Self { key, record }
    }

    /// A token whose claims are changed by these.
    fn token(&self, changes: &Value) -> String {
        let mut claims = json!({
            "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool", "token_use": "access", "sub": "client",
            "client_id": "client", "scope": "api/read", "iat": NOW, "exp": NOW + 3600, "jti": "token-1",
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.key.sign(claims.to_string().as_bytes()).unwrap()
    }
}

/// What a node serves that has this pool with these keys.
async fn serving(pool: Option<&UserPool>, keys: &[&Signer]) -> Snapshot {
    let store = memory_store();
    commit(&*store, async |tx| {
        let Some(pool) = pool else { return Ok(()) };
        tx.insert(pool).await?;
        let keys = keys.iter().map(|signer| signer.record.clone()).collect();
        tx.insert(&SigningKeys { pool: pool.id.clone(), tenant: tenant(), policy: KeyPolicy::default(), keys }).await
    })
    .await;
    Builder::new(Issuers::Aws).load(&mut *store.read().await.unwrap()).await.unwrap()
}

fn verify(cache: &TokenCache, snapshot: &Snapshot, token: &str, now: i64) -> Result<Arc<VerifiedToken>, Refusal> {
    cache.verify(snapshot, token, |_| true, now)
}

#[tokio::test]
async fn a_token_is_verified_once_while_nothing_changes() {
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::default();
    let token = signer.token(&json!({}));
    let first = verify(&cache, &snapshot, &token, NOW).unwrap();
    let second = verify(&cache, &snapshot, &token, NOW + 1).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    let (count, bytes) = cache.size();
    assert!(count == 1 && bytes > token.len() / 2, "{bytes}");

    // A snapshot that was loaded anew has the same keys, and a pool that only changed is the same pool.
    let mut changed = pool();
    changed.name = "other".to_owned();
    changed.modified = Timestamp::from_seconds(NOW);
    let reloaded = serving(Some(&changed), &[&signer]).await;
    assert!(Arc::ptr_eq(&first, &verify(&cache, &reloaded, &token, NOW).unwrap()));

    let off = TokenCache::new(0);
    let twice = [(); 2].map(|()| verify(&off, &snapshot, &token, NOW).unwrap());
    assert!(!Arc::ptr_eq(&twice[0], &twice[1]));
    assert_eq!(off.size(), (0, 0));
    off.forget(Issued::Pool(&pool().id));
}

#[tokio::test]
async fn a_kept_token_is_valid_no_longer_than_it_says_however_the_clock_is_moved() {
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::default();
    let token = signer.token(&json!({"nbf": NOW - 10}));
    let check = |now: i64, expected: Option<Refusal>| {
        assert_eq!(verify(&cache, &snapshot, &token, now).err(), expected, "{}", now - NOW);
    };
    for _ in 0..2 {
        check(NOW, None);
        check(NOW + 3599, None);
        check(NOW + 3600, Some(Refusal::Expired));
        check(NOW + 360_000, Some(Refusal::Expired));
        check(NOW - 10, None);
        check(NOW - 11, Some(Refusal::NotYetValid));
    }
}

#[tokio::test]
async fn a_key_that_is_retired_or_replaced_ends_what_it_verified() {
    let (signer, replacement, other) = (Signer::new("one"), Signer::new("one"), Signer::new("two"));
    let cache = TokenCache::default();
    let token = signer.token(&json!({}));
    let with = async |keys: &[&Signer]| serving(Some(&pool()), keys).await;
    let first = verify(&cache, &with(&[&signer]).await, &token, NOW).unwrap();
    // A further key takes nothing away.
    assert!(Arc::ptr_eq(&first, &verify(&cache, &with(&[&other, &signer]).await, &token, NOW).unwrap()));
    assert_eq!(verify(&cache, &with(&[&replacement]).await, &token, NOW).err(), Some(Refusal::BadSignature));
    assert_eq!(verify(&cache, &with(&[&other]).await, &token, NOW).err(), Some(Refusal::UnknownKey("one".into())));
    assert!(verify(&cache, &with(&[&signer]).await, &token, NOW).is_ok());
}

#[tokio::test]
async fn a_pool_that_is_deleted_ends_what_was_verified_and_one_made_again_is_another() {
    let signer = Signer::new("one");
    let cache = TokenCache::default();
    let token = signer.token(&json!({}));
    let first = verify(&cache, &serving(Some(&pool()), &[&signer]).await, &token, NOW).unwrap();
    assert_eq!(verify(&cache, &serving(None, &[]).await, &token, NOW).err(), Some(Refusal::NoPool));
    // No two pools have the same keys; even if they had, the token would be verified anew.
    let again = UserPool { created: Timestamp::from_seconds(1), ..pool() };
    let second = verify(&cache, &serving(Some(&again), &[&signer]).await, &token, NOW).unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
    assert_eq!(cache.size().0, 1);
}

#[tokio::test]
async fn only_who_accepts_the_pool_is_served_and_only_what_was_verified_is_kept() {
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::default();
    let token = signer.token(&json!({}));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = Signer::new("one").token(&json!({"jti": "token-2"}));
    let wrong = [
        format!("{message}.{}", other.rsplit_once('.').unwrap().1),
        format!("{}.{signature}", other.rsplit_once('.').unwrap().0),
        format!("{token}="),
        signer.token(&json!({"exp": NOW})),
        signer.token(&json!({"iss": "https://example.com/eu-west-1_other"})),
        "x".repeat(20_000),
        String::new(),
    ];
    // Before the right one is kept, and afterwards.
    for kept in [0, 1] {
        for token in &wrong {
            assert!(verify(&cache, &snapshot, token, NOW).is_err(), "{token}");
        }
        assert_eq!(cache.size().0, kept);
        verify(&cache, &snapshot, &token, NOW).unwrap();
    }
    let elsewhere = cache.verify(&snapshot, &token, |pool| pool.as_str() == "us-east-1_other", NOW);
    assert!(matches!(elsewhere, Err(Refusal::WrongIssuer(_))), "{elsewhere:?}");
}

#[tokio::test]
async fn what_was_issued_to_somebody_is_forgotten_at_once() {
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::default();
    let mine = signer.token(&json!({"origin_jti": "session-1"}));
    let theirs = signer.token(&json!({"client_id": "another", "jti": "token-2", "origin_jti": "session-2"}));
    let client = client(&[]).id;
    let other = UserPoolId::parse("us-east-1_other").unwrap();
    let check = |issued: Issued<'_>, forgotten: [bool; 2]| {
        let tokens = [&mine, &theirs];
        let before = tokens.map(|token| verify(&cache, &snapshot, token, NOW).unwrap());
        cache.forget(issued);
        assert_eq!(cache.size().0, forgotten.iter().filter(|it| !**it).count(), "{issued:?}");
        let after = tokens.map(|token| verify(&cache, &snapshot, token, NOW).unwrap());
        let again = [0, 1].map(|index| !Arc::ptr_eq(&before[index], &after[index]));
        assert_eq!(again, forgotten, "{issued:?}");
    };
    check(Issued::Client(&client), [true, false]);
    check(Issued::Pool(&pool().id), [true, true]);
    check(Issued::Pool(&other), [false, false]);
    check(Issued::Session("session-2"), [false, true]);
    check(Issued::Token("token-1"), [true, false]);
    check(Issued::Token("none"), [false, false]);
}

#[tokio::test]
async fn what_is_being_verified_when_it_is_forgotten_is_not_kept() {
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::default();
    let token = signer.token(&json!({}));
    // Whether the pool is accepted is asked in the middle of verifying.
    let forgetting = |pool: &UserPoolId| {
        cache.forget(Issued::Pool(pool));
        true
    };
    cache.verify(&snapshot, &token, forgetting, NOW).unwrap();
    assert_eq!(cache.size(), (0, 0));
    verify(&cache, &snapshot, &token, NOW).unwrap();
    assert_eq!(cache.size().0, 1);
}

#[tokio::test]
async fn takes_no_more_memory_than_it_may_and_keeps_what_is_used() {
    const BYTES_MAX: usize = 256 * 1024;
    let signer = Signer::new("one");
    let snapshot = serving(Some(&pool()), &[&signer]).await;
    let cache = TokenCache::new(BYTES_MAX);
    let used = signer.token(&json!({"jti": "used"}));
    let first = verify(&cache, &snapshot, &used, NOW).unwrap();
    for number in 0..2000 {
        let token = signer.token(&json!({"jti": number.to_string(), "padding": "x".repeat(number % 700)}));
        verify(&cache, &snapshot, &token, NOW).unwrap();
        assert!(Arc::ptr_eq(&first, &verify(&cache, &snapshot, &used, NOW).unwrap()), "{number}");
        assert!(cache.size().1 <= BYTES_MAX);
    }
    let (count, bytes) = cache.size();
    assert!(count < 1000 && bytes > BYTES_MAX / 2, "{count} {bytes}");

    // One that is larger than its part of the cache is not kept, and takes nobody's place.
    let large = signer.token(&json!({"jti": "large", "padding": "x".repeat(11_000)}));
    let small = TokenCache::new(64 * 1024);
    verify(&small, &snapshot, &used, NOW).unwrap();
    verify(&small, &snapshot, &large, NOW).unwrap();
    assert_eq!(small.size().0, 1);
}
