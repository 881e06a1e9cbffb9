//! What a function's process prints: lines for the log, between Lambda's own, and the end of it for the caller who asked.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::Clock;
use claviger_resources::function::Function;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};

use super::Failure;
use super::report::{end_lines, start_line};
use crate::ids::random_uuid;
use crate::log_events::{LogEvents, Place};

/// Bytes that a caller who asks for them gets (AWS Lambda API, `LogType`).
const TAIL_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a line in the log; what is longer is broken.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How long to wait for what is still in the pipes when an event is done.
const DRAIN_MAX: Duration = Duration::from_millis(100);

/// Marks that wait to be set between what a process prints.
const MARKS_MAX: usize = 16;

/// Where the output of one process goes: a stream of its function's log group (AWS Lambda, "Sending Lambda function logs to
/// CloudWatch Logs").
pub(super) struct FunctionLog {
    function: Arc<str>,
    version: Arc<str>,
    memory_mib: u32,
    place: Arc<Place>,
    events: Arc<LogEvents>,
}

/// The output of one process.
pub(super) struct Output {
    printed: Arc<Mutex<Printed>>,
    marks: mpsc::Sender<Mark>,
    version: Arc<str>,
    memory_mib: u32,
}

/// What comes after everything that was printed before.
enum Mark {
    /// Somebody is told.
    Drained(oneshot::Sender<()>),
    /// Lines of Lambda's own.
    Lines(String),
}

/// The end of what was printed since an event began.
#[derive(Default)]
struct Printed {
    request_id: String,
    tail: VecDeque<u8>,
}

impl Output {
    /// Reads both pipes until they close.
    pub(super) fn of(log: FunctionLog, stdout: Option<ChildStdout>, stderr: Option<ChildStderr>) -> Self {
        let (printed, (marks, marked)) = (Arc::default(), mpsc::channel(MARKS_MAX));
        let (version, memory_mib) = (Arc::clone(&log.version), log.memory_mib);
        let sink = Sink { log, printed: Arc::clone(&printed) };
        tokio::spawn(read(Pipe::new(stdout), Pipe::new(stderr), sink, marked));
        Self { printed, marks, version, memory_mib }
    }

    /// Forgets what was printed before: from here on it belongs to this event.
    pub(super) fn begin(&self, request_id: &str) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.tail.clear();
        request_id.clone_into(&mut printed.request_id);
        self.mark(start_line(request_id, &self.version));
    }

    /// An event is done: the log says how.
    pub(super) fn end(
        &self,
        request_id: &str,
        result: &Result<Bytes, Failure>,
        duration: Duration,
        init: Option<Duration>,
    ) {
        self.mark(end_lines(request_id, self.memory_mib, result, duration, init));
    }

    fn mark(&self, lines: String) {
        // Marks of one that prints without end are lost.
        let _ = self.marks.try_send(Mark::Lines(lines));
    }

    /// The end of what was printed, once everything in the pipes was read.
    pub(super) async fn tail(&self) -> Vec<u8> {
        let (done, drained) = oneshot::channel();
        if self.marks.try_send(Mark::Drained(done)).is_ok() {
            // One that prints without end is not waited for.
            let _ = tokio::time::timeout(DRAIN_MAX, drained).await;
        }
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).tail.iter().copied().collect()
    }
}

/// As much of the end of a text as a caller gets.
pub(super) fn last_bytes(mut text: Vec<u8>) -> Vec<u8> {
    text.drain(..text.len().saturating_sub(TAIL_BYTES_MAX));
    text
}

async fn read(
    mut stdout: Pipe<ChildStdout>,
    mut stderr: Pipe<ChildStderr>,
    sink: Sink,
    mut marks: mpsc::Receiver<Mark>,
) {
    loop {
        tokio::select! {
            // In this order, so that a mark is set when there is nothing in the pipes.
            biased;
            () = stdout.fill() => stdout.pour(&sink),
            () = stderr.fill() => stderr.pour(&sink),
            mark = marks.recv() => match mark {
                Some(Mark::Drained(done)) => {
                    let _ = done.send(());
                }
                Some(Mark::Lines(lines)) => sink.write(lines.split_inclusive('\n').map(str::to_owned).collect()),
                // Nobody listens any more.
                None => return,
            },
        }
    }
}

/// One of the two pipes; closed when it has no source.
struct Pipe<R> {
    source: Option<R>,
    chunk: Vec<u8>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(source: Option<R>) -> Self {
        Self { source, chunk: Vec::with_capacity(LINE_BYTES_MAX), line: Vec::new() }
    }

    /// Waits for more; does not return when there will be none.
    async fn fill(&mut self) {
        let Some(source) = &mut self.source else { return pending().await };
        if !matches!(source.read_buf(&mut self.chunk).await, Ok(1..)) {
            self.source = None;
        }
    }

    /// Passes on what came, line by line.
    fn pour(&mut self, sink: &Sink) {
        sink.keep(&self.chunk);
        let mut lines = Vec::new();
        for byte in self.chunk.drain(..) {
            if byte != b'\n' {
                self.line.push(byte);
            }
            if byte == b'\n' || self.line.len() >= LINE_BYTES_MAX {
                lines.push(String::from_utf8_lossy(&self.line).into_owned());
                self.line.clear();
            }
        }
        if self.source.is_none() && !self.line.is_empty() {
            lines.push(String::from_utf8_lossy(&self.line).into_owned());
            self.line.clear();
        }
        sink.log(lines);
    }
}

struct Sink {
    log: FunctionLog,
    printed: Arc<Mutex<Printed>>,
}

impl Sink {
    fn keep(&self, bytes: &[u8]) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.tail.extend(bytes);
        let beyond = printed.tail.len().saturating_sub(TAIL_BYTES_MAX);
        printed.tail.drain(..beyond);
    }

    fn log(&self, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let request_id = self.printed.lock().unwrap_or_else(PoisonError::into_inner).request_id.clone();
        let function = &*self.log.function;
        for line in &lines {
            tracing::info!(function, request_id, line = line.trim_end(), "a function printed a line");
        }
        self.write(lines.into_iter().map(|line| line + "\n").collect());
    }

    fn write(&self, messages: Vec<String>) {
        self.log.events.write_now(&self.log.place, messages);
    }
}

impl FunctionLog {
    /// A stream of its own for a process of a function.
    pub(super) fn new(function: &Function, events: &Arc<LogEvents>, clock: &dyn Clock) -> Self {
        let today = clock.now().utc().date();
        let (year, month, day) = (today.year(), u8::from(today.month()), today.day());
        let id = random_uuid().simple();
        let place = Place {
            tenant: function.tenant.clone(),
            group: format!("/aws/lambda/{}", function.name),
            stream: format!("{year:04}/{month:02}/{day:02}/[{}]{id}", function.version),
        };
        Self {
            function: function.arn().into(),
            version: (&*function.version).into(),
            memory_mib: function.memory_mib,
            place: Arc::new(place),
            events: Arc::clone(events),
        }
    }

    /// The stream's name.
    pub(super) fn stream(&self) -> &str {
        &self.place.stream
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use claviger_testkit::{FakeClock, memory_store};

    use super::*;
    use crate::log_events::{Keeper, Window};

    fn log() -> FunctionLog {
        let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(0)));
        let keeper = Keeper { store: memory_store(), clock, threads: tokio::runtime::Handle::current() };
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let place = Place { tenant, group: "/aws/lambda/storms".to_owned(), stream: "stream".to_owned() };
        FunctionLog {
            function: "function".into(),
            version: "$LATEST".into(),
            memory_mib: 128,
            place: Arc::new(place),
            events: Arc::new(LogEvents::temporary(keeper).unwrap()),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_printed_stands_between_lambdas_own_lines() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "read go; echo wind; printf rain"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let log = log();
        let (events, place) = (Arc::clone(&log.events), Arc::clone(&log.place));
        let output = Output::of(log, child.stdout.take(), None);
        output.begin("first");
        output.tail().await;
        drop(child.stdin.take());
        assert!(child.wait().await.unwrap().success());
        output.tail().await;
        output.end("first", &Ok(Bytes::new()), Duration::from_millis(2), None);
        output.tail().await;
        let window = Window { begin: None, end: None, after: None, before: None, from_begin: true, limit: 10 };
        let streams = vec![place.stream.clone()];
        let page = events.read(&place.tenant, &place.group, streams, window, |_| true).await.unwrap();
        let lines: Vec<_> = page.events.iter().map(|(_, event)| &*event.3).collect();
        let report = "REPORT RequestId: first\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t\n";
        let expected =
            ["START RequestId: first Version: $LATEST\n", "wind\n", "rain\n", "END RequestId: first\n", report];
        assert_eq!(lines, expected);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_end_of_what_an_event_printed_is_kept() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "read go; seq 1 3000; echo end >&2; read stop"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::of(log(), child.stdout.take(), child.stderr.take());
        output.begin("first");
        assert_eq!(output.tail().await, b"");
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, b"go\n").await.unwrap();
        let tail = loop {
            let tail = String::from_utf8(output.tail().await).unwrap();
            if tail.contains("3000\n") && tail.contains("end\n") {
                break tail;
            }
            tokio::task::yield_now().await;
        };
        assert!(tail.len() == TAIL_BYTES_MAX && tail.contains("2999\n"), "{tail}");
        output.begin("second");
        assert_eq!(output.tail().await, b"");
        tokio::io::AsyncWriteExt::write_all(&mut stdin, b"stop\n").await.unwrap();
        assert!(child.wait().await.unwrap().success());
    }

    #[test]
    fn only_the_end_of_a_text_is_given() {
        assert_eq!(last_bytes(b"short".to_vec()), b"short");
        let long = last_bytes([vec![b'a'; 10], vec![b'b'; TAIL_BYTES_MAX]].concat());
        assert_eq!(long, vec![b'b'; TAIL_BYTES_MAX]);
    }
}
