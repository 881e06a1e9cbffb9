//! Records: inserted, found, replaced and deleted by key.

use claviger_resources::resource_server::{ResourceServer, Scope};
use claviger_resources::{Timestamp, UserPoolId};

use super::{Shared, assert_fails, find, insert, key, name, tenant, tenant_of};
use crate::{Key, Kind, Row, StoreError, TransactionExt as _};

/// A record is there, at version 1, in its own transaction and in the next.
pub async fn finds_what_was_inserted(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    let expected = Some(Row { key: key.clone(), version: 1, body: r#"{"n":1}"#.to_owned() });
    let mut tx = store.write().await?;
    assert_eq!(tx.row(&key).await?, None);
    tx.insert_row(&key, &[], r#"{"n":1}"#).await?;
    assert_eq!(tx.row(&key).await?, expected);
    tx.commit().await?;
    assert_eq!(find(&store, &key).await?, expected);
    Ok(())
}

/// Keys that differ in one part only are keys of different records.
pub async fn keeps_kinds_tenants_and_parents_apart(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    let keys = [
        key.clone(),
        Key { kind: Kind::ResourceServer, ..key.clone() },
        Key { tenant: tenant_of("000000000001", "us-east-1"), ..key.clone() },
        Key { tenant: tenant_of("000000000000", "eu-west-1"), ..key.clone() },
        Key { parent: "pool2".to_owned(), ..key.clone() },
        Key { parent: String::new(), ..key.clone() },
        Key { id: "A".to_owned(), ..key.clone() },
    ];
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(find(&store, key).await?, None);
        insert(&store, key, &[], &number.to_string()).await?;
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(find(&store, key).await?.map(|row| row.body), Some(number.to_string()));
    }
    Ok(())
}

/// The second record changes nothing: not the first, not the count, and the names it wanted stay free.
pub async fn refuses_a_second_record_with_the_same_key(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    insert(&store, &key, &[name("first")], "1").await?;
    let mut tx = store.write().await?;
    assert_fails!(tx.insert_row(&key, &[name("second")], "2").await, StoreError::AlreadyExists);
    assert_eq!(tx.row(&key).await?, Some(Row { key: key.clone(), version: 1, body: "1".to_owned() }));
    assert_eq!(tx.row_named(&name("second")).await?, None);
    assert_eq!(tx.count(key.kind, &key.tenant, "pool").await?, 1);
    Ok(())
}

/// Each replacement adds one to the version.
pub async fn replaces_a_record_at_its_version(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    insert(&store, &key, &[], "1").await?;
    for version in 1..4 {
        let mut tx = store.write().await?;
        tx.replace_row(&key, version, &[], &format!("{}", version + 1)).await?;
        tx.commit().await?;
        let expected = Row { key: key.clone(), version: version + 1, body: format!("{}", version + 1) };
        assert_eq!(find(&store, &key).await?, Some(expected));
    }
    Ok(())
}

/// A replacement that names another version than the stored one changes nothing.
pub async fn refuses_to_replace_a_record_that_has_changed(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    let mut tx = store.write().await?;
    tx.insert_row(&key, &[name("kept")], "1").await?;
    tx.replace_row(&key, 1, &[name("kept")], "2").await?;
    for version in [0, 1, 3, u64::MAX] {
        assert_fails!(tx.replace_row(&key, version, &[name("other")], "3").await, StoreError::Conflict);
    }
    tx.commit().await?;
    assert_eq!(find(&store, &key).await?, Some(Row { key: key.clone(), version: 2, body: "2".to_owned() }));
    assert_eq!(super::holder(&store, &name("kept")).await?, Some("a".to_owned()));
    assert_eq!(super::holder(&store, &name("other")).await?, None);
    Ok(())
}

/// What is gone has changed.
pub async fn refuses_to_replace_a_record_that_is_gone(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    let mut tx = store.write().await?;
    assert_fails!(tx.replace_row(&key, 1, &[], "2").await, StoreError::Conflict);
    tx.insert_row(&key, &[], "1").await?;
    assert!(tx.delete_row(&key).await?);
    assert_fails!(tx.replace_row(&key, 1, &[], "2").await, StoreError::Conflict);
    Ok(())
}

/// A delete tells whether there was anything to delete.
pub async fn deletes_a_record_once(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[], "1").await?;
    insert(&store, &key("pool", "b"), &[], "2").await?;
    let mut tx = store.write().await?;
    assert!(tx.delete_row(&key("pool", "a")).await?);
    assert!(!tx.delete_row(&key("pool", "a")).await?);
    assert!(!tx.delete_row(&key("pool2", "b")).await?);
    tx.commit().await?;
    assert_eq!(find(&store, &key("pool", "a")).await?, None);
    assert!(find(&store, &key("pool", "b")).await?.is_some());
    Ok(())
}

/// A record with the key of a deleted one is a new record.
pub async fn starts_again_at_version_1_after_a_delete(store: Shared) -> Result<(), StoreError> {
    let key = key("pool", "a");
    let mut tx = store.write().await?;
    tx.insert_row(&key, &[], "1").await?;
    tx.replace_row(&key, 1, &[], "2").await?;
    tx.delete_row(&key).await?;
    tx.insert_row(&key, &[], "3").await?;
    tx.commit().await?;
    assert_eq!(find(&store, &key).await?, Some(Row { key: key.clone(), version: 1, body: "3".to_owned() }));
    Ok(())
}

/// Records of other kinds, parents and tenants stay.
pub async fn deletes_all_records_of_a_kind_under_a_parent(store: Shared) -> Result<(), StoreError> {
    let others = [
        key("pool2", "a"),
        Key { kind: Kind::ResourceServer, ..key("pool", "a") },
        Key { tenant: tenant_of("000000000001", "us-east-1"), ..key("pool", "a") },
    ];
    let mut tx = store.write().await?;
    for key in ["a", "b", "c"].map(|id| key("pool", id)).iter().chain(&others) {
        tx.insert_row(key, &[], "1").await?;
    }
    tx.commit().await?;
    let mut tx = store.write().await?;
    assert_eq!(tx.delete_rows(Kind::AppClient, &tenant(), "pool").await?, 3);
    assert_eq!(tx.delete_rows(Kind::AppClient, &tenant(), "pool").await?, 0);
    assert_eq!(tx.count(Kind::AppClient, &tenant(), "pool").await?, 0);
    tx.commit().await?;
    assert_eq!(find(&store, &key("pool", "a")).await?, None);
    for key in &others {
        assert!(find(&store, key).await?.is_some(), "{key:?}");
    }
    Ok(())
}

/// The typed verbs do what the untyped ones do, with key and names taken from the noun.
pub async fn keeps_typed_records(store: Shared) -> Result<(), StoreError> {
    let server = ResourceServer {
        pool: UserPoolId::parse("us-east-1_AbCdEfGhI").expect("a pool id"),
        tenant: tenant(),
        identifier: "https://weather.example".to_owned(),
        name: "Weather".to_owned(),
        scopes: vec![Scope { name: "read".to_owned(), description: "look at the sky \u{1f327}".to_owned() }],
        created: Timestamp::from_seconds(1_700_000_000),
    };
    let (pool, id) = (server.pool.as_str(), &*server.identifier);
    let mut tx = store.write().await?;
    tx.insert(&server).await?;
    assert_fails!(tx.insert(&server).await, StoreError::AlreadyExists);
    tx.commit().await?;

    let mut tx = store.write().await?;
    let mut found = tx.find::<ResourceServer>(&tenant(), pool, id).await?.expect("the resource server");
    assert_eq!(found.record, server);
    found.record.name.replace_range(.., "Sky");
    tx.replace(&found).await?;
    assert_fails!(tx.replace(&found).await, StoreError::Conflict);
    let names = tx.list_all::<ResourceServer>(&tenant(), pool).await?.into_iter().map(|found| found.record.name);
    assert_eq!(names.collect::<Vec<_>>(), ["Sky"]);
    assert_eq!(tx.count_of::<ResourceServer>(&tenant(), pool).await?, 1);
    assert!(tx.delete(&server).await?);
    assert_eq!(tx.find::<ResourceServer>(&tenant(), pool, id).await?, None);
    tx.commit().await?;
    Ok(())
}
