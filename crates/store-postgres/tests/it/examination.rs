//! What a store says of itself when something is wrong with it, and what a store that is only read refuses.

use claviger_store::{Backend as _, Kind, Name, NamedRow, Namespace, Row, Store as _};
use claviger_store_postgres::{OpenError, PostgresStore};

use super::{bare, connect, fresh, insert, key, said, tenant};

#[tokio::test]
async fn says_which_server_it_is_and_what_time_it_has() {
    let settings = fresh();
    let store = connect(&settings).await;
    let examined = store.examine().await.unwrap();
    assert!(examined.engine.starts_with("PostgreSQL 1") && examined.engine.ends_with(", schema 1"), "{examined:?}");
    assert_eq!((&*examined.damage, &*examined.risks), (&[][..], &[][..]));
    let now = "SELECT extract(epoch FROM clock_timestamp())::bigint";
    let now: i64 = bare(&settings).await.query_one(now, &[]).await.unwrap().get(0);
    assert!((0..60).contains(&(now - examined.time.unwrap().seconds())), "{examined:?} at {now}");
}

#[tokio::test]
async fn finds_names_of_no_record_and_counts_that_are_wrong() {
    let settings = fresh();
    let store = connect(&settings).await;
    let name = Name::new(Namespace::ClientId, "one");
    let row = Row { key: key("a"), version: 1, body: "{}".to_owned() };
    let mut filling = store.fill().await.unwrap();
    filling.add(&[NamedRow { row, names: vec![name] }]).await.unwrap();
    filling.commit(claviger_store::Revision(0)).await.unwrap();
    insert(&store, &key("b")).await.unwrap();
    let bare = bare(&settings).await;
    for (change, expected) in [
        ("UPDATE tally SET count = 7", &["1 counts of records are wrong"][..]),
        (
            "UPDATE tally SET count = 2; INSERT INTO tally VALUES ('stage', '0', 'a', '', 1)",
            &["1 counts of records are wrong"],
        ),
        ("DELETE FROM tally WHERE kind = 'stage'", &[]),
        ("DELETE FROM record WHERE id = 'a'", &["1 names are of no record", "1 counts of records are wrong"]),
    ] {
        bare.batch_execute(change).await.unwrap();
        assert_eq!(store.examine().await.unwrap().damage, expected, "{change}");
    }
    assert_eq!(store.read().await.unwrap().count(Kind::UserPool, &tenant(), "").await.unwrap(), 2);
}

#[tokio::test]
async fn a_store_that_is_only_read_makes_no_tables_and_takes_no_steps() {
    let settings = fresh();
    let refused = PostgresStore::connect_for_reading(&settings).await.err().unwrap();
    assert!(matches!(refused, OpenError::Missing { .. }), "{}", said(&refused));
    let store = connect(&settings).await;
    let revision = insert(&store, &key("a")).await.unwrap();
    let reading = PostgresStore::connect_for_reading(&settings).await.unwrap();
    assert_eq!(*reading.revisions().borrow(), revision);
    let bare = bare(&settings).await;
    bare.batch_execute("UPDATE schema_version SET version = 0").await.unwrap();
    let refused = PostgresStore::connect_for_reading(&settings).await.err().unwrap();
    assert!(said(&refused).contains("written by an older Claviger (schema 0, this one knows 1)"), "{}", said(&refused));
}

#[tokio::test]
async fn nobody_writes_while_a_store_is_filled() {
    let mut settings = fresh();
    settings.lock_timeout = std::time::Duration::from_millis(100);
    let store = connect(&settings).await;
    let filling = store.fill().await.unwrap();
    let mut tx = connect(&settings).await.write().await.unwrap();
    let refused = tx.insert_row(&key("a"), &[], "{}").await.unwrap_err();
    assert!(said(&refused).contains("lock timeout"), "{}", said(&refused));
    drop((tx, filling));
    insert(&store, &key("a")).await.unwrap();
}
