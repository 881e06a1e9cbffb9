//! Counts in memory that are stored every now and then, whatever is counted.
//!
//! Counting writes nothing. What changed since it was stored last is stored with the next [`Counts::flush`]; what a node that
//! is killed had not stored yet is lost.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::MutexGuard;

use claviger_store::{Key, Record, Store, StoreError, Stored, Transaction, TransactionExt};
use tokio::sync::Mutex;

use super::shards::Shards;

/// Rows read or written at a time.
const PAGE: usize = 1_000;

/// What is counted of one thing.
pub(super) trait Count {
    /// What tells one thing from another.
    type Key: Clone + Eq + Hash;
    /// The stored form.
    type Record: Record;
    /// The record whose count it is, filed under the same parent and id: where that is gone, no count is stored.
    type Owner: Record;

    /// The count that was stored, and whose it is.
    fn of_record(record: Self::Record) -> (Self::Key, Self);
    /// The count as it is to be stored, when there is something to store.
    fn to_record(&self, key: &Self::Key) -> Option<Self::Record>;
    /// Whether it is not stored yet.
    fn changed(&mut self) -> &mut bool;
}

/// Counts, each by its key.
pub(super) struct Counts<C: Count> {
    parts: Shards<HashMap<C::Key, C>>,
    /// Held while counts are stored, so that no older count replaces a newer one.
    flushing: Mutex<()>,
}

impl<C: Count> Counts<C> {
    /// No counts; [`Self::load`] brings back those that were stored.
    pub(super) fn new() -> Self {
        Self { parts: Shards::new(), flushing: Mutex::new(()) }
    }

    /// The counts that this key's is among, locked.
    pub(super) fn part(&self, key: &C::Key) -> MutexGuard<'_, HashMap<C::Key, C>> {
        self.parts.part(key)
    }

    /// Reads every stored count. One bad row must not keep a node from serving: it is left out.
    pub(super) async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        let mut after: Option<Key> = None;
        loop {
            let rows = tx.rows_of_kind(C::Record::KIND, after.as_ref(), PAGE).await?;
            for row in &rows {
                match Stored::<C::Record>::from_row(row) {
                    Ok(stored) => {
                        let (key, count) = C::of_record(stored.record);
                        self.part(&key).insert(key, count);
                    }
                    Err(error) => {
                        tracing::error!(kind = %row.key.kind, id = row.key.id, error = &error as &dyn std::error::Error, "count left out");
                    }
                }
            }
            if rows.len() < PAGE {
                return Ok(());
            }
            after = rows.into_iter().next_back().map(|row| row.key);
        }
    }

    /// Stores what changed since the last time, and lets go of what is served no more. What is not served yet has no counts
    /// either.
    pub(super) async fn flush(&self, store: &dyn Store, is_served: impl Fn(&C::Key) -> bool) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        for mut part in self.parts.parts() {
            part.retain(|key, _| is_served(key));
        }
        loop {
            let (keys, records): (Vec<_>, Vec<_>) = self.take_changed().into_iter().unzip();
            if keys.is_empty() {
                return Ok(());
            }
            if let Err(error) = save::<C>(store, records).await {
                for key in &keys {
                    if let Some(count) = self.part(key).get_mut(key) {
                        *count.changed() = true;
                    }
                }
                return Err(error);
            }
        }
    }

    /// Some of the counts that changed, from now on held for stored.
    fn take_changed(&self) -> Vec<(C::Key, C::Record)> {
        let mut taken = Vec::new();
        for mut part in self.parts.parts() {
            let room = PAGE - taken.len();
            let changed = part.iter_mut().filter_map(|(key, count)| {
                let changed = std::mem::take(count.changed());
                if changed { count.to_record(key).map(|record| (key.clone(), record)) } else { None }
            });
            taken.extend(changed.take(room));
        }
        taken
    }
}

async fn save<C: Count>(store: &dyn Store, records: Vec<C::Record>) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for record in records {
        let (tenant, parent, id) = (&record.tenant(), record.parent(), record.id());
        if tx.find::<C::Owner>(tenant, parent, id).await?.is_none() {
            continue;
        }
        match tx.find::<C::Record>(tenant, parent, id).await? {
            Some(mut stored) => {
                stored.record = record;
                tx.replace(&stored).await?;
            }
            None => tx.insert(&record).await?,
        }
    }
    tx.commit().await.map(drop)
}
