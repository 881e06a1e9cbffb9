//! Blobs in a folder: each a file that is written once, under a name of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::object::Blob;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::READ_AHEAD;
use crate::ids::random_uuid;

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A folder of blobs.
#[derive(Clone)]
pub(super) struct Folder(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) folder: PathBuf,
    /// What the names of this run's files begin with.
    pub(super) run: String,
    /// Removes the folder in the end, when it is to leave nothing behind.
    _scratch: Option<TempDir>,
}

/// A blob that is being written; it is removed when it is dropped before it is finished.
pub(super) struct FileWriter {
    /// `None` while a write is under way.
    file: Option<File>,
    place: PathBuf,
    blob: Blob,
    finished: bool,
}

impl Inner {
    fn new_blob(&self) -> String {
        format!("{}-{}", self.run, new_id())
    }

    /// Removes files; one that is gone already is as it should be.
    pub(super) fn remove<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> io::Result<()> {
        names.try_for_each(|name| match fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

fn new_id() -> String {
    random_uuid().simple().to_string()
}

impl Folder {
    /// Blobs below this folder, which is made when it is needed.
    pub(super) fn at(folder: &Path) -> Self {
        Self(Arc::new(Inner { folder: folder.join("objects"), run: new_id(), _scratch: None }))
    }

    /// Blobs in a folder that is gone with this value.
    pub(super) fn temporary() -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("claviger-objects-").tempdir()?;
        Ok(Self(Arc::new(Inner { folder: scratch.path().to_owned(), run: new_id(), _scratch: Some(scratch) })))
    }

    /// A new blob.
    pub(super) async fn writer(&self) -> io::Result<FileWriter> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&inner.folder)?;
            let id = inner.new_blob();
            let place = inner.folder.join(&id);
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place)?;
            Ok(FileWriter { file: Some(file), place, blob: Blob { id, bytes: 0 }, finished: false })
        })
        .await
    }

    /// A blob that holds the same as another.
    pub(super) async fn duplicate(&self, blob: &Blob) -> io::Result<Blob> {
        let (inner, of) = (Arc::clone(&self.0), blob.clone());
        blocking(move || {
            let id = inner.new_blob();
            // Blobs never change, so two names for one file are two blobs.
            fs::hard_link(inner.folder.join(&of.id), inner.folder.join(&id))?;
            File::open(&inner.folder)?.sync_all()?;
            Ok(Blob { id, bytes: of.bytes })
        })
        .await
    }

    /// The bytes from `offset`, `length` of them, of blobs one after the other. Their files are open when this returns, so
    /// that they are read to the end even when they are removed meanwhile.
    pub(super) async fn read(
        &self,
        blobs: &[Blob],
        offset: u64,
        length: u64,
    ) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
        let (inner, blobs) = (Arc::clone(&self.0), blobs.to_vec());
        let files = blocking(move || open_range(&inner.folder, &blobs, offset, length)).await?;
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        tokio::spawn(async move {
            for (file, length) in files {
                let mut left = Some(file.take(length));
                while let Some(mut file) = left.take() {
                    let read = blocking(move || {
                        let mut piece = vec![0; READ_BYTES];
                        let bytes = file.read(&mut piece)?;
                        piece.truncate(bytes);
                        Ok((file, Bytes::from(piece)))
                    });
                    let piece = match read.await {
                        Ok((_, piece)) if piece.is_empty() => break,
                        Ok((file, piece)) => {
                            left = Some(file);
                            Ok(piece)
                        }
                        Err(error) => Err(error),
                    };
                    // Nobody takes it any more when the client has gone.
                    if sender.send(piece).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(receiver)
    }

    pub(super) async fn remove(&self, mut ids: impl Iterator<Item = String> + Send + 'static) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        blocking(move || ids.try_for_each(|id| inner.remove(std::iter::once(&*id)))).await
    }
}

impl FileWriter {
    /// Adds bytes.
    pub(super) async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        self.blob.bytes += bytes.len() as u64;
        let file = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
        self.file = Some(file);
        Ok(())
    }

    /// The blob, which is on disk when this returns.
    pub(super) async fn finish(mut self) -> io::Result<Blob> {
        let Some(file) = self.file.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let folder = self.place.parent().map(Path::to_owned);
        blocking(move || {
            file.sync_all()?;
            folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        })
        .await?;
        self.finished = true;
        Ok(self.blob.clone())
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.place);
        }
    }
}

/// The files that hold a range, each where reading begins and with how much is to be read.
fn open_range(folder: &Path, blobs: &[Blob], offset: u64, length: u64) -> io::Result<Vec<(File, u64)>> {
    let (mut skip, mut left, mut files) = (offset, length, Vec::new());
    for blob in blobs {
        if skip >= blob.bytes {
            skip -= blob.bytes;
            continue;
        }
        let here = (blob.bytes - skip).min(left);
        if here == 0 {
            break;
        }
        let mut file = File::open(folder.join(&blob.id))?;
        file.seek(SeekFrom::Start(skip))?;
        files.push((file, here));
        (skip, left) = (0, left - here);
    }
    Ok(files)
}

/// Runs work on files where it holds up nothing else.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
}
