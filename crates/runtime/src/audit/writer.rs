//! The thread that writes: makes records of events, and goes on when the disk is full.

use std::sync::Arc;

use claviger_resources::Timestamp;
use time::Date;

use super::event::Event;
use super::files::{Files, day};
use super::lost::Lost;
use super::record;
use crate::writer_queue::{Counters, Sink};

/// Bytes of lines that are gathered before they are written.
const GATHERED_BYTES_MAX: usize = 1024 * 1024;

/// What the thread works with.
pub(super) struct Writer {
    files: Files,
    lost: Arc<Lost>,
    counters: Arc<Counters>,
    gathered: Option<Gathered>,
    /// Whether the last lines could not be written.
    is_failing: bool,
}

/// Lines of one day that are written together.
struct Gathered {
    day: Date,
    lines: Vec<u8>,
    records: u64,
    /// The time of the last one.
    at: Timestamp,
}

impl Writer {
    pub(super) fn new(files: Files, lost: Arc<Lost>, counters: Arc<Counters>) -> Self {
        Self { files, lost, counters, gathered: None, is_failing: false }
    }

    /// Where the lines of this moment are gathered.
    fn gathered(&mut self, at: Timestamp) -> &mut Gathered {
        let day = day(at);
        if self.gathered.as_ref().is_some_and(|it| it.day != day || it.lines.len() > GATHERED_BYTES_MAX) {
            self.write_gathered();
        }
        let gathered = self.gathered.get_or_insert_with(|| Gathered { day, lines: Vec::new(), records: 0, at });
        gathered.at = at;
        gathered
    }

    fn write_gathered(&mut self) {
        let Some(Gathered { day, lines, records, at }) = self.gathered.take() else { return };
        match self.files.append(day, &lines) {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::warn!("the audit log can be written again");
            }
            Ok(()) => {}
            Err(error) => {
                self.counters.drop_more(records);
                self.lost.add(records, at);
                // Once tells enough; the records that are lost are counted.
                if !self.is_failing {
                    self.is_failing = true;
                    tracing::error!(error = &error as &dyn std::error::Error, "the audit log cannot be written");
                }
            }
        }
    }
}

impl Sink<Event> for Writer {
    fn write(&mut self, event: Event) {
        let gathered = self.gathered(event.at());
        record::write(event, &mut gathered.lines);
        gathered.records += 1;
    }

    fn flush(&mut self) {
        let is_new = self.gathered.is_some();
        self.write_gathered();
        // What cannot be written now cannot be told of either: that comes with what can be written again.
        if self.is_failing && is_new {
            return;
        }
        let Some(loss) = self.lost.take() else { return };
        let mut line = Vec::new();
        record::write_loss(&loss, &mut line);
        match self.files.append(day(loss.to), &line) {
            Ok(()) => {
                self.is_failing = false;
                tracing::warn!(count = loss.count, "records of the audit log were lost; one in it tells when");
            }
            Err(_) => self.lost.put_back(loss),
        }
    }
}
