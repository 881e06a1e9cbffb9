//! What PostgreSQL says of itself, and what is wrong between our tables.

use claviger_resources::Timestamp;
use claviger_store::Examination;

use crate::connection::Connection;
use crate::error::Failure;
use crate::rows::read;

const SERVER: &str = "SELECT current_setting('server_version'), version, current_setting('fsync'),
        current_setting('full_page_writes'), current_setting('synchronous_commit'),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM schema_version";

/// Names of records that are gone, and tallies that do not say how many rows there are.
const STRAY: &str = "SELECT
        (SELECT count(*) FROM name WHERE NOT EXISTS (SELECT FROM record
            WHERE record.kind = name.kind AND record.account = name.account AND record.region = name.region
              AND record.parent = name.parent AND record.id = name.id)),
        (SELECT count(*) FROM (
            SELECT kind, account, region, parent, count(*) FROM record GROUP BY kind, account, region, parent
            EXCEPT SELECT kind, account, region, parent, count FROM tally) AS missing)
        + (SELECT count(*) FROM tally WHERE NOT EXISTS (SELECT FROM record
            WHERE record.kind = tally.kind AND record.account = tally.account AND record.region = tally.region
              AND record.parent = tally.parent))";

/// Goes from each kind to the next, past all of its rows.
const KINDS: &str = "WITH RECURSIVE kinds (kind) AS (
        SELECT min(kind) FROM record
        UNION ALL SELECT (SELECT min(kind) FROM record WHERE record.kind > kinds.kind) FROM kinds WHERE kind IS NOT NULL)
    SELECT kind FROM kinds WHERE kind IS NOT NULL";

/// The kinds that are there.
pub(crate) async fn kinds(connection: &Connection) -> Result<Vec<String>, Failure> {
    connection.query(KINDS, &[]).await?.iter().map(|columns| read(columns, 0, "kind")).collect()
}

/// Looks over the database of a connection.
pub(crate) async fn examine(connection: &Connection) -> Result<Examination, Failure> {
    let server = connection.query_first(SERVER, &[]).await?.ok_or(Failure::GivenUp)?;
    let text = |column| read::<&str>(&server, column, "setting");
    let schema: i32 = read(&server, 1, "schema")?;
    let mut examined =
        Examination { engine: format!("PostgreSQL {}, schema {schema}", text(0)?), ..Examination::default() };
    for (column, setting) in [(2, "fsync"), (3, "full_page_writes")] {
        if text(column)? != "on" {
            examined.risks.push(format!("{setting} is off on the server: a crash of its machine could damage it"));
        }
    }
    if text(4)? == "local" {
        let risk = "synchronous_commit is local: what was acknowledged may be missing on a standby";
        examined.risks.push(risk.to_owned());
    }
    examined.time = Some(Timestamp::from_milliseconds(read(&server, 5, "time")?));
    let stray = connection.query_first(STRAY, &[]).await?.ok_or(Failure::GivenUp)?;
    for (column, what) in [(0, "names are of no record"), (1, "counts of records are wrong")] {
        let found: i64 = read(&stray, column, "count")?;
        if found > 0 {
            examined.damage.push(format!("{found} {what}"));
        }
    }
    Ok(examined)
}
