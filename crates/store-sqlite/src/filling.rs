//! Filling an empty store, in one transaction that has the writer to itself.

use async_trait::async_trait;
use claviger_store::{
    FEED_REVISIONS, FillError, Filling, KEYRING_ID, Key, Kind, NamedRow, Revision, StoreError, keyring_tenant,
};
use rusqlite::{Connection, ErrorCode, params};
use tokio::sync::OwnedMutexGuard;

use crate::error::failed;
use crate::writer::Writer;
use crate::{feed, open};

/// The page cache meanwhile, in KiB: names come in no order, and their tree should not be read again for each.
const CACHE_KIBIBYTES: i64 = 128 * 1_024;

const COUNT: &str = "INSERT INTO tally (kind, account, region, parent, count)
    SELECT kind, account, region, parent, count(*) FROM record GROUP BY kind, account, region, parent";

/// A store that is being filled.
pub(crate) struct SqliteFilling {
    /// There until it is committed.
    writer: Option<OwnedMutexGuard<Writer>>,
}

impl SqliteFilling {
    /// Begins, where nothing is stored.
    pub(crate) fn begin(mut writer: OwnedMutexGuard<Writer>) -> Result<Self, FillError> {
        writer.begin_alone()?;
        open::cache(writer.connection(), CACHE_KIBIBYTES).map_err(failed)?;
        let filling = Self { writer: Some(writer) };
        let is_empty = "SELECT NOT EXISTS (SELECT 1 FROM record)";
        let is_empty: bool = filling.connection()?.query_row(is_empty, [], |columns| columns.get(0)).map_err(failed)?;
        if is_empty { Ok(filling) } else { Err(FillError::NotEmpty) }
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        self.writer.as_ref().map(|writer| writer.connection()).ok_or(StoreError::ReadOnly)
    }
}

#[async_trait]
impl Filling for SqliteFilling {
    async fn add(&mut self, rows: &[NamedRow]) -> Result<(), FillError> {
        let connection = self.connection()?;
        let mut insert = connection
            .prepare_cached(
                "INSERT INTO record (kind, account, region, parent, id, version, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING number",
            )
            .map_err(failed)?;
        let mut claim = connection
            .prepare_cached("INSERT INTO name (namespace, name, record) VALUES (?1, ?2, ?3)")
            .map_err(failed)?;
        for NamedRow { row, names } in rows {
            let (key, version) = (&row.key, row.version.cast_signed());
            let (account, region) = (key.tenant.account.as_str(), key.tenant.region.as_str());
            let columns = params![key.kind.as_str(), account, region, key.parent, key.id, version, row.body];
            let number: i64 = insert.query_row(columns, |columns| columns.get(0)).map_err(refused)?;
            for name in names {
                claim.execute(params![name.namespace.as_str(), name.name, number]).map_err(refused)?;
            }
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>, after: Revision) -> Result<Revision, FillError> {
        let mut writer = self.writer.take().ok_or(StoreError::ReadOnly)?;
        let revision = Revision(writer.revision().max(after).0 + FEED_REVISIONS + 1);
        let work = move || {
            let keyring =
                Key { kind: Kind::Keyring, tenant: keyring_tenant(), parent: String::new(), id: KEYRING_ID.to_owned() };
            let written = writer.connection().execute(COUNT, []).map_err(failed);
            let written = written.and_then(|_| feed::record(writer.connection(), revision, &[keyring]));
            let outcome = match written {
                Ok(()) => writer.commit_alone(revision),
                Err(error) => {
                    writer.end_unused();
                    Err(error)
                }
            };
            outcome.and_then(|()| writer.checkpoint())
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|stopped| StoreError::Unavailable(stopped.into()))??;
        Ok(revision)
    }
}

impl Drop for SqliteFilling {
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.end_unused();
        }
    }
}

fn refused(error: rusqlite::Error) -> FillError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => FillError::Repeated,
        _ => failed(error).into(),
    }
}
