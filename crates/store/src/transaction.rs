//! The two traits a backend implements, over untyped rows.

use async_trait::async_trait;
use claviger_resources::Tenant;
use tokio::sync::watch;

use crate::backend::NamedRow;
use crate::error::StoreError;
use crate::key::{Key, Kind, Name};
use crate::revision::{Changes, Revision};

/// A database that keeps records.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a transaction that sees one consistent state and never waits for writers.
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// Opens a transaction that may write. Nothing slow or outside belongs between this and its commit.
    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// The newest revision this node knows to be committed, as it moves.
    fn revisions(&self) -> watch::Receiver<Revision>;

    /// What changed after `revision`, in whole revisions, stopping after the first that brings the count to `limit`.
    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError>;
}

/// One transaction: all of its writes, or none. Dropping it without a commit undoes them.
#[async_trait]
pub trait Transaction: Send {
    /// The revision this transaction started from.
    async fn revision(&mut self) -> Result<Revision, StoreError>;

    /// The row with this key.
    async fn row(&mut self, key: &Key) -> Result<Option<Row>, StoreError>;

    /// The row that holds this name.
    async fn row_named(&mut self, name: &Name) -> Result<Option<Row>, StoreError>;

    /// The rows a listing asks for, ordered by id.
    async fn rows(&mut self, listing: &Listing<'_>) -> Result<Vec<Row>, StoreError>;

    /// The rows of a kind over all tenants, ordered by key, beginning after `after`.
    async fn rows_of_kind(&mut self, kind: Kind, after: Option<&Key>, limit: usize) -> Result<Vec<Row>, StoreError>;

    /// The same with the names that they hold.
    async fn named_rows_of_kind(
        &mut self,
        kind: Kind,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<NamedRow>, StoreError>;

    /// How many rows of a kind a parent has; costs the same however many.
    async fn count(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError>;

    /// Adds a row at version 1 that holds `names`. Fails with `AlreadyExists` or `NameTaken`, changing nothing.
    async fn insert_row(&mut self, key: &Key, names: &[Name], body: &str) -> Result<(), StoreError>;

    /// Replaces the row at `version`, which becomes one more, and the names it holds. Fails with `Conflict` when that is no
    /// longer the stored version, or with `NameTaken`, changing nothing.
    async fn replace_row(&mut self, key: &Key, version: u64, names: &[Name], body: &str) -> Result<(), StoreError>;

    /// Removes a row and the names it holds; tells whether it was there.
    async fn delete_row(&mut self, key: &Key) -> Result<bool, StoreError>;

    /// Removes all rows of a kind under a parent with the names they hold; tells how many there were.
    async fn delete_rows(&mut self, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError>;

    /// Commits. When it returns the writes are on disk; the revision is the new one, or the current one when nothing was
    /// written.
    async fn commit(self: Box<Self>) -> Result<Revision, StoreError>;
}

/// A stored record before it is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it is.
    pub key: Key,
    /// How often it has been written, from 1.
    pub version: u64,
    /// Its JSON text, byte for byte as it was written.
    pub body: String,
}

/// A page of the rows of one kind under one parent.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// What to list.
    pub kind: Kind,
    /// Whose.
    pub tenant: &'a Tenant,
    /// Under which parent; empty for records that stand alone.
    pub parent: &'a str,
    /// Only ids greater than this one, compared byte by byte.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}
