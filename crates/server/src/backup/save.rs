//! From a store to a file, while servers go on working on it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write};
use std::sync::Arc;

use claviger_resources::Timestamp;
use claviger_resources::function::{CodeSha256, Function, FunctionVersion};
use claviger_resources::layer::Layer;
use claviger_resources::object::{Blob, Object, Part};
use claviger_store::{Backend, Kind, Row, StoreError, Stored, Transaction};

use super::format::{Manifest, is_known};
use super::{BackupError, Contents, Pages, Writer};

/// What is saved.
pub struct Source {
    /// Records.
    pub store: Arc<dyn Backend>,
    /// What objects hold, and the code of functions.
    pub contents: Contents,
}

/// Saves everything; `progress` is told the number of records so far.
pub async fn save<W: Write>(
    source: &Source,
    out: W,
    now: Timestamp,
    progress: impl Fn(u64),
) -> Result<(W, Manifest), BackupError> {
    // Held before the transaction begins: whatever it sees stays.
    let hold = source.contents.hold()?;
    let mut tx = source.store.read().await?;
    let revision = tx.revision().await?;
    // Asked after the state was chosen: none of its kinds is missing then.
    if let Some(kind) = source.store.kinds().await?.into_iter().find(|kind| !is_known(kind)) {
        return Err(BackupError::NewerStore(kind));
    }
    let mut writer = Writer::begin(out, revision, now)?;
    let mut files = Files::new()?;
    let mut records = 0;
    // The keyring first, so that a restore can see at once whether it has the right master key.
    let others = Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Keyring && is_saved(*kind));
    for kind in std::iter::once(Kind::Keyring).chain(others) {
        let mut pages = Pages::of(kind);
        while let Some(rows) = pages.next(&mut *tx).await? {
            for named in rows {
                files.note(&named.row)?;
                writer.record(named)?;
                records += 1;
            }
            progress(records);
        }
        if records == 0 {
            return Err(BackupError::Unused);
        }
    }
    files.save(&source.contents, &mut *tx, &mut writer).await?;
    drop((tx, hold));
    writer.finish()
}

/// Nodes say of themselves that they are there, and are not part of what is saved; contents are saved as files.
fn is_saved(kind: Kind) -> bool {
    !matches!(kind, Kind::Node | Kind::StoredBlob | Kind::BlobPiece)
}

/// The files that records name: too many to be remembered in memory.
struct Files {
    blobs: BufWriter<File>,
    /// The code, each with one of those who need it.
    code: BTreeMap<CodeSha256, String>,
}

impl Files {
    fn new() -> Result<Self, BackupError> {
        let blobs = tempfile::tempfile().map_err(BackupError::Contents)?;
        Ok(Self { blobs: BufWriter::new(blobs), code: BTreeMap::new() })
    }

    /// Notes what a record names.
    fn note(&mut self, row: &Row) -> Result<(), BackupError> {
        match row.key.kind {
            Kind::Object => {
                let object = decode::<Object>(row)?;
                let owner = format!("the object {:?} in the bucket {}", object.key, object.bucket);
                object.blobs.iter().try_for_each(|blob| self.note_blob(blob, &owner))?;
            }
            Kind::Part => {
                let part = decode::<Part>(row)?;
                self.note_blob(&part.blob, &format!("a part of the upload {}", part.upload))?;
            }
            Kind::Function => self.note_code(&decode::<Function>(row)?),
            Kind::FunctionVersion => self.note_code(&decode::<FunctionVersion>(row)?.function),
            Kind::Layer => {
                let layer = decode::<Layer>(row)?;
                let owner = format!("the layer {}", layer.name);
                self.code.extend(layer.versions.values().map(|version| (version.code.sha256, owner.clone())));
            }
            _ => {}
        }
        Ok(())
    }

    fn note_blob(&mut self, blob: &Blob, owner: &str) -> Result<(), BackupError> {
        let noted = serde_json::to_vec(&(blob, owner)).map_err(io::Error::from);
        noted.and_then(|line| self.blobs.write_all(&[&line, &b"\n"[..]].concat())).map_err(BackupError::Contents)
    }

    fn note_code(&mut self, function: &Function) {
        self.code.insert(function.code.sha256, format!("the function {}", function.name));
    }

    async fn save<W: Write>(
        self,
        contents: &Contents,
        tx: &mut dyn Transaction,
        writer: &mut Writer<W>,
    ) -> Result<(), BackupError> {
        let mut blobs = self.blobs.into_inner().map_err(|error| BackupError::Contents(error.into_error()))?;
        blobs.rewind().map_err(BackupError::Contents)?;
        for line in BufReader::new(blobs).lines() {
            let line = line.map_err(BackupError::Contents)?;
            let (blob, owner): (Blob, String) =
                serde_json::from_str(&line).map_err(|error| BackupError::Contents(error.into()))?;
            if !contents.is_whole(&blob, tx).await? {
                return Err(BackupError::Missing(owner));
            }
            writer.object(&blob.id, blob.bytes)?;
            contents.read(&blob, tx, |piece| writer.content(piece)).await?;
            writer.end_file(blob.bytes)?;
        }
        for (sha256, owner) in self.code {
            let zip = contents.zip(sha256, tx).await?.ok_or(BackupError::Missing(owner))?;
            writer.function(&sha256.to_string(), &zip)?;
        }
        Ok(())
    }
}

fn decode<R: claviger_store::Record>(row: &Row) -> Result<R, StoreError> {
    Ok(Stored::<R>::from_row(row)?.record)
}
