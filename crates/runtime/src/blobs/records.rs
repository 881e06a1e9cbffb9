//! Blobs in the store, for nodes that share no disk: each a head and pieces, written in transactions of their own.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use claviger_resources::Clock;
use claviger_resources::object::Blob;
use claviger_resources::stored_blob::{BlobPiece, StoredBlob};
use claviger_store::{Kind, Store, StoreError, Stored, Transaction, TransactionExt, blob_tenant, retried};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::READ_AHEAD;
use crate::ids::random_uuid;

/// Bytes of a piece; the last one of a blob may have fewer.
pub const PIECE_BYTES: usize = 512 * 1024;
/// Pieces that are read before the first of them is handed on, so that nobody can remove them meanwhile.
const READ_AT_ONCE: usize = 16;
/// What the names of functions' code begin with, which is not an object's.
pub(crate) const CODE_PREFIX: &str = "code-";
/// How often a transaction is tried that collides with others.
const ATTEMPTS_MAX: u32 = 8;
/// How long a blob is kept that nothing names: whatever will name it may still be on its way.
const KEPT_UNNAMED_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// Blobs in a store.
#[derive(Clone)]
pub(crate) struct Records {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// A blob that is being written; what was written of it is removed when it is dropped before it is finished.
pub(super) struct RecordWriter {
    records: Records,
    blob: Blob,
    waiting: BytesMut,
    pieces: u64,
    is_finished: bool,
}

impl Records {
    /// Blobs in this store.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub(super) fn writer(&self) -> RecordWriter {
        self.writer_of(random_uuid().simple().to_string())
    }

    fn writer_of(&self, id: String) -> RecordWriter {
        let blob = Blob { id, bytes: 0 };
        RecordWriter { records: self.clone(), blob, waiting: BytesMut::new(), pieces: 0, is_finished: false }
    }

    /// Keeps a blob whose name follows from what it holds. Several may do so at a time, and one that is there stays for as
    /// long as a new one would.
    pub(crate) async fn keep(&self, id: &str, content: &[u8]) -> io::Result<()> {
        if self.change(Change::Begin { id }).await? {
            return Ok(());
        }
        for (place, content) in (0..).zip(content.chunks(PIECE_BYTES)) {
            self.change(Change::Add(&piece(id, place, content))).await?;
        }
        self.change(Change::End { id }).await.map(drop)
    }

    /// What a blob holds, if that is no more than so many bytes; `None` when there is none that is whole.
    pub(crate) async fn whole(&self, id: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut tx = self.store.read().await.map_err(io::Error::other)?;
        let head = tx.find::<StoredBlob>(&blob_tenant(), "", id).await.map_err(io::Error::other)?;
        if !head.is_some_and(|head| head.is_whole) {
            return Ok(None);
        }
        let mut content = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = tx.list::<BlobPiece>(&blob_tenant(), id, after.as_deref(), READ_AHEAD).await;
            let page = page.map_err(io::Error::other)?;
            for piece in &page {
                content.extend(self::content(piece)?);
            }
            if content.len() > bytes_max {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last.record.number),
                None => return Ok(Some(content)),
            }
        }
    }

    pub(super) async fn duplicate(&self, blob: &Blob) -> io::Result<Blob> {
        let mut pieces = self.read(std::slice::from_ref(blob), 0, blob.bytes).await?;
        let mut writer = self.writer();
        while let Some(piece) = pieces.recv().await {
            writer.write(piece?).await?;
        }
        writer.finish().await
    }

    /// Reads a range. A short one is read at once; of a long one, what was removed meanwhile is an error in the midst of it.
    pub(super) async fn read(
        &self,
        blobs: &[Blob],
        offset: u64,
        length: u64,
    ) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
        let mut ranges = ranges(blobs, offset, length);
        let rest = ranges.split_off(ranges.len().min(READ_AT_ONCE));
        let mut first = Vec::with_capacity(ranges.len());
        {
            let mut tx = self.store.read().await.map_err(io::Error::other)?;
            for range in &ranges {
                first.push(range.read(&mut *tx).await?);
            }
        }
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            for piece in first {
                if sender.send(Ok(piece)).await.is_err() {
                    return;
                }
            }
            for range in rest {
                let piece = async { range.read(&mut *store.read().await.map_err(io::Error::other)?).await };
                let piece = piece.await;
                let is_broken = piece.is_err();
                if sender.send(piece).await.is_err() || is_broken {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    pub(super) async fn remove(&self, ids: impl Iterator<Item = String>) -> io::Result<()> {
        for id in ids {
            self.change(Change::Remove { id: &id, version: None }).await?;
        }
        Ok(())
    }

    /// Blobs that were begun, or asked for, so long ago that something must name them.
    pub(crate) async fn old(&self) -> Result<Vec<Stored<StoredBlob>>, StoreError> {
        let mut tx = self.store.read().await?;
        let mut heads = tx.list_all::<StoredBlob>(&blob_tenant(), "").await?;
        let now = self.clock.now().milliseconds();
        heads.retain(|head| now.saturating_sub(head.wanted_at.milliseconds()) >= KEPT_UNNAMED_MILLISECONDS);
        Ok(heads)
    }

    /// Removes a blob that [`Self::old`] has told of, unless somebody has asked for it since.
    pub(crate) async fn remove_old(&self, head: &Stored<StoredBlob>) -> io::Result<()> {
        self.change(Change::Remove { id: &head.id, version: Some(head.version) }).await.map(drop)
    }

    /// Makes a change in a transaction of its own, again where that collides with others. Tells of a beginning whether the
    /// blob is whole already.
    async fn change(&self, change: Change<'_>) -> io::Result<bool> {
        let collides = |error: &StoreError| {
            matches!(error, StoreError::Contention | StoreError::Conflict | StoreError::AlreadyExists)
        };
        retried(ATTEMPTS_MAX, || self.attempt(&change), collides).await.map_err(io::Error::other)
    }

    async fn attempt(&self, change: &Change<'_>) -> Result<bool, StoreError> {
        let mut tx = self.store.write().await?;
        let is_whole = change.make(&mut *tx, &*self.clock).await?;
        tx.commit().await?;
        Ok(is_whole)
    }
}

/// A change to one blob.
enum Change<'a> {
    /// Somebody wants it to be there.
    Begin { id: &'a str },
    /// A piece comes.
    Add(&'a BlobPiece),
    /// All of its pieces are there.
    End { id: &'a str },
    /// It goes, or only if it is still at this version.
    Remove { id: &'a str, version: Option<u64> },
}

impl Change<'_> {
    async fn make(&self, tx: &mut dyn Transaction, clock: &dyn Clock) -> Result<bool, StoreError> {
        let tenant = blob_tenant();
        match self {
            Self::Begin { id } => {
                let wanted_at = clock.now();
                let Some(mut head) = tx.find::<StoredBlob>(&tenant, "", id).await? else {
                    tx.insert(&StoredBlob { id: (*id).to_owned(), wanted_at, is_whole: false }).await?;
                    return Ok(false);
                };
                head.wanted_at = wanted_at;
                tx.replace(&head).await?;
                return Ok(head.is_whole);
            }
            // Of two who keep the same, one is first.
            Self::Add(piece) => match tx.insert(*piece).await {
                Ok(()) | Err(StoreError::AlreadyExists) => {}
                Err(error) => return Err(error),
            },
            Self::End { id } => {
                let head = tx.find::<StoredBlob>(&tenant, "", id).await?;
                // Whoever resets the store removes what is being written, too.
                let mut head = head.ok_or(StoreError::Conflict)?;
                head.is_whole = true;
                tx.replace(&head).await?;
            }
            Self::Remove { id, version } => {
                let head = tx.find::<StoredBlob>(&tenant, "", id).await?;
                if version.is_none() || head.as_ref().map(|head| head.version) == *version {
                    tx.delete_rows(Kind::BlobPiece, &tenant, id).await?;
                    if let Some(head) = head {
                        tx.delete(&head.record).await?;
                    }
                }
            }
        }
        Ok(false)
    }
}

impl RecordWriter {
    pub(super) async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.blob.bytes += bytes.len() as u64;
        self.waiting.extend_from_slice(&bytes);
        while self.waiting.len() >= PIECE_BYTES {
            let piece = self.waiting.split_to(PIECE_BYTES);
            self.add(&piece).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> io::Result<Blob> {
        let piece = std::mem::take(&mut self.waiting);
        if self.pieces == 0 || !piece.is_empty() {
            self.add(&piece).await?;
        }
        self.records.change(Change::End { id: &self.blob.id }).await?;
        self.is_finished = true;
        Ok(self.blob.clone())
    }

    async fn add(&mut self, content: &[u8]) -> io::Result<()> {
        if self.pieces == 0 {
            self.records.change(Change::Begin { id: &self.blob.id }).await?;
        }
        self.records.change(Change::Add(&piece(&self.blob.id, self.pieces, content))).await?;
        self.pieces += 1;
        Ok(())
    }
}

impl Drop for RecordWriter {
    fn drop(&mut self) {
        let Ok(threads) = Handle::try_current() else { return };
        if self.is_finished || self.pieces == 0 {
            return;
        }
        let (records, id) = (self.records.clone(), std::mem::take(&mut self.blob.id));
        threads.spawn(async move {
            if let Err(error) = records.remove(std::iter::once(id)).await {
                tracing::debug!(%error, "an upload that was broken off is removed later");
            }
        });
    }
}

/// The piece of a blob at a place, from 0.
pub fn piece(blob: &str, place: u64, content: &[u8]) -> BlobPiece {
    BlobPiece { blob: blob.to_owned(), number: BlobPiece::number(place), content: STANDARD.encode(content) }
}

/// What a piece holds.
pub fn content(piece: &BlobPiece) -> io::Result<Vec<u8>> {
    STANDARD.decode(&piece.content).map_err(io::Error::other)
}

/// A part of a piece.
struct Range {
    blob: String,
    place: u64,
    from: u64,
    length: u64,
}

impl Range {
    async fn read(&self, tx: &mut dyn Transaction) -> io::Result<Bytes> {
        let number = BlobPiece::number(self.place);
        let found = tx.find::<BlobPiece>(&blob_tenant(), &self.blob, &number).await.map_err(io::Error::other)?;
        let found = found.ok_or(io::ErrorKind::NotFound)?;
        let content = Bytes::from(content(&found)?);
        let [from, end] =
            [self.from, self.from + self.length].map(|place| usize::try_from(place).unwrap_or(usize::MAX));
        if end > content.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(content.slice(from..end))
    }
}

/// The parts of pieces that make up a range of blobs, one after the other.
fn ranges(blobs: &[Blob], offset: u64, length: u64) -> Vec<Range> {
    let (mut skip, mut left, mut ranges) = (offset, length, Vec::new());
    for blob in blobs {
        let mut at = skip.min(blob.bytes);
        skip -= at;
        let mut here = (blob.bytes - at).min(left);
        left -= here;
        while here > 0 {
            let within = at % PIECE_BYTES as u64;
            let length = here.min(PIECE_BYTES as u64 - within);
            ranges.push(Range { blob: blob.id.clone(), place: at / PIECE_BYTES as u64, from: within, length });
            (at, here) = (at + length, here - length);
        }
    }
    ranges
}
