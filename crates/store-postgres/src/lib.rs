//! The backend of a cluster: PostgreSQL, of which every node is a client.
//!
//! [`PostgresStore`] is the port's store over one schema of a database. Readers see one state each (`readers`), writers are
//! serializable and work side by side (`writers`, `turns`); each kind has connections of its own (`pool`). A commit takes
//! the next number under a lock that is held until it is done, so that revisions are seen in their order; one that fails
//! leaves its number unused. Other nodes' commits are heard of by notification (`follower`), and what becomes of a node's
//! knowledge when the database is put back to an older state is decided in `progress`. The SQL is in `rows`, `tally` and
//! `feed`, the schema in `migrations/`.
//!
//! Every wait has an end: connecting, waiting for a connection or a lock, a statement, an idle transaction. When the
//! database is away calls fail with `Unavailable`, and go on when it is back.

mod connection;
mod database;
mod error;
mod examination;
mod feed;
mod filling;
mod follower;
mod open;
mod passwords;
mod pool;
mod progress;
mod readers;
mod rows;
mod settings;
mod tally;
mod tls;
mod transaction;
mod turns;
mod writers;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use claviger_store::{Backend, Changes, Examination, FillError, Filling, Revision, Store, StoreError, Transaction};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use error::OpenError;
#[doc(hidden)]
pub use open::{STEPS, Step};
pub use settings::{Settings, SettingsError};

use crate::connection::Connection;
use crate::database::Database;
use crate::feed::{Looking, Receipt};
use crate::filling::PostgresFilling;
use crate::pool::Pool;
use crate::progress::Progress;
use crate::readers::Reader;
use crate::transaction::PostgresTransaction;
use crate::turns::Turns;
use crate::writers::{Writer, Writers};

/// A store in a PostgreSQL database. What was acknowledged is on the server's disk; dropping the store closes its
/// connections.
pub struct PostgresStore {
    readers: Arc<Pool>,
    writers: Arc<Writers>,
    progress: Arc<Progress>,
    /// Hears of other nodes' commits, for whoever stays.
    follower: Option<AbortHandle>,
}

/// How long a store that is only read may look at everything, or do nothing between two looks: what it reads may go where
/// nobody is in a hurry.
const READING_MAX: Duration = Duration::from_mins(15);

impl PostgresStore {
    /// Connects to the database, and makes its tables or brings them up to date.
    pub async fn connect(settings: &Settings) -> Result<Self, OpenError> {
        Self::connect_with(settings, STEPS).await
    }

    /// The same as a release would that knows these steps of the schema.
    #[doc(hidden)]
    pub async fn connect_with(settings: &Settings, steps: &'static [Step]) -> Result<Self, OpenError> {
        let database = Arc::new(Database::new(settings.clone())?);
        let connection = database.connect().await?;
        open::prepare(&connection, &settings.schema, steps).await?;
        let mut store = Self::over(&database, &connection, steps).await?;
        store.follower = Some(tokio::spawn(follower::follow(database, Arc::clone(&store.progress))).abort_handle());
        Ok(store)
    }

    /// Connects in order to read, and only that: no tables are made, and other nodes' commits not heard of.
    pub async fn connect_for_reading(settings: &Settings) -> Result<Self, OpenError> {
        let idle_timeout = settings.idle_timeout.max(READING_MAX);
        let statement_timeout = settings.statement_timeout.max(READING_MAX);
        let settings = Settings { statement_timeout, idle_timeout, ..settings.clone() };
        let database = Arc::new(Database::new(settings.clone())?);
        let connection = database.connect().await?;
        open::refuse_older(&connection, &settings.schema, STEPS).await?;
        Self::over(&database, &connection, STEPS).await
    }

    /// A store over a database whose tables are as they should be.
    async fn over(
        database: &Arc<Database>,
        connection: &Connection,
        steps: &'static [Step],
    ) -> Result<Self, OpenError> {
        let settings = database.settings();
        let looked = async { Looking::prepare(connection).await?.look(connection, &Receipt::default()).await };
        let look = looked.await.map_err(|failure| open::failed(&settings.schema, failure))?;
        let progress = Arc::new(Progress::new(look.newest));
        let pool = |size| Pool::new(Arc::clone(database), steps, size);
        let writers = Arc::new(Writers {
            database: Arc::clone(database),
            pool: pool(settings.writers_max),
            progress: Arc::clone(&progress),
            turns: Turns::default(),
        });
        let readers = pool(settings.readers_max);
        Ok(Self { readers, writers, progress, follower: None })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(follower) = &self.follower {
            follower.abort();
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let reader = Reader::begin(&self.readers, &self.progress).await?;
        Ok(Box::new(PostgresTransaction::Reading(reader)))
    }

    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let writer = Writer::begin(Arc::clone(&self.writers)).await?;
        Ok(Box::new(PostgresTransaction::Writing(writer)))
    }

    fn revisions(&self) -> watch::Receiver<Revision> {
        self.progress.revisions.subscribe()
    }

    async fn changes(&self, revision: Revision, limit: usize) -> Result<Changes, StoreError> {
        let reader = Reader::begin(&self.readers, &self.progress).await?;
        if self.progress.is_lost(revision) {
            return Ok(Changes::TooOld);
        }
        Ok(feed::changes(reader.connection()?, reader.revision(), revision, limit).await?)
    }
}

#[async_trait]
impl Backend for PostgresStore {
    async fn fill(&self) -> Result<Box<dyn Filling>, FillError> {
        Ok(Box::new(PostgresFilling::begin(&self.writers.pool, &self.progress).await?))
    }

    async fn kinds(&self) -> Result<Vec<String>, StoreError> {
        let reader = Reader::begin(&self.readers, &self.progress).await?;
        Ok(examination::kinds(reader.connection()?).await?)
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let reader = Reader::begin(&self.readers, &self.progress).await?;
        Ok(examination::examine(reader.connection()?).await?)
    }
}
