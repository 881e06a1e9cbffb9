//! The one connection that writes, and how its commits are grouped.
//!
//! Whoever holds the writer's lock runs one operation in a savepoint of the transaction that is open. An operation that
//! commits releases its savepoint and joins the *group*; the first to join sends a committer to the end of the queue for
//! the lock, so that everyone who was waiting already gets into the same group. The committer then ends the transaction
//! with one `COMMIT`, one fsync for all, and only after it anyone is told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use claviger_store::{Key, Revision, StoreError};
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot, watch};

use crate::error::{GivenUp, failed};
use crate::feed;
use crate::open::Lock;

/// The connection that writes, with the group that its open transaction is made of.
pub(crate) struct Writer {
    connection: Connection,
    /// The newest revision in the open transaction, or in the database when none is open.
    revision: Revision,
    /// The operations of the open transaction that wait for its commit.
    group: Vec<Member>,
    progress: Arc<Progress>,
    /// Keeps other processes out until the connection above is closed; a database in memory has none.
    _lock: Option<Lock>,
}

/// What is known of a writer without waiting for it.
pub(crate) struct Progress {
    /// The newest revision that is on disk.
    pub(crate) revisions: watch::Sender<Revision>,
    /// How many times `COMMIT` has been run.
    pub(crate) commits: AtomicU64,
}

/// Someone who waits for the commit, and the revision to tell them.
struct Member {
    revision: Revision,
    told: oneshot::Sender<Result<Revision, GivenUp>>,
}

/// The members of a group that is on disk, still to be told.
pub(crate) struct Committed(Vec<Member>);

impl Committed {
    /// Tells each its revision.
    pub(crate) fn tell(self) {
        for member in self.0 {
            let _ = member.told.send(Ok(member.revision));
        }
    }
}

impl Writer {
    /// The writer over a fresh connection.
    pub(crate) fn new(connection: Connection, lock: Option<Lock>) -> Result<(Self, Arc<Progress>), StoreError> {
        let revision = feed::revision(&connection)?;
        let progress = Arc::new(Progress { revisions: watch::Sender::new(revision), commits: AtomicU64::new(0) });
        let writer = Self { connection, revision, group: Vec::new(), progress: Arc::clone(&progress), _lock: lock };
        Ok((writer, progress))
    }

    /// The connection, which sees what the group has written.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The newest revision that the connection sees.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Ends the open transaction, if there is one. Whoever is in its group is told through the answer, which the caller
    /// uses when it has let go of the writer: then a store that is dropped on good news is closed at once.
    #[must_use = "the group waits to be told"]
    pub(crate) fn commit_group(&mut self) -> Committed {
        if self.group.is_empty() {
            return Committed(Vec::new());
        }
        self.progress.commits.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.run("COMMIT") {
            self.give_up(&error);
            return Committed(Vec::new());
        }
        self.progress.revisions.send_if_modified(|newest| std::mem::replace(newest, self.revision) != self.revision);
        Committed(std::mem::take(&mut self.group))
    }

    /// Begins a transaction that is nobody else's.
    pub(crate) fn begin_alone(&mut self) -> Result<(), StoreError> {
        self.commit_group().tell();
        self.run("BEGIN IMMEDIATE").map_err(failed)
    }

    /// Commits what was written since, as this revision.
    pub(crate) fn commit_alone(&mut self, revision: Revision) -> Result<(), StoreError> {
        self.progress.commits.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.run("COMMIT") {
            self.give_up(&error);
            return Err(failed(error));
        }
        self.revision = revision;
        self.progress.revisions.send_replace(revision);
        Ok(())
    }

    /// Moves the log into the database file.
    pub(crate) fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.commit_group().tell();
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            self.run("BEGIN IMMEDIATE").map_err(failed)?;
        }
        self.run("SAVEPOINT operation").map_err(failed)
    }

    /// Takes back what the current operation wrote; the operations before it in the group stay.
    fn undo(&mut self) {
        let undone = self.run("ROLLBACK TO operation").and_then(|()| self.run("RELEASE operation"));
        match undone {
            Ok(()) if self.group.is_empty() => self.end_unused(),
            Ok(()) => {}
            // After some errors, a full disk among them, SQLite rolls the whole transaction back by itself.
            Err(error) => self.give_up(&error),
        }
    }

    /// Closes a transaction of which nothing is to be kept, so that it does not hold on to an old state.
    pub(crate) fn end_unused(&mut self) {
        if let Err(error) = self.run("ROLLBACK") {
            self.give_up(&error);
        }
    }

    /// Tells the group that its transaction is lost, and takes up again what the database holds.
    fn give_up(&mut self, error: &rusqlite::Error) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            lost = self.group.len(),
            "the group was not committed"
        );
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(error = &error as &dyn std::error::Error, "the rollback failed");
        }
        self.revision = *self.progress.revisions.borrow();
        for member in self.group.drain(..) {
            let _ = member.told.send(Err(GivenUp));
        }
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// One write transaction of the port: the writer's lock and an open savepoint. Dropping it takes back what it wrote.
pub(crate) struct Operation {
    writer: OwnedMutexGuard<Writer>,
    /// The revision it started from.
    base: Revision,
    /// What it has changed, in the order of the first change.
    changed: Vec<Key>,
    changed_set: HashSet<Key>,
    is_open: bool,
}

impl Operation {
    /// Waits for the writer and opens an operation.
    pub(crate) async fn begin(writer: Arc<Mutex<Writer>>) -> Result<Self, StoreError> {
        let mut writer = writer.lock_owned().await;
        writer.begin()?;
        let base = writer.revision;
        Ok(Self { writer, base, changed: Vec::new(), changed_set: HashSet::new(), is_open: true })
    }

    /// The revision it started from.
    pub(crate) fn base(&self) -> Revision {
        self.base
    }

    /// The connection, unless SQLite has rolled the transaction back: a write would then stand alone and for good.
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        if self.writer.connection.is_autocommit() { Err(GivenUp.into()) } else { Ok(&self.writer.connection) }
    }

    /// Runs one verb: all of its statements take effect, or none.
    pub(crate) fn step<T>(&mut self, verb: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.connection()?;
        self.writer.run("SAVEPOINT verb").map_err(failed)?;
        let result = verb(&self.writer.connection);
        if result.is_err() && self.connection().is_ok() {
            self.writer.run("ROLLBACK TO verb").map_err(failed)?;
        }
        self.connection()?;
        self.writer.run("RELEASE verb").map_err(failed)?;
        result
    }

    /// Notes that a record was changed.
    pub(crate) fn note(&mut self, key: Key) {
        if self.changed_set.insert(key.clone()) {
            self.changed.push(key);
        }
    }

    /// Joins the group and waits until it is on disk.
    ///
    /// An operation that wrote nothing waits too when there is a group, because it may have seen what the group wrote.
    pub(crate) async fn commit(self) -> Result<Revision, StoreError> {
        let told = self.join()?;
        told.await.map_err(|_| GivenUp)?.map_err(Into::into)
    }

    fn join(mut self) -> Result<oneshot::Receiver<Result<Revision, GivenUp>>, StoreError> {
        let connection = self.connection()?;
        let (tell, told) = oneshot::channel();
        let revision = if self.changed.is_empty() {
            self.base
        } else {
            let revision = Revision(self.base.0 + 1);
            feed::record(connection, revision, &self.changed)?;
            revision
        };
        self.writer.run("RELEASE operation").map_err(failed)?;
        self.is_open = false;
        let writer = &mut *self.writer;
        if self.changed.is_empty() && writer.group.is_empty() {
            writer.end_unused();
            let _ = tell.send(Ok(revision));
            return Ok(told);
        }
        writer.revision = revision;
        writer.group.push(Member { revision, told: tell });
        if writer.group.len() == 1 {
            tokio::spawn(commit_after_those_waiting(Arc::clone(OwnedMutexGuard::mutex(&self.writer))));
        }
        Ok(told)
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if self.is_open {
            self.writer.undo();
        }
    }
}

/// The committer. Its turn comes after everyone who was waiting for the writer when its group was opened.
async fn commit_after_those_waiting(writer: Arc<Mutex<Writer>>) {
    let mut writer = writer.lock_owned().await;
    // Only a panic or the end of the runtime can fail this, and then those who wait are told by the dropped channels.
    let work = move || {
        let committed = writer.commit_group();
        drop(writer);
        committed.tell();
    };
    let _ = tokio::task::spawn_blocking(work).await;
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use claviger_store::{Kind, Store as _, Transaction, keyring_tenant};

    use super::*;
    use crate::SqliteStore;

    fn key(id: &str) -> Key {
        Key { kind: Kind::UserPool, tenant: keyring_tenant(), parent: String::new(), id: id.to_owned() }
    }

    /// A transaction that has inserted a record.
    async fn inserting(store: &SqliteStore, id: &str) -> Box<dyn Transaction> {
        let mut tx = store.write().await.unwrap();
        tx.insert_row(&key(id), &[], "{}").await.unwrap();
        tx
    }

    fn newest(store: &SqliteStore) -> Revision {
        *store.progress.revisions.borrow()
    }

    // These tests have one thread: a task runs when the test waits, and the lock goes to whoever asked first. So after
    // `spawn(first.commit())` and `write()`, the first operation is in the group, and its committer queues behind.

    #[tokio::test]
    async fn commits_together_what_was_waiting_together() {
        let store = SqliteStore::in_memory().unwrap();
        let mut commits = Vec::new();
        for id in ["a", "b", "c"] {
            commits.push(tokio::spawn(inserting(&store, id).await.commit()));
        }
        for (commit, revision) in commits.into_iter().zip(1..) {
            assert_eq!(commit.await.unwrap().unwrap(), Revision(revision));
        }
        assert!(store.commits() < 3, "{} commits", store.commits());
    }

    #[tokio::test]
    async fn publishes_nothing_before_the_commit() {
        let store = SqliteStore::in_memory().unwrap();
        let first = tokio::spawn(inserting(&store, "a").await.commit());
        let mut second = store.write().await.unwrap();
        assert!(second.row(&key("a")).await.unwrap().is_some(), "the second writes on top of the first");
        assert_eq!(second.revision().await.unwrap(), Revision(1));
        assert_eq!((newest(&store), store.commits()), (Revision(0), 0));
        assert!(!first.is_finished());
        drop(second);
        assert_eq!(first.await.unwrap().unwrap(), Revision(1));
        assert_eq!((newest(&store), store.commits()), (Revision(1), 1));
    }

    #[tokio::test]
    async fn tells_who_only_looked_no_sooner_than_what_it_saw_is_kept() {
        let store = SqliteStore::in_memory().unwrap();
        let first = tokio::spawn(inserting(&store, "a").await.commit());
        let mut second = store.write().await.unwrap();
        assert!(second.row(&key("a")).await.unwrap().is_some());
        assert_eq!(second.commit().await.unwrap(), Revision(1));
        assert_eq!((newest(&store), store.commits()), (Revision(1), 1));
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn leaves_no_transaction_open_behind_those_who_wrote_nothing() {
        let store = SqliteStore::in_memory().unwrap();
        store.write().await.unwrap().commit().await.unwrap();
        drop(inserting(&store, "a").await);
        assert!(store.writer.lock().await.connection.is_autocommit());
        assert_eq!(store.commits(), 0);
    }

    #[tokio::test]
    async fn commits_for_a_caller_who_went_away() {
        let store = SqliteStore::in_memory().unwrap();
        let mut commit = inserting(&store, "a").await.commit();
        poll_fn(|cx| Poll::Ready(commit.as_mut().poll(cx).is_pending())).await;
        drop(commit);
        assert_eq!(inserting(&store, "b").await.commit().await.unwrap(), Revision(2));
        assert!(store.read().await.unwrap().row(&key("a")).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn fails_the_whole_group_when_its_commit_fails() {
        let store = SqliteStore::in_memory().unwrap();
        let first = tokio::spawn(inserting(&store, "a").await.commit());
        let second = Operation::begin(Arc::clone(&store.writer)).await.unwrap();
        // A name without a record, found out when the transaction ends.
        let sql = "PRAGMA defer_foreign_keys = ON; INSERT INTO name VALUES ('client_id', 'nobody', 99)";
        second.connection().unwrap().execute_batch(sql).unwrap();
        assert!(matches!(second.commit().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(first.await.unwrap(), Err(StoreError::Unavailable(_))));
        assert_eq!(newest(&store), Revision(0));
        assert_goes_on(&store).await;
    }

    #[tokio::test]
    async fn keeps_nothing_of_a_group_that_sqlite_has_rolled_back_by_itself() {
        let store = SqliteStore::in_memory().unwrap();
        let first = tokio::spawn(inserting(&store, "a").await.commit());
        let mut second = Operation::begin(Arc::clone(&store.writer)).await.unwrap();
        second.connection().unwrap().execute_batch("ROLLBACK").unwrap();
        // A write now would be kept by itself, whatever becomes of the rest.
        assert!(second.connection().is_err());
        assert!(second.step(|_| Ok(())).is_err());
        assert!(second.commit().await.is_err());
        assert!(first.await.unwrap().is_err());
        assert_eq!((newest(&store), store.commits()), (Revision(0), 0));
        assert_goes_on(&store).await;
    }

    #[tokio::test]
    async fn loses_no_more_to_a_full_disk_than_the_operation_that_met_it() {
        let store = SqliteStore::in_memory().unwrap();
        let sql = "PRAGMA max_page_count = 32";
        store.writer.lock().await.connection.execute_batch(sql).unwrap();
        let first = tokio::spawn(inserting(&store, "a").await.commit());
        let mut full = inserting(&store, "b").await;
        let error = full.insert_row(&key("large"), &[], &"x".repeat(1024 * 1024)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        drop(full);
        assert_eq!(first.await.unwrap().unwrap(), Revision(1));
        assert_eq!(inserting(&store, "c").await.commit().await.unwrap(), Revision(2));
        assert_eq!(ids(&store).await, ["a", "c"]);
    }

    /// Asserts that an empty store works, after whatever befell it.
    async fn assert_goes_on(store: &SqliteStore) {
        assert_eq!(inserting(store, "next").await.commit().await.unwrap(), Revision(1));
        assert_eq!(ids(store).await, ["next"]);
        assert_eq!(newest(store), Revision(1));
    }

    async fn ids(store: &SqliteStore) -> Vec<String> {
        let rows = store.read().await.unwrap().rows_of_kind(Kind::UserPool, None, 10).await.unwrap();
        rows.into_iter().map(|row| row.key.id).collect()
    }
}
