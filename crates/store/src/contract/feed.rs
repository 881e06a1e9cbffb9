//! The revision feed.

use super::{Shared, insert, key, name, tenant};
use crate::{Change, Changes, FEED_REVISIONS, Key, Kind, Revision, StoreError};

fn change(revision: u64, key: Key) -> Change {
    Change { revision: Revision(revision), key }
}

/// Inserted, replaced and deleted records appear in the order in which they were changed.
pub async fn reports_what_each_commit_changed_in_order(store: Shared) -> Result<(), StoreError> {
    let stage = Key { kind: Kind::Stage, ..key("api", "prod") };
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "b"), &[name("b")], "1").await?;
    tx.insert_row(&stage, &[], "1").await?;
    tx.insert_row(&key("pool", "a"), &[], "1").await?;
    tx.commit().await?;
    let mut tx = store.write().await?;
    tx.replace_row(&stage, 1, &[], "2").await?;
    tx.commit().await?;
    let mut tx = store.write().await?;
    tx.delete_row(&key("pool", "b")).await?;
    tx.commit().await?;

    let all = [
        change(1, key("pool", "b")),
        change(1, stage.clone()),
        change(1, key("pool", "a")),
        change(2, stage),
        change(3, key("pool", "b")),
    ];
    for (revision, skipped) in [(0, 0), (1, 3), (2, 4), (3, 5)] {
        let expected = all.iter().skip(skipped).cloned().collect();
        assert_eq!(store.changes(Revision(revision), 100).await?, Changes::Since(expected), "after {revision}");
    }
    Ok(())
}

/// However often a commit changed a record, one look at it will do.
pub async fn reports_a_record_once_per_commit(store: Shared) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.insert_row(&key("pool", "a"), &[], "1").await?;
    tx.insert_row(&key("pool", "b"), &[], "1").await?;
    tx.replace_row(&key("pool", "a"), 1, &[], "2").await?;
    tx.delete_row(&key("pool", "b")).await?;
    tx.insert_row(&key("pool", "b"), &[], "3").await?;
    tx.commit().await?;
    let expected = vec![change(1, key("pool", "a")), change(1, key("pool", "b"))];
    assert_eq!(store.changes(Revision(0), 100).await?, Changes::Since(expected));
    Ok(())
}

/// A `delete_rows` leaves one change for each record, in the order of their ids.
pub async fn reports_every_record_that_delete_all_removed(store: Shared) -> Result<(), StoreError> {
    for id in ["c", "a", "b"] {
        insert(&store, &key("pool", id), &[], "1").await?;
    }
    insert(&store, &key("pool2", "d"), &[], "1").await?;
    let mut tx = store.write().await?;
    tx.delete_rows(Kind::AppClient, &tenant(), "pool").await?;
    tx.commit().await?;
    let expected = ["a", "b", "c"].map(|id| change(5, key("pool", id))).to_vec();
    assert_eq!(store.changes(Revision(4), 100).await?, Changes::Since(expected));
    Ok(())
}

/// Neither dropped transactions nor refused writes leave a trace.
pub async fn reports_nothing_that_was_not_committed(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("a")], "1").await?;
    let mut dropped = store.write().await?;
    dropped.insert_row(&key("pool", "b"), &[], "1").await?;
    drop(dropped);
    let mut tx = store.write().await?;
    assert!(tx.insert_row(&key("pool", "c"), &[name("a")], "1").await.is_err());
    assert!(tx.replace_row(&key("pool", "a"), 9, &[], "2").await.is_err());
    assert!(!tx.delete_row(&key("pool", "d")).await?);
    tx.insert_row(&key("pool", "e"), &[], "1").await?;
    tx.commit().await?;
    let expected = vec![change(1, key("pool", "a")), change(2, key("pool", "e"))];
    assert_eq!(store.changes(Revision(0), 100).await?, Changes::Since(expected));
    Ok(())
}

/// An answer ends with the revision that brings it to the limit, complete.
pub async fn answers_in_whole_revisions(store: Shared) -> Result<(), StoreError> {
    for revision in ["a", "b", "c"] {
        let mut tx = store.write().await?;
        for number in 0..3 {
            tx.insert_row(&key("pool", &format!("{revision}{number}")), &[], "1").await?;
        }
        tx.commit().await?;
    }
    for (limit, revisions) in [(1, 1), (2, 1), (3, 1), (4, 2), (6, 2), (7, 3), (100, 3)] {
        let Changes::Since(changes) = store.changes(Revision(0), limit).await? else { panic!("the feed is complete") };
        assert_eq!(changes.len(), 3 * revisions, "with a limit of {limit}");
        assert_eq!(changes.last().map(|last| last.revision.0), Some(revisions as u64));
    }
    Ok(())
}

/// There is nothing after the newest revision, nor after the beginning of an empty store.
pub async fn reports_nothing_after_the_newest_revision(store: Shared) -> Result<(), StoreError> {
    assert_eq!(store.changes(Revision(0), 100).await?, Changes::Since(vec![]));
    let newest = insert(&store, &key("pool", "a"), &[], "1").await?;
    assert_eq!(store.changes(newest, 100).await?, Changes::Since(vec![]));
    Ok(())
}

/// The newest [`FEED_REVISIONS`] revisions are kept, and who asks for more is told to load everything anew.
pub async fn says_when_it_does_not_reach_back(store: Shared) -> Result<(), StoreError> {
    const FORGOTTEN: u64 = 20;
    // Many commit together where the backend can, so that this does not wait for the disk ten thousand times. Each has a
    // parent of its own, so that they do not collide.
    let mut commits = tokio::task::JoinSet::new();
    for number in 0..FEED_REVISIONS + FORGOTTEN {
        if commits.len() == 64
            && let Some(committed) = commits.join_next().await
        {
            committed.expect("the commit ran to its end")?;
        }
        let store = std::sync::Arc::clone(&store);
        commits.spawn(async move { insert(&store, &key(&number.to_string(), "a"), &[], "1").await });
    }
    for committed in commits.join_all().await {
        committed?;
    }
    // Numbers that were left out count as well.
    let newest = *store.revisions().borrow();
    assert!(newest >= Revision(FEED_REVISIONS + FORGOTTEN));
    let oldest = Revision(newest.0 - FEED_REVISIONS);
    for forgotten in [0, 1, oldest.0 - 1] {
        assert_eq!(store.changes(Revision(forgotten), 100).await?, Changes::TooOld, "after {forgotten}");
    }
    let Changes::Since(changes) = store.changes(oldest, usize::MAX).await? else {
        panic!("the feed reaches back {FEED_REVISIONS} revisions")
    };
    assert!(changes.iter().map(|change| change.revision).is_sorted_by(|before, after| before < after));
    assert!(changes.first().is_some_and(|first| first.revision > oldest));
    assert_eq!(changes.last().map(|last| last.revision), Some(newest));
    assert!(changes.len() as u64 > FEED_REVISIONS / 2);
    Ok(())
}

/// A node that is ahead of the store (whose database was replaced by a backup) must load everything anew.
pub async fn says_when_it_never_had_a_revision(store: Shared) -> Result<(), StoreError> {
    assert_eq!(store.changes(Revision(1), 100).await?, Changes::TooOld);
    insert(&store, &key("pool", "a"), &[], "1").await?;
    assert_eq!(store.changes(Revision(2), 100).await?, Changes::TooOld);
    assert_eq!(store.changes(Revision(u64::MAX), 100).await?, Changes::TooOld);
    Ok(())
}
