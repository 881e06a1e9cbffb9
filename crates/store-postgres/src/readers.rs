//! Transactions that read: each sees one state, and waits for no writer.

use std::sync::Arc;

use claviger_store::{Revision, StoreError};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::error::Failure;
use crate::feed::{Look, Looking, Receipt};
use crate::pool::{Lease, Pool};
use crate::progress::Progress;

/// One read transaction. Dropping it ends it.
pub(crate) struct Reader {
    lease: Lease,
    revision: Revision,
}

impl Reader {
    /// Opens a transaction that sees the newest state, and goes on seeing it.
    pub(crate) async fn begin(pool: &Arc<Pool>, progress: &Progress) -> Result<Self, StoreError> {
        let mut lease = pool.take().await?;
        let asked = progress.seen();
        let look = loop {
            let begun = timeout(pool.begin_max(), look_from_now(lease.connection()?, &asked)).await;
            match begun.unwrap_or(Err(Failure::Late(pool.begin_max()))) {
                Ok(look) => break look,
                Err(failure) => {
                    if !(failure.leaves_doubt() && lease.renew().await?) {
                        return Err(failure.into());
                    }
                }
            }
        };
        progress.take_in(&asked, &look);
        Ok(Self { lease, revision: look.newest.revision })
    }

    /// The connection.
    pub(crate) fn connection(&self) -> Result<&Connection, Failure> {
        self.lease.connection()
    }

    /// The revision it sees.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }
}

/// Begins, and looks which state it is that is seen from now on: sent together, answered together.
async fn look_from_now(connection: &Connection, asked: &Receipt) -> Result<Look, Failure> {
    let looking = Looking::prepare(connection).await?;
    let (begun, look) = tokio::join!(
        biased;
        connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        looking.look(connection, asked),
    );
    begun?;
    look
}
