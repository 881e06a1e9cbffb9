//! PostgreSQL's errors in the store's words.

use std::error::Error;
use std::time::Duration;

use claviger_store::StoreError;
use tokio_postgres::error::{Severity, SqlState};

/// Why a database cannot be used. It reaches callers of an open store as the source of [`StoreError::Unavailable`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No server of those named lets us in.
    #[error("cannot connect to PostgreSQL: {}", reasons.join("; "))]
    Unreachable {
        /// What was wrong with each.
        reasons: Vec<String>,
    },
    /// The schema holds tables, and they are not ours.
    #[error("the schema `{schema}` of the database is not a Claviger store; name another one, or another database")]
    Foreign {
        /// The schema.
        schema: String,
    },
    /// A newer release has changed the tables beyond what this one can work with.
    #[error(
        "the database was written by a newer Claviger (schema {found}, this one knows {known}); run that release, or \
         restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// The schema version of the database.
        found: i32,
        /// The newest schema version this program knows.
        known: i32,
    },
    /// There are no tables, and this process only reads.
    #[error(
        "the schema `{schema}` of the database holds nothing; check that `store` names the right database and schema"
    )]
    Missing {
        /// The schema.
        schema: String,
    },
    /// The tables are older, and this process only reads.
    #[error(
        "the database was written by an older Claviger (schema {found}, this one knows {known}); start a node of this \
         release first, or use the release that wrote it"
    )]
    OlderSchema {
        /// The schema version of the database.
        found: i32,
        /// The schema version of this program.
        known: i32,
    },
    /// The tables cannot be made or brought up to date.
    #[error("cannot prepare the schema `{schema}` of the database")]
    Schema {
        /// The schema.
        schema: String,
        /// What the database says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// Why a statement has failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server says no. Its details and hints are left out, because they may quote what is stored.
    #[error("{message} ({})", code.code())]
    Refused {
        /// Its code.
        code: SqlState,
        /// Whether it ends the connection.
        fatal: bool,
        /// In its words.
        message: String,
    },
    /// The connection is gone.
    #[error("the connection to the database was lost")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
    /// There was no answer in time.
    #[error("the database has not answered within {} ms", .0.as_millis())]
    Late(Duration),
    /// The transaction has failed before.
    #[error("the database gave up the transaction; nothing of it was kept")]
    GivenUp,
    /// All connections are taken.
    #[error("no connection to the database became free within {} ms", .0.as_millis())]
    Busy(Duration),
    /// The answer to a commit was lost, and it could not be found out whether it was kept.
    #[error("the connection to the database was lost during a commit, which may have been kept or not")]
    InDoubt(#[source] Box<Failure>),
    /// What was stored is not what it should be.
    #[error("stored {what} cannot be read")]
    Unreadable {
        /// What was read.
        what: &'static str,
        /// Why it cannot be.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Failure {
    /// Whether transactions got in each other's way. A key or name that is taken by someone whom the statement could not
    /// see is among it: run again, the transaction sees who has it.
    pub(crate) fn is_collision(&self) -> bool {
        let collisions =
            [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
        matches!(self, Self::Refused { code, .. } if collisions.contains(code))
    }

    /// Whether the server may have done what it was told all the same.
    pub(crate) fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Late(_) | Self::Refused { fatal: true, .. })
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => Self::Refused {
                code: refusal.code().clone(),
                fatal: matches!(refusal.parsed_severity(), Some(Severity::Fatal | Severity::Panic)),
                message: refusal.message().to_owned(),
            },
            None => Self::Lost(error.into()),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            failure if failure.is_collision() => Self::Contention,
            Failure::Refused { ref code, .. }
                if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) =>
            {
                Self::Corrupt { what: "table".to_owned(), source: failure.into() }
            }
            Failure::Unreadable { what, source } => Self::Corrupt { what: what.to_owned(), source },
            failure => Self::Unavailable(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_the_stores_words_what_postgresql_means() {
        let check = |code: &str, expected: &str| {
            let failure = Failure::Refused { code: SqlState::from_code(code), fatal: false, message: "no".to_owned() };
            assert_eq!(StoreError::from(failure).to_string(), expected, "{code}");
        };
        let contention = "the transaction collided with another one; run it again";
        check("40001", contention);
        check("40P01", contention);
        check("23505", contention);
        check("XX001", "stored table cannot be read");
        check("XX002", "stored table cannot be read");
        for code in ["53100", "53300", "55P03", "57014", "57P01", "57P03", "25006", "25P02", "42P01"] {
            check(code, "the database is not available");
        }
    }

    #[test]
    fn is_in_doubt_when_the_server_did_not_say_no() {
        let refused = |fatal| Failure::Refused { code: SqlState::ADMIN_SHUTDOWN, fatal, message: "bye".to_owned() };
        assert!(refused(true).leaves_doubt());
        assert!(!refused(false).leaves_doubt());
        assert!(Failure::Late(Duration::from_secs(1)).leaves_doubt());
        assert!(!Failure::GivenUp.leaves_doubt());
    }
}
