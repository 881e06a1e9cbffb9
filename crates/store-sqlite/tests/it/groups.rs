//! Group commit: many operations, few flushes of the disk.

use std::sync::Arc;

use claviger_store::{Key, Kind, Revision, Store, StoreError, keyring_tenant};
use claviger_store_sqlite::SqliteStore;
use tokio::task::JoinSet;

const TASKS: u64 = 64;
const OPERATIONS_PER_TASK: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushes_the_disk_far_less_often_than_operations_commit() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(directory.path().join("store.db")).unwrap());
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for number in 0..OPERATIONS_PER_TASK {
                insert(&store, &format!("{task}/{number}")).await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    let (operations, commits) = (TASKS * OPERATIONS_PER_TASK, store.commits());
    assert_eq!(*store.revisions().borrow(), Revision(operations));
    assert!(commits * 8 < operations, "{commits} commits for {operations} operations");
}

#[tokio::test]
async fn flushes_the_disk_for_each_operation_of_a_lone_caller() {
    let store = SqliteStore::in_memory().unwrap();
    for number in 1..=20 {
        insert(&store, &number.to_string()).await.unwrap();
        assert_eq!(store.commits(), number);
    }
}

async fn insert(store: &SqliteStore, id: &str) -> Result<Revision, StoreError> {
    let mut tx = store.write().await?;
    let key = Key { kind: Kind::UserPool, tenant: keyring_tenant(), parent: String::new(), id: id.to_owned() };
    tx.insert_row(&key, &[], "{}").await?;
    tx.commit().await
}
