//! Takes a backup apart, member after member, and finds out whether it is whole.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use tar::{Archive, Entries, Entry};

use super::BackupError;
use super::format::{FORMAT, HEAD, Head, MANIFEST, Manifest, MembersDigest};

/// The longest line of a record, and the longest member that is no list of records and no file.
const LINE_BYTES_MAX: u64 = 256 * 1024 * 1024;
const SMALL_BYTES_MAX: u64 = 1024 * 1024;
/// What may stand behind the last member: the end of the tar.
const END_BYTES_MAX: u64 = 64 * 1024;

/// A backup that is being read.
pub(super) struct Reader<'a, R: Read> {
    entries: Entries<'a, GzDecoder<R>>,
    digest: MembersDigest,
    /// What it said first.
    pub(super) head: Head,
    /// What was found so far.
    pub(super) found: Manifest,
}

/// A member, whose bytes are added to the digest as they are read.
pub(super) struct Member<'r, 'a, R: Read> {
    pub(super) name: String,
    pub(super) bytes: u64,
    content: Entry<'a, GzDecoder<R>>,
    digest: &'r mut MembersDigest,
}

/// The tar in a compressed file.
pub(super) fn archive<R: Read>(file: R) -> Archive<GzDecoder<R>> {
    Archive::new(GzDecoder::new(file))
}

impl<'a, R: Read> Reader<'a, R> {
    /// Begins to read.
    pub(super) fn begin(archive: &'a mut Archive<GzDecoder<R>>) -> Result<Self, BackupError> {
        let entries = archive.entries().map_err(BackupError::Read)?;
        let head = Head { format: 0, program: String::new(), created: String::new(), revision: 0 };
        let mut reader = Self { entries, digest: MembersDigest::new(), head, found: Manifest::default() };
        let Some(first) = reader.next()?.filter(|member| member.name == HEAD) else {
            return Err(malformed("it does not begin as one"));
        };
        let head: Head = first.into_json()?;
        if head.format != FORMAT {
            let reason = format!("it has format {}, and this one knows {FORMAT}", head.format);
            return Err(BackupError::Newer { program: head.program, reason });
        }
        reader.found.revision = head.revision;
        reader.head = head;
        Ok(reader)
    }

    /// The next member; `None` at the end of the tar.
    pub(super) fn next(&mut self) -> Result<Option<Member<'_, 'a, R>>, BackupError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let content = entry.map_err(BackupError::Read)?;
        let name = String::from_utf8(content.path_bytes().into_owned()).map_err(|_| malformed("a name is no text"))?;
        if !content.header().entry_type().is_file() {
            return Err(malformed(&format!("{name} is no file")));
        }
        let bytes = content.size();
        if name != MANIFEST {
            self.digest.begin(&name, bytes);
        }
        Ok(Some(Member { name, bytes, content, digest: &mut self.digest }))
    }

    /// Compares what was found with what the last member says.
    pub(super) fn check(mut self, said: &Manifest) -> Result<(), BackupError> {
        self.found.sha256 = self.digest.finish();
        if self.found != *said {
            return Err(malformed("it was changed after it was made"));
        }
        match self.entries.next() {
            None => Ok(()),
            Some(Ok(_)) => Err(malformed("there is more behind its end")),
            Some(Err(error)) => Err(BackupError::Read(error)),
        }
    }
}

/// Reads to the end of the compressed file, whose last bytes tell whether it was changed.
pub(super) fn end<R: Read>(archive: Archive<GzDecoder<R>>) -> Result<(), BackupError> {
    let mut rest = archive.into_inner().take(END_BYTES_MAX);
    io::copy(&mut rest, &mut io::sink()).map_err(BackupError::Read)?;
    if rest.limit() == 0 { Err(malformed("there is more behind its end")) } else { Ok(()) }
}

impl<R: Read> Member<'_, '_, R> {
    /// The member as one value.
    pub(super) fn into_json<T: DeserializeOwned>(mut self) -> Result<T, BackupError> {
        if self.bytes > SMALL_BYTES_MAX {
            return Err(malformed(&format!("{} is too long", self.name)));
        }
        let mut text = Vec::new();
        let read =
            if self.name == MANIFEST { self.content.read_to_end(&mut text) } else { self.read_to_end(&mut text) };
        read.map_err(BackupError::Read)?;
        serde_json::from_slice(&text).map_err(|error| malformed(&format!("{}: {error}", self.name)))
    }

    /// The member's lines.
    pub(super) fn lines(self) -> Lines<Self> {
        Lines { content: BufReader::with_capacity(64 * 1024, self), line: Vec::new() }
    }
}

impl<R: Read> Read for Member<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(buffer)?;
        self.digest.add(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Lines, one at a time.
pub(super) struct Lines<M: Read> {
    content: BufReader<M>,
    line: Vec<u8>,
}

impl<M: Read> Lines<M> {
    /// The next line; `None` at the end.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, BackupError> {
        self.line.clear();
        let length = (&mut self.content).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line);
        if length.map_err(BackupError::Read)? == 0 {
            return Ok(None);
        }
        serde_json::from_slice(&self.line).map(Some).map_err(|error| malformed(&format!("a record is none: {error}")))
    }
}

pub(super) fn malformed(reason: &str) -> BackupError {
    BackupError::Malformed(reason.to_owned())
}
