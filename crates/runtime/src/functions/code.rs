//! Where the code of functions stands: each zip under its digest, and unpacked beside it once it is to run.
//!
//! A zip is durable before the transaction that names it commits. What no function names any more is removed by
//! [`CodeStore::sweep`]. Where nodes share a store and no disk, zips stand in the store as well, and a node's files are what
//! it has fetched of them.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use claviger_resources::Clock;
use claviger_resources::function::{Code, CodeSha256};
use claviger_resources::limits::FUNCTION_ZIP_BYTES_MAX;
use claviger_store::Store;
use tempfile::TempDir;
use tokio::time::Instant;

use super::archive::{Archive, ArchiveError};
use crate::blobs::{CODE_PREFIX, Records};
use crate::hold::unless_held;
use crate::ids::random_uuid;

/// How long code is kept that no function names: its transaction may be under way, or a last call of what it was.
const KEPT_UNNAMED: Duration = Duration::from_mins(20);

/// A folder of zips, and of what is unpacked from them.
#[derive(Clone)]
pub struct CodeStore(Arc<Inner>);

struct Inner {
    zips: PathBuf,
    unpacked: PathBuf,
    /// Where code is unpacked instead, once somebody has said so.
    elsewhere: OnceLock<PathBuf>,
    /// When each zip was last asked to be kept or to be run.
    kept: Mutex<HashMap<CodeSha256, Instant>>,
    /// Where zips stand for all nodes.
    shared: Option<Records>,
    /// Held while something is unpacked, so that nothing is unpacked twice at a time.
    unpacking: tokio::sync::Mutex<()>,
    /// Removes the folder in the end, when it is to leave nothing behind.
    _scratch: Option<TempDir>,
}

/// Why code cannot be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The zip cannot be a function's.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The store does not have it whole, or not as it was.
    #[error("the code of the function is not in the store; upload it again")]
    Missing,
    /// The folder of code cannot be used.
    #[error("the folder of functions' code cannot be used")]
    Folder(#[source] io::Error),
    /// The node is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl CodeStore {
    /// Code in this folder, which is made when it is needed.
    pub fn at(folder: &Path) -> Self {
        Self::new(folder.join("functions"), folder.join("functions").join("unpacked"), None, None)
    }

    /// Code in the store, for all nodes that share it; what this one needs of it is fetched to the folder.
    pub fn shared(folder: &Path, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (zips, unpacked) = (folder.join("functions"), folder.join("functions").join("unpacked"));
        Self::new(zips, unpacked, Some(Records::new(store, clock)), None)
    }

    /// Code in a folder that is gone with this value.
    pub fn temporary() -> io::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("claviger-functions-").tempdir()?;
        let (zips, unpacked) = (scratch.path().join("zips"), scratch.path().join("unpacked"));
        Ok(Self::new(zips, unpacked, None, Some(scratch)))
    }

    fn new(zips: PathBuf, unpacked: PathBuf, shared: Option<Records>, scratch: Option<TempDir>) -> Self {
        let (kept, unpacking) = (Mutex::default(), tokio::sync::Mutex::default());
        let elsewhere = OnceLock::new();
        Self(Arc::new(Inner { zips, unpacked, elsewhere, kept, shared, unpacking, _scratch: scratch }))
    }

    /// Keeps a zip, after looking through it. When this returns it is durable.
    pub async fn keep(&self, zip: Bytes) -> Result<Code, CodeError> {
        let (inner, content) = (Arc::clone(&self.0), zip.clone());
        let code = blocking(move || {
            Archive::open(Cursor::new(&content))?;
            let bytes = content.len() as u64;
            let sha256 = sha256(&content);
            inner.is_wanted(sha256);
            inner.write(sha256, &content).map_err(CodeError::Folder)?;
            Ok(Code { sha256, bytes })
        });
        let code = code.await?;
        if let Some(records) = &self.0.shared {
            records.keep(&blob_of(code.sha256), &zip).await.map_err(CodeError::Folder)?;
        }
        Ok(code)
    }

    /// The folder with the unpacked code, which is unpacked when it is first asked for.
    pub async fn unpacked(&self, sha256: CodeSha256) -> Result<PathBuf, CodeError> {
        let folder = self.0.unpacked().join(sha256.to_string());
        let _turn = self.0.unpacking.lock().await;
        if let Some(records) = &self.0.shared
            && !folder.is_dir()
        {
            self.fetch(records, sha256).await?;
        }
        let inner = Arc::clone(&self.0);
        blocking(move || {
            inner.is_wanted(sha256);
            if folder.is_dir() {
                return Ok(folder);
            }
            let zip = File::open(inner.zip(sha256)).map_err(CodeError::Folder)?;
            create_private(inner.unpacked()).map_err(CodeError::Folder)?;
            let scratch = inner.unpacked().join(format!("{sha256}.{}", random_uuid()));
            create_private(&scratch).map_err(CodeError::Folder)?;
            let done = Archive::open(zip)
                .and_then(|archive| archive.unpack(&scratch))
                .map_err(CodeError::Archive)
                .and_then(|()| fs::rename(&scratch, &folder).map_err(CodeError::Folder));
            if done.is_err() {
                let _ = fs::remove_dir_all(&scratch);
            }
            done.map(|()| folder)
        })
        .await
    }

    /// Brings a zip to this node's folder, where it is not there yet.
    async fn fetch(&self, records: &Records, sha256: CodeSha256) -> Result<(), CodeError> {
        if self.0.zip(sha256).is_file() {
            return Ok(());
        }
        let found = records.whole(&blob_of(sha256), FUNCTION_ZIP_BYTES_MAX).await.map_err(CodeError::Folder)?;
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let zip = found.filter(|zip| self::sha256(zip) == sha256).ok_or(CodeError::Missing)?;
            inner.write(sha256, &zip).map_err(CodeError::Folder)
        })
        .await
    }

    /// Removes from the store what is not in use and was not kept within a day.
    async fn sweep_shared(&self, in_use: &HashSet<CodeSha256>) -> Result<(), CodeError> {
        let Some(records) = &self.0.shared else { return Ok(()) };
        let old = records.old().await.map_err(io::Error::other).map_err(CodeError::Folder)?;
        let is_needless = |id: &str| {
            let digest = id.strip_prefix(CODE_PREFIX).map(CodeSha256::parse);
            matches!(digest, Some(Ok(digest)) if !in_use.contains(&digest))
        };
        for head in old.iter().filter(|head| is_needless(&head.id)) {
            records.remove_old(head).await.map_err(CodeError::Folder)?;
        }
        Ok(())
    }

    /// Removes what is not in use and was not kept just now.
    pub async fn sweep(&self, in_use: HashSet<CodeSha256>) -> Result<(), CodeError> {
        self.sweep_shared(&in_use).await?;
        let _turn = self.0.unpacking.lock().await;
        let inner = Arc::clone(&self.0);
        blocking(move || {
            // Held to the end, so that nothing is removed that somebody keeps meanwhile.
            let mut kept = inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|_, since| since.elapsed() < KEPT_UNNAMED);
            let is_needed = |name: &str| {
                let digest = CodeSha256::parse(name.get(..64).unwrap_or_default());
                digest.is_ok_and(|digest| in_use.contains(&digest) || kept.contains_key(&digest))
            };
            let remove =
                || [&*inner.zips, inner.unpacked()].into_iter().try_for_each(|folder| remove_others(folder, is_needed));
            // What is held now goes with the next sweep.
            unless_held(inner.held(), remove).map(|_| ()).map_err(CodeError::Folder)
        })
        .await
    }

    /// From now on unpacks code below this folder.
    pub(super) fn unpack_in(&self, folder: PathBuf) {
        // Whoever says it a second time says the same.
        let _ = self.0.elsewhere.set(folder);
    }

    /// A zip as it was kept; `None` when it is not there.
    pub async fn zip(&self, sha256: CodeSha256) -> Result<Option<Bytes>, CodeError> {
        let inner = Arc::clone(&self.0);
        blocking(move || match fs::read(inner.zip(sha256)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(|zip| Some(zip.into())).map_err(CodeError::Folder),
        })
        .await
    }

    /// The digest of a zip, by which it is named.
    pub fn digest(zip: &[u8]) -> CodeSha256 {
        sha256(zip)
    }

    /// The folder in which the server keeps this and more.
    pub(super) fn kept_in(&self) -> &Path {
        self.0.held()
    }

    /// A file beside the code, with this text in it.
    pub(super) async fn companion(&self, name: &'static str, text: &'static str) -> Result<PathBuf, CodeError> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let place = inner.unpacked().join(name);
            if fs::read(&place).is_ok_and(|found| found == text.as_bytes()) {
                return Ok(place);
            }
            create_private(inner.unpacked()).map_err(CodeError::Folder)?;
            write_whole(&place, text.as_bytes(), 0o644).map_err(CodeError::Folder)?;
            Ok(place)
        })
        .await
    }
}

impl Inner {
    /// The folder that is held while zips are copied.
    fn held(&self) -> &Path {
        self.zips.parent().unwrap_or(&self.zips)
    }

    fn unpacked(&self) -> &Path {
        self.elsewhere.get().unwrap_or(&self.unpacked)
    }

    fn is_wanted(&self, sha256: CodeSha256) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(sha256, Instant::now());
    }

    fn zip(&self, sha256: CodeSha256) -> PathBuf {
        self.zips.join(format!("{sha256}.zip"))
    }

    fn write(&self, sha256: CodeSha256, zip: &[u8]) -> io::Result<()> {
        let place = self.zip(sha256);
        // A file of this name was written whole: it got its name last.
        if place.is_file() {
            return Ok(());
        }
        create_private(&self.zips)?;
        write_whole(&place, zip, 0o600)
    }
}

/// The name of a zip in the store, where zips stand there.
pub fn blob_of(sha256: CodeSha256) -> String {
    format!("{CODE_PREFIX}{sha256}")
}

/// The digest of a zip.
pub(super) fn sha256(zip: &[u8]) -> CodeSha256 {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().zip(digest(&SHA256, zip).as_ref()) {
        *place = *byte;
    }
    CodeSha256::new(bytes)
}

/// Writes a file that is there whole or not at all, and is on disk when this returns.
fn write_whole(place: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let scratch = place.with_extension(random_uuid().to_string());
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&scratch)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&scratch, place)?;
        place.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&scratch);
    })
}

fn create_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Removes what is named for a digest that is not needed, whole or half done.
fn remove_others(folder: &Path, is_needed: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.get(..64).is_some_and(|digits| CodeSha256::parse(digits).is_ok());
        if !is_ours || is_needed(&name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Runs work on files where it holds up nothing else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CodeError> + Send + 'static,
) -> Result<T, CodeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(CodeError::Stopping))
}
