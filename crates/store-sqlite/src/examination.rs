//! What SQLite finds when it looks over a database.

use claviger_store::{Examination, StoreError};
use rusqlite::Connection;

use crate::error::failed;
use crate::open;

/// Complaints that are listed; a broken file has thousands.
const COMPLAINTS_MAX: usize = 20;

/// Tallies that do not say how many rows there are.
const MISCOUNTED: &str = "SELECT count(*) FROM (
        SELECT kind, account, region, parent, count(*) AS count FROM record GROUP BY 1, 2, 3, 4
        EXCEPT SELECT kind, account, region, parent, count FROM tally)
    UNION ALL SELECT count(*) FROM tally
        WHERE NOT EXISTS (SELECT 1 FROM record WHERE (record.kind, record.account, record.region, record.parent)
            = (tally.kind, tally.account, tally.region, tally.parent))";

/// Goes from each kind to the next, past all of its rows.
const KINDS: &str = "WITH RECURSIVE kinds (kind) AS (
        SELECT min(kind) FROM record
        UNION ALL SELECT (SELECT min(kind) FROM record WHERE record.kind > kinds.kind) FROM kinds WHERE kind IS NOT NULL)
    SELECT kind FROM kinds WHERE kind IS NOT NULL";

/// The kinds that are there.
pub(crate) fn kinds(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(KINDS).map_err(failed)?;
    let kinds = statement.query_map([], |columns| columns.get(0)).map_err(failed)?;
    kinds.collect::<Result<_, _>>().map_err(failed)
}

/// Looks over the database of a connection.
pub(crate) fn examine(connection: &Connection) -> Result<Examination, StoreError> {
    let mut damage = Vec::new();
    let check = format!("PRAGMA integrity_check({COMPLAINTS_MAX})");
    let mut statement = connection.prepare(&check).map_err(failed)?;
    let mut lines = statement.query([]).map_err(failed)?;
    while let Some(columns) = lines.next().map_err(failed)? {
        let line: String = columns.get(0).map_err(failed)?;
        if line != "ok" {
            damage.push(line);
        }
    }
    let nameless = "SELECT count(*) FROM pragma_foreign_key_check";
    let nameless: i64 = connection.query_row(nameless, [], |columns| columns.get(0)).map_err(failed)?;
    if nameless > 0 {
        damage.push(format!("{nameless} names are of no record"));
    }
    let mut statement = connection.prepare(MISCOUNTED).map_err(failed)?;
    let counts = statement.query_map([], |columns| columns.get::<_, i64>(0)).map_err(failed)?;
    let miscounted: i64 = counts.sum::<Result<_, _>>().map_err(failed)?;
    if miscounted > 0 {
        damage.push(format!("{miscounted} counts of records are wrong"));
    }
    let schema = open::schema_version(connection).map_err(failed)?;
    let engine = format!("SQLite {}, schema {schema}", rusqlite::version());
    Ok(Examination { engine, damage, ..Examination::default() })
}
