//! The embedded backend: SQLite in WAL mode, one writer that commits in groups.
//!
//! [`SqliteStore`] is the port's store over one database file, or over memory. Writers take turns; their commits share an
//! fsync (`writer`). Readers each have a connection and see one snapshot (`readers`); they wait for no writer. The SQL is
//! in `rows` and `feed`, the schema in `migrations/`. [`ReadOnlyStore`] is for a process beside the one that writes.
//!
//! Reads and single statements take microseconds and run where they are called, which is the control plane's runtime;
//! only `COMMIT`, which waits for the disk, goes to a blocking thread.

mod error;
mod examination;
mod feed;
mod filling;
mod open;
mod readers;
mod reading;
mod rows;
mod transaction;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use claviger_store::{Backend, Changes, Examination, FillError, Filling, Revision, Store, StoreError, Transaction};
use tokio::sync::{Mutex, watch};

pub use error::OpenError;
pub use reading::ReadOnlyStore;

use crate::filling::SqliteFilling;
use crate::readers::Readers;
use crate::transaction::SqliteTransaction;
use crate::writer::{Operation, Progress, Writer};

/// A store in a SQLite database. Dropping it closes the file; what was acknowledged is on disk already.
pub struct SqliteStore {
    /// `None` for a database in memory, which only its writer can see.
    readers: Option<Readers>,
    writer: Arc<Mutex<Writer>>,
    progress: Arc<Progress>,
}

impl SqliteStore {
    /// Opens the store in `file`, making it if need be; its directory must exist. One process at a time may have it open.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let file = file.as_ref();
        let lock = open::Lock::take(file)?;
        let (writer, progress) = Writer::new(open::writer(file)?, Some(lock))?;
        Ok(Self { readers: Some(Readers::new(file.to_owned())), writer: Arc::new(Mutex::new(writer)), progress })
    }

    /// A store that is nowhere but in memory. Its readers and writers take turns, so a task must end one transaction
    /// before it opens the next.
    pub fn in_memory() -> Result<Self, StoreError> {
        let (writer, progress) = Writer::new(open::in_memory()?, None)?;
        Ok(Self { readers: None, writer: Arc::new(Mutex::new(writer)), progress })
    }

    /// Moves the log into the database file, so that the next start finds nothing to recover. It waits for the operations
    /// before it; the store can still be used.
    pub async fn close(&self) -> Result<(), StoreError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        tokio::task::spawn_blocking(move || writer.checkpoint())
            .await
            .map_err(|error| StoreError::Unavailable(error.into()))?
    }

    /// How many times the disk was made to keep something: one per group of operations.
    pub fn commits(&self) -> u64 {
        self.progress.commits.load(Ordering::Relaxed)
    }

    async fn begin_read(&self) -> Result<SqliteTransaction, StoreError> {
        if let Some(readers) = &self.readers {
            return Ok(SqliteTransaction::Reading(readers.begin().await?));
        }
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        writer.commit_group().tell();
        Ok(SqliteTransaction::ReadingMemory(writer))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin_read().await?))
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let operation = Operation::begin(Arc::clone(&self.writer)).await?;
        Ok(Box::new(SqliteTransaction::Writing(operation)))
    }

    fn revisions(&self) -> watch::Receiver<Revision> {
        self.progress.revisions.subscribe()
    }

    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
        let transaction = self.begin_read().await?;
        feed::changes(transaction.connection()?, revision, limit)
    }
}

#[async_trait]
impl Backend for SqliteStore {
    async fn fill(&self) -> Result<Box<dyn Filling>, FillError> {
        let writer = Arc::clone(&self.writer).lock_owned().await;
        Ok(Box::new(SqliteFilling::begin(writer)?))
    }

    async fn kinds(&self) -> Result<Vec<String>, StoreError> {
        let transaction = self.begin_read().await?;
        examination::kinds(transaction.connection()?)
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let transaction = self.begin_read().await?;
        examination::examine(transaction.connection()?)
    }
}
