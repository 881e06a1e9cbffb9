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
use crate::hold::unless_held;
use crate::ids::random_uuid;

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;

/// A folder of blobs.
#[derive(Clone)]
pub struct Folder(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) folder: PathBuf,
    /// The folder that is held while blobs are copied.
    held: PathBuf,
    /// What the names of this run's files begin with.
    pub(super) run: String,
    /// Removes the folder in the end, when it is to leave nothing behind.
    _scratch: Option<TempDir>,
}

/// A blob that is being written; it is removed when it is dropped before it is finished.
pub struct FileWriter {
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

    /// Removes files; one that is gone already is as it should be. While they are held they stay, for the next run to
    /// remove.
    pub(super) fn remove(&self, mut names: impl Iterator<Item = String>) -> io::Result<()> {
        let remove = || {
            names.try_for_each(|name| match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            })
        };
        unless_held(&self.held, remove).map(|_| ())
    }
}

/// Whether this names a file of ours, and none elsewhere.
fn is_name(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn new_id() -> String {
    random_uuid().simple().to_string()
}

impl Folder {
    /// Blobs below this folder, which is made when it is needed.
    pub fn at(folder: &Path) -> Self {
        let (held, run) = (folder.to_owned(), new_id());
        Self(Arc::new(Inner { folder: folder.join("objects"), held, run, _scratch: None }))
    }

    /// Blobs in a folder that is gone with this value.
    pub(super) fn temporary() -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("claviger-objects-").tempdir()?;
        let (folder, held) = (scratch.path().to_owned(), scratch.path().to_owned());
        Ok(Self(Arc::new(Inner { folder, held, run: new_id(), _scratch: Some(scratch) })))
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

    pub(super) async fn remove(&self, ids: impl Iterator<Item = String> + Send + 'static) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.remove(ids)).await
    }

    /// A blob that is put back under the name it had, in the place of one that was left there half done.
    pub async fn put_back(&self, id: &str) -> io::Result<FileWriter> {
        let (inner, id) = (Arc::clone(&self.0), id.to_owned());
        blocking(move || {
            if !is_name(&id) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no name of a blob"));
            }
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&inner.folder)?;
            let place = inner.folder.join(&id);
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&place)?;
            Ok(FileWriter { file: Some(file), place, blob: Blob { id, bytes: 0 }, finished: false })
        })
        .await
    }

    /// Whether a blob is there, as long as it should be.
    pub async fn is_whole(&self, blob: &Blob) -> io::Result<bool> {
        let (inner, blob) = (Arc::clone(&self.0), blob.clone());
        blocking(move || match fs::metadata(inner.folder.join(&blob.id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            found => Ok(found?.len() == blob.bytes),
        })
        .await
    }
}

impl FileWriter {
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

#[cfg(test)]
mod tests {
    use claviger_testkit::memory_store;

    use super::*;
    use crate::blobs::BlobStore;
    use crate::hold::Hold;

    async fn written(mut writer: FileWriter, text: &'static str) -> Blob {
        writer.write(Bytes::from_static(text.as_bytes())).await.unwrap();
        writer.finish().await.unwrap()
    }

    #[tokio::test]
    async fn what_is_held_stays_until_the_next_run() {
        let place = tempfile::tempdir().unwrap();
        let (folder, records) = (Folder::at(place.path()), memory_store());
        let kept = written(folder.writer().await.unwrap(), "abcd").await;
        let hold = Hold::take(place.path()).unwrap();
        folder.remove(std::iter::once(kept.id.clone())).await.unwrap();
        BlobStore::at(place.path()).remove_leftovers(&*records).await.unwrap();
        assert!(folder.is_whole(&kept).await.unwrap());
        drop(hold);
        BlobStore::at(place.path()).remove_leftovers(&*records).await.unwrap();
        assert!(!folder.is_whole(&kept).await.unwrap());
    }

    #[tokio::test]
    async fn what_was_lost_is_put_back_under_its_name() {
        let folder = Folder::temporary().unwrap();
        let lost = written(folder.writer().await.unwrap(), "abcd").await;
        for text in ["ab", "abcd"] {
            let put_back = written(folder.put_back(&lost.id).await.unwrap(), text).await;
            assert_eq!(put_back.bytes, text.len() as u64);
            assert_eq!(folder.is_whole(&lost).await.unwrap(), text == "abcd");
        }
        for id in ["", "..", "../a", "a/b", "A\0"] {
            assert!(folder.put_back(id).await.is_err(), "{id}");
        }
    }
}
