//! The schema: whose it is, which version it has, and how it gets to the newest.
//!
//! Nodes of two releases work on one database while a cluster is upgraded. So a step only adds (columns with defaults,
//! tables, indexes), and what nobody uses any more goes a release later: each step says the oldest schema version that a
//! program may know and still work with what the step leaves. A program that knows less refuses to start.

use std::time::Duration;

use crate::connection::Connection;
use crate::error::{Failure, OpenError};

/// A step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What it does.
    pub sql: &'static str,
    /// The oldest schema version that a program may know to go on working after it.
    pub readable_from: i32,
}

/// All steps; the version of a schema counts those it has taken.
pub const STEPS: &[Step] = &[Step { sql: include_str!("../migrations/0001_records.sql"), readable_from: 1 }];

/// Marks a schema as ours.
const APPLICATION: &str = "claviger";

/// Taking steps may be slow when tables are large.
const MIGRATION_MAX: Duration = Duration::from_mins(15);

/// What a schema says of itself.
enum Found {
    /// Nothing: it is missing, or holds nothing.
    Nothing,
    /// It is ours.
    Ours {
        /// The steps it has taken.
        version: i32,
        /// What a program must know to use it.
        readable_from: i32,
    },
    /// It is someone else's.
    Foreign,
}

/// Makes the tables or brings them up to date, one node at a time; refuses a schema that is not for this program.
pub(crate) async fn prepare(connection: &Connection, schema: &str, steps: &[Step]) -> Result<(), OpenError> {
    if !needs_steps(look(connection, schema).await, schema, steps)? {
        return Ok(());
    }
    let migrated = async {
        connection.run("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        // The wait for another node's migration is no reason to give up.
        let limit = MIGRATION_MAX.as_millis();
        connection.run(&format!("SET LOCAL lock_timeout = {limit}; SET LOCAL statement_timeout = {limit}")).await?;
        let turn = format!("SELECT pg_advisory_xact_lock(hashtextextended('claviger {schema}', 0))");
        connection.run_within(MIGRATION_MAX, &turn).await?;
        let found = look(connection, schema).await;
        // Whoever had the turn before may have done it all.
        if let Ok(Found::Ours { version, .. }) = found
            && usize::try_from(version).is_ok_and(|version| version >= steps.len())
        {
            return connection.run("ROLLBACK").await;
        }
        let taken = match found? {
            Found::Ours { version, .. } => usize::try_from(version).unwrap_or_default(),
            Found::Nothing | Found::Foreign => 0,
        };
        take_steps(connection, schema, taken, steps).await?;
        connection.run_within(MIGRATION_MAX, "COMMIT").await
    };
    migrated.await.map_err(|failure| failed(schema, failure))?;
    needs_steps(look(connection, schema).await, schema, steps).map(|_| ())
}

/// Refuses a schema that is not there, or older than what this program knows: whoever only reads takes no steps.
pub(crate) async fn refuse_older(connection: &Connection, schema: &str, steps: &[Step]) -> Result<(), OpenError> {
    let found = look(connection, schema).await;
    let version = match &found {
        Ok(Found::Nothing) => return Err(OpenError::Missing { schema: schema.to_owned() }),
        Ok(Found::Ours { version, .. }) => *version,
        _ => 0,
    };
    if needs_steps(found, schema, steps)? {
        let known = i32::try_from(steps.len()).unwrap_or(i32::MAX);
        return Err(OpenError::OlderSchema { found: version, known });
    }
    Ok(())
}

/// Refuses a schema that has changed beyond what this program knows.
pub(crate) async fn refuse_newer(connection: &Connection, schema: &str, steps: &[Step]) -> Result<(), OpenError> {
    needs_steps(look(connection, schema).await, schema, steps).map(|_| ())
}

async fn take_steps(connection: &Connection, schema: &str, taken: usize, steps: &[Step]) -> Result<(), Failure> {
    if taken == 0 {
        let there = connection.ask(&format!("SELECT to_regnamespace('\"{schema}\"')")).await?;
        // Who has a schema to work in need not be allowed to make one.
        if !matches!(there.as_deref(), Some([Some(_)])) {
            connection.run(&format!("CREATE SCHEMA \"{schema}\"")).await?;
        }
        let table = "CREATE TABLE schema_version (
                         application text NOT NULL, version integer NOT NULL, readable_from integer NOT NULL)";
        connection.run(table).await?;
    }
    for step in steps.iter().skip(taken) {
        connection.run_within(MIGRATION_MAX, step.sql).await?;
    }
    let (version, readable_from) = (steps.len(), steps.last().map_or(0, |step| step.readable_from));
    let say = format!(
        "DELETE FROM schema_version;
         INSERT INTO schema_version (application, version, readable_from)
         VALUES ('{APPLICATION}', {version}, {readable_from})"
    );
    connection.run(&say).await
}

/// Whether there are steps to take.
fn needs_steps(found: Result<Found, Failure>, schema: &str, steps: &[Step]) -> Result<bool, OpenError> {
    let known = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    match found.map_err(|failure| failed(schema, failure))? {
        Found::Nothing => Ok(true),
        Found::Foreign => Err(OpenError::Foreign { schema: schema.to_owned() }),
        Found::Ours { version, readable_from } if readable_from > known => {
            Err(OpenError::NewerSchema { found: version, known })
        }
        Found::Ours { version, .. } => Ok(version < known),
    }
}

async fn look(connection: &Connection, schema: &str) -> Result<Found, Failure> {
    let objects = format!(
        "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('\"{schema}\"')),
                (SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
                 WHERE attrelid = to_regclass('\"{schema}\".schema_version') AND attnum > 0 AND NOT attisdropped)"
    );
    let answer = connection.ask(&objects).await?.unwrap_or_default();
    match answer.as_slice() {
        [Some(count), _] if count == "0" => return Ok(Found::Nothing),
        [_, Some(columns)] if columns.starts_with("application version readable_from") => {}
        _ => return Ok(Found::Foreign),
    }
    let said = connection.ask("SELECT application, version, readable_from FROM schema_version").await?;
    let said = said.unwrap_or_default();
    let Some([Some(application), Some(version), Some(readable_from)]) = said.first_chunk() else {
        return Ok(Found::Foreign);
    };
    match (application == APPLICATION, version.parse(), readable_from.parse()) {
        (true, Ok(version), Ok(readable_from)) => Ok(Found::Ours { version, readable_from }),
        _ => Ok(Found::Foreign),
    }
}

/// Why the schema cannot be used.
pub(crate) fn failed(schema: &str, failure: Failure) -> OpenError {
    OpenError::Schema { schema: schema.to_owned(), source: failure.into() }
}
