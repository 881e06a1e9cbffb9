//! Writers side by side.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use claviger_store::{Changes, Listing, Name, Namespace, Revision, Store, StoreError};
use tokio::task::JoinSet;

use super::{bare, connect, fresh, fresh_with, insert, key, key_under, two_nodes};

/// How often the control plane tries an operation.
const ATTEMPTS_MAX: u32 = 8;

/// Whoever follows the feed while many commit is never told of a revision after a later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn show_their_revisions_in_order() {
    const TASKS: u64 = 16;
    const COMMITS: u64 = 25;
    let settings = fresh();
    let nodes = two_nodes(&settings).await;
    let done = Arc::new(AtomicBool::new(false));
    let follower = tokio::spawn({
        let (store, done) = (connect(&settings).await, Arc::clone(&done));
        async move {
            let mut told: Vec<Revision> = Vec::new();
            loop {
                let was_done = done.load(Ordering::Acquire);
                let last = told.last().copied().unwrap_or_default();
                let Changes::Since(changes) = store.changes(last, 7).await.unwrap() else { panic!("all is kept") };
                assert!(changes.iter().all(|change| change.revision > last));
                if changes.is_empty() && was_done {
                    return told;
                }
                told.extend(changes.into_iter().map(|change| change.revision));
            }
        }
    });
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&nodes[usize::from(task % 2 == 0)]);
        tasks.spawn(async move {
            let mut revisions = Vec::new();
            for commit in 0..COMMITS {
                let revision = insert(&*store, &key_under(&task.to_string(), &commit.to_string())).await.unwrap();
                assert!(*store.revisions().borrow() >= revision);
                revisions.push(revision);
            }
            assert!(revisions.is_sorted());
            revisions
        });
    }
    let revisions: BTreeSet<_> = tasks.join_all().await.into_iter().flatten().collect();
    done.store(true, Ordering::Release);
    let seconds = started.elapsed().as_secs_f64();
    println!("two nodes commit {:.0} times a second", f64::from(u32::try_from(revisions.len()).unwrap()) / seconds);
    assert_eq!(revisions.len() as u64, TASKS * COMMITS);
    assert!(follower.await.unwrap().into_iter().eq(revisions));
}

/// On one hot row of two nodes every operation gets through within the attempts it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn take_turns_at_a_row_that_all_want() {
    const TASKS: u64 = 24;
    const ADDED: u64 = 10;
    let settings = fresh();
    let nodes = two_nodes(&settings).await;
    insert(&*nodes[0], &key("counter")).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&nodes[usize::from(task % 2 == 0)]);
        tasks.spawn(async move {
            let mut most = 0;
            for _ in 0..ADDED {
                let mut attempts = 1;
                while let Err(error) = add_one(&*store).await {
                    assert!(matches!(error, StoreError::Contention), "{error:?}");
                    attempts += 1;
                }
                most = attempts.max(most);
            }
            most
        });
    }
    let most = tasks.join_all().await.into_iter().max().unwrap();
    println!("{} operations on one row, at most {most} attempts each", TASKS * ADDED);
    assert!(most <= ATTEMPTS_MAX, "{most} attempts");
    let row = nodes[1].read().await.unwrap().row(&key("counter")).await.unwrap().unwrap();
    assert_eq!(row.version, TASKS * ADDED + 1);
}

/// Reads and replaces in one transaction, as operations do.
async fn add_one(store: &dyn Store) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    let row = tx.row(&key("counter")).await?.expect("the counter");
    tx.replace_row(&row.key, row.version, &[], "{}").await?;
    tx.commit().await.map(|_| ())
}

/// Each of two reads what the other changes: in no order would both have seen what they saw.
#[tokio::test]
async fn are_refused_when_each_rests_on_what_the_other_changes() {
    let store = connect(&fresh()).await;
    for id in ["a", "b"] {
        insert(&store, &key(id)).await.unwrap();
    }
    let (mut first, mut second) = (store.write().await.unwrap(), store.write().await.unwrap());
    first.row(&key("a")).await.unwrap();
    second.row(&key("b")).await.unwrap();
    let first = async {
        first.replace_row(&key("b"), 1, &[], "1").await?;
        first.commit().await
    };
    let second = async {
        second.replace_row(&key("a"), 1, &[], "2").await?;
        second.commit().await
    };
    let outcomes = [first.await, second.await];
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Contention))).count();
    assert_eq!(refused, 1, "{outcomes:?}");
}

/// A collision is not forgotten: whatever else the transaction is asked, it is over.
#[tokio::test]
async fn stay_refused() {
    let store = connect(&fresh()).await;
    insert(&store, &key("a")).await.unwrap();
    let mut late = store.write().await.unwrap();
    late.row(&key("b")).await.unwrap();
    let mut tx = store.write().await.unwrap();
    tx.replace_row(&key("a"), 1, &[], "1").await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(late.replace_row(&key("a"), 1, &[], "2").await, Err(StoreError::Contention)));
    assert!(matches!(late.row(&key("a")).await, Err(StoreError::Contention)));
    assert!(matches!(late.insert_row(&key("c"), &[], "{}").await, Err(StoreError::Contention)));
    assert!(matches!(late.commit().await, Err(StoreError::Contention)));
}

/// A transaction that looked through a whole table would collide with everyone who writes to it, and in a table of a few
/// rows that is what a planner likes best.
#[tokio::test]
async fn look_through_no_table() {
    let settings = fresh_with("&application_name=looks");
    let name = |text| Name::new(Namespace::ClientId, text);
    // An index without a row is locked as a whole, so somebody else fills them first.
    let mut others = fresh();
    others.schema.clone_from(&settings.schema);
    let other = connect(&others).await;
    let mut tx = other.write().await.unwrap();
    tx.insert_row(&key("0"), &[name("0")], "{}").await.unwrap();
    tx.commit().await.unwrap();
    let store = connect(&settings).await;
    let mut tx = store.write().await.unwrap();
    let parent = key("a");
    let listing = Listing { kind: parent.kind, tenant: &parent.tenant, parent: "", after: None, limit: 10 };
    tx.insert_row(&key("a"), &[name("a")], "{}").await.unwrap();
    tx.row(&key("a")).await.unwrap();
    tx.row_named(&name("a")).await.unwrap();
    tx.rows(&listing).await.unwrap();
    tx.rows_of_kind(parent.kind, Some(&key("0")), 10).await.unwrap();
    tx.count(parent.kind, &parent.tenant, "").await.unwrap();
    tx.replace_row(&key("a"), 1, &[], "{}").await.unwrap();
    tx.delete_row(&key("a")).await.unwrap();
    tx.delete_rows(parent.kind, &parent.tenant, "b").await.unwrap();
    let locks = bare(&settings).await;
    let sql = "SELECT locktype, relname FROM pg_locks JOIN pg_stat_activity USING (pid)
               JOIN pg_class ON pg_class.oid = relation
               WHERE mode = 'SIReadLock' AND application_name = 'looks'";
    let locks = locks.query(sql, &[]).await.unwrap();
    assert!(!locks.is_empty());
    for lock in locks {
        let (what, table): (String, String) = (lock.get(0), lock.get(1));
        assert_ne!(what, "relation", "{table}");
    }
    tx.commit().await.unwrap();
}
