//! Blobs: the contents of objects, each written once, under a name of its own. They stand in files ([`folder`]), or in the
//! store where nodes share that and no disk ([`records`]).
//!
//! A blob is durable before the transaction that names it commits; it is removed after one that names it no more. What a
//! crash leaves between the two is removed later ([`BlobStore::remove_leftovers`]).

mod folder;
mod leftovers;
mod records;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::Clock;
use claviger_resources::object::Blob;
use claviger_store::Store;
use tokio::sync::mpsc;

use self::records::RecordWriter;

pub(crate) use self::folder::blocking;
pub use self::folder::{FileWriter, Folder};
pub use self::leftovers::LeftoversError;
pub(crate) use self::records::{CODE_PREFIX, Records};
pub use self::records::{PIECE_BYTES, content, piece};

/// Pieces that are read ahead of whoever takes them.
const READ_AHEAD: usize = 4;

/// Where blobs stand.
#[derive(Clone)]
pub struct BlobStore(Home);

#[derive(Clone)]
enum Home {
    Folder(Folder),
    Records(Records),
}

/// A blob that is being written; it is removed when it is dropped before it is finished.
pub struct BlobWriter(Writing);

enum Writing {
    File(FileWriter),
    Records(RecordWriter),
}

impl BlobStore {
    /// Blobs below this folder, which is made when it is needed.
    pub fn at(folder: &Path) -> Self {
        Self(Home::Folder(Folder::at(folder)))
    }

    /// Blobs in a folder that is gone with this value.
    pub fn temporary() -> io::Result<Self> {
        Folder::temporary().map(Home::Folder).map(Self)
    }

    /// Blobs in the store, for all nodes that share it.
    pub fn shared(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self(Home::Records(Records::new(store, clock)))
    }

    /// A new blob.
    pub async fn writer(&self) -> io::Result<BlobWriter> {
        Ok(BlobWriter(match &self.0 {
            Home::Folder(folder) => Writing::File(folder.writer().await?),
            Home::Records(records) => Writing::Records(records.writer()),
        }))
    }

    /// A blob that holds the same as another.
    pub async fn duplicate(&self, blob: &Blob) -> io::Result<Blob> {
        match &self.0 {
            Home::Folder(folder) => folder.duplicate(blob).await,
            Home::Records(records) => records.duplicate(blob).await,
        }
    }

    /// The bytes from `offset`, `length` of them, of blobs one after the other. They are all there when this returns; one
    /// that is removed while it is read is still read to its end, but for a large one in the store, which then ends in an
    /// error.
    pub async fn read(
        &self,
        blobs: &[Blob],
        offset: u64,
        length: u64,
    ) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
        match &self.0 {
            Home::Folder(folder) => folder.read(blobs, offset, length).await,
            Home::Records(records) => records.read(blobs, offset, length).await,
        }
    }

    /// Removes blobs that nothing names any more.
    pub async fn remove(&self, blobs: Vec<Blob>) {
        if blobs.is_empty() {
            return;
        }
        let ids = blobs.into_iter().map(|blob| blob.id);
        let removed = match &self.0 {
            Home::Folder(folder) => folder.remove(ids).await,
            Home::Records(records) => records.remove(ids).await,
        };
        if let Err(error) = removed {
            tracing::warn!(error = &error as &dyn std::error::Error, "contents that no object needs were not removed");
        }
    }
}

impl BlobWriter {
    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        match &mut self.0 {
            Writing::File(file) => file.write(bytes).await,
            Writing::Records(records) => records.write(bytes).await,
        }
    }

    /// The blob, which is durable when this returns.
    pub async fn finish(self) -> io::Result<Blob> {
        match self.0 {
            Writing::File(file) => file.finish().await,
            Writing::Records(records) => records.finish().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::Timestamp;
    use claviger_store::{Kind, Store};
    use claviger_testkit::{FakeClock, memory_store};

    use super::*;

    /// A day in seconds.
    const DAY: i64 = 24 * 60 * 60;

    fn clock() -> Arc<FakeClock> {
        Arc::new(FakeClock::at(Timestamp::from_seconds(1_800_000_000)))
    }

    /// Blobs in both of their homes, each with the store beside them.
    fn homes() -> [(BlobStore, Arc<dyn Store>); 2] {
        let (beside, store): (Arc<dyn Store>, Arc<dyn Store>) = (memory_store(), memory_store());
        [(BlobStore::temporary().unwrap(), beside), (BlobStore::shared(store.clone(), clock()), store)]
    }

    async fn blob(blobs: &BlobStore, content: &[u8], piece: usize) -> Blob {
        let mut writer = blobs.writer().await.unwrap();
        for piece in content.chunks(piece) {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        writer.finish().await.unwrap()
    }

    async fn read(store: &BlobStore, blobs: &[Blob], offset: u64, length: u64) -> Vec<u8> {
        let mut receiver = store.read(blobs, offset, length).await.unwrap();
        let mut content = Vec::new();
        while let Some(piece) = receiver.recv().await {
            content.extend(piece.unwrap());
        }
        content
    }

    async fn rows(store: &dyn Store) -> usize {
        let mut tx = store.read().await.unwrap();
        let mut count = 0;
        for kind in [Kind::StoredBlob, Kind::BlobPiece] {
            count += tx.rows_of_kind(kind, None, 100).await.unwrap().len();
        }
        count
    }

    #[tokio::test]
    async fn any_range_of_several_blobs_is_read() {
        for (store, _) in homes() {
            let blobs = [blob(&store, b"abcd", 3).await, blob(&store, b"", 3).await, blob(&store, b"efgh", 3).await];
            for (offset, length, expected) in
                [(0, 8, "abcdefgh"), (1, 2, "bc"), (3, 2, "de"), (4, 4, "efgh"), (0, 0, ""), (8, 1, ""), (6, 99, "gh")]
            {
                assert_eq!(read(&store, &blobs, offset, length).await, expected.as_bytes(), "{offset} {length}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_larger_than_a_piece_is_read_as_it_was_written() {
        let content: Vec<u8> = (0..20_000_000_u32).map(|place| (place / 7).to_le_bytes()[0]).collect();
        for (store, _) in homes() {
            let blobs = [blob(&store, &content, 300_000).await, blob(&store, b"end", 1).await];
            assert_eq!(blobs[0].bytes, 20_000_000);
            assert!(read(&store, &blobs, 0, u64::MAX).await == [&content, &b"end"[..]].concat());
            for (offset, length) in [(0, 1), (524_287, 2), (524_288, 524_288), (1_000_000, 3_000_000), (19_999_999, 1)]
            {
                let expected = content.iter().skip(offset).take(length).copied().collect::<Vec<_>>();
                assert!(read(&store, &blobs, offset as u64, length as u64).await == expected, "{offset} {length}");
            }
        }
    }

    #[tokio::test]
    async fn a_copy_outlives_what_it_is_of_and_a_reader_both() {
        for (store, _) in homes() {
            let first = blob(&store, b"abcd", 3).await;
            let second = store.duplicate(&first).await.unwrap();
            store.remove(vec![first.clone()]).await;
            assert_eq!(read(&store, std::slice::from_ref(&second), 0, 4).await, b"abcd");
            assert!(store.read(&[first], 0, 4).await.is_err());
            let mut receiver = store.read(std::slice::from_ref(&second), 0, 4).await.unwrap();
            store.remove(vec![second]).await;
            assert_eq!(receiver.recv().await.unwrap().unwrap(), "abcd");
        }
    }

    #[tokio::test]
    async fn of_a_long_blob_that_is_removed_while_it_is_read_the_reader_gets_an_error() {
        let [_, (blobs, _)] = homes();
        let long = blob(&blobs, &vec![7; 20_000_000], 1_000_000).await;
        let mut receiver = blobs.read(std::slice::from_ref(&long), 0, long.bytes).await.unwrap();
        blobs.remove(vec![long]).await;
        let mut last = None;
        while let Some(piece) = receiver.recv().await {
            last = Some(piece);
        }
        assert!(last.unwrap().is_err());
    }

    #[tokio::test]
    async fn what_was_not_finished_goes() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::at(folder.path());
        let kept = blob(&blobs, b"a", 1).await;
        drop(blobs.writer().await.unwrap());
        assert_eq!(std::fs::read_dir(folder.path().join("objects")).unwrap().count(), 1);
        assert_eq!(read(&blobs, &[kept], 0, 1).await, b"a");
        let [_, (blobs, store)] = homes();
        let mut writer = blobs.writer().await.unwrap();
        writer.write(Bytes::from(vec![7; 1_000_000])).await.unwrap();
        assert_eq!(rows(&*store).await, 2);
        drop(writer);
        while rows(&*store).await > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn contents_in_the_store_that_nothing_names_stay_for_a_day() {
        let (store, clock) = (memory_store(), clock());
        let blobs = BlobStore::shared(store.clone(), clock.clone());
        let records = Records::new(store.clone(), clock.clone());
        blob(&blobs, b"abcd", 4).await;
        records.keep("code-1", b"zip").await.unwrap();
        blobs.remove_leftovers(&*store).await.unwrap();
        assert_eq!(rows(&*store).await, 4);
        clock.advance_seconds(DAY);
        blobs.remove_leftovers(&*store).await.unwrap();
        assert_eq!(rows(&*store).await, 2, "code is no object's");
        let [old] = &records.old().await.unwrap()[..] else { panic!("one is old") };
        records.keep("code-1", b"zip").await.unwrap();
        records.remove_old(old).await.unwrap();
        assert_eq!(records.whole("code-1", 10).await.unwrap().unwrap(), b"zip", "somebody has asked for it since");
        assert!(records.whole("code-1", 2).await.is_err());
        assert_eq!(records.whole("code-2", 2).await.unwrap(), None);
    }
}
