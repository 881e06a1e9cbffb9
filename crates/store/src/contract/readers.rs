//! Readers beside writers: each sees one state, and none waits.

use std::sync::Arc;

use super::{Shared, find, holder, insert, key, name, tenant};
use crate::{Changes, Kind, Revision, StoreError};

/// A writer in the middle of its work neither shows it nor holds readers up.
pub async fn see_nothing_of_a_writer_until_it_commits(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[name("a")], "1").await?;
    let mut writer = store.write().await?;
    writer.replace_row(&key("pool", "a"), 1, &[name("b")], "2").await?;
    writer.insert_row(&key("pool", "b"), &[], "2").await?;
    assert_eq!(find(&store, &key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("1"));
    assert_eq!(find(&store, &key("pool", "b")).await?, None);
    assert_eq!(holder(&store, &name("a")).await?.as_deref(), Some("a"));
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, 1);
    writer.commit().await?;
    assert_eq!(find(&store, &key("pool", "a")).await?.map(|row| row.body).as_deref(), Some("2"));
    Ok(())
}

/// What a reader saw first it sees to its end, whatever is committed meanwhile.
pub async fn see_one_state_while_writers_commit(store: Shared) -> Result<(), StoreError> {
    for id in ["a", "b"] {
        insert(&store, &key("pool", id), &[], "0").await?;
    }
    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for version in 1..=200 {
                let mut tx = store.write().await?;
                for id in ["a", "b"] {
                    tx.replace_row(&key("pool", id), version, &[], &version.to_string()).await?;
                }
                tx.commit().await?;
            }
            Ok::<_, StoreError>(())
        }
    });
    let mut states = 0;
    while !writer.is_finished() {
        let mut tx = store.read().await?;
        let first = tx.row(&key("pool", "a")).await?;
        let revision = tx.revision().await?;
        tokio::task::yield_now().await;
        let second = tx.row(&key("pool", "b")).await?;
        assert_eq!(first.as_ref().map(|row| &row.body), second.as_ref().map(|row| &row.body));
        assert_eq!(tx.row(&key("pool", "a")).await?, first);
        assert_eq!(revision.0, first.map_or(0, |row| row.version + 1));
        states += 1;
    }
    writer.await.expect("the writer ran to its end")?;
    assert!(states > 0);
    Ok(())
}

/// The feed and the published revision do not run ahead of a commit.
pub async fn see_the_feed_of_committed_writers_only(store: Shared) -> Result<(), StoreError> {
    insert(&store, &key("pool", "a"), &[], "1").await?;
    let mut writer = store.write().await?;
    writer.insert_row(&key("pool", "b"), &[], "1").await?;
    assert_eq!(store.changes(Revision(1), 10).await?, Changes::Since(vec![]));
    assert_eq!(*store.revisions().borrow(), Revision(1));
    assert_eq!(writer.commit().await?, Revision(2));
    assert_ne!(store.changes(Revision(1), 10).await?, Changes::Since(vec![]));
    Ok(())
}

/// Several readers, opened at different moments, each keep their state.
pub async fn read_side_by_side(store: Shared) -> Result<(), StoreError> {
    let mut readers = Vec::new();
    for number in 1..=3 {
        insert(&store, &key("pool", &number.to_string()), &[], "1").await?;
        readers.push((number, store.read().await?));
    }
    insert(&store, &key("pool", "4"), &[], "1").await?;
    for (number, mut reader) in readers {
        assert_eq!(reader.count(Kind::AppClient, &tenant(), "pool").await?, number);
        assert_eq!(reader.revision().await?, Revision(number));
    }
    Ok(())
}
