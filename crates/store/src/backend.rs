//! What a database can do beside transactions: take in at once all that another one held, and tell how it is.

use async_trait::async_trait;
use claviger_resources::Timestamp;

use crate::error::StoreError;
use crate::key::Name;
use crate::record::{Record, encode};
use crate::revision::Revision;
use crate::transaction::{Row, Store};

/// A database as whoever looks after it knows it.
#[async_trait]
pub trait Backend: Store {
    /// Begins to fill the store, which must hold nothing, and in which nobody can write meanwhile.
    async fn fill(&self) -> Result<Box<dyn Filling>, FillError>;

    /// The kinds of the records that are stored, those that only a newer program knows among them.
    async fn kinds(&self) -> Result<Vec<String>, StoreError>;

    /// Looks over the database itself, and writes nothing.
    async fn examine(&self) -> Result<Examination, StoreError>;
}

/// A store that is being filled: with all that it is given, or with nothing. Dropping it without a commit undoes it.
#[async_trait]
pub trait Filling: Send {
    /// Adds rows, at the versions they have and with the names they hold.
    async fn add(&mut self, rows: &[NamedRow]) -> Result<(), FillError>;

    /// Commits. When it returns all is on disk, as one revision that is greater than `after` and so far from those before it
    /// that whoever knows one of them loads everything anew.
    async fn commit(self: Box<Self>, after: Revision) -> Result<Revision, FillError>;
}

/// A row with the names it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// The row.
    pub row: Row,
    /// Its names, in order.
    pub names: Vec<Name>,
}

impl NamedRow {
    /// A record as it is first stored.
    pub fn of<R: Record>(record: &R) -> Result<Self, StoreError> {
        let mut names = record.names();
        names.sort_by(|one, other| (one.namespace.as_str(), &one.name).cmp(&(other.namespace.as_str(), &other.name)));
        Ok(Self { row: Row { key: record.key(), version: 1, body: encode(record)? }, names })
    }
}

/// Why a store cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// There is something in it.
    #[error("the store is not empty; name one that holds nothing yet")]
    NotEmpty,
    /// A key, or a name, comes twice.
    #[error("a record or a name comes twice")]
    Repeated,
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a database is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// The engine, its version, and that of our tables.
    pub engine: String,
    /// What is broken.
    pub damage: Vec<String>,
    /// Settings of the engine with which something that was acknowledged could be lost.
    pub risks: Vec<String>,
    /// What the clock of its server says, where it has one of its own.
    pub time: Option<Timestamp>,
}
