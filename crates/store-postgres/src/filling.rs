//! Filling an empty store, in one transaction that keeps everyone else from writing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use claviger_store::{
    FEED_REVISIONS, FillError, Filling, KEYRING_ID, Key, Kind, Name, NamedRow, Revision, keyring_tenant,
};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use crate::connection::{Connection, Parameters};
use crate::error::Failure;
use crate::feed::{self, Looking, Publication, Receipt};
use crate::pool::{Lease, Pool};
use crate::progress::Progress;
use crate::rows::read;

/// How long the last steps may take, which look at everything.
const STEP_MAX: Duration = Duration::from_mins(15);
/// How long the transaction may wait for more rows.
const IDLE_MAX: Duration = Duration::from_hours(1);

const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT FROM record)";

const ADD: &str = "INSERT INTO record (kind, account, region, parent, id, version, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])";

const CLAIM: &str = "INSERT INTO name (namespace, name, kind, account, region, parent, id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])";

const COUNT: &str = "INSERT INTO tally (kind, account, region, parent, count)
    SELECT kind, account, region, parent, count(*) FROM record GROUP BY kind, account, region, parent";

/// A store that is being filled. Dropping it takes everything back.
pub(crate) struct PostgresFilling {
    lease: Lease,
    progress: Arc<Progress>,
    token: String,
}

impl PostgresFilling {
    /// Begins, where nothing is stored.
    pub(crate) async fn begin(pool: &Arc<Pool>, progress: &Arc<Progress>) -> Result<Self, FillError> {
        let lease = pool.take().await?;
        let (step, idle) = (STEP_MAX.as_millis(), IDLE_MAX.as_millis());
        // Whoever would write waits, and those that began before are waited for.
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED;
             SET LOCAL idle_in_transaction_session_timeout = {idle};
             LOCK TABLE record, name, tally IN EXCLUSIVE MODE;
             SET LOCAL statement_timeout = {step}"
        );
        let work = async {
            let connection = lease.connection()?;
            let look = Looking::prepare(connection).await?.look(connection, &Receipt::default()).await?;
            connection.run(&sql).await?;
            let found = connection.query_first(IS_EMPTY, &[]).await?.ok_or(Failure::GivenUp)?;
            Ok::<_, Failure>((look.token, read::<bool>(&found, 0, "answer")?))
        };
        let begun = timeout(STEP_MAX, work).await.unwrap_or(Err(Failure::Late(STEP_MAX)));
        let (token, is_empty) = begun.map_err(refused)?;
        if !is_empty {
            return Err(FillError::NotEmpty);
        }
        Ok(Self { lease, progress: Arc::clone(progress), token })
    }

    /// Counts what was added, and lets everyone know.
    async fn publish(&self, after: Revision) -> Result<Revision, Failure> {
        let connection = self.lease.connection()?;
        connection.run_within(STEP_MAX, COUNT).await?;
        let keyring =
            Key { kind: Kind::Keyring, tenant: keyring_tenant(), parent: String::new(), id: KEYRING_ID.to_owned() };
        let publication = Publication::prepare(connection).await?;
        publication.lock(connection).await?;
        feed::skip(connection, after, FEED_REVISIONS).await?;
        let revision = publication.publish(connection, &self.token, std::slice::from_ref(&keyring)).await?;
        connection.run_within(STEP_MAX, "COMMIT").await?;
        Ok(revision)
    }
}

#[async_trait]
impl Filling for PostgresFilling {
    async fn add(&mut self, rows: &[NamedRow]) -> Result<(), FillError> {
        if rows.is_empty() {
            return Ok(());
        }
        let connection = self.lease.connection().map_err(refused)?;
        add(connection, rows).await.map_err(refused)?;
        claim(connection, rows).await.map_err(refused)
    }

    async fn commit(self: Box<Self>, after: Revision) -> Result<Revision, FillError> {
        let revision = self.publish(after).await.map_err(refused)?;
        self.lease.give_back();
        self.progress.hear(revision);
        Ok(revision)
    }
}

async fn add(connection: &Connection, rows: &[NamedRow]) -> Result<(), Failure> {
    let column = |part: fn(&Key) -> &str| rows.iter().map(|named| part(&named.row.key)).collect::<Vec<_>>();
    let (kinds, accounts, regions) = (column(kind_of), column(account_of), column(region_of));
    let (parents, ids) = (column(|key| &key.parent), column(|key| &key.id));
    let versions: Vec<i64> = rows.iter().map(|named| named.row.version.cast_signed()).collect();
    let bodies: Vec<&str> = rows.iter().map(|named| &*named.row.body).collect();
    let parameters: Parameters<'_> = &[&kinds, &accounts, &regions, &parents, &ids, &versions, &bodies];
    connection.query(ADD, parameters).await.map(|_| ())
}

async fn claim(connection: &Connection, rows: &[NamedRow]) -> Result<(), Failure> {
    let names: Vec<(&Name, &Key)> =
        rows.iter().flat_map(|named| named.names.iter().map(|name| (name, &named.row.key))).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (namespaces, texts): (Vec<&str>, Vec<&str>) =
        names.iter().map(|(name, _)| (name.namespace.as_str(), &*name.name)).unzip();
    let column = |part: fn(&Key) -> &str| names.iter().map(|(_, key)| part(key)).collect::<Vec<_>>();
    let (kinds, accounts, regions) = (column(kind_of), column(account_of), column(region_of));
    let (parents, ids) = (column(|key| &key.parent), column(|key| &key.id));
    let parameters: Parameters<'_> = &[&namespaces, &texts, &kinds, &accounts, &regions, &parents, &ids];
    connection.query(CLAIM, parameters).await.map(|_| ())
}

fn kind_of(key: &Key) -> &str {
    key.kind.as_str()
}

fn account_of(key: &Key) -> &str {
    key.tenant.account.as_str()
}

fn region_of(key: &Key) -> &str {
    key.tenant.region.as_str()
}

fn refused(failure: Failure) -> FillError {
    match failure {
        Failure::Refused { code: SqlState::UNIQUE_VIOLATION, .. } => FillError::Repeated,
        failure => FillError::Store(failure.into()),
    }
}
