//! Log events of CloudWatch Logs: what functions print, what access logs say, what callers put.
//!
//! Groups are records of the store, events are not: each stream is a file ([`stream`]) that one thread appends to
//! ([`writer`]). [`LogEvents::write`] never waits: events stand in a queue that is bounded by number and by bytes, and what
//! finds no room is dropped and counted. The thread makes the group of an event that has none, keeps files within bounds, and
//! removes what is older than its group says ([`sweep`]).

mod reading;
mod stream;
mod sweep;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use claviger_resources::{Clock, Tenant, Timestamp};
use claviger_store::Store;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

pub use self::reading::{Page, Window};
pub use self::stream::{KnownStream, Place, StoredEvent};
use self::writer::{Message, Writer};
use crate::blobs::blocking;

/// The folder in a data directory that holds the files.
const FOLDER: &str = "logs";
/// Batches of events that wait at most.
const QUEUED_BATCHES_MAX: usize = 16_384;
/// Bytes of events that wait at most.
const QUEUED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long a reader waits for what was written before it asked.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// How long what waits may take to be written when a node is closed.
const CLOSE_DURATION_MAX: Duration = Duration::from_secs(5);
/// Bytes that an event counts for beside its message (CloudWatch Logs API, `PutLogEvents`).
pub const EVENT_OVERHEAD_BYTES: usize = 26;
/// Bytes of the longest message; what is longer is cut off (Amazon CloudWatch Logs, "CloudWatch Logs quotas").
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// An event on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it happened.
    pub timestamp: Timestamp,
    /// What it says.
    pub message: String,
}

/// The log events of a node.
pub struct LogEvents {
    folder: PathBuf,
    /// Removes the folder in the end, when it is to leave nothing behind.
    _scratch: Option<TempDir>,
    keeper: Keeper,
    queue: OnceLock<mpsc::Sender<Message>>,
    counters: Arc<Counters>,
}

/// What the thread keeps groups with.
#[derive(Clone)]
pub struct Keeper {
    /// Where groups are.
    pub store: Arc<dyn Store>,
    /// When events come.
    pub clock: Arc<dyn Clock>,
    /// Where the store is asked.
    pub threads: Handle,
}

#[derive(Default)]
struct Counters {
    queued_bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// Too many events wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many log events wait to be written")]
pub struct QueueFull;

impl LogEvents {
    /// Log events in a data directory.
    pub fn at(data_directory: &Path, keeper: Keeper) -> Self {
        Self::new(data_directory.join(FOLDER), None, keeper)
    }

    /// Log events that are gone with this value.
    pub fn temporary(keeper: Keeper) -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("claviger-logs-").tempdir()?;
        Ok(Self::new(scratch.path().to_owned(), Some(scratch), keeper))
    }

    fn new(folder: PathBuf, scratch: Option<TempDir>, keeper: Keeper) -> Self {
        Self { folder, _scratch: scratch, keeper, queue: OnceLock::new(), counters: Arc::default() }
    }

    /// Has events written, without waiting for that. A stream that is not there is made.
    pub fn write(&self, place: &Arc<Place>, events: Vec<LogEvent>) {
        if self.submit(place, events, None).is_err() {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Has messages written that are said now.
    pub fn write_now(&self, place: &Arc<Place>, messages: Vec<String>) {
        let timestamp = self.keeper.clock.now();
        self.write(place, messages.into_iter().map(|message| LogEvent { timestamp, message }).collect());
    }

    /// Has events written and waits until they are.
    pub async fn put(&self, place: &Arc<Place>, events: Vec<LogEvent>) -> Result<(), QueueFull> {
        let (done, written) = oneshot::channel();
        self.submit(place, events, Some(done))?;
        // When the thread is gone, so is the node.
        written.await.map_err(|_| QueueFull)
    }

    fn submit(
        &self,
        place: &Arc<Place>,
        events: Vec<LogEvent>,
        done: Option<oneshot::Sender<()>>,
    ) -> Result<(), QueueFull> {
        let bytes = events.iter().map(|event| event.message.len() + EVENT_OVERHEAD_BYTES).sum();
        let queued = self.counters.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let message = Message::Events { place: Arc::clone(place), events, bytes, done };
        if queued + bytes > QUEUED_BYTES_MAX || self.queue().try_send(message).is_err() {
            self.counters.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(QueueFull);
        }
        Ok(())
    }

    /// How many batches of events were dropped because too many waited, or because they could not be written.
    pub fn dropped(&self) -> u64 {
        self.counters.dropped.load(Ordering::Relaxed)
    }

    /// Waits until what came before is written, as long as that does not take too long.
    pub async fn settle(&self) {
        if self.queue.get().is_some() && !self.flush(SETTLE_MAX).await {
            tracing::debug!("log events are read before all are written");
        }
    }

    /// Writes what waits, as long as that does not take too long.
    pub async fn close(&self) {
        if self.queue.get().is_some() && !self.flush(CLOSE_DURATION_MAX).await {
            tracing::warn!("some log events were not written in time");
        }
    }

    async fn flush(&self, duration_max: Duration) -> bool {
        let (done, written) = oneshot::channel();
        let flush = async {
            if self.queue().send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        tokio::time::timeout(duration_max, flush).await.is_ok()
    }

    /// Makes a stream; tells whether it is new. It is on disk when this returns.
    pub async fn create_stream(&self, place: &Place) -> io::Result<bool> {
        let (folder, place, now) = (self.folder.clone(), place.clone(), self.keeper.clock.now());
        blocking(move || stream::create(&folder, &place, now)).await
    }

    /// Removes a stream; tells whether it was there.
    pub async fn delete_stream(&self, place: &Place) -> io::Result<bool> {
        self.forget(None).await;
        let (folder, place) = (self.folder.clone(), place.clone());
        blocking(move || stream::delete(&folder, &place)).await
    }

    /// Removes all streams of a group.
    pub async fn delete_group(&self, tenant: &Tenant, group: &str) -> io::Result<()> {
        self.forget(Some((tenant.clone(), group.to_owned()))).await;
        let folder = stream::group_folder(&self.folder, tenant, group);
        blocking(move || stream::delete_group(&folder)).await
    }

    /// The streams of a group.
    pub async fn streams(&self, tenant: &Tenant, group: &str) -> io::Result<Vec<KnownStream>> {
        self.settle().await;
        let folder = stream::group_folder(&self.folder, tenant, group);
        blocking(move || stream::known(&folder)).await
    }

    /// Bytes that a group takes.
    pub async fn group_bytes(&self, tenant: &Tenant, group: &str) -> io::Result<u64> {
        let folder = stream::group_folder(&self.folder, tenant, group);
        blocking(move || stream::bytes(&folder)).await
    }

    /// A page of the events of some streams of a group that pass, in the order of their times.
    pub async fn read(
        &self,
        tenant: &Tenant,
        group: &str,
        streams: Vec<String>,
        window: Window,
        passes: impl Fn(&str) -> bool + Send + 'static,
    ) -> io::Result<Page> {
        self.settle().await;
        let folder = stream::group_folder(&self.folder, tenant, group);
        blocking(move || reading::page(&folder, &streams, &window, passes)).await
    }

    /// Lets the thread close what it has open, and forget a group that is deleted.
    async fn forget(&self, group: Option<(Tenant, String)>) {
        if self.queue.get().is_some() {
            let (done, forgotten) = oneshot::channel();
            if self.queue().send(Message::Forget { group, done }).await.is_ok() {
                let _ = forgotten.await;
            }
        }
    }

    /// The queue, whose other end is the thread that writes.
    fn queue(&self) -> &mpsc::Sender<Message> {
        self.queue.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(QUEUED_BATCHES_MAX);
            let writer = Writer::new(self.folder.clone(), self.keeper.clone(), Arc::clone(&self.counters));
            let started = std::thread::Builder::new().name("log-events".to_owned()).spawn(|| writer.run(receiver));
            if let Err(error) = started {
                // The receiver is gone with the closure, so that every event counts as dropped.
                tracing::error!(error = &error as &dyn std::error::Error, "no thread for log events");
            }
            sender
        })
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::log_group::LogGroup;
    use claviger_resources::{AccountId, Region};
    use claviger_store::TransactionExt;
    use claviger_testkit::{FakeClock, memory_store};

    use super::*;

    struct Node {
        events: LogEvents,
        store: Arc<dyn Store>,
        clock: Arc<FakeClock>,
    }

    impl Node {
        fn new() -> Self {
            let (store, clock) = (memory_store(), Arc::new(FakeClock::default()));
            let (kept, told) = (Arc::clone(&store), Arc::clone(&clock) as _);
            let keeper = Keeper { store: kept, clock: told, threads: Handle::current() };
            Self { events: LogEvents::temporary(keeper).unwrap(), store, clock }
        }

        async fn read(&self, window: Window) -> Page {
            let place = place("north");
            self.events.read(&place.tenant, &place.group, vec![place.stream.clone()], window, |_| true).await.unwrap()
        }
    }

    fn place(stream: &str) -> Arc<Place> {
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        Arc::new(Place { tenant, group: "storms".to_owned(), stream: stream.to_owned() })
    }

    fn everything() -> Window {
        Window { begin: None, end: None, after: None, before: None, from_begin: true, limit: 100 }
    }

    fn texts(page: &Page) -> Vec<&str> {
        page.events.iter().map(|(_, event)| &*event.3).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_written_is_read_in_the_order_of_its_times() {
        let node = Node::new();
        let at = |milliseconds, message: &str| LogEvent {
            timestamp: Timestamp::from_milliseconds(milliseconds),
            message: message.to_owned(),
        };
        node.events.write(&place("north"), vec![at(2, "b"), at(2, "c"), at(1, "a")]);
        node.events.put(&place("north"), vec![at(3, "d\n\u{e9}")]).await.unwrap();
        assert_eq!(texts(&node.read(everything()).await), ["a", "b", "c", "d\n\u{e9}"]);
        let first = node.read(Window { limit: 2, ..everything() }).await;
        assert_eq!((texts(&first), first.is_cut), (vec!["a", "b"], true));
        let after = first.events.last().map(|(_, event)| (event.0, event.2));
        assert_eq!(texts(&node.read(Window { after, ..everything() }).await), ["c", "d\n\u{e9}"]);
        let last = node.read(Window { limit: 1, from_begin: false, before: after, ..everything() }).await;
        assert_eq!(texts(&last), ["a"]);
        let between = Window {
            begin: Some(Timestamp::from_milliseconds(2)),
            end: Some(Timestamp::from_milliseconds(3)),
            ..everything()
        };
        assert_eq!(texts(&node.read(between).await), ["b", "c"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_first_event_makes_its_group_also_after_it_was_deleted() {
        let node = Node::new();
        let place = place("north");
        let is_there = async || {
            let mut tx = node.store.read().await.unwrap();
            tx.find::<LogGroup>(&place.tenant, "", &place.group).await.unwrap().is_some()
        };
        for _ in 0..2 {
            assert!(!is_there().await);
            node.events.write_now(&place, vec!["a".to_owned()]);
            node.events.settle().await;
            assert!(is_there().await);
            assert_eq!(texts(&node.read(everything()).await), ["a"]);
            let mut tx = node.store.write().await.unwrap();
            let group = tx.find::<LogGroup>(&place.tenant, "", &place.group).await.unwrap().unwrap();
            tx.delete(&group.record).await.unwrap();
            tx.commit().await.unwrap();
            node.events.delete_group(&place.tenant, &place.group).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stream_takes_no_more_than_two_files() {
        let node = Node::new();
        let place = place("north");
        for number in 0..40 {
            let message = format!("{number} {}", "a".repeat(1_000_000));
            node.events.put(&place, vec![LogEvent { timestamp: node.clock.now(), message }]).await.unwrap();
        }
        let bytes = node.events.group_bytes(&place.tenant, &place.group).await.unwrap();
        assert!((17_000_000..=33_600_000).contains(&bytes), "{bytes}");
        let [stream] = &*node.events.streams(&place.tenant, &place.group).await.unwrap() else { panic!("one stream") };
        assert!(stream.last.as_ref().unwrap().3.starts_with("39 "));
        assert!(!stream.first.as_ref().unwrap().3.starts_with("0 "), "the first events are gone");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_finds_no_room_is_dropped_and_counted() {
        let node = Node::new();
        let message = "a".repeat(QUEUED_BYTES_MAX);
        node.events.write_now(&place("north"), vec![message]);
        assert_eq!(node.events.dropped(), 1);
        assert_eq!(texts(&node.read(everything()).await), Vec::<&str>::new());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_older_than_its_group_says_is_removed() {
        let node = Node::new();
        let place = place("north");
        node.events.write_now(&place, vec!["a".to_owned()]);
        node.events.settle().await;
        let mut tx = node.store.write().await.unwrap();
        let mut group = tx.find::<LogGroup>(&place.tenant, "", &place.group).await.unwrap().unwrap();
        group.retention_days = Some(1);
        tx.replace(&group).await.unwrap();
        tx.commit().await.unwrap();
        node.clock.advance_seconds(25 * 3600);
        let south = Place { stream: "south".to_owned(), ..(*place).clone() };
        node.events.write_now(&Arc::new(south), vec!["b".to_owned()]);
        // The sweep comes behind what was written, so that it is done when the next is.
        node.events.settle().await;
        node.events.settle().await;
        let streams = node.events.streams(&place.tenant, &place.group).await.unwrap();
        let kept: Vec<_> = streams.iter().map(|stream| (&*stream.name, stream.last.is_some())).collect();
        assert_eq!(kept, [("north", false), ("south", true)], "the stream itself stays");
    }
}
