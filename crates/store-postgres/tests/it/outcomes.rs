//! Commits whose answer is lost: what became of them is found out, or said to be in doubt.

use std::path::Path;
use std::time::{Duration, Instant};

use claviger_store::{Revision, Store, StoreError};
use claviger_store_postgres::{PostgresStore, Settings};

use super::proxy::{Proxy, Wire};
use super::{connect, fresh, has, insert, key, said};

/// A store that reaches the shared server through a proxy, and the same store without it.
async fn through_proxy() -> (Proxy, PostgresStore, PostgresStore) {
    let direct = fresh();
    let socket = std::env::var("CLAVIGER_POSTGRES_SOCKET").expect("the socket of the shared server");
    let (login, place) = socket.split_once('@').unwrap();
    let (folder, port) = place.split_once('/').unwrap().0.rsplit_once(':').unwrap();
    let proxy = Proxy::start(Path::new(&folder.replace("%2F", "/")).join(format!(".s.PGSQL.{port}"))).await;
    // Of the time limits only those that are waited for here are short.
    let limits = "connect_timeout=3&wait_timeout=60&statement_timeout=3";
    let url = format!("{login}@127.0.0.1:{}/store?sslmode=disable&{limits}", proxy.port);
    let mut settings = Settings::parse(&url).unwrap();
    settings.schema = direct.schema.clone();
    settings.writers_max = 1;
    let store = connect(&settings).await;
    insert(&store, &key("before")).await.unwrap();
    (proxy, store, connect(&direct).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_acknowledged_when_only_the_answer_was_lost() {
    let (proxy, store, direct) = through_proxy().await;
    let mut tx = store.write().await.unwrap();
    tx.insert_row(&key("kept"), &[], "{}").await.unwrap();
    proxy.set(Wire::CutBeforeStore);
    assert_eq!(tx.commit().await.unwrap(), Revision(2));
    assert!(has(&direct, &key("kept")).await);
    assert_eq!(*store.revisions().borrow(), Revision(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_refused_for_good_when_the_commit_was_lost() {
    let (proxy, store, direct) = through_proxy().await;
    let mut tx = store.write().await.unwrap();
    tx.insert_row(&key("lost"), &[], "{}").await.unwrap();
    proxy.set(Wire::CutBeforeServer);
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(said(&error).contains("nothing of it was kept"), "{}", said(&error));
    assert!(!has(&direct, &key("lost")).await);
    insert(&store, &key("lost")).await.unwrap();
}

/// Nothing hangs, and nothing is said that is not known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_in_doubt_when_nobody_can_be_asked() {
    let (proxy, store, _direct) = through_proxy().await;
    let mut tx = store.write().await.unwrap();
    tx.insert_row(&key("perhaps"), &[], "{}").await.unwrap();
    proxy.set(Wire::Silent);
    let started = Instant::now();
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(said(&error).contains("may have been kept or not"), "{}", said(&error));
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
}

/// A node that is cut off says so within its time limits, goes on by itself afterwards, and has missed nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comes_back_after_silence() {
    let (proxy, store, direct) = through_proxy().await;
    proxy.set(Wire::Silent);
    for _ in 0..2 {
        let started = Instant::now();
        let error = store.read().await.map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
    let revision = insert(&direct, &key("meanwhile")).await.unwrap();
    proxy.set(Wire::Whole);
    let mut revisions = store.revisions();
    let heard = revisions.wait_for(|newest| *newest >= revision);
    tokio::time::timeout(Duration::from_mins(1), heard).await.unwrap().unwrap();
    assert!(has(&store, &key("meanwhile")).await);
    insert(&store, &key("after")).await.unwrap();
}
