//! Connections: TLS, time limits, places, and what a lost one leaves behind.

use std::time::{Duration, Instant};

use claviger_store::{Store, StoreError};
use claviger_store_postgres::{OpenError, PostgresStore, Settings};

use super::cluster::Cluster;
use super::{bare, connect, fresh, fresh_with, has, insert, key, said};

/// Why there is no store.
async fn refusal(settings: &Settings) -> String {
    match PostgresStore::connect(settings).await {
        Ok(_) => panic!("connected to {settings:?}"),
        Err(error @ OpenError::Unreachable { .. }) => said(&error),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn find_out_who_answers() {
    let server = Cluster::start(&[]).unwrap();
    let url = |host: &str, parameters: &str| Settings::parse(&server.url_with(host, parameters)).unwrap();
    let authority = server.authority().display().to_string();
    let verified = |mode: &str| format!("sslmode={mode}&sslrootcert={authority}");
    connect(&url("localhost", &verified("verify-full"))).await;
    connect(&url("127.0.0.1", &verified("verify-ca"))).await;
    let socket = server.socket().display().to_string().replace('/', "%2F");
    connect(&url(&socket, "sslmode=verify-full")).await;

    let wrong_name = refusal(&url("127.0.0.1", &verified("verify-full"))).await;
    assert!(wrong_name.contains("not valid for name"), "{wrong_name}");
    let other = Cluster::start(&[]).unwrap();
    let stranger = format!("sslmode=verify-full&sslrootcert={}", other.authority().display());
    let wrong_authority = refusal(&url("localhost", &stranger)).await;
    assert!(wrong_authority.contains("UnknownIssuer") || wrong_authority.contains("BadSignature"), "{wrong_authority}");
    let system = refusal(&url("localhost", "sslmode=verify-full")).await;
    assert!(system.contains("UnknownIssuer"), "{system}");
    // The server takes nobody without TLS over the network.
    let plain = refusal(&url("localhost", "sslmode=disable")).await;
    assert!(plain.contains("no encryption"), "{plain}");
    let missing = refusal(&url("localhost", "sslmode=verify-full&sslrootcert=missing.pem")).await;
    assert!(missing.contains("cannot use missing.pem"), "{missing}");
}

#[tokio::test]
async fn show_the_certificate_that_the_server_asks_for() {
    let server = Cluster::start(&[]).unwrap();
    server.ask_for_certificates().unwrap();
    let [certificate, its_key] = server.certificate().map(|file| file.display().to_string());
    let without = Settings::parse(&server.url()).unwrap();
    // The server takes up its new rules a little later than it says.
    let reason = loop {
        match PostgresStore::connect(&without).await {
            Ok(_) => {}
            Err(error) => break said(&error),
        }
    };
    assert!(reason.contains("valid client certificate"), "{reason}");
    let shown = format!("{}&sslcert={certificate}&sslkey={its_key}", server.url());
    insert(&connect(&Settings::parse(&shown).unwrap()).await, &key("a")).await.unwrap();
}

#[tokio::test]
async fn say_why_they_are_refused_without_the_password() {
    let url = super::shared_url().replace("between%20us", "s3cret");
    let reason = refusal(&Settings::parse(&url).unwrap()).await;
    assert!(reason.contains("password authentication failed"), "{reason}");
    assert!(!reason.contains("s3cret"), "{reason}");
    let mut settings = fresh();
    settings.schema = "nothing_listens".to_owned();
    let nowhere = Settings::parse("postgres://node@127.0.0.1:1,localhost:1/store?sslmode=disable").unwrap();
    let reason = refusal(&nowhere).await;
    assert!(reason.contains("127.0.0.1:1: ") && reason.contains("localhost:1: "), "{reason}");
}

#[tokio::test]
async fn let_transactions_wait_for_so_long_and_keep_readers_from_starving() {
    let store = connect(&fresh_with("&writers=2&readers=1&wait_timeout=1")).await;
    let first = store.write().await.unwrap();
    let _second = store.write().await.unwrap();
    let started = Instant::now();
    let busy = store.write().await.map(|_| ()).unwrap_err();
    assert!(said(&busy).contains("no connection to the database became free within 1000 ms"), "{}", said(&busy));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    // Readers have places of their own.
    assert!(!has(&store, &key("a")).await);
    drop(first);
    insert(&store, &key("a")).await.unwrap();
}

#[tokio::test]
async fn end_a_wait_for_another_transaction() {
    let store = connect(&fresh_with("&lock_timeout=1")).await;
    insert(&store, &key("a")).await.unwrap();
    let mut holder = store.write().await.unwrap();
    holder.replace_row(&key("a"), 1, &[], "1").await.unwrap();
    let mut waiting = store.write().await.unwrap();
    let started = Instant::now();
    let error = waiting.replace_row(&key("a"), 1, &[], "2").await.unwrap_err();
    assert!(said(&error).contains("lock timeout"), "{}", said(&error));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    holder.commit().await.unwrap();
}

/// A node that stops in the middle of a transaction holds the others up for so long and no longer.
#[tokio::test]
async fn end_a_transaction_that_does_nothing() {
    let settings = fresh_with("&idle_timeout=1&lock_timeout=10");
    let store = connect(&settings).await;
    insert(&store, &key("a")).await.unwrap();
    let mut stopped = store.write().await.unwrap();
    stopped.replace_row(&key("a"), 1, &[], "1").await.unwrap();
    let mut other = store.write().await.unwrap();
    other.replace_row(&key("a"), 1, &[], "2").await.unwrap();
    other.commit().await.unwrap();
    let error = stopped.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(said(&error).contains("nothing of it was kept"), "{}", said(&error));
}

#[tokio::test]
async fn are_replaced_when_the_server_ends_them() {
    let mut settings = fresh_with("&application_name=ended");
    settings.readers_max = 1;
    let store = connect(&settings).await;
    let mut tx = store.write().await.unwrap();
    tx.insert_row(&key("a"), &[], "{}").await.unwrap();
    assert!(!has(&store, &key("a")).await);
    let sql = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = 'ended'";
    let ended: i64 = bare(&settings).await.query_one(sql, &[]).await.unwrap().get(0);
    assert!(ended >= 2, "{ended} connections");
    let error = tx.insert_row(&key("b"), &[], "{}").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(tx.commit().await.is_err());
    assert!(!has(&store, &key("a")).await);
    insert(&store, &key("a")).await.unwrap();
    assert!(has(&store, &key("a")).await);
}
