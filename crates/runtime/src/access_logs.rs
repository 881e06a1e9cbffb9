//! Where access logs go: one file for each destination, written by a thread of its own.
//!
//! [`AccessLogs::write`] is the one way to them. It never waits: lines stand in a queue that is bounded by number and by
//! bytes, and what finds no room is dropped and counted. The thread is started by the first line.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_resources::{AccountId, Region, Tenant};
use tempfile::TempDir;

use crate::log_events::{self, LogEvents};
use crate::writer_queue::{Bounds, Counters, Entry, Sink, WriterQueue};

/// The folder in a data directory that holds the files.
const FOLDER: &str = "access-logs";
/// Lines that wait at most.
const QUEUED_LINES_MAX: usize = 16_384;
/// Bytes of lines that wait at most.
const QUEUED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a file before it is set aside for a new one.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files of one destination that are kept beside the one that is written.
const OLDER_FILES: u32 = 4;
/// Files that are open at a time.
const OPEN_FILES_MAX: usize = 64;
/// Destinations whose streams are known at a time.
const PLACES_MAX: usize = 1_024;
/// The stream of a log group that access logs are written to.
const STREAM: &str = "access-log";
/// Characters of a destination's name that a file's has.
const NAME_LENGTH_MAX: usize = 100;

/// The access logs of a node.
pub struct AccessLogs {
    place: Place,
    file_bytes_max: u64,
    queue: WriterQueue<Line>,
    /// Where lines for log groups go as well.
    events: Option<Arc<LogEvents>>,
}

enum Place {
    Folder(PathBuf),
    /// A folder that is gone with the node.
    Temporary,
}

/// A line, and where it goes.
struct Line {
    destination: Arc<str>,
    text: String,
}

impl Entry for Line {
    fn bytes(&self) -> usize {
        self.text.len()
    }
}

impl AccessLogs {
    /// Access logs in a data directory.
    pub fn at(data_directory: &Path) -> Self {
        Self::new(Place::Folder(data_directory.join(FOLDER)), FILE_BYTES_MAX)
    }

    /// Access logs that are gone with the node.
    pub fn temporary() -> Self {
        Self::new(Place::Temporary, FILE_BYTES_MAX)
    }

    fn new(place: Place, file_bytes_max: u64) -> Self {
        let bounds = Bounds { entries_max: QUEUED_LINES_MAX, bytes_max: QUEUED_BYTES_MAX };
        Self { place, file_bytes_max, queue: WriterQueue::new("access-log", bounds), events: None }
    }

    /// The same, with lines for log groups among the events of those groups, too.
    #[must_use]
    pub fn with_events(self, events: Arc<LogEvents>) -> Self {
        Self { events: Some(events), ..self }
    }

    /// Has a line written for a destination, without waiting for that; the text has no line end.
    pub fn write(&self, destination: &Arc<str>, text: String) {
        self.queue.send(Line { destination: Arc::clone(destination), text }, || self.writer());
    }

    /// How many lines were dropped because too many waited, or because they could not be written.
    pub fn dropped(&self) -> u64 {
        self.queue.counters().dropped()
    }

    /// How many lines wait.
    pub fn queued(&self) -> usize {
        self.queue.counters().queued()
    }

    /// Writes what waits, as long as that does not take too long.
    pub async fn close(&self) {
        self.queue.close().await;
    }

    fn writer(&self) -> Writer {
        let folder = match &self.place {
            Place::Folder(path) => Folder::At(path.clone()),
            Place::Temporary => Folder::Unmade,
        };
        let files = Files { folder, open: HashMap::new(), file_bytes_max: self.file_bytes_max };
        let groups = self.events.clone().map(Groups::new);
        Writer { files, groups, counters: Arc::clone(self.queue.counters()), told: 0 }
    }
}

/// What the thread works with.
struct Writer {
    files: Files,
    groups: Option<Groups>,
    counters: Arc<Counters>,
    /// How many dropped lines the log was told of.
    told: u64,
}

impl Sink<Line> for Writer {
    fn write(&mut self, Line { destination, text }: Line) {
        self.keep(&destination, &text);
        if let Some(groups) = &mut self.groups {
            groups.write(&destination, text);
        }
    }

    fn flush(&mut self) {
        self.files.flush();
        let dropped = self.counters.dropped();
        if dropped > self.told {
            tracing::warn!(count = dropped - self.told, "access log lines were dropped");
            self.told = dropped;
        }
    }
}

impl Writer {
    fn keep(&mut self, destination: &Arc<str>, text: &str) {
        if let Err(error) = self.files.write(destination, text) {
            let dropped = self.counters.drop_more(1);
            // One of many tells enough; their number is told below.
            if dropped == self.told {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    id = &**destination,
                    "cannot write an access log"
                );
            }
        }
    }
}

/// The log groups that are destinations.
struct Groups {
    events: Arc<LogEvents>,
    /// The stream of each; `None` for a destination that is no log group.
    places: HashMap<Arc<str>, Option<Arc<log_events::Place>>>,
}

impl Groups {
    fn new(events: Arc<LogEvents>) -> Self {
        Self { events, places: HashMap::new() }
    }

    fn write(&mut self, destination: &Arc<str>, message: String) {
        if self.places.len() >= PLACES_MAX {
            self.places.clear();
        }
        let place = self.places.entry(Arc::clone(destination)).or_insert_with(|| group(destination).map(Arc::new));
        if let Some(place) = place {
            self.events.write_now(place, vec![message]);
        }
    }
}

/// The stream for the access logs of a log group, by its ARN.
fn group(destination: &str) -> Option<log_events::Place> {
    let mut parts = destination.splitn(7, ':');
    let (service, region, account) = (parts.nth(2)?, parts.next()?, parts.next()?);
    let (kind, name) = (parts.next()?, parts.next()?);
    let group = name.strip_suffix(":*").unwrap_or(name).to_owned();
    let tenant = Tenant { account: AccountId::parse(account).ok()?, region: Region::parse(region).ok()? };
    ((service, kind) == ("logs", "log-group")).then_some(log_events::Place { tenant, group, stream: STREAM.to_owned() })
}

/// The files of all destinations.
struct Files {
    folder: Folder,
    open: HashMap<Arc<str>, Open>,
    file_bytes_max: u64,
}

enum Folder {
    At(PathBuf),
    /// It is made for the first line.
    Unmade,
    Temporary(TempDir),
}

struct Open {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Files {
    fn write(&mut self, destination: &Arc<str>, text: &str) -> io::Result<()> {
        let bytes = text.len() as u64 + 1;
        let full = |open: &Open| open.bytes > 0 && open.bytes + bytes > self.file_bytes_max;
        if self.open.get(destination).is_some_and(full)
            && let Some(open) = self.open.remove(destination)
        {
            set_aside(open)?;
        }
        if !self.open.contains_key(destination) {
            if self.open.len() >= OPEN_FILES_MAX {
                self.flush();
                self.open.clear();
            }
            let path = self.folder.path()?.join(file_name(destination));
            self.open.insert(Arc::clone(destination), Open::append(path)?);
        }
        let Some(open) = self.open.get_mut(destination) else { return Ok(()) };
        open.file.write_all(text.as_bytes())?;
        open.file.write_all(b"\n")?;
        open.bytes += bytes;
        Ok(())
    }

    /// Hands everything to the system. A file that cannot be written is opened anew for the next line.
    fn flush(&mut self) {
        self.open.retain(|_, open| match open.file.flush() {
            Ok(()) => true,
            Err(error) => {
                let path = open.path.display();
                tracing::error!(error = &error as &dyn std::error::Error, %path, "cannot write an access log");
                false
            }
        });
    }
}

impl Folder {
    fn path(&mut self) -> io::Result<&Path> {
        if matches!(self, Self::Unmade) {
            *self = Self::Temporary(tempfile::Builder::new().prefix("claviger-access-logs-").tempdir()?);
        }
        match self {
            Self::At(path) => {
                DirBuilder::new().recursive(true).mode(0o700).create(&*path)?;
                Ok(path)
            }
            Self::Temporary(folder) => Ok(folder.path()),
            Self::Unmade => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Open {
    fn append(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, file: BufWriter::new(file), bytes })
    }
}

/// Gives a full file the number 1 and each older one the next; the oldest is gone.
fn set_aside(mut open: Open) -> io::Result<()> {
    open.file.flush()?;
    let numbered = |number: u32| {
        let mut path = open.path.clone().into_os_string();
        path.push(format!(".{number}"));
        PathBuf::from(path)
    };
    for number in (1..OLDER_FILES).rev() {
        match std::fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(&open.path, numbered(1))
}

/// The name of a destination's file: what the ARN calls the destination, with nothing that means something to a file system,
/// and a number of the whole ARN, by which two of the same name differ.
pub fn file_name(destination: &str) -> String {
    let name = destination.strip_suffix(":*").unwrap_or(destination);
    let name = name.rsplit(':').next().unwrap_or_default();
    let safe = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_') { character } else { '_' }
    };
    let name: String = name.chars().map(safe).take(NAME_LENGTH_MAX).collect();
    // FNV-1a, because nothing but evenness is asked of it.
    let number = destination
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{}-{number:016x}.log", name.trim_start_matches('_'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn read(folder: &Path, name: &str) -> String {
        std::fs::read_to_string(folder.join(FOLDER).join(name)).unwrap_or_else(|error| format!("{name}: {error}"))
    }

    #[tokio::test]
    async fn each_destination_has_its_lines_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two): (Arc<str>, Arc<str>) = ("arn:x:one".into(), "arn:x:two".into());
        for run in 0..2 {
            let logs = AccessLogs::at(folder.path());
            for line in 0..3 {
                logs.write(&one, format!("one {run} {line}"));
            }
            logs.write(&two, format!("two {run}"));
            logs.close().await;
            assert_eq!(logs.dropped(), 0);
        }
        let expected = "one 0 0\none 0 1\none 0 2\none 1 0\none 1 1\none 1 2\n";
        assert_eq!(read(folder.path(), &file_name(&one)), expected);
        assert_eq!(read(folder.path(), &file_name(&two)), "two 0\ntwo 1\n");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join(FOLDER)), 0o700);
        assert_eq!(mode(&folder.path().join(FOLDER).join(file_name(&one))), 0o600);
    }

    #[tokio::test]
    async fn full_files_are_set_aside_and_the_oldest_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let logs = AccessLogs::new(Place::Folder(folder.path().join(FOLDER)), 10);
        let destination: Arc<str> = "arn:x:one".into();
        for line in 0..8 {
            logs.write(&destination, format!("line {line}"));
        }
        logs.close().await;
        let name = file_name(&destination);
        assert_eq!(read(folder.path(), &name), "line 7\n");
        for number in 1..=OLDER_FILES {
            assert_eq!(read(folder.path(), &format!("{name}.{number}")), format!("line {}\n", 7 - number));
        }
        assert_eq!(std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1 + OLDER_FILES as usize);
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FOLDER), "no folder").unwrap();
        let logs = AccessLogs::at(folder.path());
        let destination: Arc<str> = "arn:x:one".into();
        logs.write(&destination, "line".to_owned());
        logs.close().await;
        assert_eq!(logs.dropped(), 1);
        logs.write(&destination, "x".repeat(QUEUED_BYTES_MAX + 1));
        assert_eq!((logs.dropped(), logs.queued()), (2, 0));
    }

    #[test]
    fn names_of_files_mean_nothing_to_a_file_system() {
        let check = |destination: &str, expected: &str| {
            let name = file_name(destination);
            let (name, number) = name.rsplit_once('-').unwrap();
            assert_eq!((name, number.len()), (expected, 20), "{destination}");
        };
        check("arn:aws:logs:us-east-1:000000000000:log-group:/aws/apigateway/storms", "aws_apigateway_storms");
        check("arn:aws:logs:us-east-1:000000000000:log-group:storms:*", "storms");
        check(
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x",
            "deliverystream_amazon-apigateway-x",
        );
        check("../../../etc/passwd", "etc_passwd");
        check("", "");
        check(&"é/".repeat(200), "");
        assert_ne!(file_name("arn:a:x"), file_name("arn:b:x"));
    }
}
