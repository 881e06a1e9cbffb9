//! The thread that writes.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use claviger_resources::log_group::LogGroup;
use claviger_resources::{Tenant, Timestamp};
use claviger_store::{StoreError, TransactionExt};
use tokio::sync::{mpsc, oneshot};

use super::stream::{self, Place, StoredEvent};
use super::sweep::Sweeper;
use super::{Counters, Keeper, LogEvent, MESSAGE_BYTES_MAX};

/// Batches that are written before what was written is handed to the system.
const BATCHES_MAX: usize = 256;
/// Bytes of a stream's file before it is set aside for a new one.
pub(super) const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Files that are open at a time.
const OPEN_FILES_MAX: usize = 64;

/// What the thread is told.
pub(super) enum Message {
    Events {
        place: Arc<Place>,
        events: Vec<LogEvent>,
        bytes: usize,
        done: Option<oneshot::Sender<()>>,
    },
    Flush(oneshot::Sender<()>),
    /// Something is about to be removed: nothing stays open, and a group is not known any more.
    Forget {
        group: Option<(Tenant, String)>,
        done: oneshot::Sender<()>,
    },
}

/// What the thread works with.
pub(super) struct Writer {
    folder: PathBuf,
    keeper: Keeper,
    counters: Arc<Counters>,
    open: HashMap<Arc<Place>, Open>,
    /// Groups that are known to be in the store.
    groups: HashSet<(Tenant, String)>,
    sweeper: Sweeper,
    /// The number of the last event.
    number: u64,
    /// How many dropped batches the log was told of.
    told: u64,
}

struct Open {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    /// When the stream was made.
    created: Timestamp,
}

impl Writer {
    pub(super) fn new(folder: PathBuf, keeper: Keeper, counters: Arc<Counters>) -> Self {
        let sweeper = Sweeper::new(folder.clone(), keeper.clone());
        let (open, groups) = (HashMap::new(), HashSet::new());
        Self { folder, keeper, counters, open, groups, sweeper, number: 0, told: 0 }
    }

    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        while let Some(first) = queue.blocking_recv() {
            let (mut waiting, mut next, mut batches) = (Vec::new(), Some(first), 0);
            while let Some(message) = next {
                match message {
                    Message::Events { place, events, bytes, done } => {
                        self.counters.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                        self.write(&place, &events);
                        waiting.extend(done);
                        batches += 1;
                    }
                    Message::Flush(done) => waiting.push(done),
                    Message::Forget { group, done } => {
                        self.flush();
                        self.open.clear();
                        if let Some(group) = &group {
                            self.groups.remove(group);
                        }
                        waiting.push(done);
                    }
                }
                next = if batches < BATCHES_MAX { queue.try_recv().ok() } else { None };
            }
            self.flush();
            for done in waiting {
                // Whoever asked may have stopped waiting.
                let _ = done.send(());
            }
            if self.sweeper.is_due() {
                self.open.clear();
                self.sweeper.sweep();
            }
        }
    }

    fn write(&mut self, place: &Arc<Place>, events: &[LogEvent]) {
        let written = self.keep_group(place).and_then(|()| self.append(place, events));
        if let Err(error) = written {
            let dropped = self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            // One of many tells enough; their number is told below.
            if dropped == self.told {
                tracing::error!(error = &error as &dyn std::error::Error, id = place.group, "cannot write log events");
            }
        }
    }

    fn append(&mut self, place: &Arc<Place>, events: &[LogEvent]) -> io::Result<()> {
        let now = self.keeper.clock.now();
        for event in events {
            self.number = number(now).max(self.number.saturating_add(1));
            let message = event.message.get(..event.message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
            let stored = StoredEvent(event.timestamp, now, self.number, message.to_owned());
            let mut line = serde_json::to_vec(&stored)?;
            line.push(b'\n');
            let length = line.len() as u64;
            let open = self.opened(place, now, length)?;
            open.file.write_all(&line)?;
            open.bytes += length;
            self.sweeper.count(length);
        }
        Ok(())
    }

    /// The file of a stream, with room for this many bytes.
    fn opened(&mut self, place: &Arc<Place>, now: Timestamp, bytes: u64) -> io::Result<&mut Open> {
        if self.open.get(place).is_some_and(|open| open.bytes + bytes > FILE_BYTES_MAX)
            && let Some(mut open) = self.open.remove(place)
        {
            open.file.flush()?;
            std::fs::rename(&open.path, stream::aside(&open.path))?;
            stream::start(&open.path, &place.stream, open.created)?;
        }
        if !self.open.contains_key(place) && self.open.len() >= OPEN_FILES_MAX {
            self.flush();
            self.open.clear();
        }
        match self.open.entry(Arc::clone(place)) {
            std::collections::hash_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                let (path, file, created) = stream::open(&self.folder, place, now)?;
                let bytes = file.metadata()?.len();
                Ok(vacant.insert(Open { path, file: BufWriter::new(file), bytes, created }))
            }
        }
    }

    /// Makes the group of an event that has none.
    fn keep_group(&mut self, place: &Place) -> io::Result<()> {
        let group = (place.tenant.clone(), place.group.clone());
        if self.groups.contains(&group) {
            return Ok(());
        }
        let (store, now) = (Arc::clone(&self.keeper.store), self.keeper.clock.now());
        let record = LogGroup::new(place.tenant.clone(), place.group.clone(), now);
        let made = self.keeper.threads.block_on(async move {
            if store.read().await?.find::<LogGroup>(&record.tenant, "", &record.name).await?.is_some() {
                return Ok(());
            }
            let mut tx = store.write().await?;
            match tx.insert(&record).await {
                // Somebody else was faster.
                Err(StoreError::AlreadyExists) => Ok(()),
                Err(error) => Err(error),
                Ok(()) => tx.commit().await.map(|_| ()),
            }
        });
        made.map_err(io::Error::other)?;
        self.groups.insert(group);
        Ok(())
    }

    /// Hands everything to the system. A file that cannot be written is opened anew for the next event.
    fn flush(&mut self) {
        self.open.retain(|place, open| match open.file.flush() {
            Ok(()) => true,
            Err(error) => {
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error = &error as &dyn std::error::Error, id = place.group, "cannot write log events");
                false
            }
        });
        let dropped = self.counters.dropped.load(Ordering::Relaxed);
        if dropped > self.told {
            tracing::warn!(count = dropped - self.told, "log events were dropped");
            self.told = dropped;
        }
    }
}

/// The first number of an event that comes at this time: numbers grow over restarts, too.
fn number(now: Timestamp) -> u64 {
    u64::try_from(now.milliseconds()).unwrap_or(0) << 20
}
