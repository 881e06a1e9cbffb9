//! Connections for transactions: so many at a time, opened as they are needed and kept for the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use claviger_store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::database::Database;
use crate::error::Failure;
use crate::open::{self, Step};

/// How long the end of a dropped transaction may take before its connection is closed instead.
const ROLLBACK_MAX: Duration = Duration::from_secs(2);

/// The connections of readers, or of writers: neither can take them all.
pub(crate) struct Pool {
    database: Arc<Database>,
    steps: &'static [Step],
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Pool {
    /// A pool of at most `size` connections; none is opened yet.
    pub(crate) fn new(database: Arc<Database>, steps: &'static [Step], size: usize) -> Arc<Self> {
        Arc::new(Self { database, steps, idle: Mutex::default(), places: Arc::new(Semaphore::new(size)) })
    }

    /// Waits for a place, and takes a connection that is idle or makes one.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let limit = self.database.settings().wait_timeout;
        let place = timeout(limit, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| Failure::Busy(limit))?.map_err(|_| Failure::GivenUp)?;
        let (connection, is_fresh) = match self.take_idle() {
            Some(connection) => (connection, false),
            None => (self.connect().await?, true),
        };
        Ok(Lease { connection: Some(connection), place: Some(place), pool: Arc::clone(self), is_fresh })
    }

    /// How long the server may take to begin a transaction: no longer than to let us in, or it is away.
    pub(crate) fn begin_max(&self) -> Duration {
        self.database.settings().connect_timeout
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Connection::is_open);
        idle.pop()
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        let connection = self.database.connect().await?;
        open::refuse_newer(&connection, &self.database.settings().schema, self.steps).await?;
        Ok(connection)
    }

    fn keep(&self, connection: Connection) {
        if connection.is_open() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// A connection and a place in its pool. Dropping it ends whatever transaction is open before the connection is anyone's.
pub(crate) struct Lease {
    connection: Option<Connection>,
    place: Option<OwnedSemaphorePermit>,
    pool: Arc<Pool>,
    is_fresh: bool,
}

impl Lease {
    /// The connection, unless it was abandoned.
    pub(crate) fn connection(&self) -> Result<&Connection, Failure> {
        self.connection.as_ref().ok_or(Failure::GivenUp)
    }

    /// Gives the connection back as it is: no transaction is open.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.keep(connection);
        }
    }

    /// Closes the connection, about which nothing is known any more; the place stays taken.
    pub(crate) fn abandon(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abandon();
        }
    }

    /// Puts a new connection in the place of one that was idle and turned out to be dead; the other idle ones are then no
    /// better. `false` when the connection was new already.
    pub(crate) async fn renew(&mut self) -> Result<bool, StoreError> {
        if self.is_fresh {
            return Ok(false);
        }
        self.abandon();
        let others = std::mem::take(&mut *self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner));
        others.into_iter().for_each(Connection::abandon);
        self.connection = Some(self.pool.connect().await?);
        self.is_fresh = true;
        Ok(true)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let Ok(runtime) = Handle::try_current() else { return connection.abandon() };
        let (place, pool) = (self.place.take(), Arc::clone(&self.pool));
        runtime.spawn(async move {
            match connection.run_within(ROLLBACK_MAX, "ROLLBACK").await {
                Ok(()) => pool.keep(connection),
                Err(_) => connection.abandon(),
            }
            drop(place);
        });
    }
}
