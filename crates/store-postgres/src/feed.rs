//! The SQL of the revision feed.

use claviger_store::{Change, Changes, FEED_REVISIONS, Key, Revision};
use tokio_postgres::{Row, Statement};

use crate::connection::{Connection, Parameters};
use crate::error::Failure;
use crate::rows::{read, read_kind, read_tenant};

/// What the database holds now, whether it still holds the commit that is known best, and a token for the next.
const LOOK: &str = "SELECT coalesce(newest.revision, 0), newest.token::text, gen_random_uuid()::text,
        EXISTS (SELECT FROM receipt WHERE revision = $1 AND token = $2::text::uuid)
    FROM (VALUES (1)) AS one
    LEFT JOIN LATERAL (
        SELECT revision, token FROM receipt WHERE revision > 0 ORDER BY revision DESC LIMIT 1) AS newest ON true";

/// One commit at a time: held until the commit is done, so that revisions are seen in their order.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1131176310, 'receipt'::regclass::oid::integer)";

/// Numbers a commit, writes down what it changed and tells the other nodes.
const PUBLISH: &str = "WITH
    numbered AS MATERIALIZED (SELECT nextval('revision') AS revision),
    receipted AS (INSERT INTO receipt (revision, token) SELECT revision, $1::text::uuid FROM numbered),
    changed AS (
        INSERT INTO change (revision, position, kind, account, region, parent, id)
        SELECT revision, position, kind, account, region, parent, id
        FROM numbered, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            WITH ORDINALITY AS changed (kind, account, region, parent, id, position))
    SELECT revision, pg_notify(current_schema(), revision::text) FROM numbered";

/// A commit as the database knows it: two databases may give the same number to different ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) revision: Revision,
    /// The writer's name for it; `None` when nothing has been committed yet.
    pub(crate) token: Option<String>,
}

/// What a look at the database finds.
pub(crate) struct Look {
    /// The newest commit.
    pub(crate) newest: Receipt,
    /// Whether the database holds the commit that was asked about.
    pub(crate) known: bool,
    /// A token that nobody has.
    pub(crate) token: String,
}

/// A look at the feed, ready to be sent.
pub(crate) struct Looking(Statement);

impl Looking {
    pub(crate) async fn prepare(connection: &Connection) -> Result<Self, Failure> {
        connection.prepared(LOOK).await.map(Self)
    }

    /// Looks, and asks after a commit.
    pub(crate) async fn look(&self, connection: &Connection, known: &Receipt) -> Result<Look, Failure> {
        let parameters: Parameters<'_> = &[&known.revision.0.cast_signed(), &known.token];
        let found = connection.query_prepared(&self.0, parameters).await?;
        let columns = found.first().ok_or(Failure::GivenUp)?;
        Ok(Look {
            newest: Receipt { revision: read_revision(columns, 0)?, token: read(columns, 1, "token")? },
            token: read(columns, 2, "token")?,
            // Before the first commit there is nothing to hold.
            known: known.token.is_none() || read(columns, 3, "receipt")?,
        })
    }
}

/// The end of a commit that changed something, ready to be sent.
pub(crate) struct Publication {
    lock: Statement,
    publish: Statement,
}

impl Publication {
    pub(crate) async fn prepare(connection: &Connection) -> Result<Self, Failure> {
        Ok(Self { lock: connection.prepared(LOCK).await?, publish: connection.prepared(PUBLISH).await? })
    }

    /// Waits for those who commit before.
    pub(crate) async fn lock(&self, connection: &Connection) -> Result<(), Failure> {
        connection.query_prepared(&self.lock, &[]).await.map(|_| ())
    }

    /// Numbers the commit.
    pub(crate) async fn publish(
        &self,
        connection: &Connection,
        token: &str,
        keys: &[Key],
    ) -> Result<Revision, Failure> {
        let column = |part: fn(&Key) -> &str| keys.iter().map(part).collect::<Vec<_>>();
        let kinds = column(|key| key.kind.as_str());
        let (accounts, regions) = (column(|key| key.tenant.account.as_str()), column(|key| key.tenant.region.as_str()));
        let (parents, ids) = (column(|key| &key.parent), column(|key| &key.id));
        let parameters: Parameters<'_> = &[&token, &kinds, &accounts, &regions, &parents, &ids];
        let found = connection.query_prepared(&self.publish, parameters).await?;
        read_revision(found.first().ok_or(Failure::GivenUp)?, 0)
    }
}

/// Finds out what became of the commit with this token: its revision, or `None` when it has not happened and, by this
/// very question, never will.
pub(crate) async fn outcome(connection: &Connection, token: &str) -> Result<Option<Revision>, Failure> {
    const FENCE: &str = "INSERT INTO receipt (revision, token) VALUES (-nextval('revision'), $1::text::uuid)
        ON CONFLICT (token) DO NOTHING RETURNING revision";
    const FIND: &str = "SELECT revision FROM receipt WHERE token = $1::text::uuid";
    if connection.query_first(FENCE, &[&token]).await?.is_some() {
        return Ok(None);
    }
    let found = connection.query_first(FIND, &[&token]).await?;
    let revision = found.map(|columns| read::<i64>(&columns, 0, "revision")).transpose()?;
    Ok(revision.and_then(|revision| u64::try_from(revision).ok()).map(Revision))
}

/// Begins a new page in a database that was put back to an older state: numbers go on from beyond `lost`, the newest that
/// this node has seen, and a commit that changes nothing makes every node look.
pub(crate) async fn turn_page(connection: &Connection, lost: Revision, token: &str, key: &Key) -> Result<(), Failure> {
    connection.run("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let publication = Publication::prepare(connection).await?;
    publication.lock(connection).await?;
    skip(connection, lost, 0).await?;
    publication.publish(connection, token, std::slice::from_ref(key)).await?;
    connection.run("COMMIT").await
}

/// Leaves out so many numbers beyond the last one, or beyond `after` where that is more.
pub(crate) async fn skip(connection: &Connection, after: Revision, numbers: u64) -> Result<(), Failure> {
    const SKIP: &str = "SELECT setval('revision', greatest($1, last_value) + $2) FROM revision";
    connection.query(SKIP, &[&after.0.cast_signed(), &numbers.cast_signed()]).await.map(|_| ())
}

/// Forgets revisions that are too old to be told of.
pub(crate) async fn forget(connection: &Connection, newest: Revision) -> Result<(), Failure> {
    const CHANGES: &str = "DELETE FROM change WHERE revision <= $1";
    const RECEIPTS: &str = "DELETE FROM receipt WHERE revision BETWEEN -($1::bigint) AND $1";
    let oldest = newest.0.saturating_sub(FEED_REVISIONS).cast_signed();
    connection.query(CHANGES, &[&oldest]).await?;
    connection.query(RECEIPTS, &[&oldest]).await?;
    Ok(())
}

/// What changed after `revision` in a store whose newest revision is `newest`. A revision that the store never had is
/// answered like one that the feed has forgotten.
pub(crate) async fn changes(
    connection: &Connection,
    newest: Revision,
    revision: Revision,
    limit: usize,
) -> Result<Changes, Failure> {
    const SQL: &str = "SELECT revision, kind, account, region, parent, id FROM change
        WHERE revision > $1 AND revision <= coalesce(
            (SELECT revision FROM change WHERE revision > $1 ORDER BY revision, position OFFSET $2 LIMIT 1), $3)
        ORDER BY revision, position";
    if revision > newest || revision.0 < newest.0.saturating_sub(FEED_REVISIONS) {
        return Ok(Changes::TooOld);
    }
    let last = i64::try_from(limit.saturating_sub(1)).unwrap_or(i64::MAX);
    let parameters: Parameters<'_> = &[&revision.0.cast_signed(), &last, &newest.0.cast_signed()];
    let mut found: Vec<Change> = Vec::new();
    for columns in &connection.query(SQL, parameters).await? {
        let key = Key {
            kind: read_kind(columns, 1)?,
            tenant: read_tenant(columns, 2, found.last().map(|last| &last.key.tenant))?,
            parent: read(columns, 4, "parent")?,
            id: read(columns, 5, "id")?,
        };
        found.push(Change { revision: read_revision(columns, 0)?, key });
    }
    Ok(Changes::Since(found))
}

fn read_revision(columns: &Row, column: usize) -> Result<Revision, Failure> {
    read::<i64>(columns, column, "revision").map(|revision| Revision(revision.cast_unsigned()))
}
