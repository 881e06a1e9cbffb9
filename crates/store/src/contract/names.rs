//! Names: each held by one record at a time, over everything.

use super::{Shared, assert_fails, find, holder, insert, key, name, tenant, tenant_of};
use crate::{Key, Kind, Name, Namespace, Row, StoreError};

/// A record may have several names, and each leads to it.
pub async fn finds_a_record_by_each_of_its_names(store: Shared) -> Result<(), StoreError> {
    let key = Key { tenant: tenant_of("123456789012", "eu-west-1"), ..key("pool", "a") };
    let names = [name("one"), name("two"), Name::new(Namespace::ApiId, "three")];
    insert(&store, &key, &names, "1").await?;
    for name in &names {
        let found = store.read().await?.row_named(name).await?;
        assert_eq!(found, Some(Row { key: key.clone(), version: 1, body: "1".to_owned() }));
    }
    assert_eq!(holder(&store, &name("four")).await?, None);
    Ok(())
}

/// The refused record is not there, nor counted, and its other names stay free, those before the taken one as well.
pub async fn refuses_to_insert_with_a_taken_name(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("taken")], "1").await?;
    let mut tx = store.write().await?;
    let names = [name("free"), name("taken"), name("free too")];
    assert_fails!(
        tx.insert_row(&key("pool", "b"), &names, "2").await,
        StoreError::NameTaken { namespace: Namespace::ClientId }
    );
    assert_eq!(tx.row(&key("pool", "b")).await?, None);
    assert_eq!(tx.count(Kind::AppClient, &tenant(), "pool").await?, 1);
    tx.insert_row(&key("pool", "c"), &[name("free"), name("free too")], "3").await?;
    tx.commit().await?;
    assert_eq!(holder(&store, &name("taken")).await?.as_deref(), Some("a"));
    assert_eq!(holder(&store, &name("free")).await?.as_deref(), Some("c"));
    Ok(())
}

/// The refused replacement leaves body, version and all old names.
pub async fn refuses_to_replace_with_a_taken_name(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("taken")], "1").await?;
    insert(&store, &key("pool", "b"), &[name("mine")], "2").await?;
    let mut tx = store.write().await?;
    assert_fails!(
        tx.replace_row(&key("pool", "b"), 1, &[name("new"), name("taken")], "3").await,
        StoreError::NameTaken { namespace: Namespace::ClientId }
    );
    tx.commit().await?;
    let expected = Row { key: key("pool", "b"), version: 1, body: "2".to_owned() };
    assert_eq!(find(&store, &key("pool", "b")).await?, Some(expected));
    assert_eq!(holder(&store, &name("mine")).await?.as_deref(), Some("b"));
    assert_eq!(holder(&store, &name("taken")).await?.as_deref(), Some("a"));
    assert_eq!(holder(&store, &name("new")).await?, None);
    Ok(())
}

/// A record does not stand in its own way.
pub async fn keeps_the_names_a_replacement_names_again(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("one"), name("two")], "1").await?;
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "a"), 1, &[name("two"), name("three")], "2").await?;
    tx.commit().await?;
    assert_eq!(holder(&store, &name("two")).await?.as_deref(), Some("a"));
    assert_eq!(holder(&store, &name("three")).await?.as_deref(), Some("a"));
    Ok(())
}

/// A name that the replacement no longer names is free.
pub async fn frees_names_on_replace(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("old")], "1").await?;
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "a"), 1, &[name("new")], "2").await?;
    tx.commit().await?;
    assert_eq!(holder(&store, &name("old")).await?, None);
    insert(&store, &key("pool", "b"), &[name("old")], "3").await?;
    assert_eq!(holder(&store, &name("old")).await?.as_deref(), Some("b"));
    Ok(())
}

/// The names of a deleted record are free.
pub async fn frees_names_on_delete(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("one"), name("two")], "1").await?;
    let mut tx = store.write().await?;
    tx.delete_row(&key("pool", "a")).await?;
    assert_eq!(tx.row_named(&name("one")).await?, None);
    tx.insert_row(&key("pool", "b"), &[name("one"), name("two")], "2").await?;
    tx.commit().await?;
    assert_eq!(holder(&store, &name("two")).await?.as_deref(), Some("b"));
    Ok(())
}

/// The names of all records that a `delete_rows` removed are free; those of others stay.
pub async fn frees_names_on_delete_all(store: Shared) -> Result<(), StoreError> {
    for id in ["a", "b"] {
        insert(&store, &key("pool", id), &[name(id)], "1").await?;
    }
    insert(&store, &key("pool2", "c"), &[name("c")], "1").await?;
    let mut tx = store.write().await?;
    tx.delete_rows(Kind::AppClient, &tenant(), "pool").await?;
    tx.insert_row(&key("pool2", "d"), &[name("a"), name("b")], "2").await?;
    assert_fails!(tx.insert_row(&key("pool2", "e"), &[name("c")], "3").await, StoreError::NameTaken { .. });
    tx.commit().await?;
    assert_eq!(holder(&store, &name("a")).await?.as_deref(), Some("d"));
    Ok(())
}

/// Neither another tenant nor another kind may have a name that is taken.
pub async fn holds_names_unique_over_tenants_and_kinds(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("taken")], "1").await?;
    let others = [
        Key { tenant: tenant_of("000000000001", "us-east-1"), ..key("pool", "a") },
        Key { tenant: tenant_of("000000000000", "eu-west-1"), ..key("pool", "a") },
        Key { kind: Kind::RestApi, ..key("pool", "a") },
    ];
    for other in &others {
        assert_fails!(insert(&store, other, &[name("taken")], "2").await, StoreError::NameTaken { .. });
    }
    Ok(())
}

/// The same text may be a name in each namespace.
pub async fn keeps_namespaces_apart(store: Shared) -> Result<(), StoreError> {
    for (id, &namespace) in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().zip(Namespace::ALL) {
        insert(&store, &key("pool", id), &[Name::new(namespace, "same")], "1").await?;
    }
    for (id, &namespace) in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().zip(Namespace::ALL) {
        assert_eq!(holder(&store, &Name::new(namespace, "same")).await?.as_deref(), Some(*id));
    }
    Ok(())
}

/// One transaction may take a name from one record and give it to another.
pub async fn hands_a_name_over_within_a_transaction(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("host")], "1").await?;
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "a"), 1, &[], "1").await?;
    tx.insert_row(&key("pool", "b"), &[name("host")], "2").await?;
    tx.commit().await?;
    assert_eq!(holder(&store, &name("host")).await?.as_deref(), Some("b"));
    Ok(())
}
