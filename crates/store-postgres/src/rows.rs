//! The SQL of rows: one function per question or change, over whichever connection the caller holds.
//!
//! A change is one statement, so that it happens as a whole or not at all without a savepoint. Its parts see the state
//! before it, never each other.

use claviger_resources::{AccountId, Region, Tenant};
use claviger_store::{Key, Kind, Listing, Name, NamedRow, Namespace, Row};
use tokio_postgres::types::FromSql;

use crate::connection::{Connection, Parameters};
use crate::error::Failure;

/// What came of a change.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    /// It was made.
    Done,
    /// There is such a record already.
    AlreadyExists,
    /// The record is not at that version.
    Conflict,
    /// Another record holds one of the names.
    NameTaken(Namespace),
}

/// The row with this key.
pub(crate) async fn row(connection: &Connection, key: &Key) -> Result<Option<Row>, Failure> {
    const SQL: &str = "SELECT version, body FROM record
        WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5";
    if !is_storable(key) {
        return Ok(None);
    }
    let (kind, tenant) = (key.kind.as_str(), &key.tenant);
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let found = connection.query_first(SQL, &[&kind, &account, &region, &key.parent, &key.id]).await?;
    found.map(|columns| read_row(key.clone(), &columns, 0)).transpose()
}

/// The row that holds a name.
pub(crate) async fn row_named(connection: &Connection, name: &Name) -> Result<Option<Row>, Failure> {
    const SQL: &str = "SELECT record.kind, record.account, record.region, record.parent, record.id, version, body
        FROM name JOIN record ON (record.kind, record.account, record.region, record.parent, record.id)
                               = (name.kind, name.account, name.region, name.parent, name.id)
        WHERE namespace = $1 AND name = $2";
    if name.name.contains('\0') {
        return Ok(None);
    }
    let Some(columns) = connection.query_first(SQL, &[&name.namespace.as_str(), &name.name]).await? else {
        return Ok(None);
    };
    let key = Key {
        kind: read_kind(&columns, 0)?,
        tenant: read_tenant(&columns, 1, None)?,
        parent: read(&columns, 3, "parent")?,
        id: read(&columns, 4, "id")?,
    };
    read_row(key, &columns, 5).map(Some)
}

/// The rows a listing asks for, ordered by id.
pub(crate) async fn rows(connection: &Connection, listing: &Listing<'_>) -> Result<Vec<Row>, Failure> {
    const SQL: &str = "SELECT id, version, body FROM record
        WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id >= $5 AND ($6 OR id <> $5)
        ORDER BY id LIMIT $7";
    let Listing { kind, tenant, parent, after, limit } = *listing;
    if parent.contains('\0') {
        return Ok(Vec::new());
    }
    // No id holds U+0000, so that nothing stands between what comes before one and what it begins.
    let after = after.map(|after| after.split('\0').next().unwrap_or_default());
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let from_start = after.is_none();
    let parameters: Parameters<'_> =
        &[&kind.as_str(), &account, &region, &parent, &after.unwrap_or_default(), &from_start, &limit_to_sql(limit)];
    let found = connection.query(SQL, parameters).await?;
    let row = |columns: &tokio_postgres::Row| {
        let id = read(columns, 0, "id")?;
        read_row(Key { kind, tenant: tenant.clone(), parent: parent.to_owned(), id }, columns, 1)
    };
    found.iter().map(row).collect()
}

/// The rows of a kind over all tenants, ordered by key.
pub(crate) async fn rows_of_kind(
    connection: &Connection,
    kind: Kind,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    const SQL: &str = "SELECT account, region, parent, id, version, body FROM record
        WHERE kind = $1 AND (account, region, parent, id) > ($2, $3, $4, $5)
        ORDER BY account, region, parent, id LIMIT $6";
    let (account, region, parent, id) = place_of(after);
    let found = connection.query(SQL, &[&kind.as_str(), &account, &region, &parent, &id, &limit_to_sql(limit)]).await?;
    let mut rows: Vec<Row> = Vec::with_capacity(found.len());
    for columns in &found {
        rows.push(read_row_of_kind(kind, columns, rows.last())?);
    }
    Ok(rows)
}

/// The same with the names that they hold.
pub(crate) async fn named_rows_of_kind(
    connection: &Connection,
    kind: Kind,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<NamedRow>, Failure> {
    // Names are looked up row by row, by their index; of the array, every other element is a namespace.
    const SQL: &str = "SELECT account, region, parent, id, version, body, ARRAY(
            SELECT part FROM name, unnest(ARRAY[namespace, name]) WITH ORDINALITY AS parts (part, place)
            WHERE name.kind = record.kind AND name.account = record.account AND name.region = record.region
              AND name.parent = record.parent AND name.id = record.id
            ORDER BY namespace, name, place)
        FROM record WHERE kind = $1 AND (account, region, parent, id) > ($2, $3, $4, $5)
        ORDER BY account, region, parent, id LIMIT $6";
    let (account, region, parent, id) = place_of(after);
    let found = connection.query(SQL, &[&kind.as_str(), &account, &region, &parent, &id, &limit_to_sql(limit)]).await?;
    let mut rows: Vec<NamedRow> = Vec::with_capacity(found.len());
    for columns in &found {
        let row = read_row_of_kind(kind, columns, rows.last().map(|named| &named.row))?;
        rows.push(NamedRow { row, names: read_names(columns, 6)? });
    }
    Ok(rows)
}

/// Adds a row at version 1 with its names.
pub(crate) async fn insert(connection: &Connection, key: &Key, names: &[Name], body: &str) -> Result<Changed, Failure> {
    // The question whether a name is taken is put once per name, or the planner might go through all names instead. The
    // key is not asked about, because an answer would collide with whoever adds a record beside it.
    const SQL: &str = "WITH
        wanted AS MATERIALIZED (
            SELECT namespace, name FROM unnest($7::text[], $8::text[]) AS wanted (namespace, name)),
        taken AS MATERIALIZED (
            SELECT namespace FROM wanted
            WHERE (SELECT true FROM name WHERE name.namespace = wanted.namespace AND name.name = wanted.name)
            LIMIT 1),
        inserted AS (
            INSERT INTO record (kind, account, region, parent, id, version, body)
            SELECT $1, $2, $3, $4, $5, 1, $6 WHERE NOT EXISTS (SELECT FROM taken)
            ON CONFLICT DO NOTHING RETURNING kind, account, region, parent, id),
        claimed AS (
            INSERT INTO name (namespace, name, kind, account, region, parent, id)
            SELECT wanted.namespace, wanted.name, inserted.* FROM wanted, inserted)
        SELECT EXISTS (SELECT FROM inserted), (SELECT namespace FROM taken)";
    if let Some(namespace) = repeated(names) {
        let exists = row(connection, key).await?.is_some();
        return Ok(if exists { Changed::AlreadyExists } else { Changed::NameTaken(namespace) });
    }
    let (kind, account, region) = (key.kind.as_str(), key.tenant.account.as_str(), key.tenant.region.as_str());
    let (namespaces, texts) = columns_of(names);
    let parameters: Parameters<'_> = &[&kind, &account, &region, &key.parent, &key.id, &body, &namespaces, &texts];
    let answer = connection.query_first(SQL, parameters).await?;
    let (inserted, taken) = read_outcome(answer.as_ref())?;
    match taken {
        _ if inserted => Ok(Changed::Done),
        Some(namespace) if row(connection, key).await?.is_none() => Ok(Changed::NameTaken(namespace)),
        _ => Ok(Changed::AlreadyExists),
    }
}

/// Replaces the row at `version` and the names it holds.
pub(crate) async fn replace(
    connection: &Connection,
    key: &Key,
    version: u64,
    names: &[Name],
    body: &str,
) -> Result<Changed, Failure> {
    // A name that is held already stays as it is: let go of and claimed in one statement, it would stand in its own way.
    const SQL: &str = "WITH
        wanted AS MATERIALIZED (
            SELECT namespace, name,
                (SELECT (kind, account, region, parent, id) = ($1, $2, $3, $4, $5) FROM name
                 WHERE name.namespace = wanted.namespace AND name.name = wanted.name) AS is_ours
            FROM unnest($8::text[], $9::text[]) AS wanted (namespace, name)),
        taken AS MATERIALIZED (SELECT namespace FROM wanted WHERE NOT is_ours LIMIT 1),
        held AS MATERIALIZED (
            SELECT FROM record
            WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5 AND version = $6),
        replaced AS (
            UPDATE record SET version = version + 1, body = $7
            WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5 AND version = $6
              AND NOT EXISTS (SELECT FROM taken)
            RETURNING kind, account, region, parent, id),
        released AS (
            DELETE FROM name
            WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5
              AND EXISTS (SELECT FROM replaced)
              AND (namespace, name) NOT IN (SELECT namespace, name FROM wanted)),
        claimed AS (
            INSERT INTO name (namespace, name, kind, account, region, parent, id)
            SELECT wanted.namespace, wanted.name, replaced.* FROM wanted, replaced WHERE is_ours IS NULL)
        SELECT EXISTS (SELECT FROM held), (SELECT namespace FROM taken)";
    if let Some(namespace) = repeated(names) {
        let held = row(connection, key).await?.is_some_and(|row| row.version == version);
        return Ok(if held { Changed::NameTaken(namespace) } else { Changed::Conflict });
    }
    let (kind, account, region) = (key.kind.as_str(), key.tenant.account.as_str(), key.tenant.region.as_str());
    let ((namespaces, texts), version) = (columns_of(names), version.cast_signed());
    let parameters: Parameters<'_> =
        &[&kind, &account, &region, &key.parent, &key.id, &version, &body, &namespaces, &texts];
    let answer = connection.query_first(SQL, parameters).await?;
    let (held, taken) = read_outcome(answer.as_ref())?;
    Ok(match taken {
        _ if !held => Changed::Conflict,
        Some(namespace) => Changed::NameTaken(namespace),
        None => Changed::Done,
    })
}

/// Removes a row and the names it holds; tells whether it was there.
pub(crate) async fn delete(connection: &Connection, key: &Key) -> Result<bool, Failure> {
    const SQL: &str = "WITH
        deleted AS (
            DELETE FROM record
            WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5 RETURNING 1),
        released AS (
            DELETE FROM name
            WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 AND id = $5
              AND EXISTS (SELECT FROM deleted))
        SELECT FROM deleted";
    if !is_storable(key) {
        return Ok(false);
    }
    let (kind, account, region) = (key.kind.as_str(), key.tenant.account.as_str(), key.tenant.region.as_str());
    Ok(connection.query_first(SQL, &[&kind, &account, &region, &key.parent, &key.id]).await?.is_some())
}

/// Removes all rows of a kind under a parent with the names they hold; tells their ids in order.
pub(crate) async fn delete_all(
    connection: &Connection,
    kind: Kind,
    tenant: &Tenant,
    parent: &str,
) -> Result<Vec<String>, Failure> {
    const SQL: &str = "WITH
        deleted AS (
            DELETE FROM record WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4 RETURNING id),
        released AS (
            DELETE FROM name WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4)
        SELECT id FROM deleted";
    if parent.contains('\0') {
        return Ok(Vec::new());
    }
    let (kind, account, region) = (kind.as_str(), tenant.account.as_str(), tenant.region.as_str());
    let found = connection.query(SQL, &[&kind, &account, &region, &parent]).await?;
    let mut ids: Vec<String> = found.iter().map(|columns| read(columns, 0, "id")).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}

/// Whether a key can be in the store at all.
fn is_storable(key: &Key) -> bool {
    !key.parent.contains('\0') && !key.id.contains('\0')
}

/// The namespace of a name that is in a list twice.
fn repeated(names: &[Name]) -> Option<Namespace> {
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [first, second] if first == second => Some(first.namespace),
        _ => None,
    })
}

fn columns_of(names: &[Name]) -> (Vec<&'static str>, Vec<&str>) {
    names.iter().map(|name| (name.namespace.as_str(), &*name.name)).unzip()
}

/// What a change says of itself: whether the record was there to be changed, and the namespace of a name that is taken.
fn read_outcome(answer: Option<&tokio_postgres::Row>) -> Result<(bool, Option<Namespace>), Failure> {
    let columns = answer.ok_or_else(|| unreadable("outcome", "it is missing"))?;
    let taken: Option<&str> = read(columns, 1, "namespace")?;
    let namespace = |text| Namespace::parse(text).ok_or_else(|| unreadable("namespace", text));
    Ok((read(columns, 0, "outcome")?, taken.map(namespace).transpose()?))
}

/// Where a page of a kind begins. No account is the empty text, so the position before all keys needs no query of its own.
fn place_of(after: Option<&Key>) -> (&str, &str, &str, &str) {
    after.map_or(("", "", "", ""), |key| {
        (key.tenant.account.as_str(), key.tenant.region.as_str(), &*key.parent, &*key.id)
    })
}

fn read_row_of_kind(kind: Kind, columns: &tokio_postgres::Row, previous: Option<&Row>) -> Result<Row, Failure> {
    let tenant = read_tenant(columns, 0, previous.map(|row| &row.key.tenant))?;
    let key = Key { kind, tenant, parent: read(columns, 2, "parent")?, id: read(columns, 3, "id")? };
    read_row(key, columns, 4)
}

fn read_names(columns: &tokio_postgres::Row, column: usize) -> Result<Vec<Name>, Failure> {
    let texts: Vec<&str> = read(columns, column, "names")?;
    let name = |pair: &[&str]| match *pair {
        [namespace, name] => {
            let namespace = Namespace::parse(namespace).ok_or_else(|| unreadable("namespace", namespace))?;
            Ok(Name::new(namespace, name))
        }
        _ => Err(unreadable("names", "one of them is missing")),
    };
    texts.chunks(2).map(name).collect()
}

fn read_row(key: Key, columns: &tokio_postgres::Row, from: usize) -> Result<Row, Failure> {
    let version: i64 = read(columns, from, "version")?;
    Ok(Row { key, version: version.cast_unsigned(), body: read(columns, from + 1, "body")? })
}

/// The value in a column.
pub(crate) fn read<'a, T: FromSql<'a>>(
    columns: &'a tokio_postgres::Row,
    column: usize,
    what: &'static str,
) -> Result<T, Failure> {
    columns.try_get(column).map_err(|error| unreadable(what, error))
}

/// The kind in a column.
pub(crate) fn read_kind(columns: &tokio_postgres::Row, column: usize) -> Result<Kind, Failure> {
    Ok(Kind::parse(read(columns, column, "kind")?).unwrap_or(Kind::Unknown))
}

/// The tenant in a column and the next; `previous` is shared rather than made again when it is the same.
pub(crate) fn read_tenant(
    columns: &tokio_postgres::Row,
    column: usize,
    previous: Option<&Tenant>,
) -> Result<Tenant, Failure> {
    let (account, region): (&str, &str) = (read(columns, column, "account")?, read(columns, column + 1, "region")?);
    if let Some(tenant) = previous
        && tenant.account.as_str() == account
        && tenant.region.as_str() == region
    {
        return Ok(tenant.clone());
    }
    Ok(Tenant {
        account: AccountId::parse(account).map_err(|error| unreadable("tenant", error))?,
        region: Region::parse(region).map_err(|error| unreadable("tenant", error))?,
    })
}

fn unreadable(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Unreadable { what, source: source.into() }
}

fn limit_to_sql(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
