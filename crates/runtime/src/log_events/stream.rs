//! A stream as a file: a line that names it, then a line of JSON for each event. A full file is set aside, in the place of
//! the one that was set aside before.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use claviger_resources::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use super::MESSAGE_BYTES_MAX;

/// How the files of streams end, and those that were set aside.
const ENDING: &str = ".log";
const ASIDE: &str = ".older";
/// Bytes at the end of a file in which its last event stands: JSON may take six bytes for one.
const LAST_EVENT_BYTES_MAX: u64 = (MESSAGE_BYTES_MAX * 6 + 1024) as u64;

/// A stream's place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose it is.
    pub tenant: Tenant,
    /// The name of its group.
    pub group: String,
    /// Its name.
    pub stream: String,
}

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownStream {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The first event that is kept.
    pub first: Option<StoredEvent>,
    /// The last one.
    pub last: Option<StoredEvent>,
}

/// An event as it is kept: when it happened, when it came, its number, what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent(pub Timestamp, pub Timestamp, pub u64, pub String);

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Header {
    stream: String,
    created: Timestamp,
}

/// The folder of a group.
pub(super) fn group_folder(folder: &Path, tenant: &Tenant, group: &str) -> PathBuf {
    folder.join(hashed(&format!("{} {} {group}", tenant.account, tenant.region)))
}

/// The file of a stream.
pub(super) fn file(group_folder: &Path, stream: &str) -> PathBuf {
    group_folder.join(format!("{}{ENDING}", hashed(stream)))
}

/// What was set aside for a file.
pub(super) fn aside(file: &Path) -> PathBuf {
    file.with_extension(ASIDE.trim_start_matches('.'))
}

/// Makes the file of a stream; tells whether it is new.
pub(super) fn create(folder: &Path, place: &Place, now: Timestamp) -> io::Result<bool> {
    let group = group_folder(folder, &place.tenant, &place.group);
    DirBuilder::new().recursive(true).mode(0o700).create(&group)?;
    match start(&file(&group, &place.stream), &place.stream, now) {
        Ok(file) => {
            file.sync_all()?;
            File::open(&group)?.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Starts a new file with its first line.
pub(super) fn start(path: &Path, stream: &str, created: Timestamp) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    let mut line = serde_json::to_vec(&Header { stream: stream.to_owned(), created })?;
    line.push(b'\n');
    file.write_all(&line)?;
    Ok(file)
}

/// Opens the file of a stream to add to it, which is made when it is not there; and tells when the stream was made.
pub(super) fn open(folder: &Path, place: &Place, now: Timestamp) -> io::Result<(PathBuf, File, Timestamp)> {
    create(folder, place, now)?;
    let path = file(&group_folder(folder, &place.tenant, &place.group), &place.stream);
    let created = head(&path)?.0.created;
    let mut file = OpenOptions::new().append(true).read(true).open(&path)?;
    // A line that was cut off when the node was ended is ended here, so that the next one is whole.
    if file.seek(SeekFrom::End(-1)).is_ok() {
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != [b'\n'] {
            file.write_all(b"\n")?;
        }
    }
    Ok((path, file, created))
}

/// Removes a stream; tells whether it was there.
pub(super) fn delete(folder: &Path, place: &Place) -> io::Result<bool> {
    let path = file(&group_folder(folder, &place.tenant, &place.group), &place.stream);
    remove_if_there(&aside(&path))?;
    remove_if_there(&path)
}

/// Removes a file; tells whether it was there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other.map(|()| true),
    }
}

/// Removes a group's folder.
pub(super) fn delete_group(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the events of a file; the stream itself stays.
pub(super) fn empty(path: &Path) -> io::Result<()> {
    if path.extension().is_some_and(|extension| extension == ASIDE.trim_start_matches('.')) {
        return remove_if_there(path).map(|_| ());
    }
    let mut first = Vec::new();
    next(&mut BufReader::new(File::open(path)?), &mut first)?;
    OpenOptions::new().write(true).open(path)?.set_len(first.len() as u64)
}

/// The streams in a folder, by name.
pub(super) fn known(group_folder: &Path) -> io::Result<Vec<KnownStream>> {
    let mut known = BTreeMap::new();
    for path in files(group_folder)? {
        if path.extension().is_none_or(|extension| extension != ENDING.trim_start_matches('.')) {
            continue;
        }
        // One that is being made, or removed, is not there yet, or no more.
        let Ok((header, first)) = head(&path) else { continue };
        let older = head(&aside(&path)).ok().and_then(|(_, first)| first);
        let last = last_event(&path)?.or_else(|| last_event(&aside(&path)).ok().flatten());
        let stream = KnownStream { name: header.stream.clone(), created: header.created, first: older.or(first), last };
        known.insert(header.stream, stream);
    }
    Ok(known.into_values().collect())
}

/// Bytes of all files in a folder.
pub(super) fn bytes(group_folder: &Path) -> io::Result<u64> {
    Ok(files(group_folder)?.iter().filter_map(|path| fs::metadata(path).ok()).map(|found| found.len()).sum())
}

/// The files in a folder; none where there is no folder.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

/// Reads every event of a file in the order in which they came.
pub(super) fn each(path: &Path, mut visitor: impl FnMut(StoredEvent)) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    while next(&mut lines, &mut line)? {
        // The first line, and one that was cut off, are no events.
        if let Ok(event) = serde_json::from_slice(&line) {
            visitor(event);
        }
    }
    Ok(())
}

/// The last event of a file.
pub(super) fn last_event(path: &Path) -> io::Result<Option<StoredEvent>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let length = file.metadata()?.len();
    for bytes in [64 * 1024, LAST_EVENT_BYTES_MAX] {
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut end = Vec::new();
        (&mut file).take(bytes).read_to_end(&mut end)?;
        let last = end.rsplit(|byte| *byte == b'\n').find_map(|line| serde_json::from_slice(line).ok());
        if last.is_some() || length <= bytes {
            return Ok(last);
        }
    }
    Ok(None)
}

/// The first line of a file, and its first event.
fn head(path: &Path) -> io::Result<(Header, Option<StoredEvent>)> {
    let mut lines = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    next(&mut lines, &mut line)?;
    let header = serde_json::from_slice(&line)?;
    next(&mut lines, &mut line)?;
    Ok((header, serde_json::from_slice(&line).ok()))
}

/// Reads the next line; tells whether there is one.
fn next(lines: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(lines.by_ref().take(LAST_EVENT_BYTES_MAX).read_until(b'\n', line)? > 0)
}

/// A name with nothing that means something to a file system.
fn hashed(name: &str) -> String {
    use std::fmt::Write as _;
    let digest = digest(&SHA256, name.as_bytes());
    digest.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
