//! Puts a backup together, member after member, holding no more in memory than a segment of records.

use std::io::{self, Write};

use claviger_resources::Timestamp;
use claviger_store::{NamedRow, Revision};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};
use time::format_description::well_known::Rfc3339;

use super::BackupError;
use super::format::{FORMAT, FUNCTIONS, HEAD, Head, Line, MANIFEST, Manifest, MembersDigest, OBJECTS, RECORDS};

/// How large a segment of records becomes.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// Compressing harder takes longer than reading the store.
const LEVEL: u32 = 3;
/// Members begin at multiples of this.
const BLOCK: usize = 512;

/// A backup that is being written.
pub struct Writer<W: Write> {
    out: GzEncoder<W>,
    /// When, in seconds, for the tar's own sake.
    seconds: u64,
    segment: Vec<u8>,
    segments: u64,
    digest: MembersDigest,
    manifest: Manifest,
    /// What is still to come of the member that is being written.
    left: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a backup of the store at a revision.
    pub fn begin(out: W, revision: Revision, now: Timestamp) -> Result<Self, BackupError> {
        let mut writer = Self {
            out: GzEncoder::new(out, Compression::new(LEVEL)),
            seconds: u64::try_from(now.seconds()).unwrap_or_default(),
            segment: Vec::new(),
            segments: 0,
            digest: MembersDigest::new(),
            manifest: Manifest { revision: revision.0, ..Manifest::default() },
            left: 0,
        };
        let created = now.utc().format(&Rfc3339).unwrap_or_default();
        let head =
            Head { format: FORMAT, program: env!("CARGO_PKG_VERSION").to_owned(), created, revision: revision.0 };
        writer.member(HEAD, &in_json(&head)?)?;
        Ok(writer)
    }

    /// Adds a record.
    pub fn record(&mut self, row: NamedRow) -> Result<(), BackupError> {
        *self.manifest.records.entry(row.row.key.kind.as_str().to_owned()).or_default() += 1;
        serde_json::to_writer(&mut self.segment, &Line::of(row)).map_err(|error| BackupError::Write(error.into()))?;
        self.segment.push(b'\n');
        if self.segment.len() >= SEGMENT_BYTES { self.end_segment() } else { Ok(()) }
    }

    /// Begins what an object holds; [`Writer::content`] follows, of this length.
    pub(super) fn object(&mut self, blob: &str, bytes: u64) -> Result<(), BackupError> {
        self.file(&format!("{OBJECTS}{blob}"), bytes)
    }

    /// Adds to it.
    pub(super) fn content(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(too_long)?;
        self.digest.add(bytes);
        self.out.write_all(bytes).map_err(BackupError::Write)
    }

    /// Adds the code of a function.
    pub(super) fn function(&mut self, sha256: &str, zip: &[u8]) -> Result<(), BackupError> {
        self.file(&format!("{FUNCTIONS}{sha256}.zip"), zip.len() as u64)?;
        self.content(zip)?;
        self.end_file(zip.len() as u64)
    }

    /// Ends a file; everything that was said of its length must have come.
    pub(super) fn end_file(&mut self, bytes: u64) -> Result<(), BackupError> {
        if self.left > 0 {
            return Err(too_long());
        }
        self.pad(bytes).map_err(BackupError::Write)
    }

    /// Ends the backup; what it was written to, and what it holds.
    pub fn finish(mut self) -> Result<(W, Manifest), BackupError> {
        self.end_segment()?;
        let digest = std::mem::replace(&mut self.digest, MembersDigest::new());
        self.manifest.sha256 = digest.finish();
        let manifest = in_json(&self.manifest)?;
        self.member(MANIFEST, &manifest)?;
        // Two empty blocks end a tar.
        self.out.write_all(&[0; 2 * BLOCK]).map_err(BackupError::Write)?;
        let out = self.out.finish().map_err(BackupError::Write)?;
        Ok((out, self.manifest))
    }

    fn file(&mut self, name: &str, bytes: u64) -> Result<(), BackupError> {
        self.end_segment()?;
        self.manifest.count(name, bytes);
        self.header(name, bytes)?;
        self.left = bytes;
        Ok(())
    }

    fn end_segment(&mut self) -> Result<(), BackupError> {
        if self.segment.is_empty() {
            return Ok(());
        }
        self.segments += 1;
        let segment = std::mem::take(&mut self.segment);
        self.member(&format!("{RECORDS}{:06}.ndjson", self.segments), &segment)?;
        // The next one takes its place in memory.
        self.segment = segment;
        self.segment.clear();
        Ok(())
    }

    fn member(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.header(name, bytes.len() as u64)?;
        self.digest.add(bytes);
        self.out.write_all(bytes).and_then(|()| self.pad(bytes.len() as u64)).map_err(BackupError::Write)
    }

    fn header(&mut self, name: &str, bytes: u64) -> Result<(), BackupError> {
        let mut header = Header::new_ustar();
        header.set_path(name).map_err(BackupError::Write)?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_size(bytes);
        header.set_mtime(self.seconds);
        header.set_cksum();
        self.digest.begin(name, bytes);
        self.out.write_all(header.as_bytes()).map_err(BackupError::Write)
    }

    fn pad(&mut self, bytes: u64) -> io::Result<()> {
        let rest = usize::try_from(bytes.next_multiple_of(BLOCK as u64) - bytes).unwrap_or_default();
        self.out.write_all([0; BLOCK].get(..rest).unwrap_or_default())
    }
}

fn too_long() -> BackupError {
    BackupError::Write(io::Error::new(io::ErrorKind::InvalidData, "a file changed its length while it was read"))
}

fn in_json(value: &impl serde::Serialize) -> Result<Vec<u8>, BackupError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| BackupError::Write(error.into()))?;
    text.push(b'\n');
    Ok(text)
}
