//! The port's transaction over PostgreSQL, in its two forms.

use async_trait::async_trait;
use claviger_resources::Tenant;
use claviger_store::{Key, Kind, Listing, Name, NamedRow, Revision, Row, StoreError, Transaction};

use crate::connection::Connection;
use crate::error::Failure;
use crate::readers::Reader;
use crate::rows::{self, Changed};
use crate::tally;
use crate::writers::Writer;

/// A transaction of a PostgreSQL store.
pub(crate) enum PostgresTransaction {
    /// It reads.
    Reading(Reader),
    /// It writes.
    Writing(Writer),
}

impl PostgresTransaction {
    fn connection(&self) -> Result<&Connection, StoreError> {
        match self {
            Self::Reading(reader) => Ok(reader.connection()?),
            Self::Writing(writer) => writer.connection(),
        }
    }

    fn writer(&mut self) -> Result<&mut Writer, StoreError> {
        match self {
            Self::Writing(writer) => Ok(writer),
            Self::Reading(_) => Err(StoreError::ReadOnly),
        }
    }

    /// Takes in what came of a question.
    fn told<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, StoreError> {
        match self {
            Self::Reading(_) => Ok(outcome?),
            Self::Writing(writer) => writer.told(outcome),
        }
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn revision(&mut self) -> Result<Revision, StoreError> {
        Ok(match self {
            Self::Reading(reader) => reader.revision(),
            Self::Writing(writer) => writer.base(),
        })
    }

    async fn row(&mut self, key: &Key) -> Result<Option<Row>, StoreError> {
        let found = rows::row(self.connection()?, key).await;
        self.told(found)
    }

    async fn row_named(&mut self, name: &Name) -> Result<Option<Row>, StoreError> {
        let found = rows::row_named(self.connection()?, name).await;
        self.told(found)
    }

    async fn rows(&mut self, listing: &Listing<'_>) -> Result<Vec<Row>, StoreError> {
        let found = rows::rows(self.connection()?, listing).await;
        self.told(found)
    }

    async fn rows_of_kind(&mut self, kind: Kind, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError> {
        if let Some(after) = after {
            refuse_nul(after, &[])?;
        }
        let found = rows::rows_of_kind(self.connection()?, kind, after, limit).await;
        self.told(found)
    }

    async fn named_rows_of_kind(
        &mut self,
        kind: Kind,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<NamedRow>, StoreError> {
        if let Some(after) = after {
            refuse_nul(after, &[])?;
        }
        let found = rows::named_rows_of_kind(self.connection()?, kind, after, limit).await;
        self.told(found)
    }

    async fn count(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        let found = tally::count(self.connection()?, kind, tenant, parent).await;
        let written = self.told(found)?;
        let pending = match self {
            Self::Reading(_) => 0,
            Self::Writing(writer) => writer.tallies.of(kind, tenant, parent),
        };
        Ok(u64::try_from(written + pending).unwrap_or_default())
    }

    async fn insert_row(&mut self, key: &Key, names: &[Name], body: &str) -> Result<(), StoreError> {
        let writer = self.writer()?;
        refuse_nul(key, names)?;
        let changed = rows::insert(writer.connection()?, key, names, body).await;
        done(writer.told(changed)?)?;
        writer.tallies.add_for(key, 1);
        writer.note(key.clone());
        Ok(())
    }

    async fn replace_row(&mut self, key: &Key, version: u64, names: &[Name], body: &str) -> Result<(), StoreError> {
        let writer = self.writer()?;
        refuse_nul(key, names)?;
        let changed = rows::replace(writer.connection()?, key, version, names, body).await;
        done(writer.told(changed)?)?;
        writer.note(key.clone());
        Ok(())
    }

    async fn delete_row(&mut self, key: &Key) -> Result<bool, StoreError> {
        let writer = self.writer()?;
        let deleted = rows::delete(writer.connection()?, key).await;
        let was_there = writer.told(deleted)?;
        if was_there {
            writer.tallies.add_for(key, -1);
            writer.note(key.clone());
        }
        Ok(was_there)
    }

    async fn delete_rows(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        let writer = self.writer()?;
        let deleted = rows::delete_all(writer.connection()?, kind, tenant, parent).await;
        let ids = writer.told(deleted)?;
        let deleted = ids.len() as u64;
        writer.tallies.add(kind, tenant, parent, -deleted.cast_signed());
        for id in ids {
            writer.note(Key { kind, tenant: tenant.clone(), parent: parent.to_owned(), id });
        }
        Ok(deleted)
    }

    async fn commit(self: Box<Self>) -> Result<Revision, StoreError> {
        match *self {
            Self::Reading(reader) => Ok(reader.revision()),
            // The work goes on when the caller goes away, so that nobody is left in doubt who does not ask.
            Self::Writing(writer) => match tokio::spawn(writer.commit()).await {
                Ok(outcome) => outcome,
                Err(stopped) => Err(StoreError::Unavailable(stopped.into())),
            },
        }
    }
}

fn done(changed: Changed) -> Result<(), StoreError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::AlreadyExists => Err(StoreError::AlreadyExists),
        Changed::Conflict => Err(StoreError::Conflict),
        Changed::NameTaken(namespace) => Err(StoreError::NameTaken { namespace }),
    }
}

/// PostgreSQL has no text with U+0000 in it.
fn refuse_nul(key: &Key, names: &[Name]) -> Result<(), StoreError> {
    let mut texts = [&key.parent, &key.id].into_iter().chain(names.iter().map(|name| &name.name));
    if texts.any(|text| text.contains('\0')) { Err(StoreError::NulCharacter) } else { Ok(()) }
}
