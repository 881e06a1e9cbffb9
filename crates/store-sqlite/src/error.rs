//! SQLite's errors in the store's words.

use std::path::PathBuf;

use claviger_store::StoreError;
use rusqlite::ErrorCode;

/// Why a database file cannot be opened. It reaches the caller as the source of [`StoreError::Unavailable`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The lock file cannot be made or opened.
    #[error("cannot open {}; check that the directory exists and that this user may write in it", file.display())]
    Unreachable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error(
        "another process has this store open: it holds the lock on {}; end that process or use another data directory",
        lock.display()
    )]
    InUse {
        /// The lock file.
        lock: PathBuf,
    },
    /// The file is no SQLite database, or one that another program made.
    #[error("{} is not a Claviger store; move it away or use another data directory", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A newer release has changed the schema.
    #[error(
        "{} was written by a newer Claviger (schema {found}, this one knows {known}); run that release, or restore a \
         backup made before the upgrade",
        file.display()
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// The schema version in the file.
        found: usize,
        /// The newest schema version this program knows.
        known: usize,
    },
    /// The schema is older, and this process only reads.
    #[error(
        "{} was written by an older Claviger (schema {found}, this one knows {known}); start a server of this release on \
         it first, or use the release that wrote it",
        file.display()
    )]
    OlderSchema {
        /// The file.
        file: PathBuf,
        /// The schema version in the file.
        found: usize,
        /// The schema version of this program.
        known: usize,
    },
    /// The file system cannot share memory between connections, which the write-ahead log needs.
    #[error("{} is on a file system without shared memory (a network one?); use a local directory", file.display())]
    NoWriteAheadLog {
        /// The file.
        file: PathBuf,
    },
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// The store's word for an error of SQLite that is no answer to what was asked.
pub(crate) fn failed(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error;
    match &error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => StoreError::Corrupt { what: "row".to_owned(), source: error.into() },
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Contention,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Corrupt { what: "database file".to_owned(), source: error.into() }
            }
            _ => StoreError::Unavailable(error.into()),
        },
    }
}

/// The error of whoever had a part in work that SQLite has rolled back, or that was never committed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the database gave up the transaction; nothing of it was kept")]
pub(crate) struct GivenUp;

impl From<GivenUp> for StoreError {
    fn from(error: GivenUp) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn says_in_the_stores_words_what_sqlite_means() {
        let check = |code: i32, expected: &str| {
            let error = failed(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!(error.to_string(), expected);
        };
        check(ffi::SQLITE_FULL, "the database is not available");
        check(ffi::SQLITE_IOERR_FSYNC, "the database is not available");
        check(ffi::SQLITE_CANTOPEN, "the database is not available");
        check(ffi::SQLITE_CORRUPT, "stored database file cannot be read");
        check(ffi::SQLITE_NOTADB, "stored database file cannot be read");
        check(ffi::SQLITE_BUSY, "the transaction collided with another one; run it again");
    }
}
