//! The SQL of rows: one function per question or change, over whichever connection the caller holds.

use claviger_resources::{AccountId, Region, Tenant};
use claviger_store::{Key, Kind, Listing, Name, NamedRow, Namespace, Row, StoreError};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::failed;

/// The row with this key.
pub(crate) fn row(connection: &Connection, key: &Key) -> Result<Option<Row>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT version, body FROM record
             WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4 AND id = ?5",
        )
        .map_err(failed)?;
    let tenant = &key.tenant;
    let key_columns = params![key.kind.as_str(), tenant.account.as_str(), tenant.region.as_str(), key.parent, key.id];
    statement
        .query_row(key_columns, |columns| Ok(read_row(key.clone(), columns.get(0)?, columns.get(1)?)))
        .optional()
        .map_err(failed)
}

/// The row that holds a name.
pub(crate) fn row_named(connection: &Connection, name: &Name) -> Result<Option<Row>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT record.kind, account, region, parent, id, version, body
             FROM name JOIN record ON record.number = name.record
             WHERE namespace = ?1 AND name = ?2",
        )
        .map_err(failed)?;
    let mut rows = statement.query(params![name.namespace.as_str(), name.name]).map_err(failed)?;
    let Some(columns) = rows.next().map_err(failed)? else { return Ok(None) };
    let key = Key {
        kind: read_kind(columns, 0)?,
        tenant: read_tenant(columns, 1, None)?,
        parent: columns.get(3).map_err(failed)?,
        id: columns.get(4).map_err(failed)?,
    };
    Ok(Some(read_row(key, columns.get(5).map_err(failed)?, columns.get(6).map_err(failed)?)))
}

/// The rows a listing asks for, ordered by id.
pub(crate) fn rows(connection: &Connection, listing: &Listing<'_>) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, version, body FROM record
             WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4
               AND id >= coalesce(?5, '') AND id IS NOT ?5
             ORDER BY id LIMIT ?6",
        )
        .map_err(failed)?;
    let Listing { kind, tenant, parent, after, limit } = *listing;
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let parameters = params![kind.as_str(), account, region, parent, after, limit_to_sql(limit)];
    let rows = statement
        .query_map(parameters, |columns| {
            let key = Key { kind, tenant: tenant.clone(), parent: parent.to_owned(), id: columns.get(0)? };
            Ok(read_row(key, columns.get(1)?, columns.get(2)?))
        })
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// The rows of a kind over all tenants, ordered by key.
pub(crate) fn rows_of_kind(
    connection: &Connection,
    kind: Kind,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT account, region, parent, id, version, body FROM record
             WHERE kind = ?1 AND (account, region, parent, id) > (?2, ?3, ?4, ?5)
             ORDER BY account, region, parent, id LIMIT ?6",
        )
        .map_err(failed)?;
    // No account is the empty text, so the position before all keys needs no query of its own.
    let (account, region, parent, id) = after.map_or(("", "", "", ""), |key| {
        (key.tenant.account.as_str(), key.tenant.region.as_str(), &*key.parent, &*key.id)
    });
    let mut found: Vec<Row> = Vec::new();
    let mut rows =
        statement.query(params![kind.as_str(), account, region, parent, id, limit_to_sql(limit)]).map_err(failed)?;
    while let Some(columns) = rows.next().map_err(failed)? {
        let tenant = read_tenant(columns, 0, found.last().map(|row| &row.key.tenant))?;
        let key = Key { kind, tenant, parent: columns.get(2).map_err(failed)?, id: columns.get(3).map_err(failed)? };
        found.push(read_row(key, columns.get(4).map_err(failed)?, columns.get(5).map_err(failed)?));
    }
    Ok(found)
}

/// The same with the names that they hold.
pub(crate) fn named_rows_of_kind(
    connection: &Connection,
    kind: Kind,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<NamedRow>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT namespace, name FROM name WHERE record = (SELECT number FROM record
                 WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4 AND id = ?5)
             ORDER BY namespace, name",
        )
        .map_err(failed)?;
    let mut found = Vec::new();
    for row in rows_of_kind(connection, kind, after, limit)? {
        let (account, region) = (row.key.tenant.account.as_str(), row.key.tenant.region.as_str());
        let key = params![kind.as_str(), account, region, row.key.parent, row.key.id];
        let mut columns = statement.query(key).map_err(failed)?;
        let mut names = Vec::new();
        while let Some(columns) = columns.next().map_err(failed)? {
            let text: String = columns.get(0).map_err(failed)?;
            let namespace = Namespace::parse(&text)
                .ok_or_else(|| StoreError::Corrupt { what: "namespace".to_owned(), source: text.into() })?;
            names.push(Name::new(namespace, columns.get::<_, String>(1).map_err(failed)?));
        }
        found.push(NamedRow { row, names });
    }
    Ok(found)
}

/// How many rows of a kind a parent has.
pub(crate) fn count(connection: &Connection, kind: Kind, tenant: &Tenant, parent: &str) -> Result<u64, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT count FROM tally WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4")
        .map_err(failed)?;
    let group = params![kind.as_str(), tenant.account.as_str(), tenant.region.as_str(), parent];
    let count = statement.query_row(group, |columns| columns.get(0)).optional().map_err(failed)?;
    Ok(count.map_or(0, i64::cast_unsigned))
}

/// Adds a row at version 1 with its names.
pub(crate) fn insert(connection: &Connection, key: &Key, names: &[Name], body: &str) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO record (kind, account, region, parent, id, version, body)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)
             ON CONFLICT DO NOTHING RETURNING number",
        )
        .map_err(failed)?;
    let tenant = &key.tenant;
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let number = statement
        .query_row(params![key.kind.as_str(), account, region, key.parent, key.id, body], |columns| columns.get(0))
        .optional()
        .map_err(failed)?
        .ok_or(StoreError::AlreadyExists)?;
    claim(connection, number, names)?;
    add_to_tally(connection, key.kind, tenant, &key.parent, 1)
}

/// Replaces the row at `version` and the names it holds.
pub(crate) fn replace(
    connection: &Connection,
    key: &Key,
    version: u64,
    names: &[Name],
    body: &str,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "UPDATE record SET version = version + 1, body = ?7
             WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4 AND id = ?5 AND version = ?6
             RETURNING number",
        )
        .map_err(failed)?;
    let (kind, account, region) = (key.kind.as_str(), key.tenant.account.as_str(), key.tenant.region.as_str());
    let number: i64 = statement
        .query_row(params![kind, account, region, key.parent, key.id, version.cast_signed(), body], |columns| {
            columns.get(0)
        })
        .optional()
        .map_err(failed)?
        .ok_or(StoreError::Conflict)?;
    let mut release = connection.prepare_cached("DELETE FROM name WHERE record = ?1").map_err(failed)?;
    release.execute([number]).map_err(failed)?;
    claim(connection, number, names)
}

/// Removes a row and the names it holds; tells whether it was there.
pub(crate) fn delete(connection: &Connection, key: &Key) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "DELETE FROM record WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4 AND id = ?5",
        )
        .map_err(failed)?;
    let tenant = &key.tenant;
    let deleted = statement
        .execute(params![key.kind.as_str(), tenant.account.as_str(), tenant.region.as_str(), key.parent, key.id])
        .map_err(failed)?;
    if deleted > 0 {
        add_to_tally(connection, key.kind, tenant, &key.parent, -1)?;
    }
    Ok(deleted > 0)
}

/// Removes all rows of a kind under a parent with the names they hold; tells their ids in order.
pub(crate) fn delete_all(
    connection: &Connection,
    kind: Kind,
    tenant: &Tenant,
    parent: &str,
) -> Result<Vec<String>, StoreError> {
    let group = params![kind.as_str(), tenant.account.as_str(), tenant.region.as_str(), parent];
    let mut statement = connection
        .prepare_cached(
            "DELETE FROM record WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4 RETURNING id",
        )
        .map_err(failed)?;
    let ids = statement.query_map(group, |columns| columns.get(0)).map_err(failed)?;
    let mut ids: Vec<String> = ids.collect::<Result<_, _>>().map_err(failed)?;
    ids.sort_unstable();
    connection
        .prepare_cached("DELETE FROM tally WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4")
        .and_then(|mut statement| statement.execute(group))
        .map_err(failed)?;
    Ok(ids)
}

fn claim(connection: &Connection, number: i64, names: &[Name]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO name (namespace, name, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
        .map_err(failed)?;
    for name in names {
        if statement.execute(params![name.namespace.as_str(), name.name, number]).map_err(failed)? == 0 {
            return Err(StoreError::NameTaken { namespace: name.namespace });
        }
    }
    Ok(())
}

fn add_to_tally(
    connection: &Connection,
    kind: Kind,
    tenant: &Tenant,
    parent: &str,
    change: i64,
) -> Result<(), StoreError> {
    let (kind, account, region) = (kind.as_str(), tenant.account.as_str(), tenant.region.as_str());
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO tally (kind, account, region, parent, count) VALUES (?1, ?2, ?3, ?4, max(?5, 0))
             ON CONFLICT DO UPDATE SET count = count + ?5 RETURNING count",
        )
        .map_err(failed)?;
    let count: i64 = statement
        .query_row(params![kind, account, region, parent, change], |columns| columns.get(0))
        .map_err(failed)?;
    if count == 0 {
        connection
            .prepare_cached("DELETE FROM tally WHERE kind = ?1 AND account = ?2 AND region = ?3 AND parent = ?4")
            .and_then(|mut statement| statement.execute(params![kind, account, region, parent]))
            .map_err(failed)?;
    }
    Ok(())
}

fn read_row(key: Key, version: i64, body: String) -> Row {
    Row { key, version: version.cast_unsigned(), body }
}

/// The kind in a column.
pub(crate) fn read_kind(columns: &rusqlite::Row<'_>, column: usize) -> Result<Kind, StoreError> {
    let text = columns.get_ref(column).and_then(|value| Ok(value.as_str()?)).map_err(failed)?;
    Ok(Kind::parse(text).unwrap_or(Kind::Unknown))
}

/// The tenant in a column and the next; `previous` is shared rather than made again when it is the same.
pub(crate) fn read_tenant(
    columns: &rusqlite::Row<'_>,
    column: usize,
    previous: Option<&Tenant>,
) -> Result<Tenant, StoreError> {
    let text = |column| columns.get_ref(column).and_then(|value| Ok(value.as_str()?)).map_err(failed);
    let (account, region) = (text(column)?, text(column + 1)?);
    if let Some(tenant) = previous
        && tenant.account.as_str() == account
        && tenant.region.as_str() == region
    {
        return Ok(tenant.clone());
    }
    let unreadable = |source| StoreError::Corrupt { what: "tenant".to_owned(), source };
    Ok(Tenant {
        account: AccountId::parse(account).map_err(|error| unreadable(error.into()))?,
        region: Region::parse(region).map_err(|error| unreadable(error.into()))?,
    })
}

fn limit_to_sql(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
