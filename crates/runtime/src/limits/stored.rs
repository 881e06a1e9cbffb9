//! Counts in memory that are stored every now and then, whatever is counted.
//!
//! Counting writes nothing. What was added to a count since it was stored last is added to the stored one with the next
//! [`Counts::flush`], which is how the counts of several nodes come together; what a node that is killed had not stored yet is
//! lost. Each count in memory is what was last known to be stored and what was added since.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::MutexGuard;

use claviger_store::{Key, Record, Row, Store, StoreError, Stored, Transaction, TransactionExt, retried};
use tokio::sync::Mutex;

use super::shards::Shards;

/// Rows read or written at a time.
const PAGE: usize = 1_000;
/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 4;

/// What is counted of one thing.
pub(super) trait Count: Sized {
    /// What tells one thing from another.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// The stored form.
    type Record: Record + Clone;
    /// What was added to it.
    type Added: Send + Sync;
    /// The record whose count it is, filed under the same parent and id: where that is gone, no count is stored.
    type Owner: Record;

    /// The count that was stored, and whose it is.
    fn of_record(record: &Self::Record) -> (Self::Key, Self);
    /// What was added since it was last taken to be stored, and the record of nothing that it is added to where there is none
    /// yet; `None` when nothing was added.
    fn take_added(&mut self, key: &Self::Key) -> Option<(Self::Record, Self::Added)>;
    /// Adds it to a record.
    fn add(to: &mut Self::Record, added: &Self::Added);
    /// What was taken to be stored could not be: it counts as added again.
    fn take_back(&mut self);
    /// This is in the store now; what was taken is in it, if `is_stored`.
    fn hear(&mut self, record: Self::Record, is_stored: bool);
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

    /// All counts, a part at a time, locked.
    pub(super) fn parts(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<C::Key, C>>> {
        self.parts.parts()
    }

    /// Reads every stored count. One bad row must not keep a node from serving: it is left out.
    pub(super) async fn load(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        let mut after: Option<Key> = None;
        loop {
            let rows = tx.rows_of_kind(C::Record::KIND, after.as_ref(), PAGE).await?;
            for row in &rows {
                self.hear(row);
            }
            if rows.len() < PAGE {
                return Ok(());
            }
            after = rows.into_iter().next_back().map(|row| row.key);
        }
    }

    /// Reads those of these counts again that are of this kind: other nodes have stored them.
    pub(super) async fn reload(&self, tx: &mut dyn Transaction, keys: &HashSet<Key>) -> Result<(), StoreError> {
        for key in keys.iter().filter(|key| key.kind == C::Record::KIND) {
            if let Some(row) = tx.row(key).await? {
                self.hear(&row);
            }
        }
        Ok(())
    }

    /// Takes in what the store has now.
    fn hear(&self, row: &Row) {
        match Stored::<C::Record>::from_row(row) {
            Ok(stored) => {
                let (key, count) = C::of_record(&stored.record);
                match self.part(&key).entry(key) {
                    Entry::Occupied(mut known) => known.get_mut().hear(stored.record, false),
                    Entry::Vacant(place) => drop(place.insert(count)),
                }
            }
            Err(error) => {
                tracing::error!(kind = %row.key.kind, id = row.key.id, error = &error as &dyn std::error::Error, "count left out");
            }
        }
    }

    /// Stores what was added since the last time, and lets go of what is served no more. What is not served yet has no counts
    /// either.
    pub(super) async fn flush(&self, store: &dyn Store, is_served: impl Fn(&C::Key) -> bool) -> Result<(), StoreError> {
        let _flushing = self.flushing.lock().await;
        for mut part in self.parts.parts() {
            part.retain(|key, _| is_served(key));
        }
        loop {
            let taken = self.take_added();
            if taken.is_empty() {
                return Ok(());
            }
            let saved = self.save(store, &taken).await;
            for Taken { key, .. } in &taken {
                if let Some(count) = self.part(key).get_mut(key)
                    && saved.is_err()
                {
                    count.take_back();
                }
            }
            for (key, record) in saved? {
                if let Some(count) = self.part(&key).get_mut(&key) {
                    count.hear(record, true);
                }
            }
        }
    }

    /// What was added to some of the counts, from now on held for being stored.
    fn take_added(&self) -> Vec<Taken<C>> {
        let mut taken = Vec::new();
        for mut part in self.parts.parts() {
            let room = PAGE - taken.len();
            let added = part.iter_mut().filter_map(|(key, count)| {
                let (record, added) = count.take_added(key)?;
                Some(Taken { key: key.clone(), record, added })
            });
            taken.extend(added.take(room));
        }
        taken
    }

    /// Adds to what is stored, again where another node does so at the same time; tells what is stored then.
    async fn save(&self, store: &dyn Store, taken: &[Taken<C>]) -> Result<Vec<(C::Key, C::Record)>, StoreError> {
        let collides = |error: &StoreError| {
            matches!(error, StoreError::Contention | StoreError::Conflict | StoreError::AlreadyExists)
        };
        retried(ATTEMPTS_MAX, || attempt(store, taken), collides).await
    }
}

/// What is on its way to the store.
struct Taken<C: Count> {
    key: C::Key,
    /// The record of nothing.
    record: C::Record,
    added: C::Added,
}

async fn attempt<C: Count>(store: &dyn Store, taken: &[Taken<C>]) -> Result<Vec<(C::Key, C::Record)>, StoreError> {
    let mut saved = Vec::with_capacity(taken.len());
    let mut tx = store.write().await?;
    for Taken { key, record, added } in taken {
        let (tenant, parent, id) = (&record.tenant(), record.parent(), record.id());
        if tx.find::<C::Owner>(tenant, parent, id).await?.is_none() {
            continue;
        }
        let now = if let Some(mut stored) = tx.find::<C::Record>(tenant, parent, id).await? {
            C::add(&mut stored.record, added);
            tx.replace(&stored).await?;
            stored.record
        } else {
            let mut record = record.clone();
            C::add(&mut record, added);
            tx.insert(&record).await?;
            record
        };
        saved.push((key.clone(), now));
    }
    tx.commit().await?;
    Ok(saved)
}
