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
mod feed;
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

use async_trait::async_trait;
use claviger_store::{Changes, Revision, Store, StoreError, Transaction};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use error::OpenError;
#[doc(hidden)]
pub use open::{STEPS, Step};
pub use settings::{Settings, SettingsError};

use crate::database::Database;
use crate::feed::{Looking, Receipt};
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
    follower: AbortHandle,
}

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
        let looked = async { Looking::prepare(&connection).await?.look(&connection, &Receipt::default()).await };
        let look = looked.await.map_err(|failure| open::failed(&settings.schema, failure))?;
        let progress = Arc::new(Progress::new(look.newest));
        let pool = |size| Pool::new(Arc::clone(&database), steps, size);
        let writers = Arc::new(Writers {
            database: Arc::clone(&database),
            pool: pool(settings.writers_max),
            progress: Arc::clone(&progress),
            turns: Turns::default(),
        });
        let readers = pool(settings.readers_max);
        let follower = tokio::spawn(follower::follow(database, Arc::clone(&progress))).abort_handle();
        Ok(Self { readers, writers, progress, follower })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.follower.abort();
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
