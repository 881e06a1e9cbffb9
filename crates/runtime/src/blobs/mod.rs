//! Blobs: the contents of objects, each a file that is written once, under a name of its own.
//!
//! A blob is on disk before the transaction that names it commits; it is removed after one that names it no more. What a
//! crash leaves between the two is removed by the next run ([`BlobStore::remove_leftovers`]).

mod leftovers;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::object::Blob;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::ids::random_uuid;

pub use self::leftovers::LeftoversError;

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;
/// Pieces that are read ahead of whoever takes them.
const READ_AHEAD: usize = 4;

/// A folder of blobs.
#[derive(Clone)]
pub struct BlobStore(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// What the names of this run's files begin with.
    run: String,
    /// Removes the folder in the end, when it is to leave nothing behind.
    _scratch: Option<TempDir>,
}

/// A blob that is being written; it is removed when it is dropped before it is finished.
pub struct BlobWriter {
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
    fn remove<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> io::Result<()> {
        names.try_for_each(|name| match fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

fn new_id() -> String {
    random_uuid().simple().to_string()
}

impl BlobStore {
    /// Blobs below this folder, which is made when it is needed.
    pub fn at(folder: &Path) -> Self {
        Self(Arc::new(Inner { folder: folder.join("objects"), run: new_id(), _scratch: None }))
    }

    /// Blobs in a folder that is gone with this value.
    pub fn temporary() -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("claviger-objects-").tempdir()?;
        Ok(Self(Arc::new(Inner { folder: scratch.path().to_owned(), run: new_id(), _scratch: Some(scratch) })))
    }

    /// A new blob.
    pub async fn writer(&self) -> io::Result<BlobWriter> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&inner.folder)?;
            let id = inner.new_blob();
            let place = inner.folder.join(&id);
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place)?;
            Ok(BlobWriter { file: Some(file), place, blob: Blob { id, bytes: 0 }, finished: false })
        })
        .await
    }

    /// A blob that holds the same as another.
    pub async fn duplicate(&self, blob: &Blob) -> io::Result<Blob> {
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
    pub async fn read(
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

    /// Removes blobs that nothing names any more.
    pub async fn remove(&self, blobs: Vec<Blob>) {
        if blobs.is_empty() {
            return;
        }
        let inner = Arc::clone(&self.0);
        let removed = blocking(move || inner.remove(blobs.iter().map(|blob| &*blob.id)));
        if let Err(error) = removed.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a file that no object needs was not removed");
        }
    }
}

impl BlobWriter {
    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        self.blob.bytes += bytes.len() as u64;
        let file = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
        self.file = Some(file);
        Ok(())
    }

    /// The blob, which is on disk when this returns.
    pub async fn finish(mut self) -> io::Result<Blob> {
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

impl Drop for BlobWriter {
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn blob(store: &BlobStore, text: &'static str) -> Blob {
        let mut writer = store.writer().await.unwrap();
        for piece in text.as_bytes().chunks(3) {
            writer.write(Bytes::from_static(piece)).await.unwrap();
        }
        writer.finish().await.unwrap()
    }

    async fn read(store: &BlobStore, blobs: &[Blob], offset: u64, length: u64) -> String {
        let mut receiver = store.read(blobs, offset, length).await.unwrap();
        let mut text = Vec::new();
        while let Some(piece) = receiver.recv().await {
            text.extend_from_slice(&piece.unwrap());
        }
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn any_range_of_several_blobs_is_read() {
        let store = BlobStore::temporary().unwrap();
        let blobs = [blob(&store, "abcd").await, blob(&store, "").await, blob(&store, "efgh").await];
        for (offset, length, expected) in
            [(0, 8, "abcdefgh"), (1, 2, "bc"), (3, 2, "de"), (4, 4, "efgh"), (0, 0, ""), (8, 1, ""), (6, 99, "gh")]
        {
            assert_eq!(read(&store, &blobs, offset, length).await, expected, "{offset} {length}");
        }
    }

    #[tokio::test]
    async fn a_copy_outlives_what_it_is_of_and_a_reader_both() {
        let store = BlobStore::temporary().unwrap();
        let first = blob(&store, "abcd").await;
        let second = store.duplicate(&first).await.unwrap();
        store.remove(vec![first.clone()]).await;
        assert_eq!(read(&store, std::slice::from_ref(&second), 0, 4).await, "abcd");
        assert!(store.read(&[first], 0, 4).await.is_err());
        let mut receiver = store.read(std::slice::from_ref(&second), 0, 4).await.unwrap();
        store.remove(vec![second]).await;
        assert_eq!(receiver.recv().await.unwrap().unwrap(), "abcd");
    }

    #[tokio::test]
    async fn what_was_not_finished_goes() {
        let store = BlobStore::temporary().unwrap();
        let kept = blob(&store, "a").await;
        drop(store.writer().await.unwrap());
        assert_eq!(fs::read_dir(&store.0.folder).unwrap().count(), 1);
        assert_eq!(read(&store, &[kept], 0, 1).await, "a");
    }
}
