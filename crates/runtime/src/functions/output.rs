//! What a function's process prints: lines for the log, and the end of it for the caller who asked.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};

/// Bytes that a caller who asks for them gets (AWS Lambda API, `LogType`).
const TAIL_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a line in the log; what is longer is broken.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How long to wait for what is still in the pipes when an event is done.
const DRAIN_MAX: Duration = Duration::from_millis(100);

/// The output of one process.
pub(super) struct Output {
    printed: Arc<Mutex<Printed>>,
    drain: mpsc::Sender<oneshot::Sender<()>>,
}

/// The end of what was printed since an event began.
#[derive(Default)]
struct Printed {
    request_id: String,
    tail: VecDeque<u8>,
}

impl Output {
    /// Reads both pipes until they close.
    pub(super) fn of(function: Arc<str>, stdout: Option<ChildStdout>, stderr: Option<ChildStderr>) -> Self {
        let (printed, (drain, drained)) = (Arc::default(), mpsc::channel(1));
        let sink = Sink { function, printed: Arc::clone(&printed) };
        tokio::spawn(read(Pipe::new(stdout), Pipe::new(stderr), sink, drained));
        Self { printed, drain }
    }

    /// Forgets what was printed before: from here on it belongs to this event.
    pub(super) fn begin(&self, request_id: &str) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.tail.clear();
        request_id.clone_into(&mut printed.request_id);
    }

    /// The end of what was printed, once everything in the pipes was read.
    pub(super) async fn tail(&self) -> Vec<u8> {
        let (done, drained) = oneshot::channel();
        if self.drain.try_send(done).is_ok() {
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
    mut drained: mpsc::Receiver<oneshot::Sender<()>>,
) {
    while stdout.source.is_some() || stderr.source.is_some() {
        tokio::select! {
            // In this order, so that a drain is answered when there is nothing in the pipes.
            biased;
            () = stdout.fill() => stdout.pour(&sink),
            () = stderr.fill() => stderr.pour(&sink),
            done = drained.recv() => match done {
                Some(done) => {
                    let _ = done.send(());
                }
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
        for byte in self.chunk.drain(..) {
            if byte != b'\n' {
                self.line.push(byte);
            }
            if byte == b'\n' || self.line.len() >= LINE_BYTES_MAX {
                sink.log(&self.line);
                self.line.clear();
            }
        }
        if self.source.is_none() && !self.line.is_empty() {
            sink.log(&self.line);
            self.line.clear();
        }
    }
}

struct Sink {
    function: Arc<str>,
    printed: Arc<Mutex<Printed>>,
}

impl Sink {
    fn keep(&self, bytes: &[u8]) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.tail.extend(bytes);
        let beyond = printed.tail.len().saturating_sub(TAIL_BYTES_MAX);
        printed.tail.drain(..beyond);
    }

    fn log(&self, line: &[u8]) {
        let request_id = self.printed.lock().unwrap_or_else(PoisonError::into_inner).request_id.clone();
        let (function, line) = (&*self.function, String::from_utf8_lossy(line));
        tracing::info!(function, request_id, line = line.trim_end(), "a function printed a line");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_what_an_event_printed_is_kept() {
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", "read go; seq 1 3000; echo end >&2; read stop"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let output = Output::of("function".into(), child.stdout.take(), child.stderr.take());
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
