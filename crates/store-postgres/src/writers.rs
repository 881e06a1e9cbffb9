//! Transactions that write: serializable, side by side until they collide, and numbered one at a time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use claviger_store::{Key, Revision, StoreError};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connection::Connection;
use crate::database::Database;
use crate::error::Failure;
use crate::feed::{self, Look, Looking, Publication, Receipt};
use crate::pool::{Lease, Pool};
use crate::progress::Progress;
use crate::tally::{self, Tallies};
use crate::turns::Turns;

/// How long it is tried to find out what became of a commit whose answer was lost.
const OUTCOME_MAX: Duration = Duration::from_secs(10);
/// How long to wait before asking again.
const OUTCOME_PAUSE: Duration = Duration::from_millis(200);

/// What all writers of a node share.
pub(crate) struct Writers {
    pub(crate) database: Arc<Database>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) turns: Turns,
}

/// One write transaction. Dropping it takes back what it wrote.
pub(crate) struct Writer {
    lease: Lease,
    writers: Arc<Writers>,
    /// The revision it started from, or one a little before.
    base: Revision,
    /// Its name, by which its commit is found again.
    token: String,
    /// What it has changed, in the order of the first change.
    changed: Vec<Key>,
    changed_set: HashSet<Key>,
    /// How many records have come and gone.
    pub(crate) tallies: Tallies,
    /// Whether it has failed, and then whether by a collision.
    failed: Option<bool>,
}

impl Writer {
    /// Opens a transaction, when it is its turn.
    pub(crate) async fn begin(writers: Arc<Writers>) -> Result<Self, StoreError> {
        let mut lease = writers.pool.take().await?;
        let asked = writers.progress.seen();
        let look = loop {
            let in_turn = writers.turns.are_taken(Instant::now());
            let wait = if in_turn { writers.database.settings().lock_timeout } else { Duration::ZERO };
            let limit = writers.pool.begin_max() + wait;
            let begun = timeout(limit, begin(lease.connection()?, &asked, in_turn)).await;
            match begun.unwrap_or(Err(Failure::Late(limit))) {
                Ok(look) => break look,
                Err(failure) => {
                    if !(failure.leaves_doubt() && lease.renew().await?) {
                        return Err(failure.into());
                    }
                }
            }
        };
        writers.progress.take_in(&asked, &look);
        Ok(Self {
            lease,
            writers,
            base: look.newest.revision,
            token: look.token,
            changed: Vec::new(),
            changed_set: HashSet::new(),
            tallies: Tallies::default(),
            failed: None,
        })
    }

    /// The revision it started from.
    pub(crate) fn base(&self) -> Revision {
        self.base
    }

    /// The connection, unless the transaction has failed.
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        match self.failed {
            None => Ok(self.lease.connection()?),
            Some(true) => Err(StoreError::Contention),
            Some(false) => Err(Failure::GivenUp.into()),
        }
    }

    /// Takes in what came of a statement: one that fails takes the whole transaction with it.
    pub(crate) fn told<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, StoreError> {
        outcome.map_err(|failure| {
            if !matches!(failure, Failure::Unreadable { .. }) {
                self.failed = Some(failure.is_collision());
            }
            if failure.is_collision() {
                self.writers.turns.collided(Instant::now());
            }
            if failure.leaves_doubt() {
                self.lease.abandon();
            }
            failure.into()
        })
    }

    /// Notes that a record was changed.
    pub(crate) fn note(&mut self, key: Key) {
        if self.changed_set.insert(key.clone()) {
            self.changed.push(key);
        }
    }

    /// Commits. Whoever goes away meanwhile does not keep it from happening.
    pub(crate) async fn commit(mut self) -> Result<Revision, StoreError> {
        self.connection()?;
        let committed = if self.changed.is_empty() { self.end().await } else { self.publish().await };
        match committed {
            Ok(revision) => {
                self.lease.give_back();
                Ok(revision)
            }
            Err(failure) => {
                let in_doubt = failure.leaves_doubt() && !self.changed.is_empty();
                let told = self.told(Err(failure));
                if in_doubt { self.find_out().await } else { told }
            }
        }
    }

    /// Ends a transaction that changed nothing; what it has seen is not newer than the answer.
    async fn end(&self) -> Result<Revision, Failure> {
        let connection = self.lease.connection()?;
        let asked = self.writers.progress.seen();
        let looking = Looking::prepare(connection).await?;
        let (ended, look) = tokio::join!(
            biased;
            connection.run("COMMIT"),
            looking.look(connection, &asked),
        );
        ended?;
        let look = look?;
        self.writers.progress.take_in(&asked, &look);
        Ok(look.newest.revision)
    }

    /// Writes down what is to be told of the transaction and commits it. All of it is sent together, so that nobody waits
    /// for the network between the lock and the commit.
    async fn publish(&self) -> Result<Revision, Failure> {
        let connection = self.lease.connection()?;
        let [raise, lower] = self.tallies.changes(connection).await?;
        let publication = Publication::prepare(connection).await?;
        let (raised, lowered, locked, published, committed) = tokio::join!(
            biased;
            tally::make(raise.as_ref(), connection),
            tally::make(lower.as_ref(), connection),
            publication.lock(connection),
            publication.publish(connection, &self.token, &self.changed),
            connection.run("COMMIT"),
        );
        // After a refusal the rest is refused as well, and the commit takes everything back. What was lost on the way is
        // in doubt as a whole.
        let refused = raised.and(lowered).and(locked).and(published);
        match (refused, committed) {
            (Ok(revision), Ok(())) => {
                self.writers.progress.hear(revision);
                Ok(revision)
            }
            (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
        }
    }

    /// Finds out what became of a commit whose answer was lost.
    async fn find_out(&self) -> Result<Revision, StoreError> {
        let deadline = Instant::now() + OUTCOME_MAX;
        let ask = async {
            loop {
                let asked = async {
                    let connection =
                        self.writers.database.connect().await.map_err(|error| Failure::Lost(error.into()))?;
                    feed::outcome(&connection, &self.token).await
                };
                match asked.await {
                    Ok(outcome) => return Ok(outcome),
                    Err(_) if Instant::now() + OUTCOME_PAUSE < deadline => {}
                    Err(failure) => return Err(failure),
                }
                sleep(OUTCOME_PAUSE).await;
            }
        };
        let outcome = timeout_at(deadline, ask).await.unwrap_or(Err(Failure::Late(OUTCOME_MAX)));
        match outcome {
            Ok(Some(revision)) => {
                self.writers.progress.hear(revision);
                Ok(revision)
            }
            Ok(None) => Err(Failure::GivenUp.into()),
            Err(failure) => Err(Failure::InDoubt(failure.into()).into()),
        }
    }
}

/// Looks, begins and, where writers take turns, waits for its own. The first statement afterwards decides which state the
/// transaction sees, so that nothing may be read before.
async fn begin(connection: &Connection, asked: &Receipt, in_turn: bool) -> Result<Look, Failure> {
    let looking = Looking::prepare(connection).await?;
    let sql = if in_turn {
        "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE turn IN EXCLUSIVE MODE"
    } else {
        "BEGIN ISOLATION LEVEL SERIALIZABLE"
    };
    let (look, begun) = tokio::join!(
        biased;
        looking.look(connection, asked),
        connection.run(sql),
    );
    begun?;
    look
}
