//! Transactions: all or nothing, and what they do to the revision.

use super::{Shared, assert_fails, find, holder, insert, key, name, tenant};
use crate::{Changes, Kind, Revision, StoreError};

/// A transaction that is dropped was never there.
pub async fn leaves_nothing_behind_when_dropped(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("a")], "1").await?;
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "b"), &[name("b")], "1").await?;
    tx.replace_row(&key("pool", "a"), 1, &[name("c")], "2").await?;
    tx.delete_rows(Kind::AppClient, &tenant(), "pool").await?;
    drop(tx);
    assert_eq!(find(&store, &key("pool", "a")).await?.map(|row| (row.version, row.body)), Some((1, "1".to_owned())));
    assert_eq!(find(&store, &key("pool", "b")).await?, None);
    assert_eq!(holder(&store, &name("a")).await?.as_deref(), Some("a"));
    assert_eq!(holder(&store, &name("c")).await?, None);
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, 1);
    assert_eq!(store.read().await?.revision().await?, Revision(1));
    Ok(())
}

/// A write is seen by everything that follows it in its transaction.
pub async fn sees_its_own_writes(store: Shared) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "a"), &[name("a")], "1").await?;
    tx.replace_row(&key("pool", "a"), 1, &[name("b")], "2").await?;
    assert_eq!(tx.row(&key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("2"));
    assert_eq!(tx.row_named(&name("a")).await?, None);
    assert_eq!(tx.row_named(&name("b")).await?.map(|row| row.key), Some(key("pool", "a")));
    assert_eq!(tx.rows_of_kind(Kind::AppClient, None, 10).await?.len(), 1);
    tx.delete_row(&key("pool", "a")).await?;
    assert_eq!(tx.rows_of_kind(Kind::AppClient, None, 10).await?.len(), 0);
    tx.commit().await?;
    Ok(())
}

/// An error is an answer: what the transaction wrote before is still there to be read.
pub async fn keeps_earlier_writes_when_a_later_one_is_refused(store: Shared) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "a"), &[name("a")], "1").await?;
    assert_fails!(tx.insert_row(&key("pool", "a"), &[], "2").await, StoreError::AlreadyExists);
    assert_fails!(tx.insert_row(&key("pool", "b"), &[name("a")], "2").await, StoreError::NameTaken { .. });
    assert_fails!(tx.replace_row(&key("pool", "a"), 7, &[], "2").await, StoreError::Conflict);
    assert_fails!(tx.insert_row(&key("pool", "\0"), &[], "2").await, StoreError::NulCharacter);
    assert_eq!(tx.row(&key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("1"));
    tx.replace_row(&key("pool", "a"), 1, &[name("a")], "3").await?;
    assert_eq!(tx.row(&key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("3"));
    Ok(())
}

/// A refused request may still have something to keep, such as a count of failures.
pub async fn commits_after_a_refused_write(store: Shared) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "failures"), &[], "1").await?;
    assert_fails!(tx.replace_row(&key("pool", "missing"), 1, &[], "2").await, StoreError::Conflict);
    assert_eq!(tx.commit().await?, Revision(1));
    assert_eq!(find(&store, &key("pool", "failures")).await?.map(|row| row.body).as_deref(), Some("1"));
    Ok(())
}

/// Each commit that changed something is numbered one more than the last, however much it changed.
pub async fn moves_the_revision_once_per_writing_commit(store: Shared) -> Result<(), StoreError> {
    assert_eq!(store.read().await?.revision().await?, Revision(0));
    for number in 1..=5 {
        let mut tx = store.write().await?;
        assert_eq!(tx.revision().await?, Revision(number - 1));
        for record in 0..number {
            tx.insert_row(&key("pool", &format!("{number}/{record}")), &[], "1").await?;
        }
        assert_eq!(tx.revision().await?, Revision(number - 1));
        assert_eq!(tx.commit().await?, Revision(number));
        assert_eq!(store.read().await?.revision().await?, Revision(number));
    }
    Ok(())
}

/// Neither reading, nor refused writes, nor deleting what is not there move the revision.
pub async fn moves_no_revision_by_reading(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[], "1").await?;
    let tx = store.read().await?;
    assert_eq!(tx.commit().await?, Revision(1));
    let tx = store.write().await?;
    assert_eq!(tx.commit().await?, Revision(1));
    let mut tx = store.write().await?;
    tx.row(&key("pool", "a")).await?;
    assert_fails!(tx.insert_row(&key("pool", "a"), &[], "2").await, StoreError::AlreadyExists);
    assert!(!tx.delete_row(&key("pool", "b")).await?);
    assert_eq!(tx.delete_rows(Kind::AppClient, &tenant(), "pool2").await?, 0);
    assert_eq!(tx.commit().await?, Revision(1));
    assert_eq!(store.changes(Revision(1), 10).await?, Changes::Since(vec![]));
    assert_eq!(*store.revisions().borrow(), Revision(1));
    Ok(())
}

/// Every verb that writes is refused, and reading goes on.
pub async fn refuses_to_write_in_a_transaction_for_reading(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[], "1").await?;
    let mut tx = store.read().await?;
    assert_fails!(tx.insert_row(&key("pool", "b"), &[], "1").await, StoreError::ReadOnly);
    assert_fails!(tx.replace_row(&key("pool", "a"), 1, &[], "2").await, StoreError::ReadOnly);
    assert_fails!(tx.delete_row(&key("pool", "a")).await, StoreError::ReadOnly);
    assert_fails!(tx.delete_rows(Kind::AppClient, &tenant(), "pool").await, StoreError::ReadOnly);
    assert_eq!(tx.row(&key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("1"));
    assert_eq!(tx.commit().await?, Revision(1));
    Ok(())
}

/// Whoever reads after a commit was acknowledged sees it.
pub async fn shows_a_commit_to_the_next_reader(store: Shared) -> Result<(), StoreError> {
    for number in 1..=50 {
        let key = key("pool", &number.to_string());
        let revision = insert(&store, &key, &[], "1").await?;
        let mut tx = store.read().await?;
        assert_eq!(tx.revision().await?, revision);
        assert!(tx.row(&key).await?.is_some());
    }
    Ok(())
}

/// The channel moves with each commit, and never ahead of what a reader can see.
pub async fn publishes_each_revision(store: Shared) -> Result<(), StoreError> {
    let mut revisions = store.revisions();
    assert_eq!(*revisions.borrow_and_update(), Revision(0));
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "dropped"), &[], "1").await?;
    drop(tx);
    assert!(!revisions.has_changed().is_ok_and(|changed| changed));
    for number in 1..=5 {
        insert(&store, &key("pool", &number.to_string()), &[], "1").await?;
        assert_eq!(*revisions.borrow_and_update(), Revision(number));
        assert_eq!(*store.revisions().borrow(), Revision(number));
    }
    Ok(())
}
