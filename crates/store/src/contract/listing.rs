//! Listings and counts.

use super::{Shared, assert_fails, insert, key, name, tenant, tenant_of};
use crate::{Key, Kind, Listing, Store, StoreError};

/// Ids in the order of their UTF-8 bytes, which is no language's order and differs from that of UTF-16.
const IDS: [&str; 14] = [" ", "/", "/a", "0", "00", "10", "2", "A", "Z", "a", "a/b", "a0", "\u{ffee}", "\u{1f600}"];

/// The ids of a page of the parent `pool`.
async fn page(store: &dyn Store, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
    let tenant = tenant();
    let listing = Listing { kind: Kind::AppClient, tenant: &tenant, parent: "pool", after, limit };
    Ok(store.read().await?.rows(&listing).await?.into_iter().map(|row| row.key.id).collect())
}

/// The order does not depend on a language or on the order of insertion.
pub async fn lists_ids_in_the_order_of_their_bytes(store: Shared) -> Result<(), StoreError> {
    for id in IDS.iter().rev() {
        insert(&store, &key("pool", id), &[], id).await?;
    }
    assert_eq!(page(&*store, None, 100).await?, IDS);
    let tenant = tenant();
    let listing = Listing { kind: Kind::AppClient, tenant: &tenant, parent: "pool", after: None, limit: 100 };
    for row in store.read().await?.rows(&listing).await? {
        assert_eq!((row.version, &row.body), (1, &row.key.id));
        assert_eq!(row.key, key("pool", &row.body));
    }
    Ok(())
}

/// Pages of every size, one after the other, make up the whole.
pub async fn pages_without_missing_or_repeating(store: Shared) -> Result<(), StoreError> {
    for id in IDS {
        insert(&store, &key("pool", id), &[], "1").await?;
    }
    for limit in 1..=IDS.len() + 1 {
        let mut found: Vec<String> = Vec::new();
        loop {
            let page = page(&*store, found.last().map(|id| &**id), limit).await?;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, IDS, "in pages of {limit}");
    }
    assert_eq!(page(&*store, None, 0).await?, Vec::<String>::new());
    assert_eq!(page(&*store, None, usize::MAX).await?, IDS);
    Ok(())
}

/// Nothing of another kind, tenant or parent, even one whose name begins like this one's.
pub async fn lists_one_parent_only(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "mine"), &[], "1").await?;
    let others = [
        key("poo", "l"),
        key("pool2", "a"),
        key("", "a"),
        Key { kind: Kind::ResourceServer, ..key("pool", "a") },
        Key { tenant: tenant_of("000000000001", "us-east-1"), ..key("pool", "a") },
        Key { tenant: tenant_of("000000000000", "us-east-2"), ..key("pool", "a") },
    ];
    for other in &others {
        insert(&store, other, &[], "1").await?;
    }
    assert_eq!(page(&*store, None, 100).await?, ["mine"]);
    Ok(())
}

/// A page may begin after an id that has been deleted, or that never was.
pub async fn begins_after_an_id_that_is_not_there(store: Shared) -> Result<(), StoreError> {
    for id in ["b", "d", "f"] {
        insert(&store, &key("pool", id), &[], "1").await?;
    }
    assert_eq!(page(&*store, Some(""), 100).await?, ["b", "d", "f"]);
    assert_eq!(page(&*store, Some("a"), 2).await?, ["b", "d"]);
    assert_eq!(page(&*store, Some("c"), 100).await?, ["d", "f"]);
    assert_eq!(page(&*store, Some("d"), 100).await?, ["f"]);
    assert_eq!(page(&*store, Some("f"), 100).await?, Vec::<String>::new());
    Ok(())
}

/// Counts follow what happens, and only what happens.
pub async fn counts_what_is_there(store: Shared) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    let counted = async |tx: &mut dyn crate::Transaction| tx.count(Kind::AppClient, &tenant(), "pool").await;
    assert_eq!(counted(&mut *tx).await?, 0);
    for (number, id) in (1..).zip(["a", "b", "c"]) {
        tx.insert_row(&key("pool", id), &[name(id)], "1").await?;
        assert_eq!(counted(&mut *tx).await?, number);
    }
    tx.insert_row(&key("pool2", "a"), &[], "1").await?;
    tx.replace_row(&key("pool", "a"), 1, &[], "2").await?;
    assert_fails!(tx.insert_row(&key("pool", "b"), &[], "2").await, StoreError::AlreadyExists);
    assert_fails!(tx.insert_row(&key("pool", "d"), &[name("c")], "2").await, StoreError::NameTaken { .. });
    assert_eq!(counted(&mut *tx).await?, 3);
    assert!(tx.delete_row(&key("pool", "a")).await?);
    assert!(!tx.delete_row(&key("pool", "a")).await?);
    assert_eq!(counted(&mut *tx).await?, 2);
    tx.commit().await?;

    let mut dropped = store.write().await?;
    dropped.insert_row(&key("pool", "e"), &[], "1").await?;
    drop(dropped);
    assert_eq!(counted(&mut *store.read().await?).await?, 2);

    let mut tx = store.write().await?;
    for id in ["b", "c"] {
        assert!(tx.delete_row(&key("pool", id)).await?);
    }
    assert_eq!(counted(&mut *tx).await?, 0);
    tx.insert_row(&key("pool", "a"), &[], "1").await?;
    assert_eq!(counted(&mut *tx).await?, 1);
    Ok(())
}

/// All of a kind, ordered by account, region, parent and id, in pages of every size.
pub async fn pages_through_a_kind_over_all_tenants(store: Shared) -> Result<(), StoreError> {
    let mut keys = Vec::new();
    for (account, region) in [("000000000000", "us-east-1"), ("000000000000", "eu-west-1"), ("999999999999", "a")] {
        for (parent, id) in [("", "z"), ("pool", "a"), ("pool", "b"), ("pool2", "a")] {
            keys.push(Key { tenant: tenant_of(account, region), ..key(parent, id) });
        }
    }
    for key in &keys {
        insert(&store, key, &[], "1").await?;
        insert(&store, &Key { kind: Kind::Stage, ..key.clone() }, &[], "1").await?;
    }
    keys.sort();
    for limit in 1..=keys.len() + 1 {
        let mut found: Vec<Key> = Vec::new();
        loop {
            let page = store.read().await?.rows_of_kind(Kind::AppClient, found.last(), limit).await?;
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|row| row.key));
        }
        assert_eq!(found, keys, "in pages of {limit}");
    }
    Ok(())
}
