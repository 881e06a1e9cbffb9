//! The one connection that writes, and how its commits are grouped.
//!
//! Whoever holds the writer's lock runs one operation in a savepoint of the transaction that is open. An operation that
//! commits releases its savepoint and joins the *group*; the first to join sends a committer to the end of the queue for
//! the lock, so that everyone who was waiting already gets into the same group. The committer then ends the transaction
//! with one `COMMIT`, one fsync for all, and only after it anyone is told.

use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use claviger_store::{Key, Revision, StoreError};
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot, watch};

use crate::error::{GivenUp, failed};
use crate::feed;

/// The connection that writes, with the group that its open transaction is made of.
pub(crate) struct Writer {
    connection: Connection,
    /// The newest revision in the open transaction, or in the database when none is open.
    revision: Revision,
    /// The operations of the open transaction that wait for its commit.
    group: Vec<Member>,
    progress: Arc<Progress>,
    /// Keeps other processes out until the connection above is closed; a database in memory has none.
    _lock: Option<File>,
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

impl Writer {
    /// The writer over a fresh connection.
    pub(crate) fn new(connection: Connection, lock: Option<File>) -> Result<(Self, Arc<Progress>), StoreError> {
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

    /// Ends the open transaction, if there is one, and tells the group.
    pub(crate) fn commit_group(&mut self) {
        if self.group.is_empty() {
            return;
        }
        self.progress.commits.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.run("COMMIT") {
            self.give_up(&error);
            return;
        }
        self.progress.revisions.send_if_modified(|newest| std::mem::replace(newest, self.revision) != self.revision);
        for member in self.group.drain(..) {
            let _ = member.told.send(Ok(member.revision));
        }
    }

    /// Moves the log into the database file.
    pub(crate) fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.commit_group();
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

    /// Closes a transaction that nobody has written in, so that it does not hold on to an old state.
    fn end_unused(&mut self) {
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
    let _ = tokio::task::spawn_blocking(move || writer.commit_group()).await;
}
