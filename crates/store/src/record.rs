//! Records: the typed side of a store.

use claviger_resources::Tenant;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::key::{Key, Kind, Name};
use crate::transaction::{Listing, Row, Transaction};

/// A noun that a store keeps.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// Its kind.
    const KIND: Kind;

    /// Whose it is.
    fn tenant(&self) -> Tenant;

    /// The id of what it belongs to; empty when it stands alone.
    #[expect(clippy::unnecessary_literal_bound, reason = "most nouns answer with a part of themselves")]
    fn parent(&self) -> &str {
        ""
    }

    /// Its id, unique for this kind, tenant and parent.
    fn id(&self) -> &str;

    /// The names it holds beyond its key.
    fn names(&self) -> Vec<Name> {
        Vec::new()
    }

    /// Its key.
    fn key(&self) -> Key {
        Key { kind: Self::KIND, tenant: self.tenant(), parent: self.parent().to_owned(), id: self.id().to_owned() }
    }
}

/// A record as it was read, with the version that a replacement must name.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<R> {
    /// The record; change it and give the whole to [`TransactionExt::replace`].
    pub record: R,
    /// The version that was read.
    pub version: u64,
}

impl<R> std::ops::Deref for Stored<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R> std::ops::DerefMut for Stored<R> {
    fn deref_mut(&mut self) -> &mut R {
        &mut self.record
    }
}

impl<R: Record> Stored<R> {
    /// Decodes a row.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        match serde_json::from_str(&row.body) {
            Ok(record) => Ok(Self { record, version: row.version }),
            Err(error) => {
                Err(StoreError::Corrupt { what: format!("{} {}", row.key.kind, row.key.id), source: error.into() })
            }
        }
    }
}

/// A transaction's verbs for records.
pub trait TransactionExt {
    /// The record of this tenant, parent and id; `None` when there is none.
    fn find<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<Stored<R>>, StoreError>> + Send;

    /// The record that holds this name; `None` when nobody does or the holder is of another kind.
    fn find_named<R: Record>(
        &mut self,
        name: &Name,
    ) -> impl Future<Output = Result<Option<Stored<R>>, StoreError>> + Send;

    /// A page of records under a parent, ordered by id.
    fn list<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Stored<R>>, StoreError>> + Send;

    /// Every record under a parent, ordered by id: for parents whose children a quota bounds.
    fn list_all<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
    ) -> impl Future<Output = Result<Vec<Stored<R>>, StoreError>> + Send;

    /// How many records a parent has.
    fn count_of<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Adds a record.
    fn insert<R: Record>(&mut self, record: &R) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces a record that was read at `stored.version`; fails with `Conflict` when it has changed since.
    fn replace<R: Record>(&mut self, stored: &Stored<R>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a record; tells whether it was there.
    fn delete<R: Record>(&mut self, record: &R) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes every record of a kind under a parent; tells how many there were.
    fn delete_all<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Rows fetched at a time by [`TransactionExt::list_all`].
const PAGE: usize = 1_000;

impl TransactionExt for dyn Transaction + '_ {
    async fn find<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
        id: &str,
    ) -> Result<Option<Stored<R>>, StoreError> {
        let key = Key { kind: R::KIND, tenant: tenant.clone(), parent: parent.to_owned(), id: id.to_owned() };
        self.row(&key).await?.as_ref().map(Stored::from_row).transpose()
    }

    async fn find_named<R: Record>(&mut self, name: &Name) -> Result<Option<Stored<R>>, StoreError> {
        let row = self.row_named(name).await?.filter(|row| row.key.kind == R::KIND);
        row.as_ref().map(Stored::from_row).transpose()
    }

    async fn list<R: Record>(
        &mut self,
        tenant: &Tenant,
        parent: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        let rows = self.rows(&Listing { kind: R::KIND, tenant, parent, after, limit }).await?;
        rows.iter().map(Stored::from_row).collect()
    }

    async fn list_all<R: Record>(&mut self, tenant: &Tenant, parent: &str) -> Result<Vec<Stored<R>>, StoreError> {
        let mut records: Vec<Stored<R>> = Vec::new();
        loop {
            let after = records.last().map(|last| last.id().to_owned());
            let page = self.list(tenant, parent, after.as_deref(), PAGE).await?;
            let last = page.len() < PAGE;
            records.extend(page);
            if last {
                return Ok(records);
            }
        }
    }

    async fn count_of<R: Record>(&mut self, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        self.count(R::KIND, tenant, parent).await
    }

    async fn insert<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        self.insert_row(&record.key(), &record.names(), &encode(record)?).await
    }

    async fn replace<R: Record>(&mut self, stored: &Stored<R>) -> Result<(), StoreError> {
        let body = encode(&stored.record)?;
        self.replace_row(&stored.key(), stored.version, &stored.names(), &body).await
    }

    async fn delete<R: Record>(&mut self, record: &R) -> Result<bool, StoreError> {
        self.delete_row(&record.key()).await
    }

    async fn delete_all<R: Record>(&mut self, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
        self.delete_rows(R::KIND, tenant, parent).await
    }
}

/// The text of a record as it is stored.
pub(crate) fn encode<R: Record>(record: &R) -> Result<String, StoreError> {
    serde_json::to_string(record)
        .map_err(|error| StoreError::Corrupt { what: format!("{} {}", R::KIND, record.id()), source: error.into() })
}
