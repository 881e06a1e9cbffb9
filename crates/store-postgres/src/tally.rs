//! How many records each parent has.
//!
//! A transaction adds up what it changes and writes it down when it commits: the row of a busy parent is then locked for
//! as long as the commit takes, and a transaction that adds ten thousand records changes it once.

use std::collections::BTreeMap;

use claviger_resources::Tenant;
use claviger_store::{Key, Kind};
use tokio_postgres::Statement;

use crate::connection::Connection;
use crate::error::Failure;
use crate::rows::read;

/// Adds to tallies. Nothing is read, so that those who add beside each other do not collide.
const RAISE: &str = "INSERT INTO tally (kind, account, region, parent, count)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    ON CONFLICT (kind, account, region, parent) DO UPDATE SET count = tally.count + excluded.count";

/// Takes from tallies, and away those that come to nothing.
const LOWER: &str = "WITH
    lowered AS MATERIALIZED (
        SELECT lost, (SELECT ctid FROM tally WHERE tally.kind = gone.kind AND tally.account = gone.account
                        AND tally.region = gone.region AND tally.parent = gone.parent) AS place
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
            AS gone (kind, account, region, parent, lost)),
    emptied AS (
        DELETE FROM tally WHERE ctid = ANY (ARRAY(SELECT place FROM lowered))
            AND count = (SELECT lost FROM lowered WHERE place = tally.ctid))
    UPDATE tally SET count = count - (SELECT lost FROM lowered WHERE place = tally.ctid)
    WHERE ctid = ANY (ARRAY(SELECT place FROM lowered))
      AND count <> (SELECT lost FROM lowered WHERE place = tally.ctid)";

/// Changes of tallies that are not written down yet.
#[derive(Default)]
pub(crate) struct Tallies(BTreeMap<(Kind, Tenant, String), i64>);

/// One of the statements that write changes down, ready to be sent.
pub(crate) struct Change {
    statement: Statement,
    kinds: Vec<&'static str>,
    accounts: Vec<String>,
    regions: Vec<String>,
    parents: Vec<String>,
    counts: Vec<i64>,
}

impl Tallies {
    /// Notes that so many records have come under a parent, or gone.
    pub(crate) fn add(&mut self, kind: Kind, tenant: &Tenant, parent: &str, count: i64) {
        *self.0.entry((kind, tenant.clone(), parent.to_owned())).or_default() += count;
    }

    /// The same for the parent of one record.
    pub(crate) fn add_for(&mut self, key: &Key, count: i64) {
        self.add(key.kind, &key.tenant, &key.parent, count);
    }

    /// How many have come, less those that have gone.
    pub(crate) fn of(&self, kind: Kind, tenant: &Tenant, parent: &str) -> i64 {
        self.0.get(&(kind, tenant.clone(), parent.to_owned())).copied().unwrap_or_default()
    }

    /// The statements that write the changes down, at most two.
    pub(crate) async fn changes(&self, connection: &Connection) -> Result<[Option<Change>; 2], Failure> {
        let raise = self.prepare(connection, RAISE, |count| count).await?;
        Ok([raise, self.prepare(connection, LOWER, |count| -count).await?])
    }

    async fn prepare(
        &self,
        connection: &Connection,
        sql: &'static str,
        amount: impl Fn(i64) -> i64,
    ) -> Result<Option<Change>, Failure> {
        let mut rows = self.0.iter().map(|(group, count)| (group, amount(*count))).filter(|(_, count)| *count > 0);
        let Some(first) = rows.next() else { return Ok(None) };
        let statement = connection.prepared(sql).await?;
        let mut change = Change {
            statement,
            kinds: Vec::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
            parents: Vec::new(),
            counts: Vec::new(),
        };
        for ((kind, tenant, parent), count) in std::iter::once(first).chain(rows) {
            change.kinds.push(kind.as_str());
            change.accounts.push(tenant.account.as_str().to_owned());
            change.regions.push(tenant.region.as_str().to_owned());
            change.parents.push(parent.clone());
            change.counts.push(count);
        }
        Ok(Some(change))
    }
}

/// Sends a statement, if there is one.
pub(crate) async fn make(change: Option<&Change>, connection: &Connection) -> Result<(), Failure> {
    let Some(Change { statement, kinds, accounts, regions, parents, counts }) = change else { return Ok(()) };
    connection.query_prepared(statement, &[kinds, accounts, regions, parents, counts]).await.map(|_| ())
}

/// How many rows of a kind a parent has, as is written down.
pub(crate) async fn count(connection: &Connection, kind: Kind, tenant: &Tenant, parent: &str) -> Result<i64, Failure> {
    const SQL: &str = "SELECT count FROM tally WHERE kind = $1 AND account = $2 AND region = $3 AND parent = $4";
    if parent.contains('\0') {
        return Ok(0);
    }
    let (account, region) = (tenant.account.as_str(), tenant.region.as_str());
    let found = connection.query_first(SQL, &[&kind.as_str(), &account, &region, &parent]).await?;
    found.map_or(Ok(0), |columns| read(&columns, 0, "tally"))
}
