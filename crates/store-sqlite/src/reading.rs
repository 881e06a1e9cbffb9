//! A store that is only read, which another process may have open and write to.

use std::path::Path;

use async_trait::async_trait;
use claviger_store::{Backend, Changes, Examination, FillError, Filling, Revision, Store, StoreError, Transaction};
use tokio::sync::watch;

use crate::readers::Readers;
use crate::transaction::SqliteTransaction;
use crate::{examination, feed, open};

/// A store in a SQLite database that this process does not write to. It takes no lock and keeps nobody out.
pub struct ReadOnlyStore {
    readers: Readers,
    revisions: watch::Sender<Revision>,
}

impl ReadOnlyStore {
    /// Opens the store in `file`, which must be there.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let connection = open::beside(file.as_ref())?;
        let revisions = watch::Sender::new(feed::revision(&connection)?);
        Ok(Self { readers: Readers::new(file.as_ref().to_owned()), revisions })
    }
}

#[async_trait]
impl Store for ReadOnlyStore {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(SqliteTransaction::Reading(self.readers.begin().await?)))
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Err(StoreError::ReadOnly)
    }

    fn revisions(&self) -> watch::Receiver<Revision> {
        self.revisions.subscribe()
    }

    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
        let reader = self.readers.begin().await?;
        feed::changes(reader.connection()?, revision, limit)
    }
}

#[async_trait]
impl Backend for ReadOnlyStore {
    async fn fill(&self) -> Result<Box<dyn Filling>, FillError> {
        Err(StoreError::ReadOnly.into())
    }

    async fn kinds(&self) -> Result<Vec<String>, StoreError> {
        let reader = self.readers.begin().await?;
        examination::kinds(reader.connection()?)
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let reader = self.readers.begin().await?;
        examination::examine(reader.connection()?)
    }
}
