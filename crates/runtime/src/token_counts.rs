//! How many tokens each app client was issued and refused, by day: counted in memory, stored about once a minute.
//!
//! A token writes nothing. What was counted since the last time is added to what is stored, and so the counts of several nodes
//! come together; only clients that asked are written, a few hundred in a transaction. What a node that is killed had not
//! stored yet, the last minute's, is lost. Counts go with their client, and 400 days after they were counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use claviger_oauth::client::Client;
use claviger_resources::app_client::AppClient;
use claviger_resources::token_count::{Day, DayCount, TokenCount, id};
use claviger_resources::{ClientId, Clock, Tenant, UserPoolId};
use claviger_store::{Kind, Row, Store, StoreError, Stored, Transaction, TransactionExt, retried};
use tokio::sync::Mutex;

use crate::forgetting::forget_rows;
use crate::limits::shards::Shards;

/// How often counts are stored.
const FLUSH_PAUSE: Duration = Duration::from_mins(1);
/// App clients whose counts are stored in one transaction.
const BATCH: usize = 250;
/// App clients whose counts wait to be stored in each of 64 parts: two million in all. Those of further ones are not counted.
const WAITING_MAX: usize = 32_768;
/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 4;
/// Months of an app client that are kept at most, and a few that the clock may have been ahead.
const MONTHS_MAX: usize = 24;
/// Rows read at a time when old counts are looked for.
const PAGE: usize = 1_000;

/// Counts tokens.
pub struct TokenCounts {
    clock: Arc<dyn Clock>,
    waiting: Shards<HashMap<ClientId, Waiting>>,
    /// Held while counts are stored.
    flushing: Mutex<()>,
}

/// What was counted of an app client and is not stored yet.
struct Waiting {
    pool: UserPoolId,
    tenant: Tenant,
    days: Vec<DayCount>,
}

impl TokenCounts {
    /// Counts nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, waiting: Shards::new(), flushing: Mutex::new(()) }
    }

    /// Counts what became of a request of an app client, whose pool belongs to this tenant.
    pub fn count(&self, client: &Client, tenant: &Tenant, is_issued: bool) {
        let of = (&client.id, &client.pool, tenant);
        self.add(
            of,
            DayCount { day: Day::of(self.clock.now()), issued: is_issued.into(), refused: (!is_issued).into() },
        );
    }

    fn add(&self, (client, pool, tenant): (&ClientId, &UserPoolId, &Tenant), more: DayCount) {
        let mut part = self.waiting.part(client);
        if let Some(waiting) = part.get_mut(client) {
            waiting.add(more);
        } else if part.len() < WAITING_MAX {
            part.insert(client.clone(), Waiting { pool: pool.clone(), tenant: tenant.clone(), days: vec![more] });
        }
    }

    /// Stores what was counted, about once a minute, and forgets what is too old, once a day, for as long as the node runs.
    pub async fn keep_flushing(&self, store: &dyn Store) {
        let mut swept = None;
        loop {
            tokio::time::sleep(FLUSH_PAUSE).await;
            let today = Day::of(self.clock.now());
            let mut outcome = self.flush(store).await;
            if outcome.is_ok() && swept != Some(today) {
                outcome = forget(store, today).await;
                swept = Some(today);
            }
            if let Err(error) = outcome {
                let reason = error.to_string();
                tracing::warn!(reason, "cannot store counts of tokens yet");
            }
        }
    }

    /// Stores what was counted since the last time.
    pub async fn flush(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        let mut all: Vec<(ClientId, Waiting)> = Vec::new();
        for mut part in self.waiting.parts() {
            all.extend(std::mem::take(&mut *part));
        }
        // In one order on all nodes, so that they wait for each other and never both ways.
        all.sort_unstable_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let mut batches = all.chunks(BATCH);
        while let Some(batch) = batches.next() {
            if let Err(error) = save(store, batch).await {
                for (client, waiting) in std::iter::once(batch).chain(batches).flatten() {
                    for count in &waiting.days {
                        self.add((client, &waiting.pool, &waiting.tenant), *count);
                    }
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Waiting {
    fn add(&mut self, more: DayCount) {
        match self.days.iter_mut().find(|count| count.day == more.day) {
            Some(count) => {
                count.issued += more.issued;
                count.refused += more.refused;
            }
            None => self.days.push(more),
        }
    }
}

async fn save(store: &dyn Store, batch: &[(ClientId, Waiting)]) -> Result<(), StoreError> {
    let collides =
        |error: &StoreError| matches!(error, StoreError::Contention | StoreError::Conflict | StoreError::AlreadyExists);
    retried(ATTEMPTS_MAX, || save_once(store, batch), collides).await
}

async fn save_once(store: &dyn Store, batch: &[(ClientId, Waiting)]) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for (client, Waiting { pool, tenant, days }) in batch {
        // The counts of a client are gone when it is.
        if tx.find::<AppClient>(tenant, pool.as_str(), client.as_str()).await?.is_none() {
            continue;
        }
        let mut months: Vec<String> = days.iter().map(|count| count.day.month()).collect();
        months.sort_unstable();
        months.dedup();
        for month in months {
            let of_month = days.iter().filter(|count| count.day.month() == month);
            if let Some(mut stored) = tx.find::<TokenCount>(tenant, pool.as_str(), &id(client, &month)).await? {
                of_month.for_each(|count| stored.record.add(*count));
                tx.replace(&stored).await?;
            } else {
                let mut count = TokenCount::nothing(client.clone(), pool.clone(), tenant.clone(), &month);
                of_month.for_each(|more| count.add(*more));
                tx.insert(&count).await?;
            }
        }
    }
    tx.commit().await.map(drop)
}

/// Forgets the counts of an app client that is deleted.
pub async fn delete_of_client(
    tx: &mut dyn Transaction,
    tenant: &Tenant,
    pool: &UserPoolId,
    client: &ClientId,
) -> Result<(), StoreError> {
    // Those of a client stand together, and there are no more of them than months are kept.
    let before = id(client, "");
    for count in tx.list::<TokenCount>(tenant, pool.as_str(), Some(&before), MONTHS_MAX).await? {
        if count.client == *client {
            tx.delete(&count.record).await?;
        }
    }
    Ok(())
}

/// Forgets the months of which nothing is kept any more.
pub async fn forget(store: &dyn Store, today: Day) -> Result<(), StoreError> {
    let is_over = |row: &Row| Ok(Stored::<TokenCount>::from_row(row)?.is_over(today));
    forget_rows(store, Kind::TokenCount, PAGE, is_over).await
}
