//! Opening a database file: the lock that keeps other processes out, the settings of a connection, the schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use claviger_store::StoreError;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{OpenError, failed};

/// Marks the file as a Claviger store ("Clav").
const APPLICATION_ID: i32 = 0x436c_6176;

/// The schema's steps; `user_version` counts those a file has taken.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_records.sql")];

/// Prepared statements kept per connection: more than there are.
const STATEMENTS_MAX: usize = 48;

/// The page cache of a connection, in KiB: small, because the operating system caches the file as well, but with room for
/// the inner pages of the trees of some hundred thousand records.
const CACHE_KIBIBYTES: i64 = 4_096;

/// The log is cut back to this size when a checkpoint has emptied it.
const LOG_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// The lock of a store, held as long as this lives. It is on a file of its own, because SQLite's locks on the database go
/// when anyone in the process closes it.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of the store in `file`.
    pub(crate) fn take(file: &Path) -> Result<Self, OpenError> {
        let mut name = file.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        let held = open_private(&lock).map_err(|source| OpenError::Unreachable { file: lock.clone(), source })?;
        match held.try_lock() {
            Ok(()) => Ok(Self(held)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { lock }),
            Err(TryLockError::Error(source)) => Err(OpenError::Unreachable { file: lock, source }),
        }
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a child process that is just being started has a copy of it until it runs its
    /// program, and would keep the lock that long.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store's lock goes only with this process");
        }
    }
}

/// Opens the connection that writes, making the file or bringing its schema up to date as need be.
pub(crate) fn writer(file: &Path) -> Result<Connection, StoreError> {
    open_private(file).map_err(|source| OpenError::Unreachable { file: file.to_owned(), source })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    let steps_taken = steps_taken(&connection, file)?;
    let journal_mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |columns| columns.get(0)).map_err(failed)?;
    if journal_mode != "wal" {
        return Err(OpenError::NoWriteAheadLog { file: file.to_owned() }.into());
    }
    configure(&connection).map_err(failed)?;
    connection
        .pragma_update(None, "synchronous", "full")
        .and_then(|()| connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_MAX, |_| Ok(())))
        .and_then(|()| migrate(&mut connection, steps_taken))
        .map_err(failed)?;
    Ok(connection)
}

/// Opens a database that lives in memory and goes with its connection.
pub(crate) fn in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory().map_err(failed)?;
    configure(&connection).and_then(|()| migrate(&mut connection, 0)).map_err(failed)?;
    Ok(connection)
}

/// Opens one more connection that reads a file the writer has open.
pub(crate) fn reader(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    configure(&connection).map_err(failed)?;
    Ok(connection)
}

/// Opens a connection to a file that another process may write to. Nothing is made, and no step of the schema taken.
pub(crate) fn beside(file: &Path) -> Result<Connection, StoreError> {
    // SQLite itself would not say what is wrong.
    File::open(file).map_err(|source| OpenError::Unreachable { file: file.to_owned(), source })?;
    let connection = reader(file)?;
    let found = steps_taken(&connection, file)?;
    if found < MIGRATIONS.len() {
        return Err(OpenError::OlderSchema { file: file.to_owned(), found, known: MIGRATIONS.len() }.into());
    }
    Ok(connection)
}

/// How many steps the schema has taken.
pub(crate) fn schema_version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |columns| columns.get(0))
}

/// Sets how much of the file a connection keeps in memory.
pub(crate) fn cache(connection: &Connection, kibibytes: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -kibibytes)
}

/// Opens a file for writing, making it readable for its owner alone.
fn open_private(file: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    cache(connection, CACHE_KIBIBYTES)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// How many steps of the schema the file has taken; refuses files that are not ours or of a later schema, before
/// anything is written to them.
fn steps_taken(connection: &Connection, file: &Path) -> Result<usize, StoreError> {
    let foreign = || OpenError::Foreign { file: file.to_owned() };
    let number = |pragma| connection.pragma_query_value(None, pragma, |columns| columns.get::<_, i32>(0));
    let application_id = match number("application_id") {
        Ok(application_id) => application_id,
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(foreign().into());
        }
        Err(error) => return Err(failed(error)),
    };
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |columns| columns.get(0)).map_err(failed)?;
    let is_new = application_id == 0 && objects == 0;
    if application_id != APPLICATION_ID && !is_new {
        return Err(foreign().into());
    }
    let found = usize::try_from(number("user_version").map_err(failed)?).map_err(|_| foreign())?;
    if found > MIGRATIONS.len() {
        return Err(OpenError::NewerSchema { file: file.to_owned(), found, known: MIGRATIONS.len() }.into());
    }
    Ok(found)
}

/// Takes the steps of the schema that are missing, all or none.
fn migrate(connection: &mut Connection, steps_taken: usize) -> rusqlite::Result<()> {
    if steps_taken == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in MIGRATIONS.iter().skip(steps_taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}
