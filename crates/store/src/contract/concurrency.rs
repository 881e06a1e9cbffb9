//! Many writers at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Shared, find, insert, key, name, tenant};
use crate::{Changes, Key, Kind, Revision, Store, StoreError};

const TASKS: u64 = 64;

/// Tasks that read a counter in one transaction and replace it in another, starting over when it has changed meanwhile,
/// arrive at the sum of what they added.
pub async fn loses_no_update_of_concurrent_writers(store: Shared) -> Result<(), StoreError> {
    // Few, because all but one of them start over at every commit.
    const TASKS: u64 = 16;
    const ADDED_PER_TASK: u64 = 10;
    let counter = key("pool", "counter");
    insert(&store, &counter, &[], "0").await?;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (store, counter) = (Arc::clone(&store), counter.clone());
        tasks.spawn(async move {
            for _ in 0..ADDED_PER_TASK {
                while !add_one(&*store, &counter).await? {}
            }
            Ok(())
        });
    }
    join_all(tasks).await?;
    let row = find(&store, &counter).await?.expect("the counter");
    assert_eq!(row.body, (TASKS * ADDED_PER_TASK).to_string());
    assert_eq!(row.version, TASKS * ADDED_PER_TASK + 1);
    Ok(())
}

/// Adds one to a counter; tells whether nobody came in between.
async fn add_one(store: &dyn Store, counter: &Key) -> Result<bool, StoreError> {
    let row = store.read().await?.row(counter).await?.expect("the counter");
    let added = row.body.parse::<u64>().expect("a number") + 1;
    let mut tx = store.write().await?;
    let replaced = tx.replace_row(counter, row.version, &[], &added.to_string()).await;
    let committed = match replaced {
        Ok(()) => tx.commit().await.map(|_| ()),
        Err(error) => Err(error),
    };
    match committed {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict | StoreError::Contention) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Commits that share a flush of the disk do not share a revision.
pub async fn gives_each_concurrent_commit_a_revision_of_its_own(store: Shared) -> Result<(), StoreError> {
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move { insert(&store, &key("pool", &number.to_string()), &[], "1").await });
    }
    let revisions: BTreeSet<_> = join_all(tasks).await?.into_iter().collect();
    assert_eq!(revisions.len() as u64, TASKS);
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, TASKS);
    assert_eq!(Some(&*store.revisions().borrow()), revisions.last());
    let Changes::Since(changes) = store.changes(Revision(0), usize::MAX).await? else { panic!("the feed is complete") };
    assert!(changes.iter().map(|change| change.revision).eq(revisions));
    Ok(())
}

/// Every other task drops its transaction after writing; the rest lose nothing by it.
pub async fn keeps_concurrent_commits_apart_from_dropped_ones(store: Shared) -> Result<(), StoreError> {
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let (key, name) = (key("pool", &format!("{number:02}")), name(&number.to_string()));
            if number % 2 == 0 {
                return insert(&store, &key, &[name], "1").await.map(Some);
            }
            match store.write().await?.insert_row(&key, &[name], "1").await {
                Ok(()) | Err(StoreError::Contention) => Ok(None),
                Err(error) => Err(error),
            }
        });
    }
    let revisions: BTreeSet<_> = join_all(tasks).await?.into_iter().flatten().collect();
    assert_eq!(revisions.len() as u64, TASKS / 2);
    let mut tx = store.read().await?;
    let ids: Vec<_> = tx.rows_of_kind(Kind::AppClient, None, 100).await?.into_iter().map(|row| row.key.id).collect();
    assert_eq!(ids, (0..TASKS).step_by(2).map(|number| format!("{number:02}")).collect::<Vec<_>>());
    assert_eq!(tx.count(Kind::AppClient, &tenant(), "pool").await?, TASKS / 2);
    Ok(())
}

/// Of many who want the same name at the same time, one gets it.
pub async fn grants_a_contested_name_once(store: Shared) -> Result<(), StoreError> {
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            match insert(&store, &key("pool", &number.to_string()), &[name("wanted")], "1").await {
                Ok(_) => Ok(true),
                Err(StoreError::NameTaken { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        });
    }
    let granted = join_all(tasks).await?.into_iter().filter(|granted| *granted).count();
    assert_eq!(granted, 1);
    assert_eq!(store.read().await?.count(Kind::AppClient, &tenant(), "pool").await?, 1);
    Ok(())
}

async fn join_all<T: Send + 'static>(tasks: JoinSet<Result<T, StoreError>>) -> Result<Vec<T>, StoreError> {
    tasks.join_all().await.into_iter().collect()
}
