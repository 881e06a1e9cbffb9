//! How nodes hear of each other's commits.

use std::time::{Duration, Instant};

use claviger_store::{Changes, Kind, Revision, Store};
use tokio::time::timeout;

use super::{bare, connect, fresh, insert, key, two_nodes};

/// The most that any of these should take.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_arrives_at_once() {
    let [writer, listener] = two_nodes(&fresh()).await;
    let mut revisions = listener.revisions();
    // The first commits find out whether the other node listens already.
    let mut number = 0;
    loop {
        number += 1;
        insert(&*writer, &key(&number.to_string())).await.unwrap();
        if timeout(Duration::from_millis(300), revisions.changed()).await.is_ok() {
            break;
        }
    }
    let mut delays = Vec::new();
    for number in 1_000..1_100 {
        let revision = insert(&*writer, &key(&number.to_string())).await.unwrap();
        let acknowledged = Instant::now();
        timeout(PATIENCE, revisions.wait_for(|newest| *newest >= revision)).await.unwrap().unwrap();
        delays.push(acknowledged.elapsed());
    }
    delays.sort();
    println!("another node hears of a commit {:?} after its writer, {:?} at worst", delays[50], delays[99]);
    assert!(delays[50] < Duration::from_millis(500), "only the poll tells: {delays:?}");
}

#[tokio::test]
async fn the_poll_finds_what_no_notification_told() {
    let settings = fresh();
    let store = connect(&settings).await;
    let silent = "INSERT INTO receipt (revision, token) VALUES (nextval('revision'), gen_random_uuid())";
    bare(&settings).await.batch_execute(silent).await.unwrap();
    timeout(PATIENCE, store.revisions().wait_for(|newest| *newest == Revision(1))).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_change_of_a_kind_that_only_newer_nodes_know_is_passed_over() {
    let settings = fresh();
    let store = connect(&settings).await;
    let first = insert(&*std::sync::Arc::new(connect(&settings).await), &key("a")).await.unwrap();
    let newer = "INSERT INTO change (revision, position, kind, account, region, parent, id)
            SELECT nextval('revision'), 1, 'thing of tomorrow', account, region, parent, id FROM change;
        INSERT INTO receipt (revision, token) VALUES (currval('revision'), gen_random_uuid())";
    bare(&settings).await.batch_execute(newer).await.unwrap();
    let second = Revision(first.0 + 1);
    timeout(PATIENCE, store.revisions().wait_for(|newest| *newest >= second)).await.unwrap().unwrap();
    let Changes::Since(changes) = store.changes(first, 10).await.unwrap() else { panic!("the feed is too short") };
    let seen: Vec<_> = changes.iter().map(|change| (change.revision, change.key.kind)).collect();
    assert_eq!(seen, [(second, Kind::Unknown)]);
}

#[tokio::test]
async fn a_notification_of_nonsense_is_ignored() {
    let settings = fresh();
    let store = connect(&settings).await;
    let bare = bare(&settings).await;
    bare.batch_execute(&format!("NOTIFY {}, 'all is well'", settings.schema)).await.unwrap();
    let revision = insert(&*std::sync::Arc::new(store), &key("a")).await.unwrap();
    assert_eq!(revision, Revision(1));
}

/// A failover to a replica that lagged, or a restored backup: what this node knows may never have happened.
#[tokio::test]
async fn a_database_that_was_put_back_is_loaded_anew() {
    let settings = fresh();
    let store = connect(&settings).await;
    for id in ["a", "b", "c"] {
        insert(&store, &key(id)).await.unwrap();
    }
    let lost = "DELETE FROM record WHERE id <> 'a'; DELETE FROM receipt WHERE revision > 1;
                DELETE FROM change WHERE revision > 1; SELECT setval('revision', 1)";
    bare(&settings).await.batch_execute(lost).await.unwrap();
    // The next commit would have had the number of one that is lost.
    timeout(PATIENCE, store.revisions().wait_for(|newest| *newest > Revision(3))).await.unwrap().unwrap();
    for revision in 0..=3 {
        assert_eq!(store.changes(Revision(revision), 10).await.unwrap(), Changes::TooOld, "after {revision}");
    }
    let newest = store.read().await.unwrap().revision().await.unwrap();
    assert_eq!(newest, *store.revisions().borrow());
    let next = insert(&store, &key("d")).await.unwrap();
    assert!(next > newest);
    let Changes::Since(changes) = store.changes(newest, 10).await.unwrap() else { panic!("it is known") };
    assert_eq!(changes.into_iter().map(|change| change.key.id).collect::<Vec<_>>(), ["d"]);
}

#[tokio::test]
async fn old_revisions_are_deleted() {
    let settings = fresh();
    let store = connect(&settings).await;
    insert(&store, &key("a")).await.unwrap();
    let bare = bare(&settings).await;
    let much_later = "SELECT setval('revision', 20000); NOTIFY ";
    bare.batch_execute(&format!("{much_later}{}", settings.schema)).await.unwrap();
    let newest = insert(&store, &key("b")).await.unwrap();
    assert_eq!(newest, Revision(20_001));
    timeout(PATIENCE, async {
        while bare.query_one("SELECT count(*) FROM change", &[]).await.unwrap().get::<_, i64>(0) > 1 {}
        while bare.query_one("SELECT count(*) FROM receipt", &[]).await.unwrap().get::<_, i64>(0) > 1 {}
    })
    .await
    .unwrap();
    assert_eq!(store.changes(Revision(1), 10).await.unwrap(), Changes::TooOld);
}
