//! A store whose process is killed at one of its commits, by which tests of crashes choose the moment.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use claviger_resources::Tenant;
use claviger_store::{Changes, Key, Kind, Listing, Name, NamedRow, Revision, Row, Store, StoreError, Transaction};
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::watch;

/// A moment of the process: right before or right after a commit, counted from 1. Commits that write nothing count too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KillAt {
    moment: Moment,
    commit: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

/// A text that names no moment.
#[derive(Debug, thiserror::Error)]
#[error("a moment is before:N or after:N, where N is the number of a commit, from 1")]
pub struct NoMoment;

impl FromStr for KillAt {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let (moment, commit) = text.split_once(':').ok_or(NoMoment)?;
        let moment = match moment {
            "before" => Moment::Before,
            "after" => Moment::After,
            _ => return Err(NoMoment),
        };
        let commit = commit.parse().ok().filter(|commit| *commit > 0).ok_or(NoMoment)?;
        Ok(Self { moment, commit })
    }
}

/// The store that is killed.
pub(crate) struct KilledStore {
    store: Arc<dyn Store>,
    fuse: Arc<Fuse>,
}

struct Fuse {
    at: KillAt,
    commits: AtomicU64,
}

impl KilledStore {
    /// Ends the process at this moment of a store.
    pub(crate) fn new(store: Arc<dyn Store>, at: KillAt) -> Self {
        Self { store, fuse: Arc::new(Fuse { at, commits: AtomicU64::new(0) }) }
    }
}

#[async_trait]
impl Store for KilledStore {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.store.read().await
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(KilledTransaction { transaction: self.store.write().await?, fuse: Arc::clone(&self.fuse) }))
    }

    fn revisions(&self) -> watch::Receiver<Revision> {
        self.store.revisions()
    }

    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
        self.store.changes(revision, limit).await
    }
}

struct KilledTransaction {
    transaction: Box<dyn Transaction>,
    fuse: Arc<Fuse>,
}

#[async_trait]
impl Transaction for KilledTransaction {
    async fn revision(&mut self) -> Result<Revision, StoreError> {
        self.transaction.revision().await
    }

    async fn row(&mut self, key: &Key) -> Result<Option<Row>, StoreError> {
        self.transaction.row(key).await
    }

    async fn row_named(&mut self, name: &Name) -> Result<Option<Row>, StoreError> {
        self.transaction.row_named(name).await
    }

    async fn rows(&mut self, listing: &Listing<'_>) -> Result<Vec<Row>, StoreError> {
        self.transaction.rows(listing).await
    }

    async fn rows_of_kind(&mut self, kind: Kind, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.transaction.rows_of_kind(kind, after, limit).await
    }

    async fn named_rows_of_kind(
        &mut self,
        kind: Kind,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<NamedRow>, StoreError> {
        self.transaction.named_rows_of_kind(kind, after, limit).await
    }

    async fn count(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        self.transaction.count(kind, tenant, parent).await
    }

    async fn insert_row(&mut self, key: &Key, names: &[Name], body: &str) -> Result<(), StoreError> {
        self.transaction.insert_row(key, names, body).await
    }

    async fn replace_row(&mut self, key: &Key, version: u64, names: &[Name], body: &str) -> Result<(), StoreError> {
        self.transaction.replace_row(key, version, names, body).await
    }

    async fn delete_row(&mut self, key: &Key) -> Result<bool, StoreError> {
        self.transaction.delete_row(key).await
    }

    async fn delete_rows(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        self.transaction.delete_rows(kind, tenant, parent).await
    }

    async fn commit(self: Box<Self>) -> Result<Revision, StoreError> {
        let commit = self.fuse.commits.fetch_add(1, Ordering::SeqCst) + 1;
        self.fuse.reach(Moment::Before, commit);
        let revision = self.transaction.commit().await?;
        self.fuse.reach(Moment::After, commit);
        Ok(revision)
    }
}

impl Fuse {
    fn reach(&self, moment: Moment, commit: u64) {
        if self.at == (KillAt { moment, commit }) {
            // Nothing is said and nothing is put in order, as when the power fails.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_named_by_the_number_of_a_commit() {
        let check = |text: &str, expected: Option<(Moment, u64)>| {
            let expected = expected.map(|(moment, commit)| KillAt { moment, commit });
            assert_eq!(text.parse().ok(), expected, "{text}");
        };
        check("before:1", Some((Moment::Before, 1)));
        check("after:17", Some((Moment::After, 17)));
        for none in ["", "17", "after", "after:", "after:0", "after:x", "during:1"] {
            check(none, None);
        }
    }
}
