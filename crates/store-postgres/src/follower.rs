//! The task that hears of other nodes' commits: by notification, and by a slow poll where one was lost.

use std::sync::Arc;
use std::time::Duration;

use claviger_store::{KEYRING_ID, Key, Kind, Revision, keyring_tenant};
use tokio::time::{Instant, sleep, sleep_until};

use crate::connection::Connection;
use crate::database::{Database, with_sources};
use crate::error::Failure;
use crate::feed::{self, Looking};
use crate::progress::Progress;

/// How often to look when nobody tells anything.
const POLL: Duration = Duration::from_secs(1);
/// The first pause before connecting again, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How many revisions come together before those that are too old are deleted.
const FORGET_EVERY: u64 = 500;

/// Follows the database until the store is dropped.
pub(crate) async fn follow(database: Arc<Database>, progress: Arc<Progress>) {
    let mut pause = PAUSE_MIN;
    let mut token = String::new();
    loop {
        let failed = listen(&database, &progress, &mut pause, &mut token).await;
        if pause == PAUSE_MIN {
            let reason = with_sources(&failed);
            tracing::warn!(reason, "the database does not tell of changes; trying again");
        }
        sleep(with_jitter(pause, &token)).await;
        pause = (pause * 2).min(PAUSE_MAX);
        // The next pause takes the next character.
        token.pop();
    }
}

/// Listens on a connection of its own until that fails.
async fn listen(database: &Database, progress: &Progress, pause: &mut Duration, token: &mut String) -> Failure {
    let connection = match database.connect().await {
        Ok(connection) => connection,
        Err(error) => return Failure::Lost(error.into()),
    };
    let schema = &database.settings().schema;
    let listening = async {
        connection.run(&format!("LISTEN \"{schema}\"")).await?;
        let mut notifications = connection.notifications();
        let mut forgotten = Revision(0);
        loop {
            *token = look(&connection, progress).await?;
            if *pause > PAUSE_MIN {
                tracing::info!("the database tells of changes again");
                *pause = PAUSE_MIN;
            }
            let newest = *progress.revisions.borrow();
            if newest.0 >= forgotten.0 + FORGET_EVERY {
                feed::forget(&connection, newest).await?;
                forgotten = newest;
            }
            let next = Instant::now() + POLL;
            loop {
                tokio::select! {
                    told = notifications.changed() => {
                        told.map_err(|ended| Failure::Lost(ended.into()))?;
                        // Whoever tells a lie in our channel is corrected by what a transaction finds.
                        if let Ok(revision) = notifications.borrow_and_update().parse() {
                            progress.hear(Revision(revision));
                        }
                    }
                    () = progress.bell.notified() => break,
                    () = sleep_until(next) => break,
                }
            }
        }
    };
    let outcome: Result<std::convert::Infallible, Failure> = listening.await;
    let Err(failure) = outcome;
    connection.abandon();
    failure
}

/// Looks at the database, and begins a new page in one that was put back to an older state. Answers a token.
async fn look(connection: &Connection, progress: &Progress) -> Result<String, Failure> {
    let looking = Looking::prepare(connection).await?;
    let asked = progress.seen();
    let look = looking.look(connection, &asked).await?;
    progress.take_in(&asked, &look);
    if let Some(lost) = progress.page_to_turn() {
        let keyring =
            Key { kind: Kind::Keyring, tenant: keyring_tenant(), parent: String::new(), id: KEYRING_ID.to_owned() };
        feed::turn_page(connection, lost, &look.token, &keyring).await?;
        let asked = progress.seen();
        let look = looking.look(connection, &asked).await?;
        progress.take_in(&asked, &look);
        return Ok(look.token);
    }
    Ok(look.token)
}

/// A pause between a half and the whole of `pause`, so that the nodes of a cluster do not all come back at once. Chance
/// comes from the database's last token.
fn with_jitter(pause: Duration, token: &str) -> Duration {
    let chance = token.chars().next_back().and_then(|digit| digit.to_digit(16)).unwrap_or(15);
    pause / 2 + pause * (chance + 1) / 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_for_half_the_time_or_more() {
        let pause = Duration::from_millis(320);
        assert_eq!(with_jitter(pause, "a0"), Duration::from_millis(170));
        assert_eq!(with_jitter(pause, "af"), Duration::from_millis(320));
        assert_eq!(with_jitter(pause, ""), Duration::from_millis(320));
    }
}
