//! What the data plane learns of users' sessions.

use std::sync::Arc;

use claviger_resources::session::Session;
use claviger_resources::user::{User, UserStatus};
use claviger_resources::{Random, Secret, Timestamp};
use claviger_runtime::functions::Functions;
use claviger_runtime::issuance::Issuance;
use claviger_runtime::limits::Limits;
use claviger_runtime::sessions::{SessionError, UserInfo, UserSessions};
use claviger_runtime::snapshot::CurrentSnapshot;
use claviger_runtime::vault::{KEY_BYTES, MasterKey, Vault};
use claviger_store::{Store, TransactionExt};
use claviger_testkit::{FakeClock, FakeMonotonic, SeededRandom, memory_store};
use serde_json::json;
use tokio::runtime::Handle;

use super::{client, commit, pool, tenant};

fn user() -> User {
    let attribute = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    User {
        pool: pool().id,
        tenant: tenant(),
        key: "ada".to_owned(),
        username: "ada".to_owned(),
        sub: "sub".to_owned(),
        aliases: Vec::new(),
        attributes: [("email", "ada@example.com"), ("email_verified", "true"), ("name", "Ada")].map(attribute).into(),
        status: UserStatus::Confirmed,
        enabled: true,
        created: Timestamp::default(),
        modified: Timestamp::default(),
        password: None,
        failed_attempts: 0,
        locked_until: None,
        signed_out: None,
        groups: Vec::new(),
    }
}

fn session() -> Session {
    Session {
        tenant: tenant(),
        pool: pool().id,
        owner: Session::owner(&pool().id, "sub"),
        sub: "sub".to_owned(),
        user: "ada".to_owned(),
        id: "session".to_owned(),
        event: "event".to_owned(),
        client: client(&[]).id,
        began: Timestamp::default(),
        expires: Timestamp::from_seconds(3600),
        rotation: 0,
        rotated: None,
    }
}

async fn sessions() -> (Arc<UserSessions>, Arc<dyn Store>) {
    let store = memory_store();
    commit(&*store, async |tx| {
        tx.insert(&pool()).await?;
        tx.insert(&client(&[])).await?;
        tx.insert(&user()).await?;
        tx.insert(&session()).await
    })
    .await;
    let master = MasterKey::new(&Secret::new(vec![7; KEY_BYTES])).unwrap();
    let (vault, _) = Vault::create(&master, &mut SeededRandom::new(0)).unwrap();
    let (vault, clock) = (Arc::new(vault), Arc::new(FakeClock::default()));
    let functions = Arc::new(Functions::new([]));
    let (current, time) = (CurrentSnapshot::empty(), Arc::clone(&clock) as _);
    let monotonic = Arc::new(FakeMonotonic::default()) as _;
    let limits = Arc::new(Limits::new(&current, &time, &monotonic, false));
    let issuance = Issuance::new(current, Arc::clone(&vault), functions, time, limits);
    let issuance = Arc::new(issuance);
    let random = || Box::new(SeededRandom::new(1)) as Box<dyn Random>;
    let sessions =
        UserSessions { store: Arc::clone(&store), vault, issuance, clock, random, threads: Handle::current() };
    (Arc::new(sessions), store)
}

fn request(scope: &str) -> UserInfo {
    UserInfo {
        pool: pool().id,
        sub: "sub".to_owned(),
        client: client(&[]).id.to_string(),
        scope: scope.to_owned(),
        session: Some("session".to_owned()),
        issued_at_seconds: 1000,
    }
}

#[tokio::test]
async fn user_info_tells_what_the_scopes_release() {
    let (sessions, _) = sessions().await;
    let whole = sessions.user_info(request("openid")).await.unwrap();
    let expected = json!({
        "sub": "sub", "email": "ada@example.com", "email_verified": "true", "name": "Ada", "username": "ada",
    });
    assert_eq!(serde_json::Value::Object(whole), expected);
    let released = sessions.user_info(request("openid email")).await.unwrap();
    assert_eq!(released.keys().collect::<Vec<_>>(), ["sub", "email", "email_verified", "username"]);
}

#[tokio::test]
async fn user_info_tells_nothing_of_users_who_are_gone() {
    async fn check(change: impl AsyncFnOnce(&mut dyn claviger_store::Transaction), request: UserInfo) {
        let (sessions, store) = sessions().await;
        let mut tx = store.write().await.unwrap();
        change(&mut *tx).await;
        tx.commit().await.unwrap();
        assert!(matches!(sessions.user_info(request).await, Err(SessionError::NoUser)));
    }
    let whole = || request("openid");
    check(async |tx| assert!(tx.delete(&session()).await.unwrap()), whole()).await;
    check(async |tx| assert!(tx.delete(&user()).await.unwrap()), whole()).await;
    let replaced = async |tx: &mut dyn claviger_store::Transaction, user: User| {
        let mut stored = tx.find::<User>(&tenant(), pool().id.as_str(), "ada").await.unwrap().unwrap();
        stored.record = user;
        tx.replace(&stored).await.unwrap();
    };
    check(async |tx| replaced(tx, User { enabled: false, ..user() }).await, whole()).await;
    let signed_out = || User { signed_out: Some(Timestamp::from_seconds(1000)), ..user() };
    let without_session = |issued_at_seconds| UserInfo { session: None, issued_at_seconds, ..whole() };
    check(async |tx| replaced(tx, signed_out()).await, without_session(1000)).await;
    check(async |_| {}, UserInfo { sub: "other".to_owned(), ..whole() }).await;
}
