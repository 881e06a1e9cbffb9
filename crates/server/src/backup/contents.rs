//! Where what objects hold and the code of functions stand: in files, or in the store as records like all others.

use std::io;
use std::path::{Path, PathBuf};

use claviger_resources::function::CodeSha256;
use claviger_resources::object::Blob;
use claviger_resources::stored_blob::{BlobPiece, StoredBlob};
use claviger_runtime::blobs::{self, Folder, PIECE_BYTES};
use claviger_runtime::functions::{CodeStore, blob_of};
use claviger_runtime::hold::Hold;
use claviger_store::{Kind, Transaction, TransactionExt as _, blob_tenant};

use super::BackupError;

/// Pieces that are read at a time.
const PIECES: usize = 4;

/// Where contents stand.
pub struct Contents(Home);

enum Home {
    Files(Files),
    /// In the store that is looked after.
    Records,
}

/// Contents in files.
pub(super) struct Files {
    pub(super) blobs: Folder,
    pub(super) code: CodeStore,
    folder: PathBuf,
}

impl Contents {
    /// In files below this folder.
    pub fn in_files(folder: &Path) -> Self {
        let (blobs, code) = (Folder::at(folder), CodeStore::at(folder));
        Self(Home::Files(Files { blobs, code, folder: folder.to_owned() }))
    }

    /// In the store itself.
    pub fn in_records() -> Self {
        Self(Home::Records)
    }

    /// The files, where they are in files.
    pub(super) fn files(&self) -> Option<&Files> {
        match &self.0 {
            Home::Files(files) => Some(files),
            Home::Records => None,
        }
    }

    /// Keeps files from being removed, as long as the answer lives. What is in the store stays for whoever reads it in one
    /// transaction.
    pub(super) fn hold(&self) -> Result<Option<Hold>, BackupError> {
        let Some(files) = self.files() else { return Ok(None) };
        match Hold::take(&files.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            held => held.map(Some).map_err(BackupError::Contents),
        }
    }

    /// Whether a blob is there, with all of its bytes.
    pub(crate) async fn is_whole(&self, blob: &Blob, tx: &mut dyn Transaction) -> Result<bool, BackupError> {
        if let Home::Files(files) = &self.0 {
            return files.blobs.is_whole(blob).await.map_err(BackupError::Contents);
        }
        let head = tx.find::<StoredBlob>(&blob_tenant(), "", &blob.id).await?;
        let pieces = tx.count(Kind::BlobPiece, &blob_tenant(), &blob.id).await?;
        Ok(head.is_some_and(|head| head.is_whole) && pieces == blob.bytes.div_ceil(PIECE_BYTES as u64).max(1))
    }

    /// Hands on what a blob holds, piece by piece.
    pub(super) async fn read(
        &self,
        blob: &Blob,
        tx: &mut dyn Transaction,
        mut take: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        match &self.0 {
            Home::Files(files) => {
                let blobs = std::slice::from_ref(blob);
                let mut pieces = files.blobs.read(blobs, 0, blob.bytes).await.map_err(BackupError::Contents)?;
                while let Some(piece) = pieces.recv().await {
                    take(&piece.map_err(BackupError::Contents)?)?;
                }
            }
            Home::Records => {
                let mut after: Option<String> = None;
                loop {
                    let page = tx.list::<BlobPiece>(&blob_tenant(), &blob.id, after.as_deref(), PIECES).await?;
                    for piece in &page {
                        take(&blobs::content(piece).map_err(BackupError::Contents)?)?;
                    }
                    match page.into_iter().next_back() {
                        Some(last) => after = Some(last.record.number),
                        None => break,
                    }
                }
            }
        }
        Ok(())
    }

    /// The zip of a function; `None` when it is not there, or is another.
    pub(crate) async fn zip(
        &self,
        sha256: CodeSha256,
        tx: &mut dyn Transaction,
    ) -> Result<Option<Vec<u8>>, BackupError> {
        let zip = if let Home::Files(files) = &self.0 {
            files.code.zip(sha256).await?.map(|zip| zip.to_vec())
        } else {
            let id = blob_of(sha256);
            let head = tx.find::<StoredBlob>(&blob_tenant(), "", &id).await?;
            let mut zip = Vec::new();
            // How long it is only its pieces know.
            let blob = Blob { id, bytes: 0 };
            self.read(&blob, tx, |piece| {
                zip.extend_from_slice(piece);
                Ok(())
            })
            .await?;
            head.filter(|head| head.is_whole).map(|_| zip)
        };
        Ok(zip.filter(|zip| CodeStore::digest(zip) == sha256))
    }
}

/// The rows that keep a blob in the store, as its bytes come.
pub(super) struct Pieces {
    blob: String,
    place: u64,
}

impl Pieces {
    pub(super) fn of(blob: String) -> Self {
        Self { blob, place: 0 }
    }

    /// Whether none has come yet: an empty blob has one, too.
    pub(super) fn is_first(&self) -> bool {
        self.place == 0
    }

    /// The next piece: as long as it may be, or the last.
    pub(super) fn next(&mut self, content: &[u8]) -> BlobPiece {
        self.place += 1;
        blobs::piece(&self.blob, self.place - 1, content)
    }
}
