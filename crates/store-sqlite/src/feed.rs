//! The SQL of the revision feed.

use claviger_store::{Change, Changes, FEED_REVISIONS, Key, Revision, StoreError};
use rusqlite::{Connection, params};

use crate::error::failed;
use crate::rows::{read_kind, read_tenant};

/// The revision of the store: the newest one in the feed.
pub(crate) fn revision(connection: &Connection) -> Result<Revision, StoreError> {
    let mut statement = connection.prepare_cached("SELECT max(revision) FROM change").map_err(failed)?;
    let newest: Option<i64> = statement.query_row([], |columns| columns.get(0)).map_err(failed)?;
    Ok(Revision(newest.map_or(0, i64::cast_unsigned)))
}

/// Records what `revision` changed, and forgets the revision that is thereby too old.
pub(crate) fn record(connection: &Connection, revision: Revision, keys: &[Key]) -> Result<(), StoreError> {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO change (revision, position, kind, account, region, parent, id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .map_err(failed)?;
    let number = revision.0.cast_signed();
    for (position, key) in (0_i64..).zip(keys) {
        let (kind, tenant) = (key.kind.as_str(), &key.tenant);
        let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
        insert.execute(params![number, position, kind, account, region, key.parent, key.id]).map_err(failed)?;
    }
    let mut forget = connection.prepare_cached("DELETE FROM change WHERE revision <= ?1").map_err(failed)?;
    forget.execute([revision.0.saturating_sub(FEED_REVISIONS).cast_signed()]).map_err(failed)?;
    Ok(())
}

/// What changed after `revision`. A revision that the store never had (its file was replaced by an older one) is answered
/// like one that the feed has forgotten.
pub(crate) fn changes(connection: &Connection, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
    let newest = self::revision(connection)?;
    let oldest = connection
        .prepare_cached("SELECT coalesce(min(revision), 1) FROM change")
        .and_then(|mut statement| statement.query_row([], |columns| columns.get(0)))
        .map(i64::cast_unsigned)
        .map_err(failed)?;
    if revision > newest || revision.0 + 1 < oldest {
        return Ok(Changes::TooOld);
    }
    let mut statement = connection
        .prepare_cached(
            "SELECT revision, kind, account, region, parent, id FROM change
             WHERE revision > ?1 ORDER BY revision, position",
        )
        .map_err(failed)?;
    let mut found: Vec<Change> = Vec::new();
    let mut rows = statement.query([revision.0.cast_signed()]).map_err(failed)?;
    while let Some(columns) = rows.next().map_err(failed)? {
        let revision = Revision(columns.get::<_, i64>(0).map_err(failed)?.cast_unsigned());
        let last = found.last();
        if found.len() >= limit && last.is_some_and(|last| last.revision != revision) {
            break;
        }
        let key = Key {
            kind: read_kind(columns, 1)?,
            tenant: read_tenant(columns, 2, last.map(|last| &last.key.tenant))?,
            parent: columns.get(4).map_err(failed)?,
            id: columns.get(5).map_err(failed)?,
        };
        found.push(Change { revision, key });
    }
    Ok(Changes::Since(found))
}
