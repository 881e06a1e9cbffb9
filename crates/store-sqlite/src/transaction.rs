//! The port's transaction over SQLite, in its three forms.

use async_trait::async_trait;
use claviger_resources::Tenant;
use claviger_store::{Key, Kind, Listing, Name, NamedRow, Revision, Row, StoreError, Transaction};
use rusqlite::Connection;
use tokio::sync::OwnedMutexGuard;

use crate::readers::Reader;
use crate::rows;
use crate::writer::{Operation, Writer};

/// A transaction of a SQLite store.
pub(crate) enum SqliteTransaction {
    /// It reads a snapshot of the file.
    Reading(Reader),
    /// It reads a database in memory, whose one connection it keeps from writing meanwhile.
    ReadingMemory(OwnedMutexGuard<Writer>),
    /// It writes.
    Writing(Operation),
}

impl SqliteTransaction {
    /// The connection it reads through.
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        match self {
            Self::Reading(reader) => reader.connection(),
            Self::ReadingMemory(writer) => Ok(writer.connection()),
            Self::Writing(operation) => operation.connection(),
        }
    }

    fn operation(&mut self) -> Result<&mut Operation, StoreError> {
        match self {
            Self::Writing(operation) => Ok(operation),
            Self::Reading(_) | Self::ReadingMemory(_) => Err(StoreError::ReadOnly),
        }
    }

    fn started_from(&self) -> Revision {
        match self {
            Self::Reading(reader) => reader.revision(),
            Self::ReadingMemory(writer) => writer.revision(),
            Self::Writing(operation) => operation.base(),
        }
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn revision(&mut self) -> Result<Revision, StoreError> {
        Ok(self.started_from())
    }

    async fn row(&mut self, key: &Key) -> Result<Option<Row>, StoreError> {
        rows::row(self.connection()?, key)
    }

    async fn row_named(&mut self, name: &Name) -> Result<Option<Row>, StoreError> {
        rows::row_named(self.connection()?, name)
    }

    async fn rows(&mut self, listing: &Listing<'_>) -> Result<Vec<Row>, StoreError> {
        rows::rows(self.connection()?, listing)
    }

    async fn rows_of_kind(&mut self, kind: Kind, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        rows::rows_of_kind(self.connection()?, kind, after, limit)
    }

    async fn named_rows_of_kind(
        &mut self,
        kind: Kind,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<NamedRow>, StoreError> {
        rows::named_rows_of_kind(self.connection()?, kind, after, limit)
    }

    async fn count(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        rows::count(self.connection()?, kind, tenant, parent)
    }

    async fn insert_row(&mut self, key: &Key, names: &[Name], body: &str) -> Result<(), StoreError> {
        let operation = self.operation()?;
        refuse_nul(key, names)?;
        operation.step(|connection| rows::insert(connection, key, names, body))?;
        operation.note(key.clone());
        Ok(())
    }

    async fn replace_row(&mut self, key: &Key, version: u64, names: &[Name], body: &str) -> Result<(), StoreError> {
        let operation = self.operation()?;
        refuse_nul(key, names)?;
        operation.step(|connection| rows::replace(connection, key, version, names, body))?;
        operation.note(key.clone());
        Ok(())
    }

    async fn delete_row(&mut self, key: &Key) -> Result<bool, StoreError> {
        let operation = self.operation()?;
        let was_there = operation.step(|connection| rows::delete(connection, key))?;
        if was_there {
            operation.note(key.clone());
        }
        Ok(was_there)
    }

    async fn delete_rows(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        let operation = self.operation()?;
        let ids = operation.step(|connection| rows::delete_all(connection, kind, tenant, parent))?;
        let deleted = ids.len() as u64;
        for id in ids {
            operation.note(Key { kind, tenant: tenant.clone(), parent: parent.to_owned(), id });
        }
        Ok(deleted)
    }

    async fn commit(self: Box<Self>) -> Result<Revision, StoreError> {
        match *self {
            Self::Writing(operation) => operation.commit().await,
            reading => Ok(reading.started_from()),
        }
    }
}

/// SQLite would keep U+0000; other backends cannot, and what one store takes all must.
fn refuse_nul(key: &Key, names: &[Name]) -> Result<(), StoreError> {
    let mut texts = [&key.parent, &key.id].into_iter().chain(names.iter().map(|name| &name.name));
    if texts.any(|text| text.contains('\0')) { Err(StoreError::NulCharacter) } else { Ok(()) }
}
