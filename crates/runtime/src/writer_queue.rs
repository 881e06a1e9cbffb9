//! A queue to a thread that writes: whoever has something to be written never waits for it.
//!
//! What stands in the queue is bounded by number and by bytes; what finds no room is dropped and counted. The thread is
//! started by the first entry, and writes in batches.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Entries written before what was written is handed to the system.
const BATCH_ENTRIES_MAX: usize = 1_024;
/// How long what waits may take to be written when a node is closed.
const CLOSE_DURATION_MAX: Duration = Duration::from_secs(5);

/// What stands in a queue.
pub(crate) trait Entry: Send + 'static {
    /// The memory it takes.
    fn bytes(&self) -> usize;
}

/// What the thread writes with.
pub(crate) trait Sink<E>: Send + 'static {
    /// Takes an entry.
    fn write(&mut self, entry: E);
    /// Hands what was taken to the system.
    fn flush(&mut self);
}

/// What a queue and its thread count.
#[derive(Default)]
pub(crate) struct Counters {
    queued: AtomicUsize,
    queued_bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// How much may stand in a queue.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Entries that wait at most.
    pub(crate) entries_max: usize,
    /// Bytes of entries that wait at most.
    pub(crate) bytes_max: usize,
}

/// A queue whose other end is a thread that writes.
pub(crate) struct WriterQueue<E> {
    /// What the thread is called, and what it writes.
    name: &'static str,
    bounds: Bounds,
    sender: OnceLock<mpsc::Sender<Message<E>>>,
    counters: Arc<Counters>,
}

enum Message<E> {
    Entry(E),
    Flush(oneshot::Sender<()>),
}

impl Counters {
    /// How many entries were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How many entries wait.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Counts what was dropped, and tells how much was dropped before.
    pub(crate) fn drop_more(&self, number: u64) -> u64 {
        self.dropped.fetch_add(number, Ordering::Relaxed)
    }

    fn leave(&self, bytes: usize) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl<E: Entry> WriterQueue<E> {
    pub(crate) fn new(name: &'static str, bounds: Bounds) -> Self {
        Self { name, bounds, sender: OnceLock::new(), counters: Arc::default() }
    }

    /// What is counted.
    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Has an entry written by the thread, which works with what `sink` makes; whether there was room for it.
    pub(crate) fn send<S: Sink<E>>(&self, entry: E, sink: impl FnOnce() -> S) -> bool {
        let bytes = entry.bytes();
        self.counters.queued.fetch_add(1, Ordering::Relaxed);
        let queued = self.counters.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = queued + bytes <= self.bounds.bytes_max;
        if fits && self.sender(sink).try_send(Message::Entry(entry)).is_ok() {
            return true;
        }
        self.counters.leave(bytes);
        self.counters.drop_more(1);
        false
    }

    /// Writes what waits, as long as that does not take too long.
    pub(crate) async fn close(&self) {
        let Some(sender) = self.sender.get() else { return };
        let (done, written) = oneshot::channel();
        let flush = async {
            if sender.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        if tokio::time::timeout(CLOSE_DURATION_MAX, flush).await.is_err() {
            tracing::warn!(log = self.name, "some records of a log were not written in time");
        }
    }

    fn sender<S: Sink<E>>(&self, sink: impl FnOnce() -> S) -> &mpsc::Sender<Message<E>> {
        self.sender.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(self.bounds.entries_max);
            let (sink, counters) = (sink(), Arc::clone(&self.counters));
            let started = std::thread::Builder::new().name(self.name.to_owned());
            if let Err(error) = started.spawn(move || run(sink, receiver, &counters)) {
                // The receiver is gone with the closure, so that every entry counts as dropped.
                tracing::error!(error = &error as &dyn std::error::Error, log = self.name, "no thread for a log");
            }
            sender
        })
    }
}

fn run<E: Entry>(mut sink: impl Sink<E>, mut queue: mpsc::Receiver<Message<E>>, counters: &Counters) {
    while let Some(first) = queue.blocking_recv() {
        let (mut waiting, mut next, mut entries) = (Vec::new(), Some(first), 0);
        while let Some(message) = next {
            match message {
                Message::Entry(entry) => {
                    counters.leave(entry.bytes());
                    sink.write(entry);
                    entries += 1;
                }
                Message::Flush(done) => waiting.push(done),
            }
            next = if entries < BATCH_ENTRIES_MAX { queue.try_recv().ok() } else { None };
        }
        sink.flush();
        for done in waiting {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc as waiting;

    use super::*;

    impl Entry for String {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    /// Takes nothing before it is told to go on.
    struct Slow(waiting::Receiver<()>, Arc<Mutex<Vec<String>>>);

    impl Sink<String> for Slow {
        fn write(&mut self, entry: String) {
            let _ = self.0.recv();
            self.1.lock().unwrap().push(entry);
        }

        fn flush(&mut self) {}
    }

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_what_found_some_is_written_in_its_order() {
        let queue = WriterQueue::new("test", Bounds { entries_max: 3, bytes_max: 100 });
        let (go_on, told) = waiting::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut slow = Some(Slow(told, Arc::clone(&written)));
        let mut send = |text: String| queue.send(text, || slow.take().unwrap());
        assert!(send("first".to_owned()));
        // The thread may have taken the first by now: of the rest, three find room, or two.
        let taken = ["a", "b", "c", "d", "e"].map(|text| send(text.to_owned()));
        let number = taken.iter().filter(|taken| **taken).count();
        assert!((2..=3).contains(&number) && taken[..number].iter().all(|taken| *taken), "{taken:?}");
        assert_eq!(queue.counters().dropped(), 5 - number as u64);
        drop(go_on);
        queue.close().await;
        assert_eq!(*written.lock().unwrap(), ["first", "a", "b", "c"][..=number]);
        assert_eq!(queue.counters().queued(), 0);
        assert!(!send("x".repeat(101)));
        assert_eq!((queue.counters().dropped(), queue.counters().queued()), (6 - number as u64, 0));
    }
}
