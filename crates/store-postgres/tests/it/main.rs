//! The PostgreSQL backend against real servers: the contract, collisions, connections, crashes, the schema.
//! `cargo xtask test --postgres` starts a server for them and runs them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../../../xtask/src/postgres/cluster.rs"]
#[expect(dead_code, reason = "xtask uses the rest")]
mod cluster;
mod collisions;
mod connections;
mod crashes;
mod examination;
mod feed;
mod outcomes;
mod proxy;
mod schema;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use claviger_resources::Tenant;
use claviger_store::{Key, Kind, Revision, Store, StoreError, keyring_tenant};
use claviger_store_postgres::{PostgresStore, Settings};
use tokio_postgres::{Client, NoTls};

/// The contract over a schema of its own.
mod contract {
    use std::sync::Arc;

    use claviger_store::Store;

    async fn open() -> (Arc<dyn Store>, ()) {
        (Arc::new(super::connect(&super::fresh()).await), ())
    }

    claviger_store::contract_tests!(super::open);
    claviger_store::concurrent_reader_tests!(super::open);
}

/// What the contract says of a whole database.
mod as_a_whole {
    use std::sync::Arc;

    use claviger_store::Backend;

    async fn open() -> (Arc<dyn Backend>, ()) {
        (Arc::new(super::connect(&super::fresh()).await), ())
    }

    claviger_store::backend_tests!(super::open);
}

/// The URL of the server that all tests share.
fn shared_url() -> String {
    std::env::var("CLAVIGER_POSTGRES_URL")
        .expect("CLAVIGER_POSTGRES_URL names no server; `cargo xtask test --postgres` starts one and runs these tests")
}

/// The shared server, with a schema of one's own.
fn fresh() -> Settings {
    fresh_with("")
}

/// The same with more parameters in the URL. How busy the machine is that runs the tests is no subject of theirs.
fn fresh_with(parameters: &str) -> Settings {
    let patient = "&connect_timeout=60&wait_timeout=60&lock_timeout=60&idle_timeout=60&statement_timeout=60";
    let mut settings = Settings::parse(&format!("{}{patient}{parameters}", shared_url())).unwrap();
    settings.schema = format!("test_{:016x}", RandomState::new().hash_one(0));
    settings
}

async fn connect(settings: &Settings) -> PostgresStore {
    PostgresStore::connect(settings).await.unwrap()
}

/// A bare connection to the shared server, to see and do what no store would.
async fn bare(settings: &Settings) -> Client {
    let socket = std::env::var("CLAVIGER_POSTGRES_SOCKET").expect("the socket of the shared server");
    let (client, connection) = tokio_postgres::connect(&socket, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("SET search_path = {}", settings.schema)).await.unwrap();
    client
}

fn tenant() -> Tenant {
    keyring_tenant()
}

fn key(id: &str) -> Key {
    key_under("", id)
}

fn key_under(parent: &str, id: &str) -> Key {
    Key { kind: Kind::UserPool, tenant: tenant(), parent: parent.to_owned(), id: id.to_owned() }
}

/// Inserts a record, once.
async fn insert_once(store: &dyn Store, key: &Key) -> Result<Revision, StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(key, &[], "{}").await?;
    tx.commit().await
}

/// Inserts a record, again after every collision.
async fn insert(store: &dyn Store, key: &Key) -> Result<Revision, StoreError> {
    loop {
        match insert_once(store, key).await {
            Err(StoreError::Contention) => {}
            outcome => return outcome,
        }
    }
}

/// Whether a record is there.
async fn has(store: &dyn Store, key: &Key) -> bool {
    store.read().await.unwrap().row(key).await.unwrap().is_some()
}

/// Two stores over one schema, as two nodes have them.
async fn two_nodes(settings: &Settings) -> [Arc<PostgresStore>; 2] {
    [Arc::new(connect(settings).await), Arc::new(connect(settings).await)]
}

/// What an error says, with all that caused it.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
