//! From a file into a store that holds nothing.

use std::io::Read;
use std::sync::Arc;

use claviger_resources::function::CodeSha256;
use claviger_resources::keyring::Keyring;
use claviger_resources::stored_blob::StoredBlob;
use claviger_resources::{Random, Timestamp};
use claviger_runtime::blobs::PIECE_BYTES;
use claviger_runtime::functions::{CodeStore, blob_of};
use claviger_runtime::vault::MasterKeys;
use claviger_store::{Backend, FillError, Filling, Kind, NamedRow, Revision, Stored};

use super::contents::Pieces;
use super::format::{FUNCTIONS, Line, MANIFEST, Manifest, OBJECTS, RECORDS, Unknown};
use super::reader::{self, Member, Reader, malformed};
use super::{BackupError, Contents};

/// Rows that are added together: so many, or so many bytes of them.
const ROWS_MAX: usize = 2_000;
const ROWS_BYTES: usize = 4 * 1024 * 1024;
/// The largest zip of a function.
const ZIP_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What is filled.
pub struct Target {
    /// Records.
    pub store: Arc<dyn Backend>,
    /// What opens their secrets.
    pub master: MasterKeys,
    /// What objects hold, and the code of functions.
    pub contents: Contents,
    /// When it is filled.
    pub now: Timestamp,
}

/// Fills an empty store: with the whole of a backup, or with nothing. `progress` is told the number of records so far.
pub async fn restore<R: Read>(
    file: R,
    target: &Target,
    random: &mut dyn Random,
    progress: impl Fn(u64),
) -> Result<(Manifest, Revision), BackupError> {
    let mut archive = reader::archive(file);
    let mut backup = Reader::begin(&mut archive)?;
    let mut filler = Filler {
        filling: target.store.fill().await.map_err(BackupError::Fill)?,
        target,
        random,
        program: backup.head.program.clone(),
        rows: Vec::new(),
        bytes: 0,
        found: std::mem::take(&mut backup.found),
        progress,
    };
    let said: Manifest = loop {
        let Some(member) = backup.next()? else { return Err(malformed("it has no end")) };
        if member.name == MANIFEST {
            break member.into_json()?;
        }
        filler.member(member).await?;
    };
    filler.flush().await?;
    let Filler { filling, found, .. } = filler;
    backup.found = found;
    backup.check(&said)?;
    reader::end(archive)?;
    let revision = filling.commit(Revision(said.revision)).await.map_err(BackupError::Fill)?;
    Ok((said, revision))
}

/// A store on its way to being full.
struct Filler<'t, P> {
    filling: Box<dyn Filling>,
    target: &'t Target,
    random: &'t mut dyn Random,
    /// The release that made the backup.
    program: String,
    /// Rows that are still to be added.
    rows: Vec<NamedRow>,
    bytes: usize,
    found: Manifest,
    progress: P,
}

impl<P: Fn(u64)> Filler<'_, P> {
    async fn member<R: Read>(&mut self, mut member: Member<'_, '_, R>) -> Result<(), BackupError> {
        let name = std::mem::take(&mut member.name);
        let digest = |name: &str| CodeSha256::parse(name.strip_suffix(".zip")?).ok();
        if name.starts_with(RECORDS) {
            return self.records(member).await;
        }
        if self.found.records.is_empty() {
            return Err(malformed("files come before records"));
        }
        self.found.count(&name, member.bytes);
        if let Some(blob) = name.strip_prefix(OBJECTS) {
            self.object(blob, member).await
        } else if let Some(sha256) = name.strip_prefix(FUNCTIONS).and_then(digest) {
            self.function(sha256, member).await
        } else {
            let reason = format!("it holds {name:?}, of which this one knows nothing");
            Err(BackupError::Newer { program: self.program.clone(), reason })
        }
    }

    async fn records<R: Read>(&mut self, member: Member<'_, '_, R>) -> Result<(), BackupError> {
        let mut lines = member.lines();
        while let Some(line) = lines.next::<Line>()? {
            let named = line.into_row().map_err(|unknown| match unknown {
                Unknown::Malformed(reason) => malformed(&reason),
                Unknown::Word(what) => {
                    BackupError::Newer { program: self.program.clone(), reason: format!("there are {what}") }
                }
            })?;
            if self.found.records.is_empty() {
                self.open_keyring(&named)?;
            }
            *self.found.records.entry(named.row.key.kind.as_str().to_owned()).or_default() += 1;
            self.push(named).await?;
        }
        Ok(())
    }

    /// Before anything is written, it is seen whether it could ever be read.
    fn open_keyring(&mut self, named: &NamedRow) -> Result<(), BackupError> {
        if named.row.key.kind != Kind::Keyring {
            return Err(malformed("its first record is not the keyring"));
        }
        let keyring = Stored::<Keyring>::from_row(&named.row).map_err(|error| malformed(&error.to_string()))?;
        self.target.master.open(&keyring, self.random).map(|_| ()).map_err(BackupError::MasterKey)
    }

    async fn push(&mut self, named: NamedRow) -> Result<(), BackupError> {
        self.bytes += named.row.body.len();
        self.rows.push(named);
        if self.rows.len() >= ROWS_MAX || self.bytes >= ROWS_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        let added = self.filling.add(&self.rows).await;
        added.map_err(|error| match error {
            FillError::Repeated => malformed("a record, or a name, comes twice"),
            error => BackupError::Fill(error),
        })?;
        self.rows.clear();
        self.bytes = 0;
        (self.progress)(self.found.records());
        Ok(())
    }

    async fn object<R: Read>(&mut self, blob: &str, mut member: Member<'_, '_, R>) -> Result<(), BackupError> {
        let Some(files) = self.target.contents.files() else { return self.in_records(blob.to_owned(), member).await };
        let mut writer = files.blobs.put_back(blob).await.map_err(BackupError::Contents)?;
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let length = member.read(&mut piece).map_err(BackupError::Read)?;
            if length == 0 {
                break;
            }
            piece.truncate(length);
            writer.write(piece.into()).await.map_err(BackupError::Contents)?;
        }
        writer.finish().await.map(|_| ()).map_err(BackupError::Contents)
    }

    async fn function<R: Read>(
        &mut self,
        sha256: CodeSha256,
        mut member: Member<'_, '_, R>,
    ) -> Result<(), BackupError> {
        if member.bytes > ZIP_BYTES_MAX {
            return Err(malformed("the code of a function is too long"));
        }
        let mut zip = Vec::new();
        member.read_to_end(&mut zip).map_err(BackupError::Read)?;
        if CodeStore::digest(&zip) != sha256 {
            return Err(malformed("the code of a function was changed"));
        }
        match self.target.contents.files() {
            Some(files) => Ok(files.code.keep(zip.into()).await.map(|_| ())?),
            None => self.in_records(blob_of(sha256), &*zip).await,
        }
    }

    /// Keeps contents in the store, with all else or not at all.
    async fn in_records(&mut self, blob: String, mut content: impl Read) -> Result<(), BackupError> {
        let head = StoredBlob { id: blob.clone(), wanted_at: self.target.now, is_whole: true };
        self.push(NamedRow::of(&head)?).await?;
        let mut pieces = Pieces::of(blob);
        loop {
            let mut piece = Vec::new();
            let read = (&mut content).take(PIECE_BYTES as u64).read_to_end(&mut piece);
            read.map_err(BackupError::Read)?;
            if piece.is_empty() && !pieces.is_first() {
                return Ok(());
            }
            self.push(NamedRow::of(&pieces.next(&piece))?).await?;
        }
    }
}
