//! The snapshot follows what is committed: loaded whole, changed piece by piece, both to the same state.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod functions;
mod key_keeper;
mod plan_usage;
mod shared_counts;
mod stored_functions;
mod token_cache;
mod token_counts;
mod usage;
mod user_sessions;

use std::collections::BTreeMap;

use claviger_resources::app_client::{AppClient, ClientSecret, OAuthFlow};
use claviger_resources::resource_server::{ResourceServer, Scope};
use claviger_resources::user_pool::{IssuerType, UserPool};
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{AccountId, ClientId, Region, Sealed, Tenant, Timestamp, UserPoolId};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::snapshot::{Builder, Snapshot};
use claviger_store::{Changes, Revision, Store, StoreError, Transaction, TransactionExt};
use claviger_testkit::memory_store;

fn tenant() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() }
}

fn pool() -> UserPool {
    UserPool {
        id: UserPoolId::parse("us-east-1_pool").unwrap(),
        tenant: tenant(),
        name: "pool".to_owned(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
        deletion_protection: false,
        issuer: IssuerType::Original,
        tags: BTreeMap::new(),
        configuration: serde_json::Map::new(),
    }
}

fn server(scopes: &[&str]) -> ResourceServer {
    let scope = |name: &&str| Scope { name: (*name).to_owned(), description: (*name).to_owned() };
    ResourceServer {
        pool: pool().id,
        tenant: tenant(),
        identifier: "api".to_owned(),
        name: "api".to_owned(),
        scopes: scopes.iter().map(scope).collect(),
        created: Timestamp::default(),
    }
}

fn client(scopes: &[&str]) -> AppClient {
    AppClient {
        id: ClientId::parse("client").unwrap(),
        pool: pool().id,
        tenant: tenant(),
        name: "client".to_owned(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
        secrets: vec![ClientSecret {
            id: "client--1".to_owned(),
            created: Timestamp::default(),
            digest: Sealed::from_bytes(vec![1; 32]),
            sealed: Sealed::from_bytes(vec![2; 40]),
            original: true,
        }],
        oauth_enabled: true,
        oauth_flows: Some(vec![OAuthFlow::ClientCredentials]),
        oauth_scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        access_token_validity: None,
        access_token_unit: None,
        limits: None,
        extra_claims: serde_json::Map::new(),
        configuration: serde_json::Map::new(),
    }
}

fn domain() -> UserPoolDomain {
    UserPoolDomain {
        domain: "prefix".to_owned(),
        pool: pool().id,
        tenant: tenant(),
        created: Timestamp::default(),
        custom: None,
        managed_login_version: None,
        version: "1".to_owned(),
    }
}

/// What a snapshot says of the things above, in a form that two snapshots can be compared by.
fn seen(snapshot: &Snapshot) -> String {
    let region = Region::us_east_1();
    let pool = snapshot.pool("us-east-1_pool");
    let client = snapshot.client("client");
    format!(
        "counts {:?}, pool of prefix {}, read {:?}, write {:?}, domain {:?}, client scopes {:?}, secrets {:?}",
        snapshot.counts(),
        snapshot.pool_of_prefix(&region, "prefix").is_some(),
        pool.map(|pool| pool.has_scope("api/read")),
        pool.map(|pool| pool.has_scope("api/write")),
        pool.and_then(|pool| pool.domain.clone()),
        client.map(|client| client.scopes.to_vec()),
        client.map(|client| client.secrets.len()),
    )
}

async fn commit(store: &dyn Store, write: impl AsyncFnOnce(&mut dyn Transaction) -> Result<(), StoreError>) {
    let mut tx = store.write().await.unwrap();
    write(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn apply(store: &dyn Store, builder: &mut Builder, snapshot: &Snapshot) -> Snapshot {
    let Changes::Since(changes) = store.changes(snapshot.revision(), 1000).await.unwrap() else {
        panic!("the feed is too short")
    };
    builder.apply(snapshot, &changes, &mut *store.read().await.unwrap()).await.unwrap()
}

async fn load(store: &dyn Store) -> Snapshot {
    Builder::new(Issuers::Aws).load(&mut *store.read().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn changes_lead_to_the_state_that_loading_leads_to() {
    let store = memory_store();
    let mut builder = Builder::new(Issuers::Aws);
    let mut snapshot = Snapshot::default();
    let full = async |tx: &mut dyn Transaction| {
        tx.insert(&pool()).await?;
        tx.insert(&server(&["read", "write"])).await?;
        tx.insert(&client(&["api/read", "api/gone"])).await?;
        tx.insert(&domain()).await
    };
    commit(&*store, full).await;
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    assert_eq!(seen(&snapshot), seen(&load(&*store).await));
    let expected = "counts (1, 1, 0), pool of prefix true, read Some(true), write Some(true), \
                    domain Some(\"prefix.auth.us-east-1.amazoncognito.com\"), \
                    client scopes Some([\"api/read\", \"api/gone\"]), secrets Some(1)";
    assert_eq!(seen(&snapshot), expected);

    // A scope that its server drops is gone for every client, none of which is touched.
    let narrow = async |tx: &mut dyn Transaction| {
        let mut stored = tx.find::<ResourceServer>(&tenant(), "us-east-1_pool", "api").await?.unwrap();
        stored.scopes = server(&["read"]).scopes;
        tx.replace(&stored).await
    };
    commit(&*store, narrow).await;
    let before = snapshot.client("client").cloned().unwrap();
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    assert_eq!(seen(&snapshot), seen(&load(&*store).await));
    assert!(std::sync::Arc::ptr_eq(&before, snapshot.client("client").unwrap()));
    assert_eq!(snapshot.pool("us-east-1_pool").map(|pool| pool.has_scope("api/write")), Some(false));

    // All at once, as the deletion of a pool is.
    let gone = async |tx: &mut dyn Transaction| {
        tx.delete(&domain()).await?;
        tx.delete_all::<AppClient>(&tenant(), "us-east-1_pool").await?;
        tx.delete_all::<ResourceServer>(&tenant(), "us-east-1_pool").await?;
        tx.delete(&pool()).await.map(drop)
    };
    commit(&*store, gone).await;
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    assert_eq!(seen(&snapshot), seen(&load(&*store).await));
    assert_eq!(snapshot.counts(), (0, 0, 0));
    assert_eq!(snapshot.revision(), Revision(3));
}

#[tokio::test]
async fn a_snapshot_in_use_stays_as_it_was() {
    let store = memory_store();
    let mut builder = Builder::new(Issuers::Aws);
    commit(&*store, async |tx: &mut dyn Transaction| tx.insert(&pool()).await).await;
    let one = apply(&*store, &mut builder, &Snapshot::default()).await;
    commit(&*store, async |tx: &mut dyn Transaction| tx.insert(&client(&[])).await).await;
    let two = apply(&*store, &mut builder, &one).await;
    assert_eq!((one.counts(), two.counts()), ((1, 0, 0), (1, 1, 0)));
}

#[tokio::test]
async fn pools_carry_the_issuer_that_was_chosen() {
    let store = memory_store();
    commit(&*store, async |tx: &mut dyn Transaction| tx.insert(&pool()).await).await;
    for (issuers, expected) in [
        (Issuers::Aws, "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"),
        (Issuers::Url("https://tokens.example/".to_owned()), "https://tokens.example/us-east-1_pool"),
    ] {
        let snapshot = Builder::new(issuers).load(&mut *store.read().await.unwrap()).await.unwrap();
        assert_eq!(&*snapshot.pool("us-east-1_pool").unwrap().issuer, expected);
    }
}
