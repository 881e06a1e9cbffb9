//! A database as a whole: filled at once, read with all its names, looked over.

use super::{Shared, Whole, find, holder, insert, key, name, tenant};
use crate::{
    Backend, Changes, FEED_REVISIONS, FillError, Key, Kind, Name, NamedRow, Namespace, Revision, Row, StoreError,
};

fn row(id: &str, version: u64, names: &[&str]) -> NamedRow {
    let row = Row { key: key("pool", id), version, body: format!("the body\nof {id}") };
    NamedRow { row, names: names.iter().map(|text| name(text)).collect() }
}

async fn filled(store: &dyn Backend, rows: &[NamedRow], after: Revision) -> Result<Revision, FillError> {
    let mut filling = store.fill().await?;
    filling.add(rows).await?;
    filling.commit(after).await
}

/// Fills a store that nothing is wrong with.
async fn fill(store: &Whole, rows: &[NamedRow], after: Revision) -> Revision {
    filled(&**store, rows, after).await.expect("an empty store")
}

/// Keys, versions, bodies and names are what they were, and counted.
pub async fn is_filled_with_what_another_store_held(store: Whole) -> Result<(), StoreError> {
    let first: Vec<_> = (0..500).map(|number| row(&format!("{number:03}"), number + 1, &[])).collect();
    let elsewhere = Key { kind: Kind::Stage, ..key("", "\u{1f600} b'\"\\") };
    let second = [
        row("named", 7, &["one", "two"]),
        NamedRow { row: Row { key: elsewhere.clone(), version: 2, body: "{}".to_owned() }, names: Vec::new() },
    ];
    let mut filling = store.fill().await.expect("an empty store");
    for rows in [&first[..], &[], &second[..]] {
        filling.add(rows).await.expect("rows that are not there");
    }
    filling.commit(Revision(0)).await.expect("a commit");
    for expected in first.iter().chain(&second) {
        assert_eq!(find(&(store.clone() as Shared), &expected.row.key).await?.as_ref(), Some(&expected.row));
    }
    assert_eq!(holder(&(store.clone() as Shared), &name("two")).await?.as_deref(), Some("named"));
    let mut tx = store.read().await?;
    assert_eq!(tx.count(Kind::AppClient, &tenant(), "pool").await?, 501);
    assert_eq!(tx.count(Kind::Stage, &tenant(), "").await?, 1);
    Ok(())
}

/// A single record is enough.
pub async fn is_refused_when_it_holds_something(store: Whole) -> Result<(), StoreError> {
    insert(&(store.clone() as Shared), &key("pool", "a"), &[], "1").await?;
    assert!(matches!(filled(&*store, &[row("b", 1, &[])], Revision(0)).await, Err(FillError::NotEmpty)));
    assert_eq!(find(&(store.clone() as Shared), &key("pool", "b")).await?, None);
    let mut tx = store.write().await?;
    assert!(tx.delete_row(&key("pool", "a")).await?);
    tx.commit().await?;
    fill(&store, &[row("b", 1, &[])], Revision(0)).await;
    Ok(())
}

/// As if nothing had been begun: the store can be filled, and written to.
pub async fn leaves_nothing_behind_when_dropped(store: Whole) -> Result<(), StoreError> {
    let mut filling = store.fill().await.expect("an empty store");
    filling.add(&[row("a", 1, &["one"])]).await.expect("rows that are not there");
    drop(filling);
    assert_eq!(find(&(store.clone() as Shared), &key("pool", "a")).await?, None);
    assert_eq!(*store.revisions().borrow(), Revision(0));
    fill(&store, &[row("a", 3, &["one"])], Revision(0)).await;
    insert(&(store.clone() as Shared), &key("pool", "b"), &[name("two")], "1").await?;
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, 2);
    Ok(())
}

/// A record, or a name, that two rows have; of it all nothing is kept.
pub async fn refuses_what_comes_twice(store: Whole) -> Result<(), StoreError> {
    for rows in [[row("a", 1, &[]), row("a", 2, &[])], [row("a", 1, &["one"]), row("b", 1, &["one"])]] {
        let [first, second] = &rows;
        let refused = filled(&*store, &rows, Revision(0)).await;
        assert!(matches!(refused, Err(FillError::Repeated)), "{refused:?}");
        let mut filling = store.fill().await.expect("an empty store");
        filling.add(std::slice::from_ref(first)).await.expect("a row that is not there");
        let refused = filling.add(std::slice::from_ref(second)).await;
        assert!(matches!(refused, Err(FillError::Repeated)), "{refused:?}");
        drop(filling);
    }
    assert_eq!(find(&(store as Shared), &key("pool", "a")).await?, None);
    Ok(())
}

/// Nobody goes on from a state that was here, or in the store that the rows are from.
pub async fn makes_everyone_load_anew(store: Whole) -> Result<(), StoreError> {
    insert(&(store.clone() as Shared), &key("pool", "a"), &[], "1").await?;
    let mut tx = store.write().await?;
    assert!(tx.delete_row(&key("pool", "a")).await?);
    let before = tx.commit().await?;
    let elsewhere = Revision(before.0 + 70_000);
    let revision = fill(&store, &[row("a", 1, &[])], elsewhere).await;
    assert!(revision.0 > elsewhere.0 + FEED_REVISIONS, "{revision}");
    assert_eq!(*store.revisions().borrow(), revision);
    for known in [Revision(0), before, elsewhere] {
        assert_eq!(store.changes(known, 10).await?, Changes::TooOld, "{known}");
    }
    assert_eq!(store.changes(revision, 10).await?, Changes::Since(Vec::new()));
    Ok(())
}

/// Rows are replaced at the versions they came with, and new ones go to the feed as ever.
pub async fn goes_on_where_it_was_filled(store: Whole) -> Result<(), StoreError> {
    let revision = fill(&store, &[row("a", 41, &["one"])], Revision(9)).await;
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "a"), 41, &[name("two")], "2").await?;
    tx.insert_row(&key("pool", "b"), &[name("one")], "1").await?;
    let next = tx.commit().await?;
    assert!(next > revision);
    let Changes::Since(changes) = store.changes(revision, 10).await? else { panic!("the feed reaches back") };
    assert_eq!(changes.iter().map(|change| &*change.key.id).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(find(&(store.clone() as Shared), &key("pool", "a")).await?.map(|row| row.version), Some(42));
    assert!(tx_delete(&store, "a").await? && tx_delete(&store, "b").await?);
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, 0);
    Ok(())
}

async fn tx_delete(store: &Whole, id: &str) -> Result<bool, StoreError> {
    let mut tx = store.write().await?;
    let was_there = tx.delete_row(&key("pool", id)).await?;
    tx.commit().await?;
    Ok(was_there)
}

/// Rows in the order of their keys, in pages of every size, each with the names that are its own now.
pub async fn lists_rows_with_their_names(store: Whole) -> Result<(), StoreError> {
    let shared: Shared = store.clone();
    let other = |text: &str| Name::new(Namespace::ApiId, text);
    insert(&shared, &key("pool", "b"), &[name("b2"), other("b3"), name("b1")], "1").await?;
    insert(&shared, &key("pool", "c"), &[], "1").await?;
    insert(&shared, &key("pool", "a"), &[name("old")], "1").await?;
    insert(&shared, &Key { kind: Kind::Stage, ..key("pool", "a") }, &[name("of a stage")], "1").await?;
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "a"), 1, &[name("new")], "2").await?;
    tx.commit().await?;
    let mut expected = vec![
        (key("pool", "a"), 2, vec![name("new")]),
        (key("pool", "b"), 1, vec![name("b1"), name("b2"), other("b3")]),
        (key("pool", "c"), 1, vec![]),
    ];
    // In the order of texts, as they are stored.
    for (_, _, names) in &mut expected {
        names.sort_by_key(|name| (name.namespace.as_str(), name.name.clone()));
    }
    for limit in 1..=4 {
        let mut found: Vec<(Key, u64, Vec<Name>)> = Vec::new();
        loop {
            let after = found.last().map(|(key, ..)| key);
            let page = store.read().await?.named_rows_of_kind(Kind::AppClient, after, limit).await?;
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|named| (named.row.key, named.row.version, named.names)));
        }
        assert_eq!(found, expected, "in pages of {limit}");
    }
    Ok(())
}

/// Each kind that is there, once.
pub async fn tells_which_kinds_are_there(store: Whole) -> Result<(), StoreError> {
    assert_eq!(store.kinds().await?, Vec::<String>::new());
    for id in ["a", "b"] {
        insert(&(store.clone() as Shared), &key("pool", id), &[], "1").await?;
        insert(&(store.clone() as Shared), &Key { kind: Kind::Stage, ..key("pool", id) }, &[], "1").await?;
    }
    assert_eq!(store.kinds().await?, ["app_client", "stage"]);
    Ok(())
}

/// The engine says its name, and has nothing to complain of.
pub async fn finds_nothing_wrong_with_a_store_in_use(store: Whole) -> Result<(), StoreError> {
    insert(&(store.clone() as Shared), &key("pool", "a"), &[name("one")], "1").await?;
    let writing = insert(&(store.clone() as Shared), &key("pool", "b"), &[name("two")], "1").await?;
    let examined = store.examine().await?;
    assert!(!examined.engine.is_empty());
    assert_eq!(examined.damage, Vec::<String>::new());
    assert_eq!(*store.revisions().borrow(), writing);
    Ok(())
}
