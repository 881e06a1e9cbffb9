//! The connections that read: a few, opened as they are needed, each transaction on one of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use claviger_store::{Revision, StoreError};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{GivenUp, failed};
use crate::{feed, open};

/// Read transactions at a time; the next waits for one of them to end, never for a writer.
const READERS_MAX: usize = 4;

/// The connections that read one file.
pub(crate) struct Readers {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// The readers of `file`; none is opened yet.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, idle: Arc::default(), places: Arc::new(Semaphore::new(READERS_MAX)) }
    }

    /// Opens a transaction that sees the newest state on disk, and goes on seeing it.
    pub(crate) async fn begin(&self) -> Result<Reader, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| GivenUp)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.file)?,
        };
        run(&connection, "BEGIN").map_err(failed)?;
        // SQLite takes the snapshot at the first read after BEGIN.
        let revision = feed::revision(&connection)?;
        Ok(Reader { connection: Some(connection), revision, idle: Arc::clone(&self.idle), _place: place })
    }
}

/// One read transaction. Dropping it gives the connection back.
pub(crate) struct Reader {
    /// There until it is dropped.
    connection: Option<Connection>,
    revision: Revision,
    idle: Arc<Mutex<Vec<Connection>>>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection.
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| GivenUp.into())
    }

    /// The revision it sees.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && run(&connection, "ROLLBACK").is_ok()
        {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
